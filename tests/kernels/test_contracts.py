"""Every kernel, every backend: what its contract (kernels/*/__init__.py) promises, against plain loops.

The general promises are held in contract.py, by `run`.
"""

import itertools
import math

import numpy as np
import oracles
import pytest
from contract import BATCH_LAST, FLOATS, ORDERS, PLAIN, SLOW, TOLERANCE, close, each_float, planned, run, some
from PIL import Image

from minicnn import kernels
from minicnn.kernels import (
    activation,
    col2im,
    conv2d,
    dispatch,
    gemm,
    im2col,
    image_batch,
    image_resize,
    layout,
    pool2d,
    reorder,
    resample,
    simd,
    softmax_cross_entropy,
)
from minicnn.kernels.conv2d import winograd, winograd_weight
from minicnn.kernels.gemm import cpu_numba
from minicnn.kernels.resample.rules import RULES

HERE = {  # tests below
    "activation", "col2im", "conv2d", "gemm", "im2col", "image_batch", "image_resize", "pool2d", "reorder",
    "resample", "softmax_cross_entropy",
}  # fmt: skip
ELSEWHERE = {
    "optimizer_step", "dropout", "batch_norm", "elementwise_loss", "image_places", "layer_norm", "nll", "segment_sum",
    "shuffle", "softmax", "tally",
}  # fmt: skip


def batches(dtype):
    """One image, two, about one vector, two vectors and a bit, many."""
    lanes = simd.vector_bytes() // dtype.itemsize
    return (1, 2, lanes - 1, lanes, lanes + 1, 33, 100)


def test_every_kernel_is_tested():
    assert set(kernels.names()) == HERE | ELSEWHERE, "write a test of the contract and name the kernel in HERE"


# --- conv2d ----------------------------------------------------------------------------------------


