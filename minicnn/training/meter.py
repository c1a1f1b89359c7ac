"""Loss and hits of a stretch of training, counted where the model is: on a GPU a look at a number waits for all that
was asked of it before, so the sums stay there until somebody wants to see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn import dtypes, kernels
from minicnn.autograd.tensor import Tensor
from minicnn.functional.creation import zeros
from minicnn.kernels import dispatch
from minicnn.kernels.tally import Sizes


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
    """Sums of a loss and of hits on `device`. `add` is one kernel, in a recorded step; `read` waits for the device."""

    def __init__(self, device: Any) -> None:
        self._total = zeros(1, dtype=dtypes.float64, device=device)
        self._hits = zeros(1, dtype=dtypes.int64, device=device)

    def add(self, loss: Tensor, scores: Tensor, labels: Tensor) -> None:
        """Count a batch, with the arithmetic of Totals.add."""
        ins = [tensor._plain_array().reshape(-1) for tensor in (loss, scores, labels)]
        outs = [self._total._array, self._hits._array]
        samples, classes = scores.shape
        sizes = Sizes(samples, classes, ins[1].dtype)
        kernels.execute("tally", kernels.plan("tally", sizes, dispatch.device_of(outs[0])), outs, ins)

    def read(self, totals: Totals) -> None:
        """Put the sums so far into `totals`."""
        totals.loss, totals.correct = self._total.item(), self._hits.item()

    def start(self, totals: Totals) -> None:
        """Count on from `totals`."""
        self._total.fill_(totals.loss)
        self._hits.fill_(totals.correct)


def count_correct(scores: Any, labels: Any) -> int:
    """How many rows have their largest score at the label."""
    return int((scores.detach().cpu().numpy().argmax(1) == labels.cpu().numpy()).sum())


def tabulated(confusion: np.ndarray, scores: Any, labels: Any) -> None:
    """Count (true class, predicted class) into `confusion`."""
    np.add.at(confusion, (labels.cpu().numpy(), scores.argmax(1).cpu().numpy()), 1)
