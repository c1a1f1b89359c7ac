"""Losses: cross-entropy, negative log-likelihood, mean squared error."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.function import Operation, operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.activation import LogSoftmax, Softmax, one_along
from minicnn.functional.common import Expand, SumTo, broadcast_shape, check_tensor, operands, sum_to
from minicnn.functional.elementwise import Mul, Sub
from minicnn.kernels import dispatch, layout
from minicnn.kernels.softmax_cross_entropy import Sizes

REDUCTIONS = ("none", "mean", "sum")


def check_reduction(reduction: str) -> str:
    """`reduction` if it is one, ValueError otherwise."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction!r} is not a valid value for `reduction`; expected one of {', '.join(REDUCTIONS)}")
    return reduction


def _factor(target: Any, weight: Any, ignore_index: int, reduction: str, dtype: Any) -> Any:
    """What each sample's loss is multiplied by: its class weight (0 if ignored), divided for a mean by
    the sum of the weights. A number where all samples count the same."""
    xp = array_module(target)
    ignored = target == ignore_index
    if weight is None and not ignored.any():
        return 1 / max(target.shape[0], 1) if reduction == "mean" else 1.0
    factor = xp.ones(target.shape, dtype) if weight is None else weight[xp.where(ignored, 0, target)]
    factor = xp.where(ignored, dtype.type(0), factor)
    with np.errstate(invalid="ignore"):  # all ignored: 0 / 0 is NaN, as in PyTorch
        return factor / factor.sum() if reduction == "mean" else factor


def _reduced(losses: Any, factor: Any, reduction: str) -> Any:
    if reduction == "none":
        return losses * factor
    if isinstance(factor, float):
        total = losses.sum()
        return total if factor == 1.0 else (total / losses.shape[0] if losses.shape[0] else total * np.nan)
    return (losses * factor).sum()


class CrossEntropy(Operation):
    """-ln softmax(x)[target], in one kernel; x (N, classes)"""

    keeps_layout = True

    def forward(ctx, x: Any, target: Any, weight: Any, ignore_index: int, reduction: str) -> Any:
        factor = _factor(target, weight, ignore_index, reduction, x.dtype)
        order = layout.order_of(x)
        sizes = Sizes(*x.shape, x.dtype, layout.PLAIN if order == layout.ANY else order, ignore_index)
        losses, softmax = dispatch.run("softmax_cross_entropy", sizes, x, target)
        ctx.softmax, ctx.factor = softmax, factor
        ctx.save(x, target)
        return _reduced(losses, factor, reduction)

    def backward(ctx, grad: Any) -> Any:
        x, target = ctx.saved()
        target = target._array if isinstance(target, Tensor) else target
        return CrossEntropyInput(x, grad, target, ctx.factor, ctx.softmax), None, None, None, None

    def name(ctx) -> str:
        return "NllLossBackward0"


class CrossEntropyInput(Operation):
    """grad · factor · (softmax(x) - one-hot(target)); the softmax is already known"""

    keeps_layout = True

    def forward(ctx, x: Any, grad: Any, target: Any, factor: Any, softmax: Any) -> Any:
        ctx.save(x, grad if ctx.needs(0) else None)
        xp = array_module(softmax)
        ctx.onehot = xp.zeros(softmax.shape, softmax.dtype)
        rows = xp.arange(target.shape[0])
        inside = (target >= 0) & (target < softmax.shape[1])  # an ignored target is no class; its factor is 0
        ctx.onehot[rows[inside], target[inside]] = 1
        ctx.factor = factor
        slope = softmax - dispatch.in_order(ctx.onehot, layout.order_of(softmax))
        slope *= xp.reshape(grad * factor, (-1, 1)).astype(softmax.dtype, copy=False)
        return slope

    def backward(ctx, grad2: Any) -> Any:
        x, grad = ctx.saved()
        softmax = Softmax(x, 1)
        column = (softmax.shape[0], 1)
        factor = ctx.factor if isinstance(ctx.factor, float) else ctx.factor.reshape(column)
        grad_x = grad_grad = None
        if ctx.needs(0):  # the Jacobian of softmax: p·(G - Σ G·p)
            scale = grad.reshape(-1, 1) * factor
            weighted = Mul(grad2, softmax)
            grad_x = Mul(Sub(weighted, Mul(softmax, SumTo(weighted, column))), scale)
        if ctx.needs(1):
            along = SumTo(Mul(grad2, Sub(softmax, ctx.onehot)), column) * factor
            grad_grad = along.reshape(-1) if grad.ndim else SumTo(along, (1, 1)).reshape(())
        return grad_x, grad_grad, None, None, None


