"""A table of a model's layers, their output shapes and parameters, as the library torchsummary prints it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.functional.sampling import rand
from minicnn.nn.containers import ModuleList, Sequential
from minicnn.nn.module import Module

_LINE = "-" * 64
_MEGABYTE = 1024**2


@dataclass
class Row:
    """One call of one layer."""

    kind: str
    shape: list[Any]
    parameters: int
    trainable: int


def summary(model: Module, input_size: Any, batch_size: int = -1, device: str = "cuda") -> None:
    """Print what every layer of `model` makes of an input of `input_size` (without the batch: (1, 28, 28)).

    `input_size` may be a list of several. The shapes are those of a run on two random images, drawn from the
    default generator, in the mode that the model is in. Parameters are weights and biases, four bytes each;
    `device` "cuda" is the GPU where there is one, else the CPU. ValueError for another.

    >>> from minicnn import nn
    >>> summary(nn.Sequential(nn.Conv2d(1, 6, 5), nn.Flatten()), (1, 28, 28))
    ----------------------------------------------------------------
            Layer (type)               Output Shape         Param #
    ================================================================
                Conv2d-1            [-1, 6, 24, 24]             156
               Flatten-2                 [-1, 3456]               0
    ================================================================
    Total params: 156
    Trainable params: 156
    Non-trainable params: 0
    ----------------------------------------------------------------
    Input size (MB): 0.00
    Forward/backward pass size (MB): 0.05
    Params size (MB): 0.00
    Estimated Total Size (MB): 0.06
    ----------------------------------------------------------------
    """
    if device.lower() not in ("cuda", "cpu"):
        raise ValueError(f"`device` is {device!r}, expected 'cuda' or 'cpu'")
    sizes = [input_size] if isinstance(input_size, tuple) else list(input_size)
    rows = _rows(model, sizes, batch_size)
    print(_LINE)
    print(f"{'Layer (type)':>20}  {'Output Shape':>25} {'Param #':>15}")
    print("=" * 64)
    for number, row in enumerate(rows, 1):
        print(f"{f'{row.kind}-{number}':>20}  {row.shape!s:>25} {row.parameters:>15,}")
    total, trainable = sum(row.parameters for row in rows), sum(row.trainable for row in rows)
    print("=" * 64)
    print(f"Total params: {total:,}")
    print(f"Trainable params: {trainable:,}")
    print(f"Non-trainable params: {total - trainable:,}")
    print(_LINE)
    inputs = abs(batch_size * math.prod(n for size in sizes for n in size)) * 4 / _MEGABYTE
    passes = abs(sum(_elements(row.shape) for row in rows)) * 2 * 4 / _MEGABYTE  # values and gradients
    weights = total * 4 / _MEGABYTE
    print(f"Input size (MB): {inputs:.2f}")
    print(f"Forward/backward pass size (MB): {passes:.2f}")
    print(f"Params size (MB): {weights:.2f}")
    print(f"Estimated Total Size (MB): {inputs + passes + weights:.2f}")
    print(_LINE)


def _rows(model: Module, sizes: Sequence[Sequence[int]], batch_size: int) -> list[Row]:
    """The layers of `model` in the order in which they are called, containers left out."""
    rows: list[Row] = []

    def note(module: Module, args: Any, output: Any) -> None:
        several = isinstance(output, list | tuple)
        shape = [[-1, *o.shape[1:]] for o in output] if several else [batch_size, *output.shape[1:]]
        weight, bias = (getattr(module, name, None) for name in ("weight", "bias"))
        count = sum(tensor.numel() for tensor in (weight, bias) if isinstance(tensor, Tensor))
        trains = isinstance(weight, Tensor) and weight.requires_grad
        rows.append(Row(type(module).__name__, shape, count, count if trains else 0))

    layers = [m for m in model.modules() if m is not model and not isinstance(m, Sequential | ModuleList)]
    handles = [layer.register_forward_hook(note) for layer in layers]
    try:
        model(*[rand(2, *size) for size in sizes])
    finally:
        for handle in handles:
            handle.remove()
    return rows


def _elements(shape: list[Any]) -> int:
    """The product of all numbers in the (perhaps nested) list."""
    return math.prod(_elements(part) if isinstance(part, list) else part for part in shape)
