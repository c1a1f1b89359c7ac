"""The dense layer."""

from __future__ import annotations

from minicnn.autograd.function import operation
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
    if weight.ndim == 1:
        result: Tensor = input @ weight
        return result if bias is None else add(result, bias)
    if input.ndim == 0 or weight.ndim != 2 or input.shape[-1] != weight.shape[1]:
        got = input.shape[-1] if input.ndim else "a 0-d tensor"
        raise RuntimeError(
            f"Linear expects {weight.shape[-1]} features in the last axis of `input`, got {got}: mat1 and mat2 shapes "
            f"cannot be multiplied ({list(input.shape)} and {list(reversed(weight.shape))}). Check the size of the "
            "images, or the layer's in_features"
        )
    if input.dtype is not weight.dtype:
        raise RuntimeError(
            f"mat1 and mat2 must have the same dtype, but got {input.dtype} and {weight.dtype}; convert with .to(...)"
        )
    if bias is not None and bias.shape != (weight.shape[0],):
        raise RuntimeError(f"`bias` of linear has shape {list(bias.shape)}, expected [{weight.shape[0]}]")
    if input.ndim == 2:
        result = Linear(input, weight, bias)
        return result
    rows = input.reshape(-1, input.shape[-1]) if input.numel() else input.reshape(input.numel(), input.shape[-1])  # type: ignore[attr-defined]
    result = Linear(rows, weight, bias)
    return result.reshape(*input.shape[:-1], weight.shape[0])  # type: ignore[attr-defined,no-any-return]
