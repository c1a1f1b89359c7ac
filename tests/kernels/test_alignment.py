"""Kernels in CUDA C++ that move 16 bytes at a time give the same bits where arrays begin in the middle of 16 bytes."""

import numpy as np
import pytest
from contract import PLAIN, each_float, gpu_backends, planned, preferred

from minicnn.kernels import activation, dropout, elementwise_loss, optimizer_step

BACKEND = "gpu cupy"
SIZE = 4103  # more than a chunk, a block and a piece
pytestmark = pytest.mark.skipif(BACKEND not in gpu_backends(), reason="no GPU, and none is simulated")


def cases(rng, dtype):
    """(kernel, sizes, inputs, arrays that are updated)"""
    a, b = rng.uniform(0.1, 0.9, (2, SIZE)).astype(dtype)
    yield "activation", activation.Sizes("tanh", "forward", SIZE, dtype), [a], []
    yield "activation", activation.Sizes("silu", "backward", SIZE, dtype), [a, b], []
    for reduction, grad in (("none", b), ("mean", b[:1])):
        z = elementwise_loss.Sizes("mse", "forward", SIZE, dtype, reduction)
        yield "elementwise_loss", z, [a, b], []
        yield "elementwise_loss", z._replace(direction="backward"), [grad, a, b], []
    z = dropout.Sizes("forward", (11, SIZE // 11), dtype, PLAIN, 0.5, False, "philox")
    yield "dropout", z, [a.reshape(z.shape)], [np.array([3, 4], np.uint64)]
    keep = rng.integers(0, 2, z.shape).astype(np.uint8)
    yield "dropout", z._replace(direction="backward"), [a.reshape(z.shape), keep], []
    z = optimizer_step.Sizes("adam", (SIZE,), dtype, ("amsgrad",))
    hyper = np.array([0.1, 0.9, 0.99, 1e-8, 0.01, 0.3, 0.2])
    yield "optimizer_step", z, [a, hyper], [rng.uniform(0.1, 0.9, SIZE).astype(dtype) for _ in range(4)]


def placed(values, shift):
    """A copy on the GPU that begins `shift` numbers after a multiple of 512 bytes."""
    import cupy

    array = cupy.empty(values.size + shift, values.dtype)[shift:].reshape(values.shape)
    array.set(values)
    return array


@each_float
def test_views_that_begin_anywhere(rng, dtype):
    import cupy

    for kernel, sizes, ins, updated in cases(rng, dtype):
        plan, results = planned(BACKEND, kernel, sizes), []
        for shift in (0, 1):
            fresh = [np.zeros(out.shape, out.dtype) for out in plan.outputs if not out.updated]
            outs = [placed(values, shift) for values in (*fresh, *updated)]
            scratch = cupy.empty(plan.scratch_bytes, np.uint8)
            with preferred(BACKEND):
                plan.run(outs, [placed(values, shift) for values in ins], scratch)
            results.append([out.get().tobytes() for out in outs])
        assert results[0] == results[1], (kernel, sizes)
