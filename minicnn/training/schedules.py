"""The schedules of `python -m minicnn.train --schedule NAME`: PyTorch's, with the numbers that fit a run's length."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minicnn.optim import lr_scheduler

Build = Callable[[Any, float, int, int], Any]  # of optimiser, learning rate, epochs, batches of an epoch


@dataclass(frozen=True)
class Schedule:
    """How the learning rate changes: what makes the scheduler, when it steps, and whether it knows the run's end."""

    build: Build
    explained: str
    every_batch: bool = False
    planned: bool = True


def _one_cycle(optimizer: Any, rate: float, epochs: int, batches: int) -> Any:
    has_momentum = "momentum" in optimizer.defaults or "betas" in optimizer.defaults
    return lr_scheduler.OneCycleLR(optimizer, rate, epochs=epochs, steps_per_epoch=batches, cycle_momentum=has_momentum)


def _step(optimizer: Any, rate: float, epochs: int, batches: int) -> Any:
    return lr_scheduler.StepLR(optimizer, math.ceil(epochs / 3), gamma=0.1)


def _multi_step(optimizer: Any, rate: float, epochs: int, batches: int) -> Any:
    return lr_scheduler.MultiStepLR(optimizer, [epochs // 2, epochs * 3 // 4], gamma=0.1)


def _exponential(optimizer: Any, rate: float, epochs: int, batches: int) -> Any:
    return lr_scheduler.ExponentialLR(optimizer, 0.01 ** (1 / epochs))


def _linear(optimizer: Any, rate: float, epochs: int, batches: int) -> Any:
    return lr_scheduler.LinearLR(optimizer, 1.0, 0.01, total_iters=epochs)


def _cosine(optimizer: Any, rate: float, epochs: int, batches: int) -> Any:
    return lr_scheduler.CosineAnnealingLR(optimizer, epochs)


def _restarts(optimizer: Any, rate: float, epochs: int, batches: int) -> Any:
    return lr_scheduler.CosineAnnealingWarmRestarts(optimizer, math.ceil(epochs / 3))


def _plateau(optimizer: Any, rate: float, epochs: int, batches: int) -> Any:
    return lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.1, patience=2)


SCHEDULES = {
    "constant": Schedule(lambda *_: None, "never", planned=False),
    "one-cycle": Schedule(_one_cycle, "up to --lr and down again, batch by batch", every_batch=True),
    "cosine": Schedule(_cosine, "down to 0 along a cosine"),
    "cosine-restarts": Schedule(_restarts, "the same, three times"),
    "linear": Schedule(_linear, "down to a hundredth along a line"),
    "exponential": Schedule(_exponential, "down to a hundredth, by the same factor each epoch"),
    "step": Schedule(_step, "to a tenth after each third of the epochs"),
    "multi-step": Schedule(_multi_step, "to a tenth after half of the epochs, and again after three quarters"),
    "plateau": Schedule(_plateau, "to a tenth when the training loss has not fallen for three epochs", planned=False),
}
