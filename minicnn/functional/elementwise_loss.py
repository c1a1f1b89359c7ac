"""Losses of pairs of numbers: squared, absolute, Huber, logistic, and negative log-likelihoods."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, as_array
from minicnn.functional.activation import logsigmoid
from minicnn.functional.common import Expand, SumTo, broadcast_shape, check_tensor, operands
from minicnn.functional.creation import full as filled
from minicnn.functional.curves import Sigmoid
from minicnn.functional.elementwise import Div, Log, Log1p, Mul, Sub, abs_, clamp, exp, log, where
from minicnn.functional.reduction import Reduced, check_reduction, reduced
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
    order = layout.order_of(a)
    order = layout.PLAIN if order == layout.ANY else order
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
    yes, no = Div(b, Mul(a, a)), Div(1 - b, Mul(1 - a, 1 - a))
    return yes + no, -1 / Mul(a, 1 - a)


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


class BinaryCrossEntropy(ElementwiseLoss):
    """-b·ln a - (1 - b)·ln(1 - a)"""


class BinaryCrossEntropyWithLogits(ElementwiseLoss):
    """The same of σ(a)"""


def _pair(input: Tensor, target: Tensor, name: str, warn: bool = True) -> tuple[Tensor, Tensor]:
    """Both in one shape and type; a UserWarning if the shapes differ, NotImplementedError for whole numbers."""
    check_tensor(input, name), check_tensor(target, name, "target")
    a, b = operands(input, target, name=name)
    if a._array.dtype.kind != "f":
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
    return losses.mean() if reduction == "mean" else reduced(losses, reduction)


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
    if beta < 0:
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
    if delta <= 0:
        raise RuntimeError(f"huber_loss does not support non-positive values for delta, got `delta` {delta}")
    a, b = _pair(input, target, "huber_loss")
    loss: Tensor = HuberLoss(a, b, "huber", reduction if weight is None else "none", float(delta))
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


@operation()
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-target·ln(input) - (1 - target)·ln(1 - input), of probabilities `input`, with logarithms of at least -100.

    `weight`, which broadcasts, counts each element. ValueError for different shapes, RuntimeError for an input
    outside of [0, 1].
    """
    name = "binary_cross_entropy"
    reduction = check_reduction(reduction, size_average, reduce)
    check_tensor(input, name), check_tensor(target, name, "target")
    if input.shape != target.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. "
            "Please ensure they have the same size."
        )
    if not input.is_floating_point():
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype}; convert with .float()')
    if target.dtype is not input.dtype:
        raise RuntimeError(f"{name}: found `target` of dtype {target.dtype} but expected {input.dtype}, as `input`")
    inside = (input._array >= 0) & (input._array <= 1)
    if not inside.all():
        raise RuntimeError(
            f"all elements of input should be between 0 and 1, but {name} got {float(input._array[~inside][0])}; "
            "use sigmoid(input), or binary_cross_entropy_with_logits"
        )
    kind = "bce", reduction if weight is None else "none", 0.0
    loss: Tensor = BinaryCrossEntropy(input, target, *kind)
    return loss if weight is None else Reduced(_times(loss, weight, name), reduction, "BinaryCrossEntropy")


def _times(losses: Tensor, weight: Tensor, name: str) -> Tensor:
    check_tensor(weight, name, "weight")
    if broadcast_shape(losses, weight, name) != tuple(losses.shape):
        raise RuntimeError(f"{name}: `weight` {list(weight.shape)} does not broadcast to {list(losses.shape)}")
    return losses * weight


