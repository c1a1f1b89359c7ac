"""Loops that sum give the same bits, however many threads share the work."""

import numpy as np
from contract import BATCH_LAST, ORDERS, PLAIN, run

from minicnn.kernels import activation, conv2d, gemm, im2col, pool2d, resample, softmax_cross_entropy


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
