"""The dense layer, of one input and of two."""

from __future__ import annotations

import math

from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.functional.common import check_tensor
from minicnn.functional.elementwise import add
from minicnn.functional.product import Linear


@operation()
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input (…, in) @ weightᵀ + bias, for weight (out, in) and bias (out,): (…, out).

    RuntimeError if the last axis of `input` is not the last axis of `weight`.
    """
    check_tensor(input, "linear"), check_tensor(weight, "linear", "weight")
    if bias is not None:
        check_tensor(bias, "linear", "bias")
    if weight.ndim == 1:
        if bias is not None and (input.ndim == 2 or bias.ndim):
            raise RuntimeError(
                f"linear(): `weight` must be a matrix where there is a bias, got shape {list(weight.shape)}"
            )
        result: Tensor = input @ weight
        return result if bias is None else add(result, bias)
    if input.ndim == 0 or weight.ndim != 2 or input.shape[-1] != weight.shape[1]:
        got = input.shape[-1] if input.ndim else "a 0-d tensor"
        raise RuntimeError(
            f"Linear expects {weight.shape[-1]} features in the last axis of `input`, got {got}: mat1 and mat2 shapes "
            f"cannot be multiplied ({list(input.shape)} and {list(reversed(weight.shape))}). Check the size of the "
            "images, or the layer's in_features"
        )
    for other in (weight, bias):
        if other is not None and input.dtype is not other.dtype:
            raise RuntimeError(
                f"mat1 and mat2 must have the same dtype, but got {input.dtype} and {other.dtype}; "
                "convert with .to(...)"
            )
    if input._array.dtype == bool:
        raise NotImplementedError(f'"linear" not implemented for {input.dtype}; convert with .float()')
    if bias is not None and bias.shape != (weight.shape[0],):
        return _plus_any_shape(linear(input, weight), bias)
    if input.ndim == 2:
        result = Linear(input, weight, bias)
        return result
    rows = input.reshape(-1, input.shape[-1]) if input.numel() else input.reshape(input.numel(), input.shape[-1])
    result = Linear(rows, weight, bias)
    return result.reshape(*input.shape[:-1], weight.shape[0])


@operation()
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Σ over i, j of input1[…, i] · weight[o, i, j] · input2[…, j], plus bias[o].

    input1 (…, I), input2 (…, J), weight (O, I, J), bias (O,): (…, O). RuntimeError for shapes that do not fit.
    """
    for value, argument in ((input1, "input1"), (input2, "input2"), (weight, "weight")):
        check_tensor(value, "bilinear", argument)
    if input1.ndim != input2.ndim or input1.shape[:-1] != input2.shape[:-1] or not input1.ndim:
        raise RuntimeError(
            f"bilinear(): input batch dimensions do not match: `input1` has shape {list(input1.shape)}, `input2` "
            f"{list(input2.shape)}"
        )
    if weight.ndim != 3 or weight.shape[1:] != (input1.shape[-1], input2.shape[-1]):
        raise RuntimeError(
            f"bilinear(): inputs of {input1.shape[-1]} and {input2.shape[-1]} features do not match weight size: got "
            f"`weight` of shape {list(weight.shape)}"
        )
    out, left, right = weight.shape
    if bias is not None and check_tensor(bias, "bilinear", "bias").shape != (out,):
        raise RuntimeError(f"bilinear(): `bias` must have {out} elements to match weight, got {list(bias.shape)}")
    rows = math.prod(input1.shape[:-1])
    x1, x2 = input1.reshape(rows, left), input2.reshape(rows, right)
    mixed = (x1 @ weight.permute(1, 0, 2).reshape(left, out * right)).reshape(rows, out, right)
    y: Tensor = (mixed @ x2.unsqueeze(2)).reshape(*input1.shape[:-1], out)
    return y if bias is None else add(y, bias)


def _plus_any_shape(product: Tensor, bias: Tensor) -> Tensor:
    """A bias of another shape than (out,), which PyTorch takes where it broadcasts to the result."""
    rows: Tensor = product.unsqueeze(0) if product.ndim == 1 else product
    if bias.ndim > rows.ndim or any(n not in (1, m) for n, m in zip(bias.shape[::-1], rows.shape[::-1], strict=False)):
        raise RuntimeError(f"`bias` of linear has shape {list(bias.shape)}, expected [{product.shape[-1]}]")
    result: Tensor = add(rows, bias)
    return result.squeeze(0) if product.ndim == 1 else result
