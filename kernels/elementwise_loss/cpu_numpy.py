"""The reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..dispatch import Plan
from . import Sizes


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _smooth(a: Any, b: Any, beta: float) -> Any:
    d = abs(a - b)
    return np.where(d < beta, 0.5 * d * d / beta, d - 0.5 * beta)


def _smooth_slope(a: Any, b: Any, beta: float) -> Any:
    return np.where(abs(a - b) < beta, (a - b) / beta, np.sign(a - b))


def _huber(a: Any, b: Any, delta: float) -> Any:
    d = abs(a - b)
    return np.where(d <= delta, 0.5 * d * d, delta * (d - 0.5 * delta))


def _bce(a: Any, b: Any, _: float) -> Any:
    return -b * np.maximum(np.log(a), -100) - (1 - b) * np.maximum(np.log1p(-a), -100)


FORWARD: dict[str, Callable[..., Any]] = {
    "mse": lambda a, b, _: (a - b) ** 2,
    "smooth_l1": _smooth,
    "huber": _huber,
    "soft_margin": lambda a, b, _: np.maximum(-a * b, 0) + np.log1p(np.exp(-abs(a * b))),
    "bce": _bce,
    "bce_with_logits": lambda a, b, _: np.maximum(a, 0) - a * b + np.log1p(np.exp(-abs(a))),
}
SLOPES: dict[str, Callable[..., Any]] = {
    "mse": lambda a, b, _: 2 * (a - b),
    "smooth_l1": _smooth_slope,
    "huber": lambda a, b, delta: np.clip(a - b, -delta, delta),
    "soft_margin": lambda a, b, _: -b * _sigmoid(-a * b),
    "bce": lambda a, b, _: (a - b) / np.maximum((1 - a) * a, float(np.float32(1e-12))),
    "bce_with_logits": lambda a, b, _: _sigmoid(a) - b,
}


def plan(z: Sizes) -> Plan:
    """Every case."""

    def forward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        with np.errstate(all="ignore"):
            losses = FORWARD[z.function](*ins, z.parameter)
            if z.reduction == "none":
                outs[0][...] = losses
            else:
                total = losses.sum(dtype=np.float64)
                outs[0][...] = total if z.reduction == "sum" else np.divide(total, z.size)

    def backward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        grad, a, b = ins
        with np.errstate(all="ignore"):
            outs[0][...] = SLOPES[z.function](a, b, z.parameter) * (grad / z.size if z.reduction == "mean" else grad)

    run = forward if z.direction == "forward" else backward
    return Plan("NumPy", z.inputs(), z.outputs(), 0, run)
