"""Losses of pairs of numbers: squared, absolute, Huber, logistic; those of probabilities are in likelihood.py."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, as_array
from minicnn.functional.common import Expand, SumTo, broadcast_shape, check_tensor, memory_order, operands
from minicnn.functional.curves import Sigmoid
from minicnn.functional.elementwise import Div, Mul, Sub
from minicnn.functional.reduction import check_reduction, reduced
from minicnn.functional.unary import Log, Log1p, abs_
from minicnn.kernels import dispatch, layout
from minicnn.kernels.elementwise_loss import Sizes

KERNEL = "elementwise_loss"


class ElementwiseLoss(Operation):
    """f(a, b) of pairs of numbers, reduced, in one kernel; a and b have one shape"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any, function: str, reduction: str, parameter: float) -> Any:
        ctx.save(a, b)
        ctx.sizes = Sizes(function, "forward", a.size, a.dtype, reduction, parameter)
        a, b, order = _in_one_order(a, b)
        (loss,) = dispatch.run(KERNEL, ctx.sizes, layout.memory(a), layout.memory(b))
        return layout.as_order(loss, a.shape, order) if reduction == "none" else loss.reshape(())

    def backward(ctx, grad: Any) -> Any:
        a, b = ctx.saved()
        grad_a = ElementwiseLossGrad(grad, a, b, ctx.sizes) if ctx.needs(0) else None
        grad_b = None
        if ctx.needs(1):
            slope = _ALONG_TARGET[ctx.sizes.function]
            grad_b = -(slope(grad, a) * _factor(ctx.sizes) if slope else ElementwiseLossGrad(grad, a, b, ctx.sizes))
        return grad_a, grad_b, None, None, None


class ElementwiseLossGrad(Operation):
    """grad · ∂f/∂a; its own gradient makes second derivatives possible"""

    keeps_layout = True

    def forward(ctx, grad: Any, a: Any, b: Any, sizes: Sizes) -> Any:
        ctx.sizes = sizes
        ctx.save(grad if ctx.needs(1) or ctx.needs(2) else None, a, b)
        a, b, order = _in_one_order(a, b)
        grad = as_array(grad)
        grad = grad.reshape(1) if sizes.reduction != "none" else layout.memory(dispatch.in_order(grad, order))
        sizes = sizes._replace(direction="backward")
        (slope,) = dispatch.run(KERNEL, sizes, grad, layout.memory(a), layout.memory(b))
        return layout.as_order(slope, a.shape, order)

    def backward(ctx, grad2: Any) -> Any:
        grad, a, b = ctx.saved()
        z = ctx.sizes
        along_grad = along_a = along_b = None
        if ctx.needs(0):
            one = array_module(as_array(grad2)).ones((), z.dtype)
            along_grad = Mul(grad2, ElementwiseLossGrad(one, a, b, z._replace(reduction="sum"))) * _factor(z)
            if z.reduction != "none":
                along_grad = SumTo(along_grad, (1,) * len(a.shape)).reshape(())
        if ctx.needs(1) or ctx.needs(2):
            bend, mixed = _BENDS[z.function](a, b, z.parameter)
            scale = Mul(grad2, grad) * _factor(z)
            along_a = scale * bend
            along_b = None if mixed is None else scale * mixed
        return along_grad, along_a, along_b, None


def _in_one_order(a: Any, b: Any) -> tuple[Any, Any, str]:
    order = memory_order(a)
    return dispatch.in_order(a, order), dispatch.in_order(b, order), order


def _factor(z: Sizes) -> float:
    """What the sum is multiplied by to be the result."""
    return 1 / z.size if z.reduction == "mean" and z.size else 1.0


def _near(a: Any, b: Any, limit: float) -> Any:
    """1 where |a - b| < limit, else 0, of a's type."""
    a, b = as_array(a), as_array(b)
    return (abs(a - b) < limit).astype(a.dtype)


def _both(bend: Any) -> tuple[Any, Any]:
    """Of a function of a - b: ∂²f/∂a² and ∂²f/∂a∂b."""
    return bend, -bend


def _soft_margin(a: Any, b: Any, _: float) -> tuple[Any, Any]:
    s = Sigmoid(-Mul(a, b))
    return Mul(Mul(b, b), Mul(s, 1 - s)), None


def _bce(a: Any, b: Any, _: float) -> tuple[Any, Any]:
    """b/a² + (1 - b)/(1 - a)², and -1/(a·(1 - a)), with PyTorch's guard against certain probabilities."""
    spread = Mul(a + 1e-12, 1 - a + 1e-12)
    return Div(Mul(a, a) - Mul(a, b) * 2 + b, Mul(spread, spread)), -1 / spread


def _logits(a: Any, b: Any, _: float) -> tuple[Any, Any]:
    s = Sigmoid(a)
    return Mul(s, 1 - s), -1.0


