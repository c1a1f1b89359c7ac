"""Pooling layers with windows of a given size: MaxPool, MaxUnpool, AvgPool and LPPool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.nn import functional as F
from minicnn.nn.conv import Size1, Size2, pair, single
from minicnn.nn.module import Module


class _MaxPool(Module):
    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest value of each window: (N, C, L) becomes (N, C, OL); padding counts as -∞.

    OL = ⌊(L + 2·padding - dilation·(kernel_size - 1) - 1) / stride⌋ + 1 (⌈ ⌉ with `ceil_mode`). The stride
    is the kernel size if left out. With `return_indices` the pair (values, places in the line).
    """

    def forward(self, input: Tensor) -> Any:
        """The pooled input, or (values, indices)."""
        return F.max_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )


class MaxPool2d(_MaxPool):
    """The largest value of each window: (N, C, H, W) becomes (N, C, OH, OW); padding counts as -∞.

    OH = ⌊(H + 2·padding - dilation·(KH - 1) - 1) / stride⌋ + 1 (⌈ ⌉ with `ceil_mode`). The stride is
    the kernel size if left out. With `return_indices` the pair (values, flat index in the plane H·W).
    """

    def forward(self, input: Tensor) -> Any:
        """The pooled input, or (values, indices)."""
        return F.max_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )


class _Windows(Module):
    """Layers that print as kernel size, stride and padding."""

    kernel_size: Any
    stride: Any
    padding: Any

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_Windows):
    """The partial inverse of MaxPool1d: (N, C, L) and the indices that MaxPool1d returned become (N, C, OL), with
    zeros where no maximum stood; OL = (L - 1)·stride - 2·padding + kernel_size, or `output_size` at the call."""

    def __init__(self, kernel_size: Size1, stride: Size1 | None = None, padding: Size1 = 0) -> None:
        super().__init__()
        self.kernel_size = single(kernel_size)
        self.stride = single(stride if stride is not None else kernel_size)
        self.padding = single(padding)

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """`input` where `indices` say, zeros elsewhere."""
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(_Windows):
    """The partial inverse of MaxPool2d: (N, C, H, W) and the indices that MaxPool2d returned become (N, C, OH, OW),
    with zeros where no maximum stood; OH = (H - 1)·stride - 2·padding + KH, or `output_size` at the call.

    >>> import minicnn
    >>> from minicnn import nn
    >>> pool, unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
    >>> unpool(*pool(minicnn.tensor([[[1.0, 2.0], [4.0, 3.0]]])))
    tensor([[[0., 0.],
             [4., 0.]]])
    """

    def __init__(self, kernel_size: Size2, stride: Size2 | None = None, padding: Size2 = 0) -> None:
        super().__init__()
        self.kernel_size = pair(kernel_size)
        self.stride = pair(stride if stride is not None else kernel_size)
        self.padding = pair(padding)

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """`input` where `indices` say, zeros elsewhere."""
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class AvgPool1d(_Windows):
    """The mean of each window: (N, C, L) becomes (N, C, OL). The padding counts as zeros (unless
    `count_include_pad` is False)."""

    def __init__(
        self,
        kernel_size: Size1,
        stride: Size1 | None = None,
        padding: Size1 = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = single(kernel_size)
        self.stride = single(stride if stride is not None else kernel_size)
        self.padding = single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """The pooled input."""
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class AvgPool2d(_Windows):
    """The mean of each window: (N, C, H, W) becomes (N, C, OH, OW).

    The padding counts as zeros (unless `count_include_pad` is False); `divisor_override` replaces the
    number that the sum is divided by.
    """

    def __init__(
        self,
        kernel_size: Size2,
        stride: Size2 | None = None,
        padding: Size2 = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """The pooled input."""
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class _LPPool(Module):
    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """The p-norm of each window, p being `norm_type`: (N, C, L) becomes (N, C, OL). p = 1 is the sum of the window,
    p = ∞ its largest magnitude."""

    def forward(self, input: Tensor) -> Tensor:
        """The pooled input."""
        return F.lp_pool1d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(_LPPool):
    """The p-norm of each window, p being `norm_type`: (N, C, H, W) becomes (N, C, OH, OW). p = 1 is the sum of the
    window, p = ∞ its largest magnitude."""

    def forward(self, input: Tensor) -> Tensor:
        """The pooled input."""
        return F.lp_pool2d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)
