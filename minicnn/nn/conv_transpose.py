"""Transposed convolution layers: ConvTranspose1d and ConvTranspose2d."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.misfit import telling
from minicnn.nn import functional as F
from minicnn.nn.conv import Size1, Size2, _Conv, pair, single


class _ConvTranspose(_Conv):
    """What transposed convolutions share: the size that is wanted, and that they only know zeros."""

    def __init__(self, *arguments: Any) -> None:
        padding_mode = arguments[10]
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}, got {padding_mode!r}')
        super().__init__(*arguments)

    def _output_padding(self, input: Tensor, wanted: Sequence[int] | None) -> tuple[int, ...]:
        """How much longer than the smallest fitting size each axis becomes."""
        if wanted is None:
            return self.output_padding
        output_size = list(wanted)
        axes = len(self.kernel_size)
        if not axes < input.ndim < axes + 3:
            raise IndexError(
                f"ConvTranspose{axes}d: `input` must have {axes + 1} or {axes + 2} dimensions, got shape "
                f"{list(input.shape)}"
            )
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


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution of lines: the adjoint (not the inverse) of the Conv1d with these arguments.

    input   (N, in_channels, L) or (in_channels, L)
    weight  (in_channels, out_channels / groups, KL), bias (out_channels,)
    output  (N, out_channels, OL), OL = (L - 1)·stride - 2·padding + dilation·(KL - 1) + output_padding + 1

    `output_padding` and `output_size` are ConvTranspose2d's.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size1,
        stride: Size1 = 1,
        padding: Size1 = 0,
        output_padding: Size1 = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size1 = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            single(kernel_size),
            single(stride),
            single(padding),
            single(dilation),
            True,
            single(output_padding),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    @telling
    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """The transposed convolution of `input`, of length `output_size` if given."""
        extra = self._output_padding(input, output_size)
        return F.conv_transpose1d(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )


class ConvTranspose2d(_ConvTranspose):
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

    @telling
    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """The transposed convolution of `input`, of spatial size `output_size` if given."""
        extra = self._output_padding(input, output_size)
        return F.conv_transpose2d(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )
