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
    run = RULES[sizes.rule]
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
    grad = _decayed(param, grad, lr, weight_decay, options, kind)
    if state:
        (buffer,) = state
        buffer *= kind(momentum)
        buffer += kind(1 - dampening) * grad
        grad = grad + kind(momentum) * buffer if "nesterov" in options else buffer
    param -= kind(lr) * grad


def _adam(outs: Arrays, grad: Any, hyper: np.ndarray, options: tuple[str, ...], kind: Any) -> None:
    lr, beta1, beta2, eps, weight_decay, correction1, root2 = hyper.tolist()
    param, exp_avg, exp_avg_sq, *largest = outs
    grad = _decayed(param, grad, lr, weight_decay, options, kind)
    _mean(exp_avg, beta1, grad, kind)
    _mean_square(exp_avg_sq, beta2, grad, kind)
    second = np.maximum(largest[0], exp_avg_sq, out=largest[0]) if largest else exp_avg_sq
    denominator = np.sqrt(second) / kind(root2) + kind(eps)
    param -= kind(lr / correction1) * exp_avg / denominator


def _adagrad(outs: Arrays, grad: Any, hyper: np.ndarray, options: tuple[str, ...], kind: Any) -> None:
    rate, eps, weight_decay = hyper.tolist()
    param, total = outs
    grad = _decayed(param, grad, rate, weight_decay, options, kind)
    total += grad * grad
    param -= kind(rate) * grad / (np.sqrt(total) + kind(eps))


def _rmsprop(outs: Arrays, grad: Any, hyper: np.ndarray, options: tuple[str, ...], kind: Any) -> None:
    lr, alpha, eps, weight_decay, momentum = hyper.tolist()
    param, square_avg, *more = outs
    grad = _decayed(param, grad, lr, weight_decay, options, kind)
    _mean_square(square_avg, alpha, grad, kind)
    second = square_avg
    if "centered" in options:
        _mean(more[-1], alpha, grad, kind)
        second = square_avg - more[-1] * more[-1]
    step = grad / (np.sqrt(second) + kind(eps))
    if "momentum" in options:
        more[0] *= kind(momentum)
        more[0] += step
        step = more[0]
    param -= kind(lr) * step


def _adadelta(outs: Arrays, grad: Any, hyper: np.ndarray, options: tuple[str, ...], kind: Any) -> None:
    lr, rho, eps, weight_decay = hyper.tolist()
    param, square_avg, acc_delta = outs
    grad = _decayed(param, grad, lr, weight_decay, options, kind)
    _mean_square(square_avg, rho, grad, kind)
    delta = np.sqrt(acc_delta + kind(eps)) / np.sqrt(square_avg + kind(eps)) * grad
    _mean_square(acc_delta, rho, delta, kind)
    param -= kind(lr) * delta


def _adamax(outs: Arrays, grad: Any, hyper: np.ndarray, options: tuple[str, ...], kind: Any) -> None:
    beta1, beta2, eps, weight_decay, rate = hyper.tolist()
    param, exp_avg, exp_inf = outs
    grad = _decayed(param, grad, rate, weight_decay, options, kind)
    _mean(exp_avg, beta1, grad, kind)
    np.maximum(kind(beta2) * exp_inf, abs(grad) + kind(eps), out=exp_inf)
    param -= kind(rate) * exp_avg / exp_inf


def _nadam(outs: Arrays, grad: Any, hyper: np.ndarray, options: tuple[str, ...], kind: Any) -> None:
    lr, beta1, beta2, eps, weight_decay, correction2, rate_g, rate_m = hyper.tolist()
    param, exp_avg, exp_avg_sq = outs
    grad = _decayed(param, grad, lr, weight_decay, options, kind)
    _mean(exp_avg, beta1, grad, kind)
    _mean_square(exp_avg_sq, beta2, grad, kind)
    denominator = np.sqrt(exp_avg_sq / kind(correction2)) + kind(eps)
    param -= kind(rate_g) * grad / denominator
    param -= kind(rate_m) * exp_avg / denominator


def _radam(outs: Arrays, grad: Any, hyper: np.ndarray, options: tuple[str, ...], kind: Any) -> None:
    lr, beta1, beta2, eps, weight_decay, correction1, root2, rectification = hyper.tolist()
    param, exp_avg, exp_avg_sq = outs
    grad = _decayed(param, grad, lr, weight_decay, options, kind)
    _mean(exp_avg, beta1, grad, kind)
    _mean_square(exp_avg_sq, beta2, grad, kind)
    step = exp_avg / kind(correction1) * kind(lr)
    if rectification:
        step *= kind(root2) / (np.sqrt(exp_avg_sq) + kind(eps)) * kind(rectification)
    param -= step


def _asgd(outs: Arrays, grad: Any, hyper: np.ndarray, options: tuple[str, ...], kind: Any) -> None:
    eta, lambd, mu, weight_decay = hyper.tolist()
    param, ax = outs
    grad = _decayed(param, grad, eta, weight_decay, options, kind)
    param *= kind(1 - lambd * eta)
    param -= kind(eta) * grad
    ax[...] = param if mu == 1 else ax + (param - ax) * kind(mu)


def _rprop(outs: Arrays, grad: Any, hyper: np.ndarray, options: tuple[str, ...], kind: Any) -> None:
    minus, plus, smallest, largest = hyper.tolist()
    param, prev, step_size = outs
    direction = grad * prev
    step_size *= np.where(direction > 0, kind(plus), np.where(direction < 0, kind(minus), kind(1)))
    step_size.clip(kind(smallest), kind(largest), out=step_size)
    prev[...] = np.where(direction < 0, kind(0), grad)
    param -= np.sign(prev) * step_size


def _decayed(param: Any, grad: Any, lr: float, weight_decay: float, options: tuple[str, ...], kind: Any) -> Any:
    """The gradient with weight decay in it; decoupled, the parameter shrinks instead."""
    if not weight_decay:
        return grad
    if "decoupled" in options:
        param *= kind(1 - lr * weight_decay)
        return grad
    return grad + kind(weight_decay) * param


def _mean(mean: Any, beta: float, grad: Any, kind: Any) -> None:
    mean += kind(1 - beta) * (grad - mean)


def _mean_square(mean: Any, beta: float, grad: Any, kind: Any) -> None:
    mean *= kind(beta)
    mean += kind(1 - beta) * grad * grad


RULES = {
    "sgd": _sgd, "adam": _adam, "adagrad": _adagrad, "rmsprop": _rmsprop, "adadelta": _adadelta, "adamax": _adamax,
    "nadam": _nadam, "radam": _radam, "asgd": _asgd, "rprop": _rprop,
}  # fmt: skip
