"""The shim that runs CUDA C++ on the CPU: what it computes, and what it does not let pass."""

import numpy as np
import pytest
from simulated_gpu import shim

pytestmark = pytest.mark.skipif(shim.why_not() is not None, reason=str(shim.why_not()))
FORWARDS, BACKWARDS = "forwards", "backwards"

SOURCE = r"""
struct Shape { int n, m; };

// The sum of all x: each thread some of them, then a tree in shared memory.
template <typename T>
__device__ void total(const T* x, T* out, Shape z)
{
    __shared__ T part[256];
    T sum = 0;
    for (int i = (int)threadIdx.x; i < z.n; i += (int)blockDim.x) sum += x[i];
    part[threadIdx.x] = sum;
    __syncthreads();
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) out[blockIdx.x] = part[0];
}
#define TOTAL(T) \
    extern "C" __global__ void __launch_bounds__(256) total_##T(const T* x, T* out, Shape z) { total(x, out, z); }
TOTAL(float)
TOTAL(double)

// Who I am in three dimensions.
extern "C" __global__ void who(int* out)
{
    const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
    out[block * blockDim.x * blockDim.y * blockDim.z + thread] = (int)(block * 1000 + thread);
}

extern "C" __global__ void shuffles(const double* x, double* out)
{
    const unsigned t = threadIdx.x, n = blockDim.x;
    out[t] = __shfl_down_sync(0xffffffff, x[t], 3);
    out[n + t] = __shfl_up_sync(0xffffffff, x[t], 3);
    out[2 * n + t] = __shfl_xor_sync(0xffffffff, x[t], 5);
    out[3 * n + t] = __shfl_sync(0xffffffff, x[t], 7);
    out[4 * n + t] = __shfl_down_sync(0xffffffffu, x[t], 3u, 8);
}

// Warps that wait for themselves and then for all.
extern "C" __global__ void mixed(const float* x, float* out)
{
    __shared__ float warps[32];
    float v = x[threadIdx.x];
    if (threadIdx.x / 32 % 2 == 0)
        for (int d = 16; d > 0; d /= 2) v += __shfl_xor_sync(0xffffffff, v, d);
    else
        v = (float)threadIdx.x;
    if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = v;
    __syncwarp();
    __syncthreads();
    out[threadIdx.x] = warps[(threadIdx.x / 32 + 1) % (blockDim.x / 32)];
}

extern "C" __global__ void some_do_not_come(float* out)
{
    if (threadIdx.x < 40) __syncthreads();
    out[threadIdx.x] = 1;
}

extern "C" __global__ void two_barriers(float* out)
{
    if (threadIdx.x < 32)
        __syncthreads();
    else
        __syncthreads();
    out[threadIdx.x] = 1;
}

extern "C" __global__ void part_of_a_warp(float* out)
{
    if (threadIdx.x != 3) out[threadIdx.x] = __shfl_sync(0xffffffff, 1.0f, 0);
}

extern "C" __global__ void part_of_a_mask(float* out)
{
    out[threadIdx.x] = __shfl_sync(0xffff, 1.0f, 0);
}

extern "C" __global__ void race(float* out)
{
    __shared__ float s[64];
    s[threadIdx.x] = (float)threadIdx.x;
    out[threadIdx.x] = s[(threadIdx.x + 1) % 64];
}

extern "C" __global__ void blocks_race(int* out) { *out = (int)blockIdx.x; }

extern "C" __global__ void uninitialised(float* out)
{
    __shared__ float s[64];
    if (threadIdx.x > 0) s[threadIdx.x] = 1;
    __syncthreads();
    out[threadIdx.x] = s[threadIdx.x];
}

extern "C" __global__ void outside(float* out)
{
    __shared__ float s[32];
    s[threadIdx.x] = 1;
    out[threadIdx.x] = s[threadIdx.x / 2];
}

struct alignas(16) Four { float lane[4]; };

extern "C" __global__ void by_four(float* out)
{
    reinterpret_cast<Four*>(out)[threadIdx.x] = {{1, 2, 3, 4}};
}

extern "C" __global__ void too_large(int* out, int n)
{
    out[threadIdx.x] = n * 65536 / (int)(blockDim.x - 31);
}

extern "C" __global__ void numbers(float* out, float f, long long i, bool b, unsigned char c)
{
    *out = f + (float)i + (float)b + (float)c;
}
"""


@pytest.fixture(scope="module")
def library():
    return shim.compiled(SOURCE)


@pytest.fixture(params=[FORWARDS, BACKWARDS, "12345"])
def order(request, monkeypatch):
    monkeypatch.setenv(shim.ORDER, request.param)
    return request.param


def shape(n):
    return np.array([(n, 0)], [("n", np.int32), ("m", np.int32)])


def test_the_names_that_macros_make_are_found(library):
    assert {"total_float", "total_double", "who"} <= set(library.names)


@pytest.mark.parametrize("dtype", ["float", "double"])
@pytest.mark.parametrize("threads", [1, 32, 256])
def test_a_sum_through_shared_memory(library, rng, order, dtype, threads):
    x = rng.integers(-9, 10, 1000).astype(np.float32 if dtype == "float" else np.float64)
    out = np.zeros(3, x.dtype)
    library.launch(f"total_{dtype}", (3,), (threads,), (x, out, shape(1000)))
    assert out.tolist() == [x.sum()] * 3


def test_grids_and_blocks_of_three_dimensions(library, order):
    out = np.full(2 * 3 * 4 * 5 * 6 * 7, -1, np.int32)
    library.launch("who", (2, 3, 4), (5, 6, 7), (out,))
    assert out.tolist() == [block * 1000 + thread for block in range(24) for thread in range(210)]


def test_shuffles(library, rng, order):
    x, out = rng.standard_normal(64), np.zeros((5, 2, 32))
    library.launch("shuffles", (1,), (64,), (x, out))
    x, lane = x.reshape(2, 32), np.arange(32)
    assert np.array_equal(out[0], x[:, np.where(lane < 29, lane + 3, lane)])
    assert np.array_equal(out[1], x[:, np.where(lane >= 3, lane - 3, lane)])
    assert np.array_equal(out[2], x[:, lane ^ 5])
    assert np.array_equal(out[3], x[:, lane * 0 + 7])
    assert np.array_equal(out[4], x[:, np.where(lane % 8 < 5, lane + 3, lane)])


def test_warps_may_wait_for_themselves(library, rng, order):
    x, out = rng.integers(0, 9, 128).astype(np.float32), np.zeros((4, 32), np.float32)
    library.launch("mixed", (1,), (128,), (x, out))
    sums = x.reshape(4, 32).sum(1)
    assert out.tolist() == [[value] * 32 for value in (32.0, sums[2], 96.0, sums[0])]


@pytest.mark.parametrize(
    ("kernel", "threads", "what"),
    [
        ("some_do_not_come", 64, r"waits for __syncthreads\(\) in line \d+, but thread \(40, 0, 0\) has ended"),
        ("two_barriers", 64, r"waits for __syncthreads\(\) in line \d+, but thread .* waits in line \d+"),
        ("part_of_a_warp", 32, r"thread \(0, 0, 0\) waits for the warp's .*, but thread \(3, 0, 0\) has ended"),
        ("part_of_a_mask", 32, "a mask of the warp that is not full"),
        ("shuffles", 40, "the last warp has fewer than 32 threads, and its threads exchange numbers"),
    ],
)
def test_waiting_in_vain_is_an_error_and_no_hang(library, kernel, threads, what):
    out = np.zeros(1000)
    args = (np.zeros(64), out) if kernel == "shuffles" else (out.view(np.float32),)
    with pytest.raises(RuntimeError, match=rf"{kernel}: block \(0, 0, 0\): .*{what}"):
        library.launch(kernel, (1,), (threads,), args)
    x = np.ones(100, np.float32)  # and afterwards everything is as before
    total = np.zeros(1, np.float32)
    library.launch("total_float", (1,), (32,), (x, total, shape(100)))
    assert total.tolist() == [100]


@pytest.mark.parametrize(
    ("kernel", "threads", "late", "what"),
    [
        ("outside", 40, 0, r"thread \(32, 0, 0\): an index outside the array in kernel.cu, line \d+"),
        ("by_four", 2, 1, r"thread \(0, 0, 0\): an address that does not fit the type in kernel.cu, line \d+"),
        ("too_large", 40, 0, r"thread \(0, 0, 0\): a product too large for its type in kernel.cu, line \d+"),
        ("too_large", 31, 0, r"thread \(0, 0, 0\): a division by zero in kernel.cu, line \d+"),
    ],
)
def test_what_the_compiler_checks(library, kernel, threads, late, what):
    whole = np.zeros(512, np.float32)
    start = -whole.ctypes.data % 16 // 4 + late
    out = whole[start : start + 256]
    more = (np.int32(40_000 if threads == 40 else 2),) if kernel == "too_large" else ()
    with pytest.raises(RuntimeError, match=rf"{kernel}: block \(0, 0, 0\): {what}"):
        library.launch(kernel, (1,), (threads,), (out, *more))


