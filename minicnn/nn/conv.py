"""Convolution layers: Conv2d and ConvTranspose2d."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.functional.creation import empty
from minicnn.nn import functional as F
from minicnn.nn import init
from minicnn.nn.module import Module
from minicnn.nn.parameter import Parameter

Size2 = int | tuple[int, int]


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
        self._pad = _pad_argument(kernel_size, padding, dilation)
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


def _check(
    in_channels: int, out_channels: int, stride: Any, padding: Any, groups: int, padding_mode: str
) -> None:
    if groups <= 0:
        raise ValueError(f"groups must be a positive integer, got groups={groups}")
    if in_channels % groups != 0:
        raise ValueError(
            f"in_channels must be divisible by groups, got in_channels={in_channels}, groups={groups}"
        )
    if out_channels % groups != 0:
        raise ValueError(
            f"out_channels must be divisible by groups, got out_channels={out_channels}, groups={groups}"
        )
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(f"Invalid padding string {padding!r}, should be one of {{'same', 'valid'}}")
        if padding == "same" and any(s != 1 for s in stride):
            raise ValueError(
                f"padding='same' is not supported for strided convolutions, got stride={tuple(stride)}"
            )
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
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._pad, mode=self.padding_mode), (0, 0)
        return F.conv2d(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class ConvTranspose2d(_Conv):
    """Transposed convolution: the adjoint (not the inverse) of the Conv2d with these arguments.

    input   (N, in_channels, H, W) or (in_channels, H, W)
    weight  (in_channels, out_channels / groups, KH, KW), bias (out_channels,)
    output  (N, out_channels, OH, OW)
            OH = (H - 1)·stride - 2·padding + dilation·(KH - 1) + output_padding + 1

    A strided convolution maps several sizes to one; `output_padding`, or `output_size` at the call,
    says which one is meant. ValueError for a size that none of them gives.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size2,
        stride: Size2 = 1,
        padding: Size2 = 0,
        output_padding: Size2 = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size2 = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(
                f'Only "zeros" padding mode is supported for {type(self).__name__}, got {padding_mode!r}'
            )
        super().__init__(
            in_channels,
            out_channels,
            pair(kernel_size),
            pair(stride),
            pair(padding),
            pair(dilation),
            True,
            pair(output_padding),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """The transposed convolution of `input`, of spatial size `output_size` if given."""
        extra = self.output_padding if output_size is None else self._output_padding(input, list(output_size))
        return F.conv_transpose2d(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )

    def _output_padding(self, input: Tensor, output_size: list[int]) -> tuple[int, ...]:
        axes = len(self.kernel_size)
        lead = 2 if input.ndim == axes + 2 else 1
        if len(output_size) not in (axes, axes + lead):
            raise ValueError(
                f"ConvTranspose{axes}D: for {input.ndim}D input, output_size must have {axes} or "
                f"{axes + lead} elements (got {len(output_size)})"
            )
        output_size = output_size[-axes:]
        padding: Any = self.padding
        smallest = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                input.shape[lead:], self.stride, padding, self.dilation, self.kernel_size, strict=True
            )
        ]
        largest = [low + s - 1 for low, s in zip(smallest, self.stride, strict=True)]
        if not all(low <= n <= high for low, n, high in zip(smallest, output_size, largest, strict=True)):
            raise ValueError(
                f"requested an output size of {output_size}, but valid sizes range from {smallest} to "
                f"{largest} (for an input of {input.shape[lead:]})"
            )
        return tuple(n - low for n, low in zip(output_size, smallest, strict=True))
