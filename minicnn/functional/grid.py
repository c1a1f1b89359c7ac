"""Images sampled at places of one's own: grid_sample, and affine_grid, which makes the places of an affine map.

A place (x, y) goes from -1 to 1 over the width and the height. With `align_corners` these are the middles of the outer
pixels, else their outer edges. What is read there is a weighted sum of the pixels around, the weights of x times
those of y:

    output[n, c, i, j] = Σ_b Σ_a  wy_b(n, i, j) · wx_a(n, i, j) · input[n, c, y_b, x_a]

"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.adding import add_at
from minicnn.functional.common import check_tensor
from minicnn.functional.creation import linspace

CUBIC = -0.75  # the slope at the neighbours, Keys's a (1981)
MODES, PADDINGS = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")


class Taps(NamedTuple):
    """The pixels along one axis that places read: which, with what weight, and how that changes with the place."""

    pixels: list[Any]  # int arrays
    inside: list[Any]  # whether that pixel is one of the image: if not, it counts as 0
    weights: list[Any]
    slopes: list[Any]


def _folded(place: Any, size: int, align: bool, xp: Any) -> tuple[Any, Any]:
    """Places reflected at the edges until they are inside, and the slope of that, 1 or -1."""
    low, span = (0.0, size - 1.0) if align else (-0.5, float(size))
    if span == 0:
        return place * 0, place * 0
    distance = abs(place - low)
    turns, rest = xp.floor(distance / span), xp.fmod(distance, span)
    even = turns % 2 == 0
    slope = xp.where(place - low < 0, -1.0, 1.0) * xp.where(even, 1.0, -1.0)
    return xp.where(even, rest + low, span - rest + low), slope.astype(place.dtype)


def _kept_inside(place: Any, size: int, padding: str, align: bool, xp: Any) -> tuple[Any, Any]:
    """Places moved to where the padding has their pixels, and the slope of that."""
    slope = xp.ones_like(place)
    if padding == "zeros":
        return place, slope
    if padding == "reflection":
        place, slope = _folded(place, size, align, xp)
    slope = xp.where((place > 0) & (place < size - 1), slope, 0.0)
    return xp.where(place > 0, xp.where(place < size - 1, place, size - 1), 0.0).astype(place.dtype), slope


def _taps(grid: Any, size: int, mode: str, padding: str, align: bool, xp: Any) -> Taps:
    """Of the coordinates `grid`, from -1 to 1, along an axis of `size` pixels."""
    scale = grid.dtype.type((size - 1) / 2 if align else size / 2)
    place = (grid + 1) * scale  # rounded as PyTorch rounds: at a pixel's middle the slope is that of one side
    place = place if align else place - grid.dtype.type(0.5)
    if mode != "bicubic":
        place, slope = _kept_inside(place, size, padding, align, xp)
        scale = scale * slope
    first = xp.rint(place) if mode == "nearest" else xp.floor(place)
    t = place - first
    if mode == "nearest":
        weights, slopes, start = [xp.ones_like(t)], [xp.zeros_like(t)], 0
    elif mode == "bilinear":
        weights, slopes, start = [1 - t, t], [-scale, scale], 0
    else:
        weights = [_far(t + 1), _near(t), _near(1 - t), _far(2 - t)]
        slopes = [_far_slope(t + 1), _near_slope(t), -_near_slope(1 - t), -_far_slope(2 - t)]
        slopes, start = [scale * slope for slope in slopes], -1
    pixels, inside = [], []
    for number in range(len(weights)):
        pixel = first + (start + number)
        if mode == "bicubic":
            pixel, _ = _kept_inside(pixel, size, padding, align, xp)
        within = (pixel >= 0) & (pixel <= size - 1)
        inside.append(within)
        pixels.append(xp.where(within, pixel, 0).astype(np.int64))
    return Taps(pixels, inside, weights, slopes)


def _near(t: Any) -> Any:
    """Keys's cubic within a distance of 1."""
    return ((CUBIC + 2) * t - (CUBIC + 3)) * t * t + 1


def _far(t: Any) -> Any:
    """Keys's cubic at distances from 1 to 2."""
    return ((CUBIC * t - 5 * CUBIC) * t + 8 * CUBIC) * t - 4 * CUBIC


def _near_slope(t: Any) -> Any:
    return (3 * (CUBIC + 2) * t - 2 * (CUBIC + 3)) * t


def _far_slope(t: Any) -> Any:
    return (3 * CUBIC * t - 10 * CUBIC) * t + 8 * CUBIC