def test_what_fits_passes(library):
    whole = np.zeros(512, np.float32)
    start = -whole.ctypes.data % 16 // 4
    out = whole[start : start + 256]
    library.launch("outside", (1,), (32,), (out,))
    assert (out[:32] == 1).all()
    library.launch("by_four", (1,), (2,), (out,))
    assert out[:8].tolist() == [1, 2, 3, 4] * 2
    library.launch("too_large", (1,), (32,), (out, np.int32(7)))
    assert out[:1].view(np.int32)[0] == 7 * 65536


@pytest.mark.parametrize("kernel", ["race", "blocks_race"])
def test_a_race_shows_in_another_order(library, monkeypatch, kernel):
    results = []
    for order in (FORWARDS, BACKWARDS):
        monkeypatch.setenv(shim.ORDER, order)
        out = np.zeros(64, np.int32)
        library.launch(kernel, (4,), (64,), (out,))
        results.append(out.tobytes())
    assert results[0] != results[1]


def test_shared_memory_begins_as_garbage_in_every_block(library):
    out = np.zeros(64, np.float32)
    for _ in range(2):
        library.launch("uninitialised", (3,), (64,), (out,))
        assert np.isnan(out[0])
        assert (out[1:] == 1).all()


def test_arguments_have_the_exact_type(library):
    out = np.zeros(1, np.float32)
    right = (out, np.float32(0.5), np.int64(1 << 40), np.bool_(True), np.uint8(200))
    library.launch("numbers", (1,), (1,), right)
    assert out[0] == np.float32(0.5) + np.float32(1 << 40) + 201
    for place, wrong, what in (
        (0, np.zeros(1), "argument 0 of numbers points to numbers of 4 bytes, those of the array have 8"),
        (0, np.float32(1), "argument 0 of numbers is a pointer, and no array was given but float32"),
        (1, np.float64(1), "argument 1 of numbers is a float of 4 bytes, not float64"),
        (1, np.int32(1), "argument 1 of numbers is a float of 4 bytes, not int32"),
        (2, np.int32(1), "argument 2 of numbers is a whole number of 8 bytes, not int32"),
        (2, 1, "argument 2 of numbers is int: a NumPy scalar or a one-element array says its exact type"),
    ):
        with pytest.raises(TypeError, match=what):
            library.launch("numbers", (1,), (1,), (*right[:place], wrong, *right[place + 1 :]))
    with pytest.raises(TypeError, match="numbers takes 5 arguments, not 1"):
        library.launch("numbers", (1,), (1,), (out,))
    with pytest.raises(TypeError, match="argument 2 of total_float is a struct of 8 bytes"):
        library.launch("total_float", (1,), (1,), (out, out, np.zeros(1, "i4,i4,i4")))
    with pytest.raises(RuntimeError, match=r"there is no kernel 'other' in the \.cu file; kernels: total_float"):
        library.launch("other", (1,), (1,), ())


@pytest.mark.parametrize(
    ("grid", "block", "what"),
    [((0,), (1,), "a grid of"), ((1, 1 << 16), (1,), "a grid of"), ((1,), (2048,), "a block of"),
     ((1,), (64, 32), "a block of .* has more than 1024 threads")],
)  # fmt: skip
def test_launch_shapes_are_cudas(library, grid, block, what):
    with pytest.raises(RuntimeError, match=what):
        library.launch("who", grid, block, (np.zeros(1, np.int32),))


def test_blocks_that_may_find_no_room_are_refused():
    shim.check_registers((256,))
    text = r"a block of \(32, 16\): a kernel with 255 registers has room for 256 threads"
    with pytest.raises(RuntimeError, match=text):
        shim.check_registers((32, 16))


def test_what_does_not_compile_says_why():
    with pytest.raises(RuntimeError, match=r"refuses a .cu file:\n(.|\n)*kernel.cu:2.*nothing"):
        shim.compiled('\nextern "C" __global__ void f(float* x) { x[0] = nothing; }')


def test_the_libraries_share_nothing():
    """Two files whose functions, shared arrays and kernels have the same names."""
    one, other = (shim.compiled(SOURCE.replace("sum += x[i]", f"sum += {n} * x[i]")) for n in (1, 2))
    x = np.ones(10, np.float32)
    for library, expected in ((one, 10), (other, 20), (one, 10)):
        out = np.zeros(1, np.float32)
        library.launch("total_float", (1,), (32,), (x, out, shape(10)))
        assert out.tolist() == [expected]
