"""im2col and cuBLAS: the plain way, for comparing with. Only taken when asked for: `kernels.use("cublas")`.

The reference's three products (cpu_numpy.py), some images at a time, so that their columns stay below COLUMNS numbers:

    forward   y = w @ columns          input   columns = wᵀ @ g, then col2im          weight   dw += g @ columnsᵀ
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .. import cublas, precision
from ..col2im.gpu_cupy import plan as plan_col2im
from ..cublas import Matrix, address
from ..dispatch import Plan
from ..im2col import Sizes as ColumnSizes
from ..im2col.gpu_cupy import plan as plan_im2col
from . import Sizes
from .gpu_follow import what_follows
from .gpu_plan import inputs, is_small_enough, outputs

COLUMNS = 16 << 20  # at most this many numbers, if one image does not need more


def plan(z: Sizes) -> Plan | None:
    """float32 and float64, arrays that are not empty. What is left goes to our own kernels."""
    if z.dtype.name not in cublas.TYPES or not is_small_enough(z) or 0 in z.x_shape + z.y_shape + z.w_shape:
        return None
    taps, pixels = z.C * z.KH * z.KW, z.OH * z.OW  # of an image
    images = max(1, min(z.N, COLUMNS // (taps * pixels)))
    parts = [(first, min(images, z.N - first)) for first in range(0, z.N, images)]
    run = partial({"forward": _forward, "input": _input, "weight": _weight}[z.direction], _Products(z), parts)
    more, follow = what_follows(z)
    columns = -(-images * taps * pixels * z.dtype.itemsize // 256) * 256
    start = cublas.WORKSPACE + columns

    def run_plan(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        workspace = scratch[: cublas.WORKSPACE]
        run(outs[0], ins, scratch[cublas.WORKSPACE : start].view(z.dtype), workspace)
        follow(outs, ins, scratch[start:])

    algorithm = "im2col + cuBLAS" + " on TF32" * precision.tf32("conv2d")
    return Plan(algorithm, inputs(z), outputs(z), start + more, run_plan)


class _Products:
    """What the three directions have in common: the plans of im2col or col2im, and one product for each group."""

    def __init__(self, z: Sizes) -> None:
        self.z = z
        self.taps, self.pixels = z.C // z.groups * z.KH * z.KW, z.OH * z.OW  # of a group, of a plane
        self.tf32 = precision.tf32("conv2d")

    def move(self, plan: Callable[..., Any], images: int, out: Any, source: Any) -> None:
        """im2col or col2im of some images."""
        z = self.z
        window = (z.KH, z.KW, z.OH, z.OW, z.stride, z.padding, z.dilation, z.dtype)
        plan(ColumnSizes(images, z.C, z.H, z.W, *window)).run([out], [source], None)

    def columns(self, memory: Any, group: int) -> Matrix:
        """The columns of a group, one row a tap: (taps, pixels)."""
        per_image = self.z.groups * self.taps * self.pixels
        return Matrix(address(memory, group * self.taps * self.pixels), self.pixels, 1, per_image)

    def outputs(self, y: Any, group: int, image: int) -> Matrix:
        """y or g of a group: (K/groups, pixels)."""
        z = self.z
        place = (image * z.K + group * (z.K // z.groups)) * self.pixels
        return Matrix(address(y, place), self.pixels, 1, z.K * self.pixels)

    def filters(self, w: Any, group: int) -> Matrix:
        """w or dw of a group: (K/groups, taps)."""
        return Matrix(address(w, group * (self.z.K // self.z.groups) * self.taps), self.taps, 1)

    def multiply(
        self, a: Matrix, b: Matrix, c: Matrix, lengths: tuple[int, int, int], batch: int, workspace: Any,
        add: bool = False,
    ) -> None:  # fmt: skip
        cublas.multiply(a, b, c, lengths, batch, self.z.dtype, workspace, add, self.tf32)


def _transposed(matrix: Matrix) -> Matrix:
    return matrix._replace(row_step=matrix.column_step, column_step=matrix.row_step)


Parts = list[tuple[int, int]]


def _forward(p: _Products, parts: Parts, y: Any, ins: Sequence[Any], columns: Any, workspace: Any) -> None:
    x, w = ins[:2]
    for first, images in parts:
        p.move(plan_im2col, images, columns, x[first : first + images])
        for group in range(p.z.groups):
            out = p.outputs(y, group, first)
            lengths = (p.z.K // p.z.groups, p.pixels, p.taps)
            p.multiply(p.filters(w, group), p.columns(columns, group), out, lengths, images, workspace)


def _input(p: _Products, parts: Parts, dx: Any, ins: Sequence[Any], columns: Any, workspace: Any) -> None:
    g, w = ins[:2]
    for first, images in parts:
        for group in range(p.z.groups):
            lengths = (p.taps, p.pixels, p.z.K // p.z.groups)
            gradient = p.outputs(g, group, first)
            p.multiply(
                _transposed(p.filters(w, group)), gradient, p.columns(columns, group), lengths, images, workspace
            )
        p.move(plan_col2im, images, dx[first : first + images], columns)


def _weight(p: _Products, parts: Parts, dw: Any, ins: Sequence[Any], columns: Any, workspace: Any) -> None:
    x, g = ins
    lengths = (p.z.K // p.z.groups, p.taps, p.pixels)
    for first, images in parts:
        p.move(plan_im2col, images, columns, x[first : first + images])
        for image in range(images):  # one after the other: a sum in a fixed order
            for group in range(p.z.groups):
                of_image = p.columns(columns, group)
                of_image = of_image._replace(address=of_image.address + image * of_image.batch_step * dw.itemsize)
                gradient, out = p.outputs(g, group, first + image), p.filters(dw, group)
                p.multiply(gradient, _transposed(of_image), out, lengths, 1, workspace, add=first + image > 0)
