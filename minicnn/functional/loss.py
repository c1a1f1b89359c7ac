"""Losses of class scores: cross-entropy and negative log-likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, on_cpu
from minicnn.functional.common import SumTo, check_tensor, memory_order
from minicnn.functional.elementwise import Mul, Sub
from minicnn.functional.reduction import check_reduction
from minicnn.functional.softmax import LogSoftmax, Softmax, one_along
from minicnn.kernels import dispatch
from minicnn.kernels.nll import Sizes as LogSizes
from minicnn.kernels.softmax_cross_entropy import Sizes


class CrossEntropy(Operation):
    """-ln softmax(x)[target], reduced, in one kernel; x (N, classes), target (N,) int64"""

    keeps_layout = True

    def forward(ctx, x: Any, target: Any, ignore_index: int, reduction: str) -> Any:
        order = memory_order(x)
        ctx.sizes = Sizes("forward", x.shape[0], x.shape[1], x.dtype, order, ignore_index, reduction)
        losses, ctx.softmax, ctx.total = dispatch.run("softmax_cross_entropy", ctx.sizes, x, target)
        ctx.save(x, target)
        return losses if reduction == "none" else ctx.total[:1].reshape(())

    def backward(ctx, grad: Any) -> Any:
        x, target = ctx.saved()
        target = target._array if isinstance(target, Tensor) else target
        return CrossEntropyInput(x, grad, target, ctx.softmax, ctx.total, ctx.sizes), None, None, None

    def name(ctx) -> str:
        return "NllLossBackward0"


class CrossEntropyInput(Operation):
    """grad · factor · (softmax(x) - one-hot(target)); the softmax and the factor are already known"""

    keeps_layout = True

    def forward(ctx, x: Any, grad: Any, target: Any, softmax: Any, total: Any, sizes: Sizes) -> Any:
        ctx.save(x, grad if ctx.needs(0) else None)
        ctx.target, ctx.total, ctx.sizes = target, total, sizes
        sizes = sizes._replace(direction="input")
        (slope,) = dispatch.run("softmax_cross_entropy", sizes, softmax, target, grad.reshape(-1), total)
        return slope

    def backward(ctx, grad2: Any) -> Any:
        x, grad = ctx.saved()
        softmax = Softmax(x, 1)
        onehot, factor = _chosen(ctx.target, ctx.total, ctx.sizes)
        column = (ctx.sizes.N, 1)
        grad_x = grad_grad = None
        if ctx.needs(0):  # the Jacobian of softmax: p·(G - Σ G·p)
            scale = Mul(grad.reshape(-1, 1), factor)
            weighted = Mul(grad2, softmax)
            grad_x = Mul(Sub(weighted, Mul(softmax, SumTo(weighted, column))), scale)
        if ctx.needs(1):
            along = Mul(SumTo(Mul(grad2, Sub(softmax, onehot)), column), factor)
            grad_grad = along.reshape(-1) if ctx.sizes.reduction == "none" else SumTo(along, (1, 1)).reshape(())
        return grad_x, grad_grad, None, None, None, None


def _chosen(target: Any, total: Any, sizes: Sizes) -> tuple[Any, Any]:
    """The one-hot targets (N, classes), and the factor of each row (N, 1), 0 for an ignored one."""
    xp = array_module(target)
    onehot = (target[:, None] == xp.arange(sizes.classes)).astype(sizes.dtype)  # an ignored target may be no class
    return onehot, xp.where(target == sizes.ignore_index, sizes.dtype.type(0), total[1]).reshape(-1, 1)


class NllLoss(Operation):
    """-(1 - s)·w[t]·x[t] - s/C·Σ w·x of each row, reduced, of log-probabilities x (N, classes); s smooths the labels"""

    keeps_layout = True

    def forward(
        ctx, x: Any, target: Any, weight: Any, ignore_index: int, reduction: str, smoothing: float, node: str
    ) -> Any:
        order = memory_order(x)
        ctx.node, ctx.target, ctx.weight = node, target, weight
        ctx.sizes = LogSizes(
            "forward", x.shape[0], x.shape[1], x.dtype, order, ignore_index, reduction, weight is not None, smoothing
        )
        losses, ctx.total = dispatch.run("nll", ctx.sizes, x, target, *([] if weight is None else [weight]))
        return losses if reduction == "none" else ctx.total[:1].reshape(())

    def backward(ctx, grad: Any) -> Any:
        return NllLossGrad(grad, ctx.target, ctx.total, ctx.weight, ctx.sizes), *(None,) * 6

    def name(ctx) -> str:
        return f"{ctx.node}Backward0"


class NllLossGrad(Operation):
    """The adjoint of NllLoss, which is linear in x"""

    def forward(ctx, grad: Any, target: Any, total: Any, weight: Any, sizes: LogSizes) -> Any:
        ctx.target, ctx.weight, ctx.sizes = target, weight, sizes
        more = [] if weight is None else [weight]
        (dx,) = dispatch.run("nll", sizes._replace(direction="input"), grad.reshape(-1), target, total, *more)
        return dx

    def backward(ctx, grad2: Any) -> Any:
        z = ctx.sizes
        return NllLoss(grad2, ctx.target, ctx.weight, z.ignore_index, z.reduction, z.smoothing, "NllLoss"), *(None,) * 4


def _class_target(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, name: str) -> None:
    """Checks of class scores against class numbers."""
    check_tensor(input, name), check_tensor(target, name, "target")
    if isinstance(ignore_index, bool) or not hasattr(ignore_index, "__index__"):
        raise TypeError(f"{name}(): `ignore_index` must be int, got {ignore_index!r}")
    if input.ndim == 0:
        raise ValueError(f"{name}(): `input` must have a class axis, got a 0-d tensor")
    batch = target.shape[0] if target.ndim else 0
    if input.ndim > 1 and input.shape[0] != batch:
        raise ValueError(f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({batch}).")
    if input.ndim == 1 and target.ndim == 1 and batch != 1:
        raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {batch}")
    if not input.is_floating_point():
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype}; convert with .float()')
    kinds = (np.int64, np.uint8) if input.ndim <= 2 else (np.int64,)
    if target._array.dtype not in kinds:
        raise RuntimeError(f"expected `target` of {name} to be int64 (Long), but got {target.dtype}; use .long()")
    expected = (input.shape[0], *input.shape[2:]) if input.ndim > 1 else ()
    if (tuple(target.shape) != expected and input.ndim > 1) or target.ndim > max(input.ndim, 2) - 1:
        raise RuntimeError(f"Expected `target` of size {list(expected)}, got {list(target.shape)}")
    classes = input.shape[min(1, input.ndim - 1)]
    if weight is not None:
        check_tensor(weight, name, "weight")
        if weight.shape != (classes,):
            raise RuntimeError(
                f"`weight` should be defined for all {classes} classes, but got shape {list(weight.shape)}"
            )
        if weight.dtype is not input.dtype:
            raise RuntimeError(f"`weight` of {name} has dtype {weight.dtype}, expected {input.dtype} as `input`")
    array = target._array
    if array.size and on_cpu(array):  # on the GPU nobody looks
        low, high = int(array.min()), int(array.max())
        if low < 0 or high >= classes:
            wrong = array[(array != ignore_index) & ((array < 0) | (array >= classes))]
            if wrong.size:
                raise IndexError(
                    f"Target {int(wrong.reshape(-1)[0])} is out of bounds: "
                    f"the input has {classes} classes, 0 … {classes - 1}"
                )


def _rows(input: Tensor, target: Tensor) -> tuple[Tensor, Any]:
    """(N, classes, d1, …) and its targets as (N·d1·…, classes) and (N·d1·…,)."""
    array = target._array.astype(np.int64, copy=False)
    if input.ndim == 1:
        return input.unsqueeze(0), array.reshape(1)
    if input.ndim == 2:
        return input, array
    return input.movedim(1, -1).reshape(-1, input.shape[1]), array.reshape(-1)


def _shaped(loss: Tensor, input: Tensor, target: Tensor, reduction: str) -> Tensor:
    """The losses of the rows in the shape of the target; of a single row of scores, 0-d."""
    if reduction != "none" or input.ndim == 2:
        return loss
    return loss.reshape(target.shape if input.ndim > 1 else ())


@operation()
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-input[n, target[n]]: the loss of log-probabilities `input` (N, classes, …), target (N, …) class numbers.

    `weight` (classes,) scales each class; "mean" divides by the sum of the weights that were used.
    IndexError for a target that is no class (and not `ignore_index`).
    """
    reduction = check_reduction(reduction, size_average, reduce)
    _class_target(input, target, weight, ignore_index, "nll_loss")
    rows, classes = _rows(input, target)
    w = None if weight is None else weight._array
    node = "NllLoss" if input.ndim == 2 else "NllLoss2D"
    loss: Tensor = NllLoss(rows, classes, w, ignore_index, reduction, 0.0, node)
    return _shaped(loss, input, target, reduction)