def random_conv(backend, rng, N, dtype, groups=None, stride=None):
    """Sizes of a small convolution, `direction` and `epilogue` still open."""
    most, longest = (2, 4) if backend == SLOW else (8, 7)
    pick = lambda low, high: int(rng.integers(low, high + 1))  # noqa: E731
    pair = lambda low, high: (pick(low, high), pick(low, high))  # noqa: E731
    groups = groups or int(rng.choice([1, 1, 2, 3]))
    C, K = groups * pick(1, most // 2), groups * pick(1, most)
    stride, padding, dilation = stride or pair(1, 3), pair(0, 2), pair(1, 2)
    (H, W), (KH, KW) = pair(1, longest), pair(1, 4)
    out = []
    for length, taps, s, p, d in zip((H, W), (KH, KW), stride, padding, dilation, strict=True):
        symmetric = (length + 2 * p - d * (taps - 1) - 1) // s + 1
        out.append(max(1, min(symmetric + pick(-1, 2), longest)))  # less or more padding behind than before
    return conv2d.Sizes("", N, C, H, W, K, KH, KW, *out, stride, padding, dilation, groups, dtype)


def check_conv(backend, rng, z):
    """All three directions of one convolution, with epilogues."""
    x, g = rng.standard_normal(z.x_shape).astype(z.dtype), rng.standard_normal(z.y_shape).astype(z.dtype)
    w = rng.standard_normal(z.w_shape).astype(z.dtype)
    biases = {
        "forward": rng.standard_normal(z.K).astype(z.dtype),
        "input": rng.standard_normal(z.C).astype(z.dtype),
    }
    how = (z.stride, z.padding, z.dilation, z.groups)
    expected = {
        "forward": oracles.conv2d(x, w, (z.OH, z.OW), *how),
        "input": oracles.conv2d_input(g, w, z.x_shape, *how),
    }
    taps = z.C // z.groups * z.KH * z.KW
    last = {(): lambda y: y, ("relu",): lambda y: np.maximum(y, 0), ("tanh",): np.tanh}
    for direction, source, bias, activation_ in itertools.product(
        expected, [{"forward": x, "input": g}], [(), ("bias",)], last
    ):
        if rng.random() < 0.5 and bias + activation_:
            continue  # each case tries about half of the epilogues
        sizes = z._replace(direction=direction, epilogue=bias + activation_)
        ins = (source[direction], w, *([biases[direction]] if bias else []))
        (got,) = run(backend, "conv2d", sizes, *ins)
        total = expected[direction] + (biases[direction].reshape(1, -1, 1, 1) if bias else 0)
        close(got, last[activation_](total), 4 * taps * z.K)
    sizes = z._replace(direction="weight", epilogue=("bias",))
    dw, db = run(backend, "conv2d", sizes, x, g)
    close(dw, oracles.conv2d_weight(x, g, z.w_shape, *how), 4 * z.N * z.OH * z.OW)
    close(db, g.astype(np.float64).sum(axis=(0, 2, 3)), 4 * z.N * z.OH * z.OW)
    (dw,) = run(backend, "conv2d", z._replace(direction="weight"), x, g)
    close(dw, oracles.conv2d_weight(x, g, z.w_shape, *how), 4 * z.N * z.OH * z.OW)


@each_float
def test_conv2d_of_random_sizes(backend, rng, dtype):
    for N in some(backend, (1, 2, 5, *batches(dtype))):
        check_conv(backend, rng, random_conv(backend, rng, N, dtype))


@each_float
def test_conv2d_depthwise_and_strided(backend, rng, dtype):
    lanes = simd.vector_bytes() // dtype.itemsize
    for N in some(backend, (2, lanes), 1):
        check_conv(backend, rng, random_conv(backend, rng, N, dtype, groups=5, stride=(2, 3)))


@each_float
def test_conv2d_of_an_image_larger_than_one_block(backend, rng, dtype):
    H, W, K = (6, 7, 3) if backend == SLOW else (17, 19, 13)
    z = conv2d.Sizes("", 1, 3, H, W, K, 3, 3, H, W, (1, 1), (1, 1), (1, 1), 1, dtype)
    check_conv(backend, rng, z)


def separately(backend, z, *ins):
    """What conv2d with an epilogue should give, from conv2d, activation and pool2d one after the other."""
    bias = tuple(step for step in z.epilogue if step == "bias")
    (y,) = run(backend, "conv2d", z._replace(epilogue=bias), *ins[: 2 + len(bias)])
    order = planned(backend, "conv2d", z).outputs[0].order
    outs = [y]
    for step in z.epilogue[len(bias) :]:
        function, kind = step.removesuffix("_gradient"), step.removesuffix("pool2")
        if kind != step:
            OH, OW = z.OH // 2, z.OW // 2
            how = ((2, 2), (0, 0), (1, 1), z.dtype, order)
            pool = pool2d.Sizes(kind, "forward", *y.shape, 2, 2, OH, OW, *how)
            outs = [y, *run(backend, "pool2d", pool, y)]
        else:
            direction = "forward" if function == step else "backward"
            more = () if function == step else (layout.memory(kernels.in_order(ins[-1], order)),)
            sizes = activation.Sizes(function, direction, y.size, z.dtype)
            (flat,) = run(backend, "activation", sizes, layout.memory(y), *more)
            y = layout.as_order(flat, y.shape, order)
            outs = [y]
    return outs


@each_float
def test_the_epilogues_of_conv2d(backend, rng, dtype):
    """The same as separate kernels, to the last bit."""
    for N in some(backend, (1, 2, 33), 1):
        for function, pool in itertools.product(("tanh", "relu", "sigmoid", ""), ("avgpool2", "maxpool2")):
            z = random_conv(backend, rng, N, dtype)
            while min(z.OH, z.OW) < 2:  # nothing to pool
                z = random_conv(backend, rng, N, dtype)
            w, bias = rng.standard_normal(z.w_shape).astype(dtype), rng.standard_normal(z.K).astype(dtype)
            x, g = rng.standard_normal(z.x_shape).astype(dtype), rng.standard_normal(z.y_shape).astype(dtype)
            epilogue = ("bias", *([function] if function else []), pool)
            cases = [(z._replace(direction="forward", epilogue=epilogue), (x, w, bias))]
            if function:
                cases.append((z._replace(direction="input", epilogue=(f"{function}_gradient",)), (g, w, x)))
            for sizes, ins in cases:
                expected = separately(backend, sizes, *ins)
                for out, other in zip(run(backend, "conv2d", sizes, *ins), expected, strict=True):
                    assert np.array_equal(out, other)


@each_float
def test_conv2d_of_many_channels(rng, dtype):
    """So many that what an output row sees is copied together first, for part of the images and of the row."""
    for N, groups, stride, dilation in ((33, 1, 1, 1), (100, 2, 2, 1), (17, 1, 1, 2)):
        H = W = 6 * stride + 2 * dilation - 1
        z = conv2d.Sizes(
            "", N, 33 * groups, H, W, 65 * groups, 3, 3, 6, 6, (stride, stride), (1, 1), (dilation, dilation), groups,
            dtype, ("bias",),
        )  # fmt: skip
        for direction in ("forward", "input"):
            first, channels = (z.x_shape, z.K) if direction == "forward" else (z.y_shape, z.C)
            shapes = (first, z.w_shape, (channels,))
            ins = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
            (got,), (expected,) = (
                run(backend, "conv2d", z._replace(direction=direction), *ins) for backend in ("numba", "numpy")
            )
            close(got, expected, 4 * 9 * z.C)


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


def test_conv2d_has_the_same_bits_on_any_number_of_threads(rng, threads):
    for N, C, K, kernel in ((40, 6, 16, 5), (40, 33, 40, 3), (40, 33, 40, 5), (2, 33, 40, 3), (40, 65, 70, 2)):
        z = conv2d.Sizes(
            "forward", N, C, 12, 12, K, kernel, kernel, 12, 12, (1, 1), (kernel // 2, 1), (1, 1), 1,
            np.dtype("float32"), ("bias", "relu"),
        )  # fmt: skip
        ins = [rng.standard_normal(shape).astype("float32") for shape in (z.x_shape, z.w_shape, (K,))]
        results = []
        for count in (1, 2, 3):
            threads(count)
            results.append(run("numba", "conv2d", z, *ins)[0].tobytes())
        assert len(set(results)) == 1
        z = z._replace(direction="weight", epilogue=("bias",))
        ins = [rng.standard_normal(shape).astype("float32") for shape in (z.x_shape, z.y_shape)]
        results = []
        for count in (1, 2, 3):
            threads(count)
            results.append([out.tobytes() for out in run("numba", "conv2d", z, *ins)])
        assert results.count(results[0]) == 3


def check_weight(rng, z):
    """The gradient of the filters and of the bias, of sizes that would take a plain loop too long, by NumPy's plan."""
    x, g = rng.standard_normal(z.x_shape).astype(z.dtype), rng.standard_normal(z.y_shape).astype(z.dtype)
    for sizes in (z._replace(direction="weight"), z._replace(direction="weight", epilogue=("bias",))):
        got, expected = (run(backend, "conv2d", sizes, x, g) for backend in ("numba", "numpy"))
        for one, other in zip(got, expected, strict=True):
            close(one, other, 4 * z.N * z.OH * z.OW)


@each_float
def test_the_weight_gradient_of_many_channels(rng, dtype):
    """Outer products: channels and filters that fill no vector, batches of several parts, rows beside the image."""
    how = [  # N, groups, C, K of a group, OH, OW, kernel, stride, padding, dilation
        (1, 1, 40, 37, 9, 20, (3, 3), (1, 1), (1, 1), (1, 1)),
        (3, 2, 7, 33, 5, 6, (3, 4), (2, 1), (2, 1), (1, 2)),
        (33, 1, 33, 70, 6, 5, (3, 3), (1, 1), (1, 1), (1, 1)),
        (70, 2, 35, 32, 4, 9, (2, 3), (2, 3), (0, 2), (2, 1)),
        (9, 1, 64, 45, 30, 2, (5, 1), (1, 2), (3, 0), (1, 1)),
        (2, 1, 300, 140, 13, 11, (3, 3), (1, 1), (1, 1), (1, 1)),  # several pieces of the channels and of the filters
    ]
    for N, groups, C, K, OH, OW, kernel, stride, padding, dilation in how:
        sides = zip((OH, OW), kernel, stride, padding, dilation, strict=True)
        H, W = (max(1, (out - 1) * s + d * (k - 1) + 1 - 2 * p) for out, k, s, p, d in sides)
        check_weight(
            rng,
            conv2d.Sizes(
                "", N, C * groups, H, W, K * groups, *kernel, OH, OW, stride, padding, dilation, groups, dtype
            ),
        )


@each_float
def test_the_weight_gradient_of_a_wide_image(rng, dtype):
    """Rows in several pieces, and sums of so many weights that the threads share them."""
    for N, C, K, stride, padding in (
        (33, 2, 5, (1, 1), (1, 1)),
        (40, 3, 7, (1, 2), (0, 1)),
        (32, 30, 90, (1, 1), (2, 2)),
    ):
        H, W = (5, 41) if C < 30 else (4, 4)
        OH, OW = ((length + 2 * p - 3) // s + 1 for length, p, s in zip((H, W), padding, stride, strict=True))
        check_weight(rng, conv2d.Sizes("", N, C, H, W, K, 3, 3, OH, OW, stride, padding, (1, 1), 1, dtype))


@each_float
def test_the_weight_gradient_of_one_by_one(rng, dtype):
    for N, C, K in ((1, 70, 33), (2, 5, 3), (33, 64, 40), (20, 3, 2)):
        check_weight(rng, conv2d.Sizes("", N, C, 7, 9, K, 1, 1, 7, 9, (1, 1), (0, 0), (1, 1), 1, dtype))


@each_float
def test_conv2d_with_filters_as_large_as_the_image(backend, rng, dtype):
    lanes = simd.vector_bytes() // dtype.itemsize
    for N, H, dilation in some(backend, ((2, 3, 1), (lanes, 3, 1), (33, 5, 1), (33, 1, 2)), 1):
        z = conv2d.Sizes(
            "", N, 5, H, H, 3 if backend == SLOW else 23, H, H, 1, 1, (2, 3), (0, 0), (dilation, 1), 1, dtype
        )
        check_conv(backend, rng, z)


@each_float
def test_conv2d_with_every_window_beside_the_image(backend, rng, dtype):
    z = conv2d.Sizes("forward", 2, 1, 2, 2, 3, 1, 1, 1, 1, (1, 1), (4, 4), (1, 1), 1, dtype, ("bias",))
    x, w, bias = (rng.standard_normal(shape).astype(dtype) for shape in (z.x_shape, z.w_shape, (3,)))
    (y,) = run(backend, "conv2d", z, x, w, bias)
    assert np.array_equal(y, np.broadcast_to(bias.reshape(1, 3, 1, 1), z.y_shape))
    (dw,) = run(backend, "conv2d", z._replace(direction="weight", epilogue=()), x, y)
    assert not dw.any()


def test_the_directions_of_conv2d_are_adjoint(backend, rng):
    """⟨g, conv(x, w)⟩ = ⟨input(g, w), x⟩ = ⟨weight(x, g), w⟩, exactly in whole numbers."""
    for N in some(backend, (2, 17), 1):
        z = random_conv(backend, rng, N, np.dtype("float64"))
        x, w, g = (rng.integers(-4, 5, shape).astype(float) for shape in (z.x_shape, z.w_shape, z.y_shape))
        (y,) = run(backend, "conv2d", z._replace(direction="forward"), x, w)
        (dx,) = run(backend, "conv2d", z._replace(direction="input"), g, w)
        (dw,) = run(backend, "conv2d", z._replace(direction="weight"), x, g)
        assert (g * y).sum() == (dx * x).sum() == (dw * w).sum()


# --- im2col, col2im --------------------------------------------------------------------------------


def random_columns(rng, dtype):
    N, C, H, W, KH, KW, OH, OW = (int(n) for n in rng.integers(1, [4, 4, 8, 8, 5, 5, 7, 7]))
    stride, padding, dilation = (tuple(map(int, rng.integers(low, 4, 2))) for low in (1, 0, 1))
    return im2col.Sizes(N, C, H, W, KH, KW, OH, OW, stride, padding, dilation, dtype)


def window_of(z):
    return (z.KH, z.KW), (z.OH, z.OW), z.stride, z.padding, z.dilation


@pytest.mark.parametrize("dtype", [*FLOATS, *(pytest.param(np.dtype(name), id=name) for name in ("int64", "uint8"))])
def test_im2col(backend, rng, dtype):
    for _ in some(backend, range(20), 4):
        z = random_columns(rng, dtype)
        x = rng.integers(0, 200, z.x_shape).astype(dtype)
        (columns,) = run(backend, "im2col", z, x)
        assert np.array_equal(columns, oracles.im2col(x, *window_of(z)))


@each_float
def test_col2im(backend, rng, dtype):
    for _ in some(backend, range(20), 4):
        z = col2im.Sizes(*random_columns(rng, dtype))
        columns = rng.standard_normal(z.columns_shape).astype(dtype)
        (x,) = run(backend, "col2im", z, columns)
        close(x, oracles.col2im(columns, z.x_shape, *window_of(z)), z.KH * z.KW)


@each_float
def test_col2im_adds_in_the_same_order_on_every_backend(rng, dtype):
    z = random_columns(rng, dtype)
    columns = rng.standard_normal(z.columns_shape).astype(dtype)
    (one,), (other,) = (run(backend, "col2im", z, columns) for backend in ("numpy", "numba"))
    assert one.tobytes() == other.tobytes()


def test_im2col_and_col2im_are_adjoint(backend, rng):
    """⟨im2col(x), columns⟩ = ⟨x, col2im(columns)⟩, exactly in whole numbers."""
    for _ in some(backend, range(10), 2):
        z = random_columns(rng, np.dtype("float64"))
        x, columns = (rng.integers(-9, 10, shape).astype(float) for shape in (z.x_shape, z.columns_shape))
        (there,), (back,) = run(backend, "im2col", z, x), run(backend, "col2im", z, columns)
        assert (there * columns).sum() == (x * back).sum()


# --- pool2d ----------------------------------------------------------------------------------------


def random_pool(rng, dtype, N, order):
    C, H, W, KH, KW = (int(n) for n in rng.integers(1, [4, 8, 8, 5, 5]))
    stride, dilation = (tuple(map(int, rng.integers(1, 4, 2))) for _ in range(2))
    padding = (
        int(rng.integers(0, 3)),
        int(rng.integers(0, 3)),
    )  # with small windows: some see no pixel at all
    OH, OW = (int(n) for n in rng.integers(1, 6, 2))
    if rng.random() < 0.4:  # windows that lie side by side: some pixels left over, or some of the last window missing
        stride, dilation, padding = (KH, KW), (1, 1), (0, 0)
        OH, OW = (max(1, length // taps + int(rng.integers(-1, 2))) for length, taps in ((H, KH), (W, KW)))
    return pool2d.Sizes("max", "forward", N, C, H, W, KH, KW, OH, OW, stride, padding, dilation, dtype, order)


@each_float
@pytest.mark.parametrize("order", ORDERS)
def test_max_pool(backend, rng, dtype, order):
    for N in some(backend, (1, 2, 5, 33)):
        for _ in range(3):
            z = random_pool(rng, dtype, N, order)
            x = rng.integers(-3, 4, z.x_shape).astype(dtype)  # many equal ones: the first one counts
            x[rng.random(z.x_shape) < 0.05] = np.nan
            x[rng.random(z.x_shape) < 0.2] = -np.inf
            y, argmax = run(backend, "pool2d", z, x)
            expected, places = oracles.max_pool2d(x, *window_of(z))
            assert np.array_equal(argmax, places)
            assert np.array_equal(y, expected.astype(dtype), equal_nan=True)
            g = rng.standard_normal(z.y_shape).astype(dtype)
            (dx,) = run(backend, "pool2d", z._replace(direction="input"), g, argmax)
            close(dx, oracles.max_pool2d_input(g, places, z.x_shape), z.KH * z.KW)


@each_float
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("window", [(2, 2), (1, 2), (4, 7)])
def test_pooling_of_windows_side_by_side(backend, rng, dtype, order, window):
    """The usual windows, in images and in lines, and those that are longer than there are many have loops of their own;
    a last row or column may be left over."""
    for N, H, W in some(backend, ((1, 4, 8), (1, 7, 15), (3, 4, 9), (33, 6, 37)), 3):
        OH, OW = H // window[0], W // window[1]
        x = rng.integers(-3, 4, (N, 2, H, W)).astype(dtype)
        x[rng.random(x.shape) < 0.05] = np.nan
        how = (window, (0, 0), (1, 1), dtype, order)
        z = pool2d.Sizes("max", "forward", N, 2, H, W, *window, OH, OW, *how)
        y, argmax = run(backend, "pool2d", z, x)
        expected, places = oracles.max_pool2d(x, *window_of(z))
        assert np.array_equal(argmax, places)
        assert np.array_equal(y, expected.astype(dtype), equal_nan=True)
        g = rng.standard_normal(z.y_shape).astype(dtype)
        (dx,) = run(backend, "pool2d", z._replace(direction="input"), g, argmax)
        close(dx, oracles.max_pool2d_input(g, places, z.x_shape))
        x, z = rng.standard_normal(x.shape).astype(dtype), z._replace(kind="avg")
        (y,) = run(backend, "pool2d", z, x)
        close(y, oracles.sum_pool2d(x, *window_of(z)) / z.KH / z.KW, z.KH * z.KW)
        (dx,) = run(backend, "pool2d", z._replace(direction="input"), g)
        scaled = g / z.KH / z.KW
        close(dx, oracles.sum_pool2d_input(scaled, z.x_shape, window, z.stride, z.padding, z.dilation))


@each_float
def test_max_pool_of_a_window_without_pixels(backend, dtype):
    z = pool2d.Sizes("max", "forward", 2, 1, 2, 2, 1, 1, 4, 4, (1, 1), (1, 1), (1, 1), dtype, PLAIN)
    y, argmax = run(backend, "pool2d", z, np.ones(z.x_shape, dtype))
    border = np.pad(np.zeros((2, 2), bool), 1, constant_values=True)
    assert (y[:, :, border] == -np.inf).all()
    assert (argmax[:, :, border] == -1).all()
    assert (y[:, :, ~border] == 1).all()
    (dx,) = run(backend, "pool2d", z._replace(direction="input"), np.ones_like(y), argmax)
    assert np.array_equal(dx, np.ones(z.x_shape, dtype))


@each_float
@pytest.mark.parametrize("order", ORDERS)
def test_avg_pool(backend, rng, dtype, order):
    for N in some(backend, (1, 2, 5, 33)):
        for _ in range(3):
            z = random_pool(rng, dtype, N, order)._replace(kind="avg")
            x, g = rng.standard_normal(z.x_shape).astype(dtype), rng.standard_normal(z.y_shape).astype(dtype)
            z = z._replace(divisor=[None, -3, 7][rng.integers(3)], padded=bool(rng.integers(2)))
            inside = oracles.sum_pool2d(np.ones(z.x_shape), *window_of(z))[0, 0]
            if z.divisor is None and (z.padded or z.dilation != (1, 1) or not inside.all()):
                z = z._replace(divisor=z.KH * z.KW, padded=True)
            scaled = 1 / (inside if z.divisor is None else np.full_like(inside, z.divisor))
            (y,) = run(backend, "pool2d", z, x)
            close(y, oracles.sum_pool2d(x, *window_of(z)) * scaled, z.KH * z.KW)
            (dx,) = run(backend, "pool2d", z._replace(direction="input"), g)
            expected = oracles.sum_pool2d_input(g * scaled, z.x_shape, (z.KH, z.KW), z.stride, z.padding, z.dilation)
            close(dx, expected, z.KH * z.KW)


@each_float
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", ["max", "avg"])
def test_the_gradient_of_pooling_and_of_the_activation_before_it(backend, rng, dtype, order, kind):
    """One kernel does what pool2d and activation do one after the other, to the last bit."""
    for N in some(backend, (1, 2, 33)):
        for function in ("tanh", "relu", "sigmoid"):
            forward = random_pool(rng, dtype, N, order)._replace(kind=kind)
            size = layout.size(forward.x_shape)
            x = rng.standard_normal(size).astype(dtype)
            (activated,) = run(backend, "activation", activation.Sizes(function, "forward", size, dtype), x)
            activated = layout.as_order(activated, forward.x_shape, order)
            forward = forward._replace(divisor=3)
            second = () if kind == "avg" else run(backend, "pool2d", forward, activated)[1:]
            z = forward._replace(direction="input")
            g = rng.standard_normal(z.y_shape).astype(dtype)
            (pooled,) = run(backend, "pool2d", z, g, *second)
            flat = (layout.memory(pooled), layout.memory(activated))
            (expected,) = run(backend, "activation", activation.Sizes(function, "backward", size, dtype), *flat)
            (dx,) = run(backend, "pool2d", z._replace(epilogue=(function,)), g, *second, activated)
            assert np.array_equal(layout.memory(dx), expected)


# --- gemm ------------------------------------------------------------------------------------------


@each_float
@pytest.mark.parametrize("orders", list(itertools.product(ORDERS, ORDERS, ORDERS)), ids="-".join)
def test_gemm(backend, rng, dtype, orders):
    lanes = simd.vector_bytes() // dtype.itemsize
    lengths = [max(2, lanes - 1), lanes, lanes + 1, 33, 70, 130]  # of one number, the order would be undecided
    least = cpu_numba.SMALL  # smaller products are NumPy's in any case
    if backend == SLOW:
        lengths, least = [2, 5, 7, 8, 13], 1
    for epilogue in ((), ("bias",)):
        for _ in some(backend, range(3), 1):
            M, N, K = (int(n) for n in rng.choice(lengths, 3))
            K = max(K, -(-least // (M * N)))
            z = gemm.Sizes(M, N, K, dtype, *orders, epilogue)
            a, b = rng.standard_normal((M, K)).astype(dtype), rng.standard_normal((K, N)).astype(dtype)
            bias = rng.standard_normal(N).astype(dtype)
            (c,) = run(backend, "gemm", z, a, b, *([bias] if epilogue else []))
            close(c, oracles.matmul(a, b) + (bias if epilogue else 0), 4 * K)
            assert layout.order_of(c) == orders[2]


@each_float
@pytest.mark.parametrize("orders", list(itertools.product(ORDERS, ORDERS, ORDERS)), ids="-".join)
def test_gemm_of_large_matrices(rng, dtype, orders):
    """More of everything than one piece holds, and rows so far apart that they are packed; by NumPy's plan."""
    for M, N, K in ((37, 530, 300), (530, 150, 290), (150, 37, 700)):
        a, b = rng.standard_normal((M, K)).astype(dtype), rng.standard_normal((K, N)).astype(dtype)
        z = gemm.Sizes(M, N, K, dtype, *orders, ("bias", "relu"))
        bias = rng.standard_normal(N).astype(dtype)
        (one,), (other,) = (run(backend, "gemm", z, a, b, bias) for backend in ("numba", "numpy"))
        close(one, other, 4 * K)


@each_float
@pytest.mark.parametrize("orders", list(itertools.product(ORDERS, ORDERS, ORDERS)), ids="-".join)
@pytest.mark.parametrize("shape", [(1, 80, 90), (80, 1, 90), (80, 90, 1)])
def test_gemm_with_a_length_of_one(backend, rng, dtype, orders, shape):
    M, N, K = (max(1, n // 10) for n in shape) if backend == SLOW else shape
    z = gemm.Sizes(M, N, K, dtype, *orders, ("bias",))
    a, b = rng.standard_normal((M, K)).astype(dtype), rng.standard_normal((K, N)).astype(dtype)
    bias = rng.standard_normal(N).astype(dtype)
    (c,) = run(backend, "gemm", z, a, b, bias)
    close(c, oracles.matmul(a, b) + bias, 4 * K)


@each_float
@pytest.mark.parametrize("orders", list(itertools.product(ORDERS, ORDERS, ORDERS)), ids="-".join)
def test_gemm_with_an_activation_or_its_gradient(backend, rng, dtype, orders):
    """As the kernels gemm and activation one after the other, to the last bit."""
    M, N, K = (int(n) for n in rng.choice([3, 7, 9] if backend == SLOW else [17, 33, 70, 130], 3))
    a, b = rng.standard_normal((M, K)).astype(dtype), rng.standard_normal((K, N)).astype(dtype)
    bias, x = rng.standard_normal(N).astype(dtype), rng.standard_normal((M, N)).astype(dtype)
    z = gemm.Sizes(M, N, K, dtype, *orders)
    for function in FUNCTIONS:
        elementwise = activation.Sizes(function, "forward", M * N, dtype)
        (c,) = run(backend, "gemm", z._replace(epilogue=("bias",)), a, b, bias)
        (expected,) = run(backend, "activation", elementwise, layout.memory(c))
        (c,) = run(backend, "gemm", z._replace(epilogue=("bias", function)), a, b, bias)
        assert np.array_equal(layout.memory(c), expected)
        (c,) = run(backend, "gemm", z, a, b)
        activated = kernels.in_order(x, z.c_order)
        memories = (layout.memory(c), layout.memory(activated))
        (expected,) = run(backend, "activation", elementwise._replace(direction="backward"), *memories)
        (c,) = run(backend, "gemm", z._replace(epilogue=(f"{function}_gradient",)), a, b, activated)
        assert np.array_equal(layout.memory(c), expected)


@each_float
@pytest.mark.parametrize("orders", list(itertools.product(ORDERS, ORDERS)), ids="-".join)
def test_gemm_with_row_sums(backend, rng, dtype, orders):
    small, large = ((3, 9, 13), (2, 3, 530)), ((17, 33, 130), (2, 3, 900), (70, 16, 15), (130, 100, 33))
    for M, N, K in small if backend == SLOW else large:
        a, b = rng.standard_normal((M, K)).astype(dtype), rng.standard_normal((K, N)).astype(dtype)
        c, sums = run(backend, "gemm", gemm.Sizes(M, N, K, dtype, *orders, PLAIN, ("row_sums",)), a, b)
        close(c, oracles.matmul(a, b), 4 * K)
        close(sums, a.astype(np.float64).sum(axis=1), 4 * K)


# --- activation ------------------------------------------------------------------------------------

FUNCTIONS = {"tanh": math.tanh, "sigmoid": oracles.sigmoid, "relu": oracles.relu}
GRADIENTS = {
    "tanh": lambda g, y: g * (1 - y * y),
    "sigmoid": lambda g, y: g * y * (1 - y),
    "relu": lambda g, y: g if y > 0 else 0.0,
}


@each_float
@pytest.mark.parametrize("function", FUNCTIONS)
def test_activation(backend, rng, dtype, function):
    for size in (1, 15, 16, 17, 300 if backend == SLOW else 20_001):  # the last one is more than one block
        x, g = (4 * rng.standard_normal(size)).astype(dtype), rng.standard_normal(size).astype(dtype)
        (y,) = run(backend, "activation", activation.Sizes(function, "forward", size, dtype), x)
        close(y, oracles.elementwise(FUNCTIONS[function], x))
        (dx,) = run(backend, "activation", activation.Sizes(function, "backward", size, dtype), g, y)
        close(dx, oracles.elementwise(GRADIENTS[function], g, y))


@each_float
@pytest.mark.parametrize("function", FUNCTIONS)
def test_activation_at_the_ends(backend, dtype, function):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, 1e30, -1e30] * 7, dtype)
    (y,) = run(backend, "activation", activation.Sizes(function, "forward", x.size, dtype), x)
    at_inf, at_minus_inf, at_zero = {"tanh": (1, -1, 0), "sigmoid": (1, 0, 0.5), "relu": (np.inf, 0, 0)}[function]
    large = 1e30 if function == "relu" else 1
    expected = np.array([np.nan, at_inf, at_minus_inf, at_zero, large, at_minus_inf] * 7, dtype)
    assert np.array_equal(np.isnan(y), np.isnan(expected))
    assert np.array_equal(y, expected, equal_nan=True)


def test_tanh_of_float32_is_exact_to_4_units_of_the_last_place(backend, rng):
    near_zero = rng.standard_normal(5000) * 10.0 ** rng.integers(-30, 0, 5000)
    x = np.concatenate([np.linspace(-12, 12, 20_001), near_zero]).astype(np.float32)
    (y,) = run(backend, "activation", activation.Sizes("tanh", "forward", x.size, x.dtype), x)
    assert oracles.ulps(y, oracles.elementwise(math.tanh, x)) <= 4
    assert np.abs(y).max() <= 1


# --- reorder ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype", [np.dtype(name) for name in ("float32", "float64", "int64", "uint8", "bool")], ids=str
)
def test_reorder(backend, rng, dtype):
    for rows, columns in ((1, 5), (16, 16), (33, 7), (5, 100), (100, 41)):
        x = rng.integers(0, 2, (rows, columns)).astype(dtype)
        (flat,) = run(backend, "reorder", reorder.Sizes(rows, columns, dtype, True), x.reshape(-1))
        assert np.array_equal(flat.reshape(columns, rows), x.T)
        (back,) = run(backend, "reorder", reorder.Sizes(rows, columns, dtype, False), flat)
        assert np.array_equal(back.reshape(rows, columns), x)


def test_in_order_changes_the_memory_and_not_the_array(cpu_backend, rng):
    x = rng.standard_normal((20, 3, 4, 5)).astype(np.float32)
    for array in (x, x[::2], x.transpose(0, 1, 3, 2), x[:1], x[:, :, :0]):
        for order in ORDERS:
            other = kernels.in_order(array, order)
            assert np.array_equal(other, array)
            assert layout.memory(other).base is not None or other.ndim == 1
            if array.shape[0] > 1 and array.size:
                assert layout.order_of(other) == order
            assert np.array_equal(kernels.in_order(other, PLAIN), array)
    assert kernels.in_order(x, PLAIN) is x


# --- image_batch -----------------------------------------------------------------------------------


@each_float
@pytest.mark.parametrize("channels_last", [False, True])
def test_image_batch(backend, rng, dtype, channels_last):
    for N, C, H, W, OH, OW in some(
        backend, ((9, 2, 3, 2, 9, 8), (33, 1, 6, 6, 6, 6), (40, 3, 5, 7, 4, 9), (1, 1, 28, 28, 28, 28))
    ):
        images = rng.integers(0, 256, (5, C, H, W)).astype(np.uint8)
        table = rng.standard_normal((C, 256)).astype(dtype)
        places = rng.integers(-4, 5, (N, 4))  # windows that reach over every edge, or see nothing of the image
        places[: N // 3, 1:3] = 0  # and some that fit
        places[:, 0], places[:, 3] = rng.integers(0, 5, N), rng.integers(0, 2, N)
        z = image_batch.Sizes(N, 5, C, H, W, OH, OW, dtype, channels_last)
        memory = np.ascontiguousarray(images.transpose(0, 2, 3, 1)) if channels_last else images
        (y,) = run(backend, "image_batch", z, memory.reshape(-1), places.reshape(-1), table.reshape(-1))
        assert np.array_equal(y.reshape(N, C, OH, OW), oracles.image_batch(images, places, table, (OH, OW)))


# --- image_resize ----------------------------------------------------------------------------------

RESIZED = [(28, 28, 32, 32), (32, 32, 28, 28), (3, 5, 7, 9), (9, 4, 9, 11), (6, 8, 6, 2), (1, 2, 4, 4), (20, 20, 3, 3)]


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("shape", RESIZED, ids=str)
def test_image_resize(backend, rng, shape, channels_last):
    H, W, OH, OW = shape
    if backend == SLOW and H * W > 100:
        pytest.skip("a large image takes Numba's simulator a minute")
    images, numbers = rng.integers(0, 256, (4, 2, H, W)).astype(np.uint8), rng.integers(0, 4, 5)
    images[1], images[2] = 255, 0  # white stays white
    memory = np.ascontiguousarray(images.transpose(0, 2, 3, 1)) if channels_last else images
    z = image_resize.Sizes(5, 4, 2, H, W, OH, OW, channels_last)
    (y,) = run(backend, "image_resize", z, memory.reshape(-1), numbers)
    y = y.reshape(5, 2, OH, OW)
    assert np.abs(y - oracles.image_resize(images[numbers], (OH, OW))).max() < 1.01  # two roundings to bytes
    assert (y[numbers == 1] == 255).all()
    pillow = [[Image.fromarray(c).resize((OW, OH), Image.Resampling.BILINEAR) for c in images[n]] for n in numbers]
    assert np.array_equal(y, np.array([[np.asarray(plane) for plane in planes] for planes in pillow]))


# --- softmax_cross_entropy -------------------------------------------------------------------------


@each_float
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("order", ORDERS)
def test_softmax_cross_entropy(backend, rng, dtype, order, reduction):
    for N, classes in ((1, 1), (1, 10), (3, 10), (70, 5), (130, 33)):
        x = (3 * rng.standard_normal((N, classes))).astype(dtype)
        target = rng.integers(0, classes, N)
        target[rng.random(N) < 0.2] = -100
        z = softmax_cross_entropy.Sizes("forward", N, classes, dtype, order, -100, reduction)
        loss, p, total = run(backend, "softmax_cross_entropy", z, x, target)
        expected_loss, expected_p = oracles.softmax_cross_entropy(x, target, -100)
        close(loss, expected_loss, classes)
        close(p, expected_p, classes)
        counted = target != -100
        assert not loss[~counted].any()
        factor = {"mean": 1 / counted.sum() if counted.any() else np.nan, "sum": 1, "none": 1}[reduction]
        reduced = 0 if reduction == "none" else math.fsum(expected_loss) * factor
        np.testing.assert_allclose(total, [reduced, factor], rtol=4 * TOLERANCE[dtype.name] * math.sqrt(N + classes))
        grad = rng.standard_normal(N if reduction == "none" else 1).astype(dtype)
        z = z._replace(direction="input")
        (dx,) = run(backend, "softmax_cross_entropy", z, p, target, grad, total)
        onehot = np.zeros((N, classes))
        for n in np.flatnonzero(counted):
            onehot[n, target[n]] = 1
            onehot[n] = (expected_p[n] - onehot[n]) * (grad[n] if reduction == "none" else grad[0]) * factor
        close(dx, onehot, classes)
        assert layout.order_of(dx) == order or 1 in (N, classes)


@each_float
@pytest.mark.parametrize("order", ORDERS)
def test_softmax_cross_entropy_of_targets_that_are_no_class(backend, dtype, order):
    """A captured step sees targets that nobody checked: no number outside the array is read."""
    x = np.arange(12.0).reshape(4, 3).astype(dtype)
    target = np.array([0, 3, -1, 2])
    z = softmax_cross_entropy.Sizes("forward", 4, 3, dtype, order, -100, "mean")
    loss, p, total = run(backend, "softmax_cross_entropy", z, x, target)
    assert np.isnan(loss).tolist() == [False, True, True, False]
    grad, z = np.ones(1, dtype), z._replace(direction="input")
    (dx,) = run(backend, "softmax_cross_entropy", z, p, target, grad, total)
    assert np.isnan(dx).any(axis=1).tolist() == [False, True, True, False]


@each_float
@pytest.mark.parametrize("order", ORDERS)
def test_softmax_cross_entropy_of_large_scores(backend, dtype, order):
    x = np.array([[1e4, 0, -1e4], [-1e4, -1e4, -1e4], [3e4, 3e4, 3e4], [0, 1e4, 1e4]], dtype)
    target = np.array([1, 0, 2, 1])
    z = softmax_cross_entropy.Sizes("forward", 4, 3, dtype, order, 2, "none")  # class 2 is the one to ignore
    loss, p, _ = run(backend, "softmax_cross_entropy", z, x, target)
    close(loss, np.array([1e4, math.log(3), 0, math.log(2)]))
    close(p, np.array([[1, 0, 0], [1 / 3] * 3, [1 / 3] * 3, [0, 0.5, 0.5]]))


@each_float
@pytest.mark.parametrize("order", ORDERS)
def test_softmax_cross_entropy_lets_nan_through(dtype, order):
    x = np.array([[0, np.nan, 1], [0, 1, 2]], dtype)
    z = softmax_cross_entropy.Sizes("forward", 2, 3, dtype, order, -100, "sum")
    loss, p, total = run("numba", "softmax_cross_entropy", z, x, np.array([0, 0]))
    assert np.isnan(loss).tolist() == [True, False]
    assert np.isnan(p).any(axis=1).tolist() == [True, False]
    assert np.isnan(total).tolist() == [True, False]


# --- resample --------------------------------------------------------------------------------------


def random_axis(rng):
    """A rule with two lengths that suit it."""
    rule = str(rng.choice(list(RULES)))
    length, new_length = (int(n) for n in rng.integers(1, 12, 2))
    numbers: tuple = ()
    if rule == "same":
        new_length = length
    elif rule == "nearest":  # these scales, times whole numbers and halves, round to the right side of whole numbers
        numbers = (float(rng.choice([0.5, 0.25, 1.0, 2.0, 1.5])), float(rng.choice([0, 0.5])))
    elif rule in ("linear", "cubic"):
        numbers = (float(rng.choice([0.5, 1 / 3, 1.0, 2.25])), float(rng.integers(2)))
    elif rule == "windows":
        parts = new_length
        longest = max(-(-(i + 1) * length // parts) - i * length // parts for i in range(parts))
        new_length, numbers = parts * longest, (parts,)
    elif rule != "mean":
        before, after = (int(n) for n in rng.integers(0, max(1, length), 2))
        new_length, numbers = length + before + after, (before,)
    return resample.Axis(rule, length, new_length, numbers)


@each_float
@pytest.mark.parametrize("order", ORDERS)
def test_resample(backend, rng, dtype, order):
    for N in some(backend, (1, 2, 5, 33)):
        for _ in range(8):
            rows, columns = random_axis(rng), random_axis(rng)
            z = resample.Sizes(N, int(rng.integers(1, 4)), rows, columns, False, dtype, order)
            a, b = (oracles.resampling(axis.rule, axis.length, axis.new_length, *axis.numbers) for axis in z[2:4])
            x, g = (rng.standard_normal(shape).astype(dtype) for shape in (z.in_shape, z.out_shape))
            (y,) = run(backend, "resample", z, x)
            close(y, np.einsum("ih,jw,nchw->ncij", a, b, x.astype(np.float64)), 16)
            (dx,) = run(backend, "resample", z._replace(adjoint=True), g)
            close(dx, np.einsum("ih,jw,ncij->nchw", a, b, g.astype(np.float64)), 64)


@each_float
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("scale", [0.5, 1 / 3])
def test_resample_of_large_images(backend, rng, dtype, order, scale):
    N, length = (1, 6) if backend == SLOW else (17, 40)
    axis = resample.Axis("linear", length, round(length / scale), (scale, 0))
    z = resample.Sizes(N, 2, axis, axis._replace(rule="nearest"), False, dtype, order)
    x = rng.standard_normal(z.in_shape).astype(dtype)
    a = oracles.resampling("linear", length, axis.new_length, scale, 0)
    (y,) = run(backend, "resample", z, x)
    close(y, np.repeat(a @ x.astype(np.float64), round(1 / scale), 3), 4)


@each_float
@pytest.mark.parametrize("order", ORDERS)
def test_what_resample_does_not_use_does_not_matter(backend, dtype, order):
    x = np.full((17, 1, 4, 4), np.nan, dtype)
    x[:, :, 0, 0], x[:, :, 1, 1] = np.inf, 1
    axis = resample.Axis("nearest", 4, 2, (1.0, 0))
    (y,) = run(backend, "resample", resample.Sizes(17, 1, axis, axis, False, dtype, order), x)
    assert y[0, 0, 0, 0] == np.inf
    assert y[16, 0, 1, 1] == 1
    (dx,) = run(backend, "resample", resample.Sizes(17, 1, axis, axis, True, dtype, order), y)
    assert dx[3, 0, 0, 0] == np.inf
    assert not dx[:, :, 2:].any()


# --- threads ---------------------------------------------------------------------------------------


def cases(rng):
    """One piece of work for each loop that sums, large enough to be shared out."""
    f4 = np.dtype("float32")
    normal = lambda *shape: rng.standard_normal(shape).astype(f4)  # noqa: E731
    for N in (2, 40):
        z = conv2d.Sizes("forward", N, 4, 12, 12, 6, 3, 3, 12, 12, (1, 1), (1, 1), (1, 1), 1, f4, ("bias", "tanh"))
        yield "conv2d", z, (normal(*z.x_shape), normal(*z.w_shape), normal(z.K))
        yield "conv2d", z._replace(direction="input", epilogue=()), (normal(*z.y_shape), normal(*z.w_shape))
        yield (
            "conv2d",
            z._replace(direction="weight", epilogue=("bias",)),
            (normal(*z.x_shape), normal(*z.y_shape)),
        )
    for N in (2, 40):
        z = conv2d.Sizes("weight", N, 34, 12, 12, 40, 3, 3, 12, 12, (1, 1), (1, 1), (1, 1), 1, f4, ("bias",))
        yield "conv2d", z, (normal(*z.x_shape), normal(*z.y_shape))
    yield "gemm", gemm.Sizes(90, 600, 300, f4, BATCH_LAST, BATCH_LAST, BATCH_LAST), (normal(90, 300), normal(300, 600))
    yield "gemm", gemm.Sizes(90, 110, 130, f4, PLAIN, BATCH_LAST, PLAIN), (normal(90, 130), normal(130, 110))
    z = im2col.Sizes(3, 5, 12, 12, 3, 3, 12, 12, (1, 1), (1, 1), (1, 1), f4)
    yield "col2im", z, (normal(*z.columns_shape),)
    z = pool2d.Sizes("avg", "input", 3, 5, 9, 9, 3, 3, 5, 5, (2, 2), (1, 1), (1, 1), f4, PLAIN)
    yield "pool2d", z, (normal(*z.y_shape),)
    axis = resample.Axis("linear", 9, 40, (0.225, 0))
    for order in ORDERS:
        z = resample.Sizes(3, 5, axis, axis, True, f4, order)
        yield "resample", z, (normal(*z.in_shape),)
    yield "activation", activation.Sizes("tanh", "forward", 30_000, f4), (normal(30_000),)
    z = softmax_cross_entropy.Sizes("forward", 200, 10, f4, PLAIN, -100, "mean")
    for order in ORDERS:
        yield "softmax_cross_entropy", z._replace(order=order), (normal(200, 10), rng.integers(0, 10, 200))


def test_the_same_bits_at_any_number_of_threads(rng, threads):
    for kernel, sizes, ins in cases(rng):
        results = []
        for count in (1, 2, 1000, 2):
            threads(count)
            results.append([out.tobytes() for out in run("numba", kernel, sizes, *ins)])
        assert results.count(results[0]) == 4, (kernel, sizes)
