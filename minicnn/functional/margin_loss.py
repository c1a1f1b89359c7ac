"""Losses that ask for a distance: hinges, rankings, angles, triplets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import on_cpu
from minicnn.functional.activation import logsigmoid
from minicnn.functional.common import broadcast_shape, check_tensor
from minicnn.functional.creation import arange
from minicnn.functional.distance import pairwise_distance
from minicnn.functional.gathering import gather
from minicnn.functional.reduction import Reduced, check_reduction, reduced
from minicnn.functional.selection import clamp, minimum, where


@operation()
def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """input where target is 1, max(0, margin - input) where it is -1."""
    reduction = check_reduction(reduction, size_average, reduce)
    check_tensor(input, "hinge_embedding_loss"), check_tensor(target, "hinge_embedding_loss", "target")
    broadcast_shape(input, target, "hinge_embedding_loss")
    far = where(target != 1, clamp(margin - input, min=0), 0.0)
    return reduced(far + where(target != -1, input, 0.0), reduction)


@operation()
def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, margin - target · (input1 - input2)): target 1 asks for the first to be the larger, -1 for the second."""
    reduction = check_reduction(reduction, size_average, reduce)
    given = {"input1": input1, "input2": input2, "target": target}
    for name, tensor in given.items():
        check_tensor(tensor, "margin_ranking_loss", name)
    if len({tensor.ndim for tensor in given.values()}) > 1:
        sizes = ", ".join(f"{name}: {tensor.shape}" for name, tensor in given.items())
        raise RuntimeError(f"margin_ranking_loss : All input tensors should have same dimension but got sizes: {sizes}")
    return reduced(clamp(-target * (input1 - input2) + margin, min=0), reduction)


@operation()
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 - cos(input1, input2) where target is 1, max(0, cos(input1, input2) - margin) where it is -1.

    Vectors (N, D) with target (N,), or (D,) with a 0-d target; RuntimeError for others.
    """
    reduction = check_reduction(reduction, size_average, reduce)
    for name, tensor in {"input1": input1, "input2": input2, "target": target}.items():
        check_tensor(tensor, "cosine_embedding_loss", name)
    if target.ndim > 1:
        raise RuntimeError(f"0D or 1D target tensor expected, multi-target not supported, got {list(target.shape)}")
    if input1.ndim != target.ndim + 1 or input2.ndim != target.ndim + 1:
        raise RuntimeError(
            f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found inputs with sizes "
            f"{list(input1.shape)} and {list(input2.shape)}."
        )
    axis, eps = target.ndim, 1e-12
    lengths = ((input1 * input1).sum(axis) + eps) * ((input2 * input2).sum(axis) + eps)
    cosine = (input1 * input2).sum(axis) / lengths.sqrt()
    near, far = 1 - cosine, clamp(cosine - margin, min=0)
    return reduced(where(target == 1, near, 0.0) + where(target == -1, far, 0.0), reduction)


@operation()
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, margin + |anchor - positive| - |anchor - negative|), with p-norms along the last axis.

    Source: Balntas et al. 2016, "Learning local feature descriptors with triplets and shallow convolutional networks".
    With `swap` the negative's distance is the smaller one of those to anchor and positive. ValueError unless `margin`
    is above 0.
    """
    reduction = check_reduction(reduction, size_average, reduce)

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)

    return _triplet(anchor, positive, negative, distance, margin, swap, reduction, "triplet_margin_loss")


@operation()
def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`triplet_margin_loss` with a distance of the user's own (None: `pairwise_distance`)."""
    distance = pairwise_distance if distance_function is None else distance_function
    reduction = check_reduction(reduction)
    return _triplet(anchor, positive, negative, distance, margin, swap, reduction, "triplet_margin_with_distance_loss")


def _triplet(
    anchor: Tensor, positive: Tensor, negative: Tensor, distance: Callable[[Tensor, Tensor], Tensor], margin: float,
    swap: bool, reduction: str, name: str,
) -> Tensor:  # fmt: skip
    given = {"anchor": anchor, "positive": positive, "negative": negative}
    for argument, tensor in given.items():
        check_tensor(tensor, name, argument)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got `margin` {margin}")
    if len({tensor.ndim for tensor in given.values()}) > 1:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduced(clamp(margin + near - far, min=0), reduction)