@operation()
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy` of sigmoid(input), without its overflow; `pos_weight` counts the part of target.

    ValueError for different shapes.
    """
    name = "binary_cross_entropy_with_logits"
    reduction = check_reduction(reduction, size_average, reduce)
    check_tensor(input, name), check_tensor(target, name, "target")
    if input.shape != target.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    if not input.is_floating_point():
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype}; convert with .float()')
    if not target.is_floating_point():
        raise RuntimeError(f"{name}: result type {input.dtype} can't be cast to that of `target`, {target.dtype}")
    label = "BinaryCrossEntropyWithLogits"
    if pos_weight is None:
        a, b = operands(input, target, name=name)
        kind = "bce_with_logits", reduction if weight is None else "none", 0.0
        loss: Tensor = BinaryCrossEntropyWithLogits(a, b, *kind)
        return loss if weight is None else Reduced(_times(loss, weight, name), reduction, label)
    positive = (check_tensor(pos_weight, name, "pos_weight") - 1) * target + 1
    losses = (1 - target) * input - positive * logsigmoid(input)
    return Reduced(losses if weight is None else _times(losses, weight, name), reduction, label)


@operation()
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target · (ln target - input), for log-probabilities `input`: how far they are from those of `target`.

    Source: Kullback & Leibler 1951, "On Information and Sufficiency". `reduction` "batchmean" divides the sum by the
    batch, "mean" by all elements. With `log_target` the target, too, is a logarithm.
    """
    if reduction == "mean" and size_average is None and reduce is None:
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
            "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
            UserWarning,
            stacklevel=2,
        )
    reduction = check_reduction(reduction, size_average, reduce, ("batchmean",))
    check_tensor(input, "kl_div"), check_tensor(target, "kl_div", "target")
    if not input.is_floating_point() or not target.is_floating_point():
        raise RuntimeError(f"kl_div: Integral inputs not supported, got {input.dtype} and `target` {target.dtype}")
    losses = exp(target) * (target - input) if log_target else _times_log(target) - target * input
    if reduction == "batchmean":
        return losses.sum() / input.shape[0] if input.ndim else losses.sum()
    return reduced(losses, reduction)


def _times_log(x: Tensor) -> Tensor:
    """x · ln x, and 0 at 0."""
    zero = x == 0
    result: Tensor = where(zero, 0.0, x * log(where(zero, 1.0, x)))
    return result


@operation()
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """e^input - target · input: the negative log-likelihood of counts `target`; `full` adds Stirling's ln(target!).

    Without `log_input`, input is the mean itself: input - target · ln(input + eps).
    """
    reduction = check_reduction(reduction, size_average, reduce)
    check_tensor(input, "poisson_nll_loss"), check_tensor(target, "poisson_nll_loss", "target")
    losses = exp(input) - target * input if log_input else input - target * log(input + eps)
    if full:
        many = target > 1
        safe = where(many, target, 1.0)
        stirling = safe * log(safe) - safe + log(safe * (2 * math.pi)) * 0.5
        losses = losses + where(many, stirling, 0.0)
    return reduced(losses, reduction)


@operation()
def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """(ln var + (input - target)² / var) / 2: the negative log-likelihood of normal numbers (Nix & Weigend 1994).

    `var`, at least `eps`, has input's shape, or one value for the last axis, or is a number. ValueError for other
    shapes and for negative values. `full` adds ln(2π)/2.
    """
    check_tensor(input, "gaussian_nll_loss"), check_tensor(target, "gaussian_nll_loss", "target")
    if not isinstance(var, Tensor):
        var = filled(tuple(input.shape), float(var), dtype=input.dtype)
    if var.shape != input.shape:
        if input.shape[:-1] == tuple(var.shape):
            var = var.unsqueeze(-1)
        elif input.shape[:-1] != var.shape[:-1] or var.shape[-1] != 1:
            raise ValueError(f"var is of incorrect size: `var` {list(var.shape)} for `input` {list(input.shape)}")
    check_reduction(reduction)
    if (var._array < 0).any():
        raise ValueError(f"var has negative entry/entries: the smallest is {float(var._array.min())}")
    var = var + clamp(eps - var.detach(), min=0.0)  # so that the gradient passes by the limit
    losses = 0.5 * (log(var) + (input - target) ** 2 / var)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return reduced(losses, reduction)