def _readings(input: Any, grid: Any, mode: str, padding: str, align: bool) -> Iterator[tuple[Any, ...]]:
    """For each pair of taps: where the pixels are in a plane, the pixels (N, C, OH·OW), whether they are inside, the
    weights of x and y, and their slopes; all but the pixels are (N, OH·OW)."""
    xp, (N, C, H, W) = array_module(input), input.shape
    flat = grid.reshape(N, -1, 2)
    across = _taps(flat[..., 0], W, mode, padding, align, xp)
    down = _taps(flat[..., 1], H, mode, padding, align, xp)
    planes = input.reshape(N, C, H * W)
    for y, inside_y, wy, slope_y in zip(*down, strict=True):
        for x, inside_x, wx, slope_x in zip(*across, strict=True):
            places, inside = y * W + x, inside_y & inside_x
            pixels = xp.take_along_axis(planes, xp.broadcast_to(places[:, None], (N, C, places.shape[1])), 2)
            yield places, pixels * inside[:, None], inside, (wx, wy), (slope_x, slope_y)


class GridSampler2D(Operation):
    """Pixels read at places of a grid"""

    def forward(ctx, input: Any, grid: Any, mode: str, padding: str, align: bool) -> Any:
        ctx.save(input, grid)
        ctx.how = (mode, padding, align)
        N, C = input.shape[:2]
        output = array_module(input).zeros((N, C, grid.shape[1] * grid.shape[2]), input.dtype)
        for _, pixels, _, (wx, wy), _ in _readings(input, grid, *ctx.how):
            output += pixels * (wx * wy)[:, None]
        return output.reshape(N, C, *grid.shape[1:3])

    def backward(ctx, grad: Any) -> Any:
        needed = ctx.needs(0), ctx.needs(1)
        return (*GridSampler2DGrad(grad, *ctx.saved(), ctx.how, needed), None, None, None)


class GridSampler2DGrad(Operation):
    """The gradients of input and grid; it has none itself, as in PyTorch"""

    def forward(ctx, grad: Any, input: Any, grid: Any, how: Any, needed: tuple[bool, bool]) -> Any:
        xp, (N, C, H, W) = array_module(input), input.shape
        grad = grad.reshape(N, C, -1)
        along_input = xp.zeros(N * C * H * W, input.dtype)
        along_x, along_y = (xp.zeros((N, grad.shape[2]), grid.dtype) for _ in range(2))
        starts = (xp.arange(N * C) * (H * W)).reshape(N, C, 1)
        for places, pixels, inside, (wx, wy), (slope_x, slope_y) in _readings(input, grid, *how):
            if needed[1]:
                share = (grad * pixels).sum(axis=1)
                along_x += share * slope_x * wy
                along_y += share * wx * slope_y
            if needed[0]:
                add_at(along_input, starts + places[:, None], grad * (wx * wy * inside)[:, None])
        return along_input.reshape(input.shape), xp.stack([along_x, along_y], -1).reshape(grid.shape)

    def backward(ctx, *grads: Any) -> Any:
        raise RuntimeError("the derivative of grid_sample's gradient is not implemented; PyTorch has none, either")


@operation()
def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """What images (N, C, H, W) hold at the places of `grid` (N, OH, OW, 2): (N, C, OH, OW).

    `grid` holds (x, y) from -1 (left, above) to 1. `mode` is "bilinear", "nearest" or "bicubic"; beyond the edges are
    "zeros", the "border" or the "reflection". `align_corners`: whether -1 and 1 are the middles of the outer pixels,
    not their outer edges; a warning if left out. The gradient has no gradient. ValueError for other modes,
    RuntimeError for shapes and types that do not fit, NotImplementedError for volumes.
    Source: Jaderberg et al. 2015, "Spatial Transformer Networks".

    >>> import minicnn
    >>> image = minicnn.tensor([[[[0.0, 1.0], [2.0, 3.0]]]])
    >>> grid_sample(image, minicnn.tensor([[[[-1.0, -1.0], [0.0, 0.0], [1.0, 0.0]]]]), align_corners=True)
    tensor([[[[0.0000, 1.5000, 2.0000]]]])
    """
    check_tensor(input, "grid_sample"), check_tensor(grid, "grid_sample", "grid")
    if mode not in MODES:
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: {mode!r}"
        )
    if padding_mode not in PADDINGS:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"{padding_mode!r}"
        )
    sizes, grid_sizes = list(input.shape), list(grid.shape)
    both = f"got input with sizes {sizes} and grid with sizes {grid_sizes}"
    if sizes[:1] != grid_sizes[:1]:
        raise RuntimeError(f"grid_sampler(): expected grid and input to have same batch size, but {both}")
    if input.ndim == 5:
        raise NotImplementedError("grid_sample of volumes (N, C, D, H, W) is not to be had: minicnn has no 3-d layers")
    if input.ndim != 4 or grid.ndim != 4:
        raise RuntimeError(f"grid_sampler(): expected 4D input (N, C, H, W) and grid (N, OH, OW, 2), but {both}")
    if grid_sizes[-1] != 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size 2 in last dimension, but got grid with sizes {grid_sizes}"
        )
    if 0 in sizes[2:]:
        axis = 2 + sizes[2:].index(0)
        raise RuntimeError(
            f"grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes {sizes} with "
            f"dimension {axis} being empty"
        )
    if not input.is_floating_point():
        raise NotImplementedError(f'"grid_sampler_2d" not implemented for `input` of {input.dtype}; use .float()')
    if grid.dtype is not input.dtype:
        raise RuntimeError(f"grid_sampler(): expected `grid` of type {input.dtype}, as `input`, but found {grid.dtype}")
    result: Tensor = GridSampler2D(input, grid, mode, padding_mode, _aligned(align_corners))
    return result


