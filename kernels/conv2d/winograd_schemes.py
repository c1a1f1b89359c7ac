"""Winograd's minimal filtering F(m, r): m outputs of a filter of r taps for m + r - 1 multiplications; the matrices.

A filter g of r taps and m outputs belong to polynomials, and their products to a polynomial of degree T - 1 with
T = m + r - 1: it is known by its values at T points. Values at points are multiplied one by one, and what leads to
them and back are matrices of constants (Winograd 1980, "Arithmetic complexity of computations"; Lavin & Gray 2016,
"Fast algorithms for convolutional neural networks"). In two dimensions, with the same matrices on both sides,

    forward     y  = Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ x B) ] A       x: T×T pixels, w: r×r weights, y: m×m pixels
    weight      dw = Gᵀ [ (A g Aᵀ) ⊙ (Bᵀ x B) ] G       g: m×m pixels; the transpose of the line above

The points are 0, ±p for each p of `points`, and infinity. With M(x) = Π (x - a) over the finite points, for point a

    Bᵀ  the coefficients of M(x) / (x - a), of M(x) itself at infinity
    A   1, a, … aᵐ⁻¹                       0, … 0, 1 at infinity
    G   1, a, … aʳ⁻¹, over Π (a - b)       0, … 0, 1 at infinity          b: the other finite points

For a pair ±p the even powers are the same and the odd ones differ in sign, which saves half of the multiplications.

How the points are chosen decides what is lost to rounding: their powers should stay near to 1 (Barabasz et al. 2020,
"Error analysis and improving the accuracy of Winograd convolution for deep neural networks").
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import Sizes


class Scheme(NamedTuple):
    """F(outputs × outputs, taps × taps)."""

    outputs: int  # m
    taps: int  # r
    points: tuple[float, ...]  # the positive ones

    @property
    def size(self) -> int:
        """T: rows and columns of a tile."""
        return self.outputs + self.taps - 1

    def all_points(self) -> list[float]:
        """The finite points, in the order of the rows of Bᵀ, A and G; infinity is the last row."""
        return [0.0, *(sign * p for p in self.points for sign in (1, -1))]

    def G(self) -> np.ndarray:
        """(size, taps), of float32."""
        points = self.all_points()
        rows = [
            [a**k / np.prod([a - b for b in points if b != a]) for k in range(self.taps)] for a in points
        ]  # fmt: skip
        return np.array([*rows, [0.0] * (self.taps - 1) + [1.0]], np.float32)

    def even(self, p: float) -> list[float]:
        """The coefficients of x⁰, x², … of Π (x² - q²) over all q of `points` but p; of all of them for p = 0.

        M(x) is x·even(0), M(x) / x is even(0), and M(x) / (x ∓ p) is (x² ± p·x)·even(p).
        """
        return [float(c) for c in np.poly([q * q for q in self.points if q != p])[::-1]]


THREE = Scheme(4, 3, (3 / 4, 3 / 2))
FIVE = Scheme(4, 5, (1 / 2, 1.0, 2.0))
SCHEMES = {scheme.taps: scheme for scheme in (THREE, FIVE)}


def scheme_of(z: Sizes) -> Scheme | None:
    """The scheme for a convolution of these sizes, if there is one."""
    plain = z.KH == z.KW and (z.stride, z.dilation) == ((1, 1), (1, 1)) and z.dtype == np.float32
    return SCHEMES.get(z.KH) if plain else None
