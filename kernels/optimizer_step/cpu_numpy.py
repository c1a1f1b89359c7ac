"""The optimiser step in plain NumPy: the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dispatch import Plan
from . import Sizes

Arrays = Sequence[np.ndarray]


def plan(sizes: Sizes) -> Plan:
    """A plan for every rule, size and floating dtype."""
    run = {"sgd": _sgd, "adam": _adam}[sizes.rule]
    kind = np.dtype(sizes.dtype).type

    count = len(sizes.sizes)

    def step(outs: Arrays, ins: Arrays, scratch: Any) -> None:
        *grads, hyper = ins
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # a diverging run goes on to inf
            for i, grad in enumerate(grads):
                run(outs[i::count], -grad if "maximize" in sizes.options else grad, hyper, sizes.options, kind)

    return Plan("numpy", sizes.inputs(), sizes.outputs(), 0, step)


def _sgd(outs: Arrays, grad: Any, hyper: np.ndarray, options: tuple[str, ...], kind: Any) -> None:
    lr, momentum, dampening, weight_decay = hyper.tolist()
    param, *state = outs
    if weight_decay:
        grad = grad + kind(weight_decay) * param
    if state:
        (buffer,) = state
        buffer *= kind(momentum)
        buffer += kind(1 - dampening) * grad
        grad = grad + kind(momentum) * buffer if "nesterov" in options else buffer
    param -= kind(lr) * grad


def _adam(outs: Arrays, grad: Any, hyper: np.ndarray, options: tuple[str, ...], kind: Any) -> None:
    lr, beta1, beta2, eps, weight_decay, correction1, root2 = hyper.tolist()
    param, exp_avg, exp_avg_sq, *largest = outs
    if weight_decay and "decoupled" in options:
        param *= kind(1 - lr * weight_decay)
    elif weight_decay:
        grad = grad + kind(weight_decay) * param
    exp_avg += kind(1 - beta1) * (grad - exp_avg)
    exp_avg_sq *= kind(beta2)
    exp_avg_sq += kind(1 - beta2) * grad * grad
    second = np.maximum(largest[0], exp_avg_sq, out=largest[0]) if largest else exp_avg_sq
    denominator = np.sqrt(second) / kind(root2) + kind(eps)
    param -= kind(lr / correction1) * exp_avg / denominator
