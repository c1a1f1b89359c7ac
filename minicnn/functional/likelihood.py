"""Losses that are negative log-likelihoods: of yes and no, of distributions, of counts, of normal numbers."""

from __future__ import annotations

import math
import warnings

from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.functional.activation import logsigmoid
from minicnn.functional.common import broadcast_shape, check_tensor, operands
from minicnn.functional.creation import full as filled
from minicnn.functional.elementwise_loss import ElementwiseLoss
from minicnn.functional.reduction import Reduced, check_reduction, reduced
from minicnn.functional.selection import clamp, where
from minicnn.functional.unary import exp, log


class BinaryCrossEntropy(ElementwiseLoss):
    """-b·ln a - (1 - b)·ln(1 - a)"""


class BinaryCrossEntropyWithLogits(ElementwiseLoss):
    """The same of σ(a)"""


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
    if not input.is_cuda and not inside.all():  # on the GPU nobody looks
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
        loss = loss.to(target.dtype)  # of two types it is the target's that counts, in PyTorch
        return loss if weight is None else Reduced(_times(loss, weight, name), reduction, label)
    positive = (check_tensor(pos_weight, name, "pos_weight") - 1) * target + 1
    losses = ((1 - target) * input - positive * logsigmoid(input)).to(target.dtype)
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
        var = filled(tuple(input.shape), float(var), dtype=input.dtype, device=input.device)
    if var.shape != input.shape:
        if input.shape[:-1] == tuple(var.shape):
            var = var.unsqueeze(-1)
        elif input.shape[:-1] != var.shape[:-1] or var.shape[-1] != 1:
            raise ValueError(f"var is of incorrect size: `var` {list(var.shape)} for `input` {list(input.shape)}")
    check_reduction(reduction)
    if not var.is_cuda and (var._array < 0).any():
        raise ValueError(f"var has negative entry/entries: the smallest is {float(var._array.min())}")
    var = var + clamp(eps - var.detach(), min=0.0)  # so that the gradient passes by the limit
    losses = 0.5 * (log(var) + (input - target) ** 2 / var)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return reduced(losses, reduction)
