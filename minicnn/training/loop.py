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
from minicnn.backend import has_gpu
from minicnn.capture import compile
from minicnn.functional import device_random
from minicnn.functional.generator import default_generator
from minicnn.optim.lr_scheduler import ReduceLROnPlateau
from minicnn.serialization import Checkpoint
from minicnn.training.meter import Meter, Totals, count_correct, tabulated
from minicnn.training.resident import Resident
from minicnn.utils.data import DataLoader

CUDA = "cuda:"  # and a number: the name of a GPU's generator in a checkpoint
LOOK = 50  # batches on a GPU between two looks at the loss, each of which waits for the GPU


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
class Trainer:
    """A model, what trains it and how far it has come. `run` goes on from there, also after `restore`.

    With loaders that are Resident the batches are made on the GPU, within the recorded step, and its numbers are looked
    at every LOOK batches only: `totals` lag behind until then, and so does DivergedError.
    """

    model: nn.Module
    optimizer: Any
    scheduler: Any  # None for a constant rate
    train: DataLoader[Any] | Resident
    validation: DataLoader[Any] | Resident
    epochs: int
    device: Any = "cpu"
    criterion: nn.Module = field(default_factory=nn.CrossEntropyLoss)
    step_every_batch: bool = True  # of the scheduler; after each epoch if not
    history: list[Epoch] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)  # of the epoch that is running
    seconds: float = 0.0  # spent on it before this process
    random_at_start: bytes = b""  # the random stream when the running epoch began
    _meter: Meter | None = None  # of the running epoch, on the GPU
    _evaluation: tuple[Meter, Callable[..., Any]] | None = None  # the recorded step of `evaluate`, on the GPU

    def run(
        self,
        on_batch: Callable[[Totals], None],
        on_epoch: Callable[[Epoch], None],
        watch: Callable[[], Any] = time.perf_counter,
    ) -> None:
        """Train until `epochs` are done. DivergedError when a loss is not finite."""

        def trained(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
            self.optimizer.zero_grad()
            scores = self.model(images)
            loss = self.criterion(scores, labels)
            loss.backward()
            self.optimizer.step()
            return loss, scores

        loader = self.train
        if isinstance(loader, Resident):
            meter = self._meter = Meter(loader.device)

            def resident_step(chosen: Tensor) -> None:
                images, labels = loader.batch(chosen)
                loss, scores = trained(images, labels)
                meter.add(loss, scores, labels)

            step: Callable[..., Any] = compile(resident_step)
        else:
            step = compile(trained)

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
            if self._meter is not None:
                self._meter.start(self.totals)  # a checkpoint looks at it
            on_epoch(self.history[-1])

    def _epoch(self, step: Callable[..., Any], on_batch: Callable[[Totals], None]) -> None:
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
        train_on = self._step_by_step if self._meter is None else self._step_on_the_gpu
        if self._meter is not None:
            self._meter.start(self.totals)
        for batch in batches:
            train_on(step, batch)
            if self.scheduler is not None and self.step_every_batch:
                self.scheduler.step()
            on_batch(self.totals)
        self._look()

    def _step_by_step(self, step: Callable[..., Any], batch: Any) -> None:
        images, labels = (part.to(self.device) for part in batch)
        loss, scores = step(images, labels)
        value = loss.item()
        self._check(value, self.totals.batches + 1)
        self.totals.add(value, count_correct(scores, labels), len(labels))

    def _step_on_the_gpu(self, step: Callable[..., Any], chosen: Tensor) -> None:
        step(chosen)
        self.totals.samples += len(chosen)
        self.totals.batches += 1
        if self.totals.batches % LOOK == 0:
            self._look()

    def _look(self) -> None:
        """Bring the totals up to what the GPU has counted."""
        if self._meter is not None:
            self._meter.read(self.totals)
            self._check(self.totals.loss, self.totals.batches)

    def _check(self, loss: float, batch: int) -> None:
        if not math.isfinite(loss):
            raise DivergedError(
                f"the loss is {loss} in epoch {len(self.history) + 1}, batch {batch}: "
                "the learning rate is probably too high (--lr)"
            )

    def _end_of_epoch(self, loss: float) -> None:
        if isinstance(self.scheduler, ReduceLROnPlateau):  # it looks at the training: the test set chooses nothing
            self.scheduler.step(loss)
        else:
            self.scheduler.step()

    def evaluate(self, confusion: np.ndarray | None = None) -> Totals:
        """Loss and accuracy on the validation set; counts (true class, predicted class) into `confusion`."""
        totals, loader = Totals(), self.validation
        self.model.eval()
        with no_grad():
            if isinstance(loader, Resident):
                return self._evaluate_on_the_gpu(loader, confusion)
            for images, labels in loader:
                images, labels = images.to(self.device), labels.to(self.device)
                scores = self.model(images)
                loss = self.criterion(scores, labels)
                totals.add(loss.item(), count_correct(scores, labels), len(labels))
                if confusion is not None:
                    tabulated(confusion, scores, labels)
        return totals

    def _evaluate_on_the_gpu(self, loader: Resident, confusion: np.ndarray | None) -> Totals:
        """A batch is a replay that returns nothing but, where somebody wants to see them, scores and labels; the
        numbers are looked at once. The recording serves all epochs: the running statistics stay where they are."""
        if self._evaluation is None:
            kept = Meter(loader.device)

            def resident_evaluation(chosen: Tensor, shown: bool) -> Any:
                images, labels = loader.batch(chosen)
                scores = self.model(images)
                kept.add(self.criterion(scores, labels), scores, labels)
                return (scores, labels) if shown else None

            self._evaluation = kept, compile(resident_evaluation)
        totals, (meter, step) = Totals(), self._evaluation
        meter.start(totals)
        for chosen in loader:
            result = step(chosen, confusion is not None)
            totals.samples += len(chosen)
            if confusion is not None:
                tabulated(confusion, *result)
        meter.read(totals)
        return totals

    def checkpoint(self, settings: dict[str, Any]) -> Checkpoint:
        """All that `restore` needs to go on exactly here."""
        self._look()
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
            {
                "now": default_generator.state(),
                "epoch_start": self.random_at_start or default_generator.state(),
                **{f"{CUDA}{index}": state for index, state in device_random.states().items()},
            },
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
        for name, state in checkpoint.random_state.items():
            if name.startswith(CUDA) and has_gpu():
                device_random.set_state_bytes(int(name.removeprefix(CUDA)), state)


def scheduler_state(scheduler: Any) -> dict[str, Any]:
    """The part of a scheduler's state that JSON can hold; the rest is made anew from the settings."""
    return {k: v for k, v in scheduler.state_dict().items() if isinstance(v, int | float | str | bool | list | None)}
