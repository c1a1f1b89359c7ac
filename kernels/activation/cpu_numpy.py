"""The reference."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Output, Plan
from . import Sizes


def _sigmoid(x: Any) -> Any:
    with np.errstate(over="ignore"):  # exp(+large) = inf, and 1 / inf is the right 0
        return 1 / (1 + np.exp(-x))


def _erf(x: Any) -> Any:
    return np.frompyfunc(math.erf, 1, 1)(x).astype(x.dtype)  # NumPy has none


def _normal(x: Any) -> Any:
    """Φ(x), how much of the normal distribution lies below x."""
    return 0.5 * (1 + _erf(x * math.sqrt(0.5)))


def _softplus(x: Any) -> Any:
    return np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))


def _gelu_tanh(x: Any) -> Any:
    return np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))


def _gelu_tanh_slope(x: Any) -> Any:
    t, inner = _gelu_tanh(x), math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
    return 0.5 * (1 + t + x * (1 - t * t) * inner)


def _mish_slope(x: Any) -> Any:
    t = np.tanh(_softplus(x))
    return t + x * (1 - t * t) * _sigmoid(x)


FORWARD: dict[str, Callable[..., Any]] = {
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "relu": lambda x: np.maximum(x, 0),
    "elu": lambda x, alpha, scale, inner: scale * np.where(x <= 0, alpha * np.expm1(np.minimum(x, 0) * inner), x),
    "erf": _erf,
    "erfc": lambda x: 1 - _erf(x),
    "gelu": lambda x: x * _normal(x),
    "gelu_tanh": lambda x: 0.5 * x * (1 + _gelu_tanh(x)),
    "hardshrink": lambda x, lambd: np.where(abs(x) <= lambd, 0, x),
    "hardsigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "hardswish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "hardtanh": lambda x, low, high: np.clip(x, low, high),
    "leaky_relu": lambda x, slope: np.where(x > 0, x, x * slope),
    "logsigmoid": lambda x: -_softplus(-x),
    "mish": lambda x: x * np.tanh(_softplus(x)),
    "silu": lambda x: x * _sigmoid(x),
    "softplus": lambda x, beta, threshold: np.where(x * beta > threshold, x, _softplus(x * beta) / beta),
    "softshrink": lambda x, lambd: x - np.clip(x, -lambd, lambd),
    "threshold": lambda x, threshold, value: np.where(x <= threshold, value, x),
}
BACKWARD: dict[str, Callable[[Any, Any], Any]] = {  # of FROM_OUTPUT
    "tanh": lambda g, y: g * (1 - y * y),
    "sigmoid": lambda g, y: g * y * (1 - y),
    "relu": lambda g, y: np.where(y <= 0, 0, g),
}
SLOPES: dict[str, Callable[..., Any]] = {  # of FROM_INPUT
    "elu": lambda x, alpha, scale, inner: scale * np.where(x <= 0, alpha * inner * np.exp(np.minimum(x, 0) * inner), 1),
    "erf": lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x),
    "erfc": lambda x: -2 / math.sqrt(math.pi) * np.exp(-x * x),
    "gelu": lambda x: _normal(x) + x * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi),
    "gelu_tanh": _gelu_tanh_slope,
    "hardshrink": lambda x, lambd: ~(abs(x) <= lambd),
    "hardsigmoid": lambda x: (abs(x) < 3) * float(np.float32(1 / 6)),  # PyTorch has these digits of float64, too
    "hardswish": lambda x: np.where(x <= -3, 0, np.where(x < 3, x / 3 + 0.5, 1)),
    "hardtanh": lambda x, low, high: ~((x <= low) | (x >= high)),
    "leaky_relu": lambda x, slope: np.where(x > 0, 1, slope),
    "logsigmoid": lambda x: _sigmoid(-x),
    "mish": _mish_slope,
    "silu": lambda x: _sigmoid(x) * (1 + x * (1 - _sigmoid(x))),
    "softplus": lambda x, beta, threshold: np.where(x * beta > threshold, 1, _sigmoid(x * beta)),
    "softshrink": lambda x, lambd: ~(abs(x) <= lambd),
    "threshold": lambda x, threshold, value: ~(x <= threshold),
}


def plan(z: Sizes) -> Plan:
    """Every case."""
    parameters = tuple(p if z.dtype.kind == "f" else int(p) for p in z.parameters)

    def forward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            outs[0][...] = FORWARD[z.function](ins[0], *parameters)

    def backward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            if z.function in BACKWARD:
                outs[0][...] = BACKWARD[z.function](*ins)
            else:
                g, slope = ins[0], SLOPES[z.function](ins[1], *parameters)
                outs[0][...] = np.where(slope == 0, 0, g * slope)  # 0 whatever g is, an infinite one, too

    run, inputs = (forward, 1) if z.direction == "forward" else (backward, 2)
    return Plan("NumPy", (layout.PLAIN,) * inputs, (Output((z.size,), z.dtype),), 0, run)