_ALONG_TARGET: dict[str, Callable[[Any, Any], Any] | None] = {  # -grad · ∂f/∂b; None: that of a
    "mse": None,
    "smooth_l1": None,
    "huber": None,
    "soft_margin": lambda grad, a: Mul(grad, a) * 0,  # PyTorch has no such gradient
    "bce": lambda grad, a: Mul(grad, Sub(Log(a), Log1p(-a))),
    "bce_with_logits": lambda grad, a: Mul(grad, a),
}
_BENDS: dict[str, Callable[[Any, Any, float], tuple[Any, Any]]] = {  # ∂²f/∂a² and ∂²f/∂a∂b
    "mse": lambda a, b, _: _both(2.0),
    "smooth_l1": lambda a, b, beta: _both(_near(a, b, beta) / beta),
    "huber": lambda a, b, delta: _both(_near(a, b, delta)),
    "soft_margin": _soft_margin,
    "bce": _bce,
    "bce_with_logits": _logits,
}


class MseLoss(ElementwiseLoss):
    """(a - b)²"""


class SmoothL1Loss(ElementwiseLoss):
    """|a - b|, rounded off"""


class HuberLoss(ElementwiseLoss):
    """(a - b)²/2, straight further out"""


class SoftMarginLoss(ElementwiseLoss):
    """ln(1 + e^(-a·b))"""


TAKES_A_BOOL = ("mse_loss", "smooth_l1_loss")  # beside a floating-point tensor, as in PyTorch


def _pair(input: Tensor, target: Tensor, name: str, warn: bool = True) -> tuple[Tensor, Tensor]:
    """Both in one shape and type; a UserWarning if the shapes differ, NotImplementedError for whole numbers."""
    check_tensor(input, name), check_tensor(target, name, "target")
    if bool in (input._array.dtype, target._array.dtype) and name not in TAKES_A_BOOL:
        raise RuntimeError(f"{name}: `input` and `target` must not be bools, got {input.dtype} and {target.dtype}")
    a, b = operands(input, target, name=name)
    if not a.is_floating_point():
        raise NotImplementedError(f'"{name}" not implemented for {a.dtype}; convert with .float()')
    if a.shape != b.shape:
        if warn:
            warn_of_sizes(input, target)
        shape = broadcast_shape(a, b, name)
        a, b = (x if tuple(x.shape) == shape else Expand(x, shape) for x in (a, b))
    return a, b


def warn_of_sizes(input: Tensor, target: Tensor) -> None:
    """PyTorch's warning of shapes that differ."""
    warnings.warn(
        f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will "
        "likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
        UserWarning,
        stacklevel=4,
    )


def _weighted(losses: Tensor, weight: Tensor, input: Tensor, reduction: str, divide: bool = True) -> Tensor:
    """Losses times weights of input's shape; the mean is over the weights, or over the elements."""
    check_tensor(weight, "loss", "weight")
    if weight.shape != input.shape:
        raise ValueError(f"Weights and input must have the same size, got {list(weight.shape)}, {list(input.shape)}")
    losses = losses * weight
    if reduction == "mean" and divide:
        return losses.sum() / weight.sum()
    return reduced(losses, reduction)


@operation()
def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """(input - target)², averaged, summed or as it is; `weight` of input's shape counts each element."""
    reduction = check_reduction(reduction, size_average, reduce)
    a, b = _pair(input, target, "mse_loss")
    loss: Tensor = MseLoss(a, b, "mse", reduction if weight is None else "none", 0.0)
    return loss if weight is None else _weighted(loss, weight, input, reduction)


@operation()
def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """|input - target|, averaged, summed or as it is; `weight` of input's shape counts each element."""
    reduction = check_reduction(reduction, size_average, reduce)
    check_tensor(input, "l1_loss"), check_tensor(target, "l1_loss", "target")
    if input.shape != target.shape:
        broadcast_shape(input, target, "l1_loss")
        warn_of_sizes(input, target)
    losses = abs_(input - target)
    if weight is not None:
        return _weighted(losses, weight, input, reduction)
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()


@operation()
def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """|input - target| - beta/2, and (input - target)² / (2·beta) where |input - target| < beta (Girshick 2015).

    RuntimeError for a negative `beta`; 0 is `l1_loss`.
    """
    reduction = check_reduction(reduction, size_average, reduce)
    if not beta >= 0:
        raise RuntimeError(f"smooth_l1_loss does not support negative values for beta, got `beta` {beta}")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    loss: Tensor = SmoothL1Loss(*_pair(input, target, "smooth_l1_loss"), "smooth_l1", reduction, float(beta))
    return loss


@operation()
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """(input - target)²/2, and delta · (|input - target| - delta/2) further out (Huber 1964).

    RuntimeError unless `delta` is above 0.
    """
    reduction = check_reduction(reduction)
    if not delta > 0:
        raise RuntimeError(f"huber_loss does not support non-positive values for delta, got `delta` {delta}")
    a, b = _pair(input, target, "huber_loss")
    if not input.is_floating_point():
        raise RuntimeError(f"huber_loss: result type {a.dtype} can't be cast to `input`'s type {input.dtype}")
    loss: Tensor = HuberLoss(a, b, "huber", reduction if weight is None else "none", float(delta))
    loss = loss if loss.dtype is input.dtype else loss.to(input.dtype)
    return loss if weight is None else _weighted(loss, weight, input, reduction, divide=False)


@operation()
def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """ln(1 + e^(-target · input)), for targets 1 and -1."""
    reduction = check_reduction(reduction, size_average, reduce)
    loss: Tensor = SoftMarginLoss(*_pair(input, target, "soft_margin_loss", False), "soft_margin", reduction, 0.0)
    return loss
