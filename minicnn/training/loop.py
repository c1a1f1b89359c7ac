"""The loop: batches forward and backward, totals, epochs; knows nothing of files or pictures."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from minicnn import nn
from minicnn.autograd.grad_mode import no_grad
from minicnn.autograd.tensor import Tensor
from minicnn.capture import compile
from minicnn.functional.sampling import default_generator
from minicnn.optim.lr_scheduler import ReduceLROnPlateau
from minicnn.serialization import Checkpoint
from minicnn.utils.data import DataLoader


class DivergedError(RuntimeError):
    """The loss is NaN or infinite."""


@dataclass
class Epoch:
    """One line of the history."""

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    lr: float
    seconds: float


@dataclass
class Totals:
    """Sums over the samples seen so far, so that a short last batch counts for what it is."""

    loss: float = 0.0
    correct: int = 0
    samples: int = 0
    batches: int = 0

    def add(self, loss: float, correct: int, samples: int) -> None:
        """Count one batch with mean loss `loss`."""
        self.loss += loss * samples
        self.correct += correct
        self.samples += samples
        self.batches += 1

    @property
    def mean_loss(self) -> float:
        """The loss of a sample."""
        return self.loss / max(self.samples, 1)

    @property
    def accuracy(self) -> float:
        """The share of the samples that were right."""
        return self.correct / max(self.samples, 1)


@dataclass
class Trainer:
    """A model, what trains it and how far it has come. `run` goes on from there, also after `restore`."""

    model: nn.Module
    optimizer: Any
    scheduler: Any  # None for a constant rate
    train: DataLoader[Any]
    validation: DataLoader[Any]
    epochs: int
    device: Any = "cpu"
    criterion: nn.Module = field(default_factory=nn.CrossEntropyLoss)
    step_every_batch: bool = True  # of the scheduler; after each epoch if not
    history: list[Epoch] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)  # of the epoch that is running
    seconds: float = 0.0  # spent on it before this process
    random_at_start: bytes = b""  # the random stream when the running epoch began

    def run(
        self,
        on_batch: Callable[[Totals], None],
        on_epoch: Callable[[Epoch], None],
        watch: Callable[[], Any] = time.perf_counter,
    ) -> None:
        """Train until `epochs` are done. DivergedError when a loss is not finite."""

        @compile
        def step(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
            self.optimizer.zero_grad()
            scores = self.model(images)
            loss = self.criterion(scores, labels)
            loss.backward()
            self.optimizer.step()
            return loss, scores

        while len(self.history) < self.epochs:
            begun = watch() - self.seconds
            try:
                self._epoch(step, on_batch)
            finally:
                self.seconds = watch() - begun
            evaluated = self.evaluate()
            self.history.append(
                Epoch(
                    len(self.history) + 1,
                    self.totals.mean_loss,
                    self.totals.accuracy,
                    evaluated.mean_loss,
                    evaluated.accuracy,
                    self.optimizer.param_groups[0]["lr"],
                    self.seconds,
                )
            )
            if self.scheduler is not None and not self.step_every_batch:
                self._end_of_epoch(self.totals.mean_loss)
            self.totals, self.seconds = Totals(), 0.0
            on_epoch(self.history[-1])

    def _epoch(self, step: Callable[..., tuple[Tensor, Tensor]], on_batch: Callable[[Totals], None]) -> None:
        self.model.train()
        now = default_generator.state()
        resumed = self.totals.batches
        if resumed:  # an interrupted epoch: draw its order again and pass over what was done
            default_generator.set_state(self.random_at_start)
        else:
            self.random_at_start = now
        batches = iter(self.train)
        if resumed:
            for _ in islice(batches, resumed):
                pass
            default_generator.set_state(now)
        for images, labels in batches:
            images, labels = images.to(self.device), labels.to(self.device)
            loss, scores = step(images, labels)
            value = loss.item()
            if not math.isfinite(value):
                raise DivergedError(
                    f"the loss is {value} in epoch {len(self.history) + 1}, batch {self.totals.batches + 1}: "
                    "the learning rate is probably too high (--lr)"
                )
            if self.scheduler is not None and self.step_every_batch:
                self.scheduler.step()
            self.totals.add(value, count_correct(scores, labels), len(labels))
            on_batch(self.totals)

    def _end_of_epoch(self, loss: float) -> None:
        if isinstance(self.scheduler, ReduceLROnPlateau):  # it looks at the training: the test set chooses nothing
            self.scheduler.step(loss)
        else:
            self.scheduler.step()

    def evaluate(self, confusion: np.ndarray | None = None) -> Totals:
        """Loss and accuracy on the validation set; counts (true class, predicted class) into `confusion`."""
        totals = Totals()
        self.model.eval()
        with no_grad():
            for images, labels in self.validation:
                images, labels = images.to(self.device), labels.to(self.device)
                scores = self.model(images)
                totals.add(self.criterion(scores, labels).item(), count_correct(scores, labels), len(labels))
                if confusion is not None:
                    np.add.at(confusion, (labels.cpu().numpy(), scores.argmax(1).cpu().numpy()), 1)
        return totals

    def checkpoint(self, settings: dict[str, Any]) -> Checkpoint:
        """All that `restore` needs to go on exactly here."""
        info = {
            "settings": settings,
            "history": [asdict(epoch) for epoch in self.history],
            "totals": asdict(self.totals),
            "seconds": self.seconds,
        }
        return Checkpoint(
            self.model.state_dict(),
            self.optimizer.state_dict(),
            {} if self.scheduler is None else scheduler_state(self.scheduler),
            {"now": default_generator.state(), "epoch_start": self.random_at_start or default_generator.state()},
            info,
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to where `checkpoint` was made, the random stream included."""
        self.model.load_state_dict(checkpoint.model)
        self.optimizer.load_state_dict(checkpoint.optimizer)
        if self.scheduler is not None:
            self.scheduler.load_state_dict(checkpoint.scheduler)
        self.history = [Epoch(**epoch) for epoch in checkpoint.info["history"]]
        self.totals = Totals(**checkpoint.info["totals"])
        self.seconds = checkpoint.info["seconds"]
        self.random_at_start = checkpoint.random_state["epoch_start"]
        default_generator.set_state(checkpoint.random_state["now"])


def scheduler_state(scheduler: Any) -> dict[str, Any]:
    """The part of a scheduler's state that JSON can hold; the rest is made anew from the settings."""
    return {k: v for k, v in scheduler.state_dict().items() if isinstance(v, int | float | str | bool | list | None)}


def count_correct(scores: Any, labels: Any) -> int:
    """How many rows have their largest score at the label."""
    return int((scores.detach().cpu().numpy().argmax(1) == labels.cpu().numpy()).sum())