@operation()
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-ln softmax(input)[target], for scores `input` (N, classes, …).

    target (N, …): class numbers, or (N, classes, …) probabilities of `input`'s dtype. `weight`,
    `ignore_index`, `reduction` as in `nll_loss`; `label_smoothing` in [0, 1] mixes the target with the
    uniform distribution (below 0 it is no smoothing). Softmax is part of the loss: `input` are the bare
    scores.
    """
    reduction = check_reduction(reduction, size_average, reduce)
    if label_smoothing > 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    label_smoothing = max(0.0, label_smoothing)
    check_tensor(input, "cross_entropy"), check_tensor(target, "cross_entropy", "target")
    if target.is_floating_point() and target.shape == input.shape:
        if not input.is_floating_point():
            raise NotImplementedError(f'"cross_entropy" not implemented for {input.dtype}; convert with .float()')
        if ignore_index >= 0:
            raise RuntimeError(
                f"ignore_index is not supported for floating point target, got `ignore_index` {ignore_index}"
            )
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing)
    _class_target(input, target, weight, ignore_index, "cross_entropy")
    rows, classes = _rows(input, target)
    w = None if weight is None else weight._array
    if weight is None and not label_smoothing:
        loss: Tensor = CrossEntropy(rows, classes, ignore_index, reduction)
        return _shaped(loss, input, target, reduction)
    node = "Add" if label_smoothing else "NllLoss"  # of PyTorch's two losses the last one is their sum
    scores: Tensor = LogSoftmax(rows, 1)
    smooth: Tensor = NllLoss(scores, classes, w, ignore_index, reduction, label_smoothing, node)
    return _shaped(smooth, input, target, reduction)


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
        goal = goal * weight.reshape(*(-1 if i == axis else n for i, n in enumerate(shape)))
    scores: Any = LogSoftmax(input, axis)
    losses = -(scores * goal).sum(axis)
    if reduction == "mean":
        return losses.sum() / (input.numel() / input.shape[axis])
    return losses.sum() if reduction == "sum" else losses