def _rows(input: Tensor, name: str) -> Tensor:
    """(N, C), of input (N, C), (C,) or 0-d."""
    if check_tensor(input, name).ndim > 2 or (input.numel() == 0 and 0 in input.shape[1:]):
        raise RuntimeError(
            f"{name}: Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(input.shape)}"
        )
    if not input.is_floating_point():
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype}; convert with .float()')
    return input if input.ndim == 2 else input.reshape(1, input.numel())


@operation()
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Σ max(0, margin - input[target] + input[c])^p / C over the other classes c, of scores (N, C) or (C,).

    `weight` (C,) counts the class of the target; `p` is 1 or 2. (Crammer & Singer 2001.)
    """
    name = "multi_margin_loss"
    reduction = check_reduction(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError(f"only p == 1 and p == 2 supported, got `p` {p}")
    rows = _rows(input, name)
    count, classes = rows.shape
    if check_tensor(target, name, "target")._array.dtype != np.int64:
        raise RuntimeError(f"{name}: expected scalar type Long but `target` is {target.dtype}; convert with .long()")
    if target.numel() != count or target.ndim > 1:
        raise RuntimeError(
            f"{name}: target tensor should be 1-D with size equal to the number of input samples (batch size). "
            f"Expected target size [{count}], but got {list(target.shape)}. Input has shape {list(input.shape)}."
        )
    array = target._array
    if array.size and on_cpu(array) and not (array.min() >= 0 and array.max() < classes):
        found = f"{array.min()} … {array.max()}"
        raise RuntimeError(f"{name}: target out of range: 0 … {classes - 1} expected, got {found}")
    goal = target.reshape(count, 1)
    above = clamp(rows - gather(rows, 1, goal) + margin, min=0)
    losses = above if p == 1 else above * above
    if weight is not None:
        if weight.numel() != classes:
            raise RuntimeError(f"inconsistent weight size, expected {classes} but got {list(weight.shape)}")
        losses = losses * gather(weight.reshape(1, classes).expand(count, classes), 1, goal)
    others = arange(classes, device=input.device) != goal  # (N, C)
    each = (losses * others.to(rows.dtype)).sum(1) / classes
    if reduction == "none" and input.ndim < 2:
        each = each.reshape(*target.shape)
    return Reduced(each, reduction, "MultiMarginLoss")


@operation()
def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Σ max(0, 1 - input[t] + input[c]) / C over targets t and other classes c, of scores (N, C) or (C,).

    A row of `target` (int64, of input's shape) begins with its classes, and -1 ends them.
    """
    name = "multilabel_margin_loss"
    reduction = check_reduction(reduction, size_average, reduce)
    rows = _rows(input, name)
    classes = rows.shape[1]
    if check_tensor(target, name, "target").shape != input.shape:
        raise RuntimeError(f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}")
    if target._array.dtype != np.int64:
        raise RuntimeError(f"{name}: expected scalar type Long but `target` is {target.dtype}; convert with .long()")
    array = target._array
    if array.size and on_cpu(array) and not (array.min() >= -1 and array.max() < classes):
        found = f"{array.min()} … {array.max()}"
        raise RuntimeError(f"{name}: `target` is out of range: -1 … {classes - 1} expected, got {found}")
    goal = target.reshape(rows.shape)
    listed = (goal < 0).to(goal.dtype).cumsum(1) == 0  # before the first -1
    numbers = arange(classes, device=input.device)
    places = (numbers == goal.unsqueeze(2)) & listed.unsqueeze(2)  # (N, place in the list, class)
    is_target = places.to(goal.dtype).sum(1)  # (N, C), how often it is listed
    pairs = clamp(1 - rows.unsqueeze(2) + rows.unsqueeze(1), min=0)  # (N, target, other)
    counts = is_target.unsqueeze(2) * (is_target == 0).to(goal.dtype).unsqueeze(1)
    each = (pairs * counts.to(rows.dtype)).sum((1, 2)) / classes
    return Reduced(each if input.ndim == 2 else each.reshape(()), reduction, "MultilabelMarginLoss")


@operation()
def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over the classes (the last axis) of `binary_cross_entropy_with_logits`; `weight` counts each class."""
    reduction = check_reduction(reduction, size_average, reduce)
    check_tensor(input, "multilabel_soft_margin_loss"), check_tensor(target, "multilabel_soft_margin_loss", "target")
    losses = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        losses = losses * weight
    return reduced(losses.sum(input.ndim - 1) / input.shape[-1], reduction)
