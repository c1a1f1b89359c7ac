"""Rows of a table, looked up by their numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, on_cpu
from minicnn.functional.adding import add_rows
from minicnn.functional.common import check_tensor
from minicnn.functional.conversion import copy_
from minicnn.functional.creation import full as filled
from minicnn.functional.elementwise import Mul
from minicnn.functional.norms import norm
from minicnn.functional.selection import where


class Embedding(Operation):
    """weight[index]"""

    def forward(ctx, weight: Any, index: Any, padding_idx: int | None, by_frequency: bool) -> Any:
        ctx.shape, ctx.padding_idx, ctx.by_frequency = weight.shape, padding_idx, by_frequency
        ctx.save(index)
        return weight.take(index, axis=0)

    def backward(ctx, grad: Any) -> Any:
        (index,) = ctx.saved()
        return EmbeddingGrad(grad, index, ctx.shape, ctx.padding_idx, ctx.by_frequency), None, None, None


class EmbeddingGrad(Operation):
    """A table of zeros to whose rows index[…] those of grad are added; none to the row `padding_idx`"""

    def forward(ctx, grad: Any, index: Any, shape: tuple[int, ...], padding_idx: int | None, by_frequency: bool) -> Any:
        xp = array_module(grad)
        factor = xp.ones(index.shape, grad.dtype)
        if by_frequency and index.size:
            factor /= xp.bincount(index.reshape(-1), minlength=shape[0])[index]
        if padding_idx is not None:
            factor *= index != padding_idx
        ctx.factor = factor[..., None]
        ctx.save(index)
        table = xp.zeros(shape, grad.dtype)
        add_rows(table, index.reshape(-1), (grad * ctx.factor).reshape(-1, shape[1]))
        return table

    def backward(ctx, grad2: Any) -> Any:
        (index,) = ctx.saved()
        return Mul(Embedding(grad2, index, None, False), ctx.factor), None, None, None, None


def padding_row(padding_idx: int | None, rows: int) -> int | None:
    """`padding_idx` counted from the front; AssertionError if there is no such row."""
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise AssertionError(f"Padding_idx must be within num_embeddings: `padding_idx` {padding_idx}, {rows} rows")
    return padding_idx % rows


@operation()
def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """weight[input], of a table `weight` (rows, D) and row numbers `input` (int64 or int32, any shape): (…, D).

    The row `padding_idx` gets no gradient. With `max_norm` rows that are looked up and longer are shortened to it,
    in `weight` itself. `scale_grad_by_freq` divides the gradient of a row by how often it occurs; `sparse` changes
    nothing here, the gradient is always dense. IndexError for a number that is no row (on the GPU
    nobody looks for it).
    """
    check_tensor(input, "embedding"), check_tensor(weight, "embedding", "weight")
    if input._array.dtype not in (np.int64, np.int32):
        raise RuntimeError(f"embedding: expected `input` to be int64 (Long) or int32 (Int), got {input.dtype}")
    if weight.ndim != 2:
        raise RuntimeError(f"'weight' must be 2-D: embedding got shape {list(weight.shape)}")
    rows = weight.shape[0]
    padding = padding_row(padding_idx, rows)
    array = input._array
    if array.size and on_cpu(array) and not (array.min() >= 0 and array.max() < rows):
        found = f"{array.min()} … {array.max()}"
        raise IndexError(f"index out of range in self: `input` holds {found}, the rows are 0 … {rows - 1}")
    if max_norm is not None:
        _shorten(weight.detach(), input, float(max_norm), float(norm_type))
    result: Tensor = Embedding(weight, input, padding, scale_grad_by_freq)
    return result


def _shorten(weight: Tensor, index: Tensor, max_norm: float, norm_type: float) -> None:
    """Rows of `weight` that are looked up and longer than `max_norm` get that length, in place."""
    ones = filled((index.numel(), 1), 1.0, dtype=weight.dtype, device=weight.device)
    used = EmbeddingGrad(ones, index.reshape(-1), (weight.shape[0], 1), None, False)  # how often each row is
    length = norm(weight, norm_type, 1, True)
    factor = where((used > 0) & (length > max_norm), max_norm / (length + 1e-7), 1.0)
    copy_(weight, weight * factor)
