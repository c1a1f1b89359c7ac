"""Convolution layers: Conv1d and Conv2d, and what the transposed ones (nn/conv_transpose.py) share with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.functional.creation import empty
from minicnn.nn import functional as F
from minicnn.nn import init
from minicnn.nn.module import Module
from minicnn.nn.parameter import Parameter

Size1 = int | tuple[int]
Size2 = int | tuple[int, int]


def single(value: Any) -> tuple[int, ...]:
    """A number as (number,); a sequence as a tuple."""
    return tuple(value) if isinstance(value, Iterable) else (value,)


def pair(value: Any) -> tuple[int, ...]:
    """A number for both axes as (number, number); a sequence as a tuple."""
    return tuple(value) if isinstance(value, Iterable) else (value, value)


class _Conv(Module):
    """What convolutions share: arguments, parameters, their initialisation, printing."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        padding: tuple[int, ...] | str,
        dilation: tuple[int, ...],
        transposed: bool,
        output_padding: tuple[int, ...],
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__()
        _check(in_channels, out_channels, stride, padding, groups, padding_mode)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.transposed = transposed
        self.output_padding = output_padding
        self.groups = groups
        self.padding_mode = padding_mode
        self._reversed_padding_repeated_twice = _pad_argument(kernel_size, padding, dilation)  # PyTorch's name
        leading = (out_channels, in_channels // groups)
        if transposed:
            leading = (in_channels, out_channels // groups)
        self.weight = Parameter(empty((*leading, *kernel_size), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias from U(-b, b), b = 1/√fan_in: weight first, as PyTorch."""
        init.default_(self.weight, self.bias)

    def _padded(self, input: Tensor) -> tuple[Tensor, Any]:
        """The input with the border that is no zeros, and the padding that is left to the convolution."""
        if self.padding_mode == "zeros":
            return input, self.padding
        return F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode), 0

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}"
        text += f", kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * len(self.padding):
            text += f", padding={self.padding}"
        if self.dilation != (1,) * len(self.dilation):
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * len(self.output_padding):
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


def _check(in_channels: int, out_channels: int, stride: Any, padding: Any, groups: int, padding_mode: str) -> None:
    if groups <= 0:
        raise ValueError(f"groups must be a positive integer, got groups={groups}")
    if in_channels % groups != 0:
        raise ValueError(f"in_channels must be divisible by groups, got in_channels={in_channels}, groups={groups}")
    if out_channels % groups != 0:
        raise ValueError(f"out_channels must be divisible by groups, got out_channels={out_channels}, groups={groups}")
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(f"Invalid padding string {padding!r}, should be one of {{'same', 'valid'}}")
        if padding == "same" and any(s != 1 for s in stride):
            raise ValueError(f"padding='same' is not supported for strided convolutions, got stride={tuple(stride)}")
    modes = ("zeros", "reflect", "replicate", "circular")
    if padding_mode not in modes:
        raise ValueError(f"padding_mode must be one of {set(modes)}, but got padding_mode='{padding_mode}'")


def _pad_argument(kernel_size: Sequence[int], padding: Any, dilation: Sequence[int]) -> list[int]:
    """The padding as F.pad takes it: (left, right) of the last axis first; 'same' puts an odd one right."""
    if padding == "valid":
        sides = [(0, 0)] * len(kernel_size)
    elif padding == "same":
        totals = [d * (k - 1) for d, k in zip(dilation, kernel_size, strict=True)]
        sides = [(total // 2, total - total // 2) for total in totals]
    else:
        sides = [(p, p) for p in padding]
    return [side for both in reversed(sides) for side in both]


class Conv1d(_Conv):
    """Convolution of lines (N, C, L) or (C, L) with out_channels filters, plus a bias.

    input   (N, in_channels, L)
    weight  (out_channels, in_channels / groups, KL), bias (out_channels,)
    output  (N, out_channels, OL), OL = ⌊(L + 2·padding - dilation·(KL - 1) - 1) / stride⌋ + 1

    `padding` and `padding_mode` are Conv2d's. ValueError for channels that `groups` does not divide.

    >>> import minicnn
    >>> from minicnn import nn
    >>> layer = nn.Conv1d(16, 33, 3, stride=2)
    >>> layer
    Conv1d(16, 33, kernel_size=(3,), stride=(2,))
    >>> layer(minicnn.zeros(20, 16, 50)).shape
    minicnn.Size([20, 33, 24])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size1,
        stride: Size1 = 1,
        padding: str | Size1 = 0,
        dilation: Size1 = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            single(kernel_size),
            single(stride),
            padding if isinstance(padding, str) else single(padding),
            single(dilation),
            False,
            (0,),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of `input`."""
        input, padding = self._padded(input)
        return F.conv1d(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv2d(_Conv):
    """Convolution of (N, C, H, W) or (C, H, W) with out_channels filters, plus a bias.

    input   (N, in_channels, H, W)
    weight  (out_channels, in_channels / groups, KH, KW), bias (out_channels,)
    output  (N, out_channels, OH, OW), OH = ⌊(H + 2·padding - dilation·(KH - 1) - 1) / stride⌋ + 1

    `padding` is a number, a pair, 'valid' (none) or 'same' (OH = H, stride 1); `padding_mode` fills it
    with zeros, or by 'reflect', 'replicate' or 'circular'. ValueError for channels that `groups` does
    not divide.

    >>> import minicnn
    >>> from minicnn import nn
    >>> layer = nn.Conv2d(1, 6, 5)
    >>> layer
    Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))
    >>> layer(minicnn.zeros(2, 1, 32, 32)).shape
    minicnn.Size([2, 6, 28, 28])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size2,
        stride: Size2 = 1,
        padding: str | Size2 = 0,
        dilation: Size2 = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            pair(kernel_size),
            pair(stride),
            padding if isinstance(padding, str) else pair(padding),
            pair(dilation),
            False,
            (0, 0),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of `input`."""
        input, padding = self._padded(input)
        return F.conv2d(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)
