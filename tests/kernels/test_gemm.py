"""The kernel gemm against plain loops: matrices in every memory order, and what a product may end with."""

import itertools

import numpy as np
import oracles
import pytest
from contract import ORDERS, PLAIN, SLOW, close, each_float, run, some

from minicnn import kernels
from minicnn.kernels import activation, gemm, layout, simd
from minicnn.kernels.gemm import cpu_numba


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
    for function in activation.FROM_OUTPUT:
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
