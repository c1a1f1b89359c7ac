"""grid_sample and affine_grid: what they warn of, and what is exact."""

from __future__ import annotations

import pytest

import minicnn
from minicnn.nn import functional as F


def test_the_identity_gives_the_image_back() -> None:
    image = minicnn.randn(2, 3, 4, 5, dtype=minicnn.float64)
    theta = minicnn.tensor([[[1.0, 0, 0], [0, 1, 0]]] * 2, dtype=minicnn.float64)
    for align in (False, True):
        grid = F.affine_grid(theta, image.shape, align_corners=align)
        for mode in ("bilinear", "nearest", "bicubic"):
            assert minicnn.allclose(F.grid_sample(image, grid, mode, align_corners=align), image)


def test_a_mirror() -> None:
    image = minicnn.arange(6.0).view(1, 1, 2, 3)
    theta = minicnn.tensor([[[-1.0, 0, 0], [0, 1, 0]]])
    grid = F.affine_grid(theta, image.shape, align_corners=False)
    assert F.grid_sample(image, grid, align_corners=False).tolist() == [[[[2, 1, 0], [5, 4, 3]]]]


def test_what_is_warned_of() -> None:
    theta = minicnn.tensor([[[1.0, 0, 0], [0, 1, 0]]])
    with pytest.warns(UserWarning, match="Default grid_sample and affine_grid behavior has changed"):
        grid = F.affine_grid(theta, (1, 1, 2, 2))
    with pytest.warns(UserWarning, match="Default grid_sample and affine_grid behavior has changed"):
        F.grid_sample(minicnn.ones(1, 1, 2, 2), grid)
    with pytest.warns(UserWarning, match="unit-size grids"):
        F.affine_grid(theta, (1, 1, 1, 2), align_corners=True)


def test_the_gradient_has_no_gradient() -> None:
    image = minicnn.randn(1, 1, 3, 3, requires_grad=True)
    grid = minicnn.zeros(1, 2, 2, 2)
    (grad,) = minicnn.autograd.grad(F.grid_sample(image, grid, align_corners=False).sum(), image, create_graph=True)
    with pytest.raises(RuntimeError, match="derivative of grid_sample's gradient is not implemented"):
        grad.sum().backward()
