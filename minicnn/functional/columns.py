"""The windows of images as columns (im2col), and columns added back to images (col2im)."""

from __future__ import annotations

from typing import Any

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.functional.common import check_tensor
from minicnn.functional.window import Pair, images, output_size, pair
from minicnn.kernels import dispatch
from minicnn.kernels.im2col import Sizes


class Im2col(Operation):
    """The windows of an image as columns"""

    def forward(ctx, x: Any, sizes: Sizes) -> Any:
        ctx.sizes = sizes
        (columns,) = dispatch.run("im2col", sizes, x)
        return columns

    def backward(ctx, grad: Any) -> Any:
        return Col2im(grad, ctx.sizes), None

    def name(ctx) -> str:
        return "Im2ColBackward0"


class Col2im(Operation):
    """Each number of the columns added to the pixel it came from"""

    def forward(ctx, columns: Any, sizes: Sizes) -> Any:
        ctx.sizes = sizes
        (x,) = dispatch.run("col2im", sizes, columns)
        return x

    def backward(ctx, grad: Any) -> Any:
        return Im2col(grad, ctx.sizes), None

    def name(ctx) -> str:
        return "Col2ImBackward0"


def _column_sizes(
    batch: int, C: int, size: Pair, dtype: Any, kernel: Any, dilation: Any, padding: Any, stride: Any, name: str
) -> Sizes:
    kernel, dilation, stride = (
        pair(value, name, argument, 1, one_in_list=False)
        for value, argument in ((kernel, "kernel_size"), (dilation, "dilation"), (stride, "stride"))
    )
    padding = pair(padding, name, "padding", one_in_list=False)
    if dtype.kind not in "fb":
        raise NotImplementedError(f'"{name}" not implemented for {dtype}; convert with .float()')
    if C == 0:
        raise RuntimeError(f"{name}(): `input` has no channels; only its batch may be empty")
    out = [output_size(size[i], kernel[i], stride[i], padding[i], dilation[i]) for i in range(2)]
    if min(out) < 1:
        raise RuntimeError(
            f"{name}(): an image of {size[0]} x {size[1]} with `padding` {padding} has no window of `kernel_size` "
            f"{kernel}, `dilation` {dilation}: calculated shape of the array of sliding blocks is {out}"
        )
    (KH, KW), (OH, OW) = kernel, out
    return Sizes(batch, C, *size, KH, KW, OH, OW, stride, padding, dilation, dtype)


@operation()
def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """im2col: input (N, C, H, W) to columns (N, C·KH·KW, OH·OW), one for each position of the window."""
    x, single = images(input, "unfold")
    size = (x.shape[2], x.shape[3])
    sizes = _column_sizes(
        x.shape[0], x.shape[1], size, x._array.dtype, kernel_size, dilation, padding, stride, "unfold"
    )
    columns: Tensor = Im2col(x, sizes)
    return columns.squeeze(0) if single else columns


@operation()
def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """col2im, the adjoint of `unfold`: columns (N, C·KH·KW, OH·OW) added up to images (N, C, *output_size)."""
    check_tensor(input, "fold")
    single = input.ndim == 2
    columns = input.unsqueeze(0) if single else input
    size, kernel = (
        pair(value, "fold", argument, 1, one_in_list=False)
        for value, argument in ((output_size, "output_size"), (kernel_size, "kernel_size"))
    )
    if columns.ndim != 3 or columns.shape[1] % (kernel[0] * kernel[1]):
        raise RuntimeError(
            f"fold(): `input` must be (N, C·{kernel[0]}·{kernel[1]}, L) for `kernel_size` {kernel}, "
            f"got {list(input.shape)}"
        )
    channels = columns.shape[1] // (kernel[0] * kernel[1])
    sizes = _column_sizes(
        columns.shape[0], channels, size, columns._array.dtype, kernel, dilation, padding, stride, "fold"
    )
    if columns.shape[2] != sizes.OH * sizes.OW:
        raise RuntimeError(
            f"fold(): `output_size` {size} has {sizes.OH} x {sizes.OW} windows, so axis 2 of `input` must be "
            f"{sizes.OH * sizes.OW} long, got {columns.shape[2]}"
        )
    x: Tensor = Col2im(columns, sizes)
    return x.squeeze(0) if single else x
