"""Winograd's algorithm in the kernel conv2d: against plain loops, and only where it is exact enough."""

import numpy as np
import oracles
import pytest
from contract import close, run
from test_conv2d import separately

from minicnn import kernels
from minicnn.kernels import conv2d, dispatch, simd
from minicnn.kernels.conv2d import winograd, winograd_weight


def winograd_cases(kernel):
    """Tiles that stick out of the image on any side, groups, parts of a vector: sizes with a bias."""
    dtype, lanes = np.dtype("float32"), simd.vector_bytes() // 4
    for N, H, W, padding, groups in (
        (lanes, 8, 8, (1, 1), 1), (lanes + 1, 7, 6, (0, 2), 1), (33, 3, 10, (2, 0), 2), (70, 9, 4, (1, 1), 1),
    ):  # fmt: skip
        OH, OW = H + 2 * padding[0] - kernel + 1, W + 2 * padding[1] - kernel + 1
        yield conv2d.Sizes(
            "", N, 33 * groups, H, W, 40 * groups, kernel, kernel, OH, OW, (1, 1), padding, (1, 1), groups, dtype,
            ("bias",),
        )  # fmt: skip


@pytest.mark.parametrize(("kernel", "tolerance"), [(3, 5e-6), (5, 2e-5)])
def test_conv2d_by_winograd(rng, monkeypatch, kernel, tolerance):
    """Filters of 3×3 and 5×5 for many channels, whatever they cost."""
    monkeypatch.setattr(winograd, "GAIN", 0)  # however small the image
    for sizes in winograd_cases(kernel):
        z = sizes._replace(direction="forward")
        x, g = (rng.standard_normal(shape).astype(z.dtype) for shape in (z.x_shape, z.y_shape))
        w = rng.standard_normal(z.w_shape).astype(z.dtype)
        how = (z.stride, z.padding, z.dilation, z.groups)
        for direction, source, channels, expected in (
            ("forward", x, z.K, oracles.conv2d(x, w, (z.OH, z.OW), *how)),
            ("input", g, z.C, oracles.conv2d_input(g, w, z.x_shape, *how)),
        ):
            sizes, bias = z._replace(direction=direction), rng.standard_normal(channels).astype(z.dtype)
            with kernels.use("numba"):
                assert kernels.plan("conv2d", sizes).algorithm.startswith("Winograd")
            expected += bias.reshape(1, -1, 1, 1)
            (got,) = run("numba", "conv2d", sizes, source, w, bias)
            assert np.abs(got - expected).max() < tolerance * np.abs(expected).max()
        for epilogue in (("bias", "tanh", "avgpool2"), ("bias", "relu", "maxpool2")):
            sizes, bias = z._replace(epilogue=epilogue), rng.standard_normal(z.K).astype(z.dtype)
            if min(z.OH, z.OW) > 1:
                with kernels.use("numba"):
                    expected = separately("numba", sizes, x, w, bias)
                for out, other in zip(run("numba", "conv2d", sizes, x, w, bias), expected, strict=True):
                    assert np.array_equal(out, other)
        sizes = z._replace(direction="input", epilogue=("tanh_gradient",))
        with kernels.use("numba"):
            expected = separately("numba", sizes, g, w, x)
        assert np.array_equal(run("numba", "conv2d", sizes, g, w, x)[0], expected[0])


@pytest.mark.parametrize("kernel", [3, 5])
def test_the_weight_gradient_by_winograd(rng, monkeypatch, kernel):
    """One block of images, and several whose last one is less than a vector."""
    monkeypatch.setattr(winograd, "GAIN", 0)
    for images in (winograd_weight.LANES, simd.vector_bytes() // 4):
        monkeypatch.setattr(winograd_weight, "LANES", images)
        monkeypatch.setattr(dispatch, "_plans", {})
        for sizes in winograd_cases(kernel):
            z = sizes._replace(direction="weight")
            x, g = (rng.standard_normal(shape).astype(z.dtype) for shape in (z.x_shape, z.y_shape))
            expected = oracles.conv2d_weight(x, g, z.w_shape, z.stride, z.padding, z.dilation, z.groups)
            with kernels.use("numba"):
                assert kernels.plan("conv2d", z).algorithm.startswith("Winograd")
            dw, db = run("numba", "conv2d", z, x, g)
            assert np.abs(dw - expected).max() < 1e-5 * np.abs(expected).max()
            close(db, g.astype(np.float64).sum(axis=(0, 2, 3)), 4 * z.N * z.OH * z.OW)
            (alone,) = run("numba", "conv2d", z._replace(epilogue=()), x, g)
            assert np.array_equal(alone, dw)


def test_winograd_is_for_sums_of_single_precision(rng, monkeypatch):
    """float64 takes the direct loops, whose errors are smaller; so do strides and dilations."""
    monkeypatch.setattr(winograd, "GAIN", 0)
    z = next(winograd_cases(5))._replace(direction="forward")
    for other in (
        z._replace(dtype=np.dtype("float64")), z._replace(stride=(2, 1)), z._replace(dilation=(1, 2)),
        z._replace(KW=3), z._replace(KH=4, KW=4),
    ):  # fmt: skip
        for direction in ("forward", "input", "weight"):
            with kernels.use("numba"):
                assert not kernels.plan("conv2d", other._replace(direction=direction)).algorithm.startswith("Winograd")