class NllLoss(Operation):
    """-factor · x[n, target]; x (N, classes) are log-probabilities"""

    def forward(ctx, x: Any, target: Any, weight: Any, ignore_index: int, reduction: str, dims: int) -> Any:
        ctx.dims, ctx.shape = dims, x.shape
        ctx.factor = _factor(target, weight, ignore_index, reduction, x.dtype)
        xp = array_module(x)
        ctx.target = xp.where(target == ignore_index, 0, target)
        picked = xp.take_along_axis(x, ctx.target[:, None], axis=1)[:, 0]
        if not isinstance(ctx.factor, float):
            picked = xp.where(target == ignore_index, x.dtype.type(0), picked)
        return _reduced(-picked, ctx.factor, reduction)

    def backward(ctx, grad: Any) -> Any:
        scaled = grad * (-ctx.factor) if grad.ndim or not isinstance(ctx.factor, float) else grad * -ctx.factor
        if not scaled.ndim:
            scaled = Expand(scaled, (ctx.shape[0],))
        return ScatterClass(scaled, ctx.target, ctx.shape), None, None, None, None, None

    def name(ctx) -> str:
        return "NllLossBackward0" if ctx.dims == 2 else "NllLoss2DBackward0"


class ScatterClass(Operation):
    """A matrix of zeros with value[n] at [n, target[n]]"""

    def forward(ctx, value: Any, target: Any, shape: tuple[int, int]) -> Any:
        ctx.target, ctx.shape = target, shape
        xp = array_module(value)
        out = xp.zeros(shape, value.dtype)
        out[xp.arange(shape[0]), target] = value
        return out

    def backward(ctx, grad: Any) -> Any:
        return PickClass(grad, ctx.target), None, None


class PickClass(Operation):
    """x[n, target[n]]; the adjoint of ScatterClass"""

    def forward(ctx, x: Any, target: Any) -> Any:
        ctx.target, ctx.shape = target, x.shape
        xp = array_module(x)
        return x[xp.arange(x.shape[0]), target]

    def backward(ctx, grad: Any) -> Any:
        return ScatterClass(grad, ctx.target, ctx.shape), None


def _class_target(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, name: str) -> None:
    """Checks of class scores against class numbers."""
    check_tensor(input, name), check_tensor(target, name, "target")
    if not input.is_floating_point():
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype}; convert with .float()')
    if target._array.dtype.kind not in "iu":
        raise RuntimeError(f"expected scalar type Long for `target` of {name}, but got {target.dtype}; convert with .long()")
    if input.ndim == 0:
        raise RuntimeError(f"{name}(): `input` must have a class axis, got a 0-d tensor")
    expected = (input.shape[0], *input.shape[2:]) if input.ndim > 1 else ()
    if input.ndim > 1 and target.ndim and input.shape[0] != target.shape[0]:
        raise ValueError(
            f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({target.shape[0]})."
        )
    if tuple(target.shape) != expected:
        raise RuntimeError(f"Expected `target` of size {list(expected)}, got {list(target.shape)}")
    classes = input.shape[min(1, input.ndim - 1)]
    if weight is not None and weight.shape != (classes,):
        raise RuntimeError(f"`weight` should be defined for all {classes} classes, but got shape {list(weight.shape)}")
    array = target._array
    if array.size:
        low, high = int(array.min()), int(array.max())
        if low < 0 or high >= classes:
            wrong = array[(array != ignore_index) & ((array < 0) | (array >= classes))]
            if wrong.size:
                raise IndexError(
                    f"Target {int(wrong.reshape(-1)[0])} is out of bounds: the input has {classes} classes, 0 … {classes - 1}"
                )


def _rows(input: Tensor, target: Tensor) -> tuple[Tensor, Any]:
    """(N, classes, d1, …) and its targets as (N·d1·…, classes) and (N·d1·…,)."""
    array = target._array.astype(np.int64, copy=False)
    if input.ndim == 1:
        return input.unsqueeze(0), array.reshape(1)  # type: ignore[attr-defined]
    if input.ndim == 2:
        return input, array
    return input.movedim(1, -1).reshape(-1, input.shape[1]), array.reshape(-1)  # type: ignore[attr-defined]


def _shaped(loss: Tensor, target: Tensor, reduction: str) -> Tensor:
    """The losses of the rows in the shape of the target."""
    return loss if reduction != "none" or target.ndim == 1 else loss.reshape(target.shape)  # type: ignore[attr-defined,no-any-return]


