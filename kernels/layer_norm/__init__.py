"""Contract: rows of numbers, each with mean 0 and variance 1, scaled and shifted; and the gradients. Layers, groups of
channels and single channels are rows.

    y = (x - mean_i) · r_i · weight_k + bias_k,    r_i = 1 / √(var_i + eps)

direction   ins                         outs
forward     x, weight?, bias?           y, mean (rows,), r (rows,)
backward    g, x, mean, r, weight?      dx, and if there is a weight or a bias: dweight, dbias

Memory of x, y, g, dx is read as (rows, channels, pixels); mean and var (Σ (x - mean)² / m) are over the m = channels ·
pixels numbers of row i; both are float32 where x has two bytes. Channel c of row i has number
k = (i mod period)·channels + c of weight and bias, which are (period · channels,), and there if `affine` names them:

                 rows        channels    pixels    period
    layer norm   all before  the layer   1         1
    group norm   N · groups  C / groups  H · W     groups

Backward, with h = g·weight, a bar for the mean over a row, x̂ = (x - mean)·r:

    dx = r · (h - h̄ - x̂ · mean(h·x̂)),    dweight_k = Σ g·x̂,   dbias_k = Σ g   over the numbers of k

Source: Ba, Kiros & Hinton 2016, "Layer Normalization"; Wu & He 2018, "Group Normalization".
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import launch, layout
from ..dispatch import Output


class Sizes(NamedTuple):
    """Everything about a normalisation but its numbers."""

    direction: str  # "forward", "backward"
    rows: int
    channels: int
    pixels: int
    period: int
    dtype: Any
    affine: tuple[str, ...]  # of "weight", "bias"
    eps: float

    @property
    def row(self) -> int:
        """How many numbers a row has."""
        return self.channels * self.pixels

    @property
    def weights(self) -> int:
        """How many numbers the weight has."""
        return self.period * self.channels

    def inputs(self) -> tuple[str, ...]:
        """The memory orders of the inputs."""
        count = 1 + len(self.affine) if self.direction == "forward" else 4 + ("weight" in self.affine)
        return (layout.PLAIN,) * count

    def outputs(self) -> tuple[Output, ...]:
        """The outputs."""
        values, weight = (Output((n,), self.dtype) for n in (self.rows * self.row, self.weights))
        if self.direction == "forward":
            row = Output((self.rows,), launch.sums_dtype(self.dtype))
            return (values, row, row)
        return (values, weight, weight) if self.affine else (values,)
