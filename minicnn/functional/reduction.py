"""What a loss of many numbers is reduced to: their mean, their sum, or nothing."""

from __future__ import annotations

import warnings
from typing import Any

from minicnn.autograd.operation import Operation
from minicnn.autograd.tensor import Tensor
from minicnn.functional.reduce import Mean, Sum, add_up, count_of, spread

REDUCTIONS = ("none", "mean", "sum")


def check_reduction(
    reduction: str, size_average: bool | None = None, reduce: bool | None = None, also: tuple[str, ...] = ()
) -> str:
    """`reduction` if it is one, ValueError otherwise; what PyTorch's old `size_average` and `reduce` mean."""
    if size_average is not None or reduce is not None:
        reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
            UserWarning,
            stacklevel=3,
        )
    if reduction not in (*REDUCTIONS, *also):
        expected = ", ".join((*REDUCTIONS, *also))
        raise ValueError(f"{reduction!r} is not a valid value for `reduction`; expected one of {expected}")
    return reduction


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """The mean or sum of all losses, or the losses as they are."""
    if reduction == "none":
        return losses
    result: Tensor = (Mean if reduction == "mean" else Sum)(losses, tuple(range(losses.ndim)), False)
    return result


class Reduced(Operation):
    """The mean or sum of all losses; the node has the name of the loss that it belongs to"""

    keeps_layout = True

    def forward(ctx, losses: Any, reduction: str, loss: str) -> Any:
        ctx.shape, ctx.axes, ctx.loss = losses.shape, tuple(range(losses.ndim)), loss
        count = count_of(losses.shape, ctx.axes)
        ctx.factor = 1.0 if reduction != "mean" else 1 / count if count else float("nan")
        if reduction == "none":
            ctx.axes = ()
            return losses.copy()
        return add_up(losses, ctx.axes) * losses.dtype.type(ctx.factor)

    def backward(ctx, grad: Any) -> Any:
        return spread(grad * ctx.factor, ctx.shape, ctx.axes), None, None

    def name(ctx) -> str:
        return f"{ctx.loss}Backward0"