@operation()
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """-input[n, target[n]]: the loss of log-probabilities `input` (N, classes, …), target (N, …) class numbers.

    `weight` (classes,) scales each class; "mean" divides by the sum of the weights that were used.
    IndexError for a target that is no class (and not `ignore_index`).
    """
    check_reduction(reduction)
    _class_target(input, target, weight, ignore_index, "nll_loss")
    rows, classes = _rows(input, target)
    w = None if weight is None else weight._array
    loss: Tensor = NllLoss(rows, classes, w, ignore_index, reduction, input.ndim)
    return _shaped(loss, target, reduction)


@operation()
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-ln softmax(input)[target], for scores `input` (N, classes, …).

    target (N, …): class numbers, or (N, classes, …) probabilities of `input`'s dtype. `weight`,
    `ignore_index`, `reduction` as in `nll_loss`; `label_smoothing` in [0, 1] mixes the target with the
    uniform distribution. Softmax is part of the loss: `input` are the bare scores.
    """
    check_reduction(reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    check_tensor(input, "cross_entropy"), check_tensor(target, "cross_entropy", "target")
    if target.is_floating_point() and target.shape == input.shape:
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing)
    _class_target(input, target, weight, ignore_index, "cross_entropy")
    rows, classes = _rows(input, target)
    w = None if weight is None else weight._array
    if not label_smoothing:
        loss: Tensor = CrossEntropy(rows, classes, w, ignore_index, reduction)
        return _shaped(loss, target, reduction)
    scores: Tensor = LogSoftmax(rows, 1)
    hard: Tensor = NllLoss(scores, classes, w, ignore_index, reduction, 2)
    factor = _factor(classes, w, ignore_index, "none", rows._array.dtype)
    divisor = float(np.sum(factor)) if not isinstance(factor, float) else float(classes.shape[0])
    counts = classes != ignore_index
    weighted: Any = scores if weight is None else scores * weight
    uniform = -weighted.sum(1) * Tensor(counts.astype(rows._array.dtype))  # Σ_c w_c·(-ln p_c) of each row
    if reduction == "mean":
        uniform = uniform.sum() / divisor
    elif reduction == "sum":
        uniform = uniform.sum()
    smooth: Tensor = hard * (1 - label_smoothing) + uniform * (label_smoothing / rows.shape[1])  # type: ignore[operator]
    return _shaped(smooth, target, reduction)


def _soft_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, label_smoothing: float
) -> Tensor:
    """Probabilities as target: -Σ_c w_c · target_c · ln softmax(input)_c; "mean" is over the samples."""
    axis = min(1, input.ndim - 1)
    goal: Any = target
    if label_smoothing:
        goal = goal * (1 - label_smoothing) + label_smoothing / input.shape[axis]
    if weight is not None:
        shape = one_along(axis, (1,) * input.ndim)
        goal = goal * weight.reshape(*(-1 if i == axis else n for i, n in enumerate(shape)))  # type: ignore[attr-defined]
    scores: Any = LogSoftmax(input, axis)
    losses = -(scores * goal).sum(axis)
    if reduction == "mean":
        return losses.sum() / (input.numel() / input.shape[axis])  # type: ignore[no-any-return]
    return losses.sum() if reduction == "sum" else losses  # type: ignore[no-any-return]


class MseLoss(Operation):
    """(a - b)², reduced"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any, reduction: str) -> Any:
        ctx.reduction, ctx.shapes = reduction, (a.shape, b.shape)
        ctx.save(a, b)
        square = (a - b) ** 2
        return square if reduction == "none" else square.sum() if reduction == "sum" else square.mean()

    def backward(ctx, grad: Any) -> Any:
        a, b = ctx.saved()
        difference = Sub(a, b)
        size = layout.size(difference.shape)
        slope = Mul(difference * (2 / size if ctx.reduction == "mean" else 2), grad)
        return sum_to(slope, ctx.shapes[0]), sum_to(-slope, ctx.shapes[1]), None


@operation()
def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """(input - target)², averaged, summed or as it is."""
    check_reduction(reduction)
    check_tensor(input, "mse_loss"), check_tensor(target, "mse_loss", "target")
    if input.shape != target.shape:
        import warnings

        broadcast_shape(input, target, "mse_loss")
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will "
            "likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            UserWarning,
            stacklevel=2,
        )
    a, b = operands(input, target, name="mse_loss")
    loss: Tensor = MseLoss(a, b, reduction)
    return loss
