"""Loss and hits of a stretch of training, counted where the model is: on a GPU a look at a number waits for all that
was asked of it before, so the sums stay there until somebody wants to see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.grad_mode import no_grad
from minicnn.functional.creation import zeros


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


class Meter:
    """Sums of a loss and of hits on `device`. `add` is part of a recorded step; `read` waits for the device."""

    def __init__(self, device: Any) -> None:
        self._loss = zeros((), dtype=dtypes.float64, device=device)
        self._correct = zeros((), dtype=dtypes.int64, device=device)

    def add(self, loss: Any, scores: Any, labels: Any) -> None:
        """Count a batch, with the arithmetic of Totals.add."""
        with no_grad():
            self._loss.add_(loss.detach().to(dtypes.float64) * len(labels))
            self._correct.add_((scores.detach().argmax(1) == labels).sum())

    def read(self, totals: Totals) -> None:
        """Put the sums so far into `totals`."""
        totals.loss, totals.correct = self._loss.item(), self._correct.item()

    def start(self, totals: Totals) -> None:
        """Count on from `totals`."""
        self._loss.fill_(totals.loss)
        self._correct.fill_(totals.correct)


def count_correct(scores: Any, labels: Any) -> int:
    """How many rows have their largest score at the label."""
    return int((scores.detach().cpu().numpy().argmax(1) == labels.cpu().numpy()).sum())


def tabulated(confusion: np.ndarray, scores: Any, labels: Any) -> None:
    """Count (true class, predicted class) into `confusion`."""
    np.add.at(confusion, (labels.cpu().numpy(), scores.argmax(1).cpu().numpy()), 1)
