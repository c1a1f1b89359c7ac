"""The kernel conv2d against plain loops: three directions, epilogues, and every way to cut the work."""

import itertools

import numpy as np
import oracles
from contract import SLOW, close, each_float, planned, run, some

from minicnn import kernels
from minicnn.kernels import activation, conv2d, layout, pool2d, simd


def batches(dtype):
    """One image, two, about one vector, two vectors and a bit, many."""
    lanes = simd.vector_bytes() // dtype.itemsize
    return (1, 2, lanes - 1, lanes, lanes + 1, 33, 100)


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