def _aligned(align_corners: bool | None) -> bool:
    if align_corners is None:
        warnings.warn(
            "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please "
            "specify align_corners=True if the old behavior is desired.",
            UserWarning,
            stacklevel=4,
        )
    return bool(align_corners)


# --- the places of an affine map ----------------------------------------------------------------------


class AffineGridGenerator(Operation):
    """(N, OH·OW, 2): the places `base` (OH·OW, 3) times the matrices theta (N, 2, 3) transposed"""

    def forward(ctx, theta: Any, base: Any) -> Any:
        ctx.save(base)
        return array_module(theta).matmul(base, theta.transpose(0, 2, 1))

    def backward(ctx, grad: Any) -> Any:
        (base,) = ctx.saved()
        return AffineGridTheta(grad, base), None


class AffineGridTheta(Operation):
    """The adjoint: (N, 2, 3)"""

    def forward(ctx, grad: Any, base: Any) -> Any:
        ctx.save(base)
        return array_module(grad).matmul(grad.transpose(0, 2, 1), base)

    def backward(ctx, grad2: Any) -> Any:
        (base,) = ctx.saved()
        return AffineGridGenerator(grad2, base), None


@operation()
def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The grid (N, H, W, 2) for `grid_sample` whose place (x, y) is theta·(x₀, y₀, 1), with theta (N, 2, 3).

    (x₀, y₀) are the places of the pixels of an image of `size` (N, C, H, W), from -1 to 1 as `align_corners` says.
    ValueError for sizes below 1 and matrices that do not fit, NotImplementedError for volumes.

    >>> import minicnn
    >>> affine_grid(minicnn.tensor([[[1.0, 0.0, 0.5], [0.0, 1.0, 0.0]]]), (1, 1, 1, 2), align_corners=False)
    tensor([[[[0., 0.],
              [1., 0.]]]])
    """
    sizes = tuple(int(n) for n in size)
    align = _aligned(align_corners)
    if not check_tensor(theta, "affine_grid", "theta").is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if len(sizes) == 5:
        raise NotImplementedError("affine_grid of volumes (N, C, D, H, W) is not to be had: minicnn has no 3-d layers")
    if len(sizes) != 4:
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size "
            f"{sizes}."
        )
    if tuple(theta.shape[1:]) != (2, 3):
        raise ValueError(f"Expected a batch of 2D affine matrices of shape Nx2x3 for size {sizes}. Got {theta.shape}.")
    if min(sizes) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {sizes}")
    N, _, H, W = sizes
    if align and min(H, W) == 1:
        warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This "
            "is not an intended use case of affine_grid.",
            UserWarning,
            stacklevel=3,
        )
    if theta.shape[0] != N:
        raise RuntimeError(f"affine_grid: `theta` has {theta.shape[0]} matrices, `size` {sizes} wants {N}")
    across, down = (_line(n, align, theta) for n in (W, H))
    xp = array_module(theta._array)
    base = xp.empty((H, W, 3), theta._array.dtype)
    base[..., 0], base[..., 1], base[..., 2] = across, down[:, None], 1
    result: Tensor = AffineGridGenerator(theta, base.reshape(H * W, 3)).view(N, H, W, 2)
    return result


def _line(n: int, align: bool, like: Tensor) -> Any:
    """The places of n pixels."""
    if n == 1:
        return array_module(like._array).zeros(1, like._array.dtype)
    line = linspace(-1, 1, n, dtype=like.dtype, device=like.device)._array
    return line if align else line * line.dtype.type(n - 1) / line.dtype.type(n)  # rounded twice, as PyTorch's
