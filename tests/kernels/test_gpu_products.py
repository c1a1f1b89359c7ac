"""The kernels gemm and conv2d of the GPU where the contract tests do not reach: every tile, TF32, types of two bytes,
integers, and NVIDIA's libraries. No GPU is needed: the .cu files run through cuda_shim.h, on NumPy arrays."""

import ctypes
import os
import types

import numpy as np
import oracles
import pytest
from simulated_gpu import shim

import minicnn
from minicnn import kernels
from minicnn.kernels import conv2d, cublas, dispatch, gemm, launch, layout, precision
from minicnn.kernels.conv2d import gpu_cudnn, gpu_plan
from minicnn.kernels.conv2d import gpu_cupy as conv_cupy
from minicnn.kernels.gemm import gpu_cupy as gemm_cupy
from minicnn.kernels.gemm.gpu_plan import length_of

PLAIN, BATCH_LAST = layout.PLAIN, layout.BATCH_LAST
F4 = np.dtype("float32")


@pytest.fixture
def on_the_cpu(monkeypatch):
    """Launches run through the shim; the list of the functions that were started."""
    if shim.why_not() is not None:
        pytest.skip(shim.why_not())
    started = []

    def over(self, grid, block, *args):
        if 0 not in grid:
            started.append(self.name)
            shim.compiled(self.file.read_text(), (), launch.options()).launch(self.name, grid, block, args)

    monkeypatch.setattr(launch.CudaFunction, "over", over)
    return started


def outputs_of(plan, ins):
    """The outputs of a plan on NumPy arrays; outputs and scratch begin as garbage."""
    outs = [layout.empty(out.shape, out.dtype, out.order) for out in plan.outputs]
    for out in outs:
        layout.memory(out).view(np.uint8)[...] = 0xFF
    plan.run(outs, ins, np.full(plan.scratch_bytes, 0xFF, np.uint8))
    return outs


def tf32(x):
    """x rounded to ten bits behind the point, ties away from zero: by arithmetic, where the kernel looks at bits."""
    x = np.asarray(x, np.float64)
    step = 2.0 ** (np.floor(np.log2(np.abs(x) + (x == 0))) - 10)
    return np.sign(x) * np.floor(np.abs(x) / step + 0.5) * step


@pytest.fixture
def with_tf32(monkeypatch):
    monkeypatch.setitem(precision.switches, "gemm", lambda: True)
    monkeypatch.setitem(precision.switches, "conv2d", lambda: True)


# --- tiles ------------------------------------------------------------------------------------------


def test_a_tile_of_any_shape_gives_the_same_bits(on_the_cpu, monkeypatch, rng):
    """The sum is formed in one order; how the result is cut does not matter."""
    z = gemm.Sizes(140, 133, 37, F4, PLAIN, PLAIN, PLAIN, ("bias", "tanh"))
    ins = [rng.standard_normal(shape).astype(F4) for shape in ((140, 37), (37, 133), (133,))]
    results = []
    for tile in gemm_cupy.THREADS:
        monkeypatch.setattr(gemm_cupy, "sides", lambda kind, row_sums, tile=tile: (tile,))
        results.append(outputs_of(gemm_cupy.plan(z), ins)[0])
        assert on_the_cpu[-1] == f"gemm_{tile[0]}x{tile[1]}_float32"
    expected = np.tanh(oracles.matmul(*ins[:2]) + ins[2])
    assert np.abs(results[0] - expected).max() < 1e-5
    assert len({result.tobytes() for result in results}) == 1


@pytest.mark.parametrize("tile", conv_cupy.THREADS, ids=str)
@pytest.mark.parametrize("stride", [1, 2])
def test_convolution_in_tiles_of_every_shape(on_the_cpu, monkeypatch, rng, tile, stride):
    monkeypatch.setattr(conv_cupy, "takes_direct", lambda geometry: False)
    monkeypatch.setattr(conv_cupy, "takes_direct_weight", lambda geometry, tiles: False)
    of_weights = conv_cupy.sides("float32", True)
    monkeypatch.setattr(
        conv_cupy, "sides", lambda kind, weight: (tile,) if tile in of_weights or not weight else of_weights[-1:]
    )
    size = 9 // stride + 1 - (stride == 1)
    z = conv2d.Sizes(
        "forward", 2, 10, 9, 9, 130, 3, 3, size, size, (stride, stride), (1, 1), (1, 1), 2, F4, ("bias", "relu")
    )
    x, w, g = (rng.standard_normal(shape).astype(F4) for shape in (z.x_shape, z.w_shape, z.y_shape))
    bias, how = rng.standard_normal(130).astype(F4), (z.stride, z.padding, z.dilation, z.groups)
    (y,) = outputs_of(conv_cupy.plan(z), [x, w, bias])
    expected = oracles.conv2d(x, w, (z.OH, z.OW), *how) + bias.reshape(1, -1, 1, 1)
    assert np.abs(y - np.maximum(expected, 0)).max() < 1e-4
    (dx,) = outputs_of(conv_cupy.plan(z._replace(direction="input", epilogue=())), [g, w])
    assert np.abs(dx - oracles.conv2d_input(g, w, z.x_shape, *how)).max() < 1e-3
    dw, db = outputs_of(conv_cupy.plan(z._replace(direction="weight", epilogue=("bias",))), [x, g])
    assert np.abs(dw - oracles.conv2d_weight(x, g, z.w_shape, *how)).max() < 1e-3
    assert np.abs(db - g.astype(np.float64).sum((0, 2, 3))).max() < 1e-3
    shapes = [name for name in on_the_cpu if "finish" not in name]
    name = f"{tile[0]}x{tile[1]}_float32"
    assert shapes[:2] == [f"conv2d_{name}"] * 2
    assert (shapes[2] == f"conv2d_weight_{name}") == (tile in of_weights)


def test_sums_are_cut_by_sizes_alone():
    z = conv2d.Sizes("weight", 128, 16, 14, 14, 32, 3, 3, 14, 14, (1, 1), (1, 1), (1, 1), 1, F4, ("bias",))
    first = conv_cupy._weight_tiles(z, gpu_plan.geometry_of(z))
    length = int(first.geometry["length"][0])
    assert first.pieces > 1
    assert length % 16 == 0
    assert (first.pieces - 1) * length < 128 * 14 * 14 <= first.pieces * length
    assert length_of(5, 1) == 16  # a slice, and what hangs over is zero


def test_a_long_sum_in_many_pieces(on_the_cpu, rng):
    """A small result: its pieces are shared out to several threads for each sum."""
    a, b, bias = (rng.standard_normal(shape).astype(F4) for shape in ((3, 5000), (5000, 2), (2,)))
    plan = gemm_cupy.plan(gemm.Sizes(3, 2, 5000, F4, PLAIN, PLAIN, PLAIN, ("bias", "row_sums")))
    c, sums = outputs_of(plan, [a, b, bias])
    assert on_the_cpu[-1] == "gemm_finish_float32"
    assert plan.scratch_bytes // (4 * (3 * 2 + 3)) >= 16
    assert np.abs(c - (oracles.matmul(a, b) + bias)).max() < 1e-3
    assert np.abs(sums - a.astype(np.float64).sum(1)).max() < 1e-3


def test_a_filter_as_large_as_its_image_is_a_matrix_product(on_the_cpu, rng):
    z = conv2d.Sizes("forward", 6, 5, 3, 4, 7, 3, 4, 1, 1, (2, 3), (0, 0), (1, 1), 1, F4, ("bias", "tanh"))
    x, w, g = (rng.standard_normal(shape).astype(F4) for shape in (z.x_shape, z.w_shape, z.y_shape))
    bias, how = rng.standard_normal(7).astype(F4), (z.stride, z.padding, z.dilation, 1)
    (y,) = outputs_of(conv_cupy.plan(z), [x, w, bias])
    expected = oracles.conv2d(x, w, (1, 1), *how) + bias.reshape(1, -1, 1, 1)
    assert np.abs(y - np.tanh(expected)).max() < 1e-5
    (dx,) = outputs_of(conv_cupy.plan(z._replace(direction="input", epilogue=("relu_gradient",))), [g, w, x])
    assert np.abs(dx - np.where(x > 0, oracles.conv2d_input(g, w, z.x_shape, *how), 0)).max() < 1e-5
    dw, db = outputs_of(conv_cupy.plan(z._replace(direction="weight", epilogue=("bias",))), [x, g])
    assert np.abs(dw - oracles.conv2d_weight(x, g, z.w_shape, *how)).max() < 1e-5
    assert np.abs(db.reshape(-1) - g.sum((0, 2, 3))).max() < 1e-5
    assert [name.partition("_")[0] for name in on_the_cpu] == ["gemm"] * 3
    assert not conv_cupy.plan(z._replace(direction="input", epilogue=("bias",))).algorithm.startswith("matrix product")


def test_the_structs_of_the_kernels_have_the_fields_that_plans_fill():
    z = conv2d.Sizes("forward", 1, 1, 4, 4, 1, 3, 3, 2, 2, (1, 1), (0, 0), (1, 1), 1, F4)
    geometry = conv_cupy.conv_struct(z, gpu_plan.geometry_of(z), across=1, pieces=1, length=0)
    text = (conv_cupy.Path(conv_cupy.__file__).parent / "geometry.cuh").read_text()
    body = text.partition("struct Geometry {")[2].partition("}")[0]
    fields = [name.strip() for line in body.replace("int ", "").split(";") for name in line.split(",") if name.strip()]
    assert list(geometry.dtype.names) == fields


# --- types ------------------------------------------------------------------------------------------


def test_tf32_rounds_the_factors_and_nothing_else(on_the_cpu, with_tf32, rng):
    a, b = (rng.standard_normal(shape).astype(F4) for shape in ((33, 150), (150, 40)))
    (c,) = outputs_of(gemm_cupy.plan(gemm.Sizes(33, 40, 150, F4, PLAIN, PLAIN, PLAIN)), [a, b])
    assert np.abs(c - oracles.matmul(tf32(a), tf32(b))).max() < 1e-4
    assert np.abs(c - oracles.matmul(a, b)).max() > 1e-3
    z = conv2d.Sizes("forward", 2, 40, 6, 6, 20, 3, 3, 6, 6, (1, 1), (1, 1), (1, 1), 1, F4)
    x, w, g = (rng.standard_normal(shape).astype(F4) for shape in (z.x_shape, z.w_shape, z.y_shape))
    how = (z.stride, z.padding, z.dilation, z.groups)
    plan = conv_cupy.plan(z)
    assert plan.algorithm.endswith("on TF32")
    (y,) = outputs_of(plan, [x, w])
    assert np.abs(y - oracles.conv2d(tf32(x), tf32(w), (6, 6), *how)).max() < 1e-4
    assert np.abs(y - oracles.conv2d(x, w, (6, 6), *how)).max() > 1e-3
    dw, db = outputs_of(conv_cupy.plan(z._replace(direction="weight", epilogue=("bias",))), [x, g])
    assert np.abs(dw - oracles.conv2d_weight(tf32(x), tf32(g), z.w_shape, *how)).max() < 1e-4
    assert np.abs(db - g.astype(np.float64).sum((0, 2, 3))).max() < 1e-4  # a sum of no products: not rounded


def test_tf32_of_numbers_that_have_no_digits_to_spare(on_the_cpu, with_tf32):
    numbers = np.array([[np.inf, -np.inf, np.nan, 0.0, -0.0, 1 + 2**-10, 1 + 2**-11, 2.0**-120, 3e38]], F4)
    a = np.repeat(numbers.T, 2, axis=1)
    (c,) = outputs_of(gemm_cupy.plan(gemm.Sizes(9, 2, 2, F4, PLAIN, PLAIN, PLAIN)), [a, np.eye(2, dtype=F4)])
    with np.errstate(invalid="ignore"):
        expected = np.repeat(np.float32(tf32(numbers)).T, 2, axis=1)
    assert np.isnan(c[:3]).all()  # infinity times 0
    assert np.array_equal(c[3:], expected[3:])


@pytest.mark.skipif(os.environ.get("MINICNN_TEST_CUDA") != "ptx", reason="only NVRTC's output has their instruction")
@pytest.mark.parametrize(("name", "bits"), [("float32", 20), ("float16", 11), ("bfloat16", 8)])
def test_tensor_cores_in_every_tile(on_the_cpu, with_tf32, monkeypatch, rng, name, bits):
    from ptx_machine import executed

    dtype = F4 if name == "float32" else np.dtype(getattr(pytest.importorskip("ml_dtypes"), name, name))
    exact = lambda x: tf32(x) if dtype == F4 else x.astype(np.float64)  # noqa: E731
    near = lambda got, expected: (  # noqa: E731
        np.abs(got.astype(np.float64) - expected).max() <= 2.0**-bits * np.abs(expected).max() * 1.01
    )
    numbers = lambda *shape: rng.standard_normal(shape).astype(dtype)  # noqa: E731
    for rows, columns in gemm_cupy.sides(name, False):
        monkeypatch.setattr(gemm_cupy, "sides", lambda kind, row_sums, tile=(rows, columns): (tile,))
        a, b, before = numbers(rows + 5, 21), numbers(21, columns + 3), executed["mma"]
        (c,) = outputs_of(gemm_cupy.plan(gemm.Sizes(rows + 5, columns + 3, 21, dtype, PLAIN, PLAIN, PLAIN)), [a, b])
        assert near(c, exact(a) @ exact(b))
        assert executed["mma"] > before
    monkeypatch.setattr(conv_cupy, "takes_direct", lambda geometry: False)
    monkeypatch.setattr(conv_cupy, "takes_direct_weight", lambda geometry, tiles: False)
    for tile in conv_cupy.sides(name, True):
        monkeypatch.setattr(conv_cupy, "sides", lambda kind, weight, tile=tile: (tile,))
        z = conv2d.Sizes("forward", 2, 10, 5, 7, 34, 3, 3, 5, 7, (1, 1), (1, 1), (1, 1), 1, dtype)
        x, w, g = numbers(*z.x_shape), numbers(*z.w_shape), numbers(*z.y_shape)
        how, before = (z.stride, z.padding, z.dilation, z.groups), executed["mma"]
        (y,) = outputs_of(conv_cupy.plan(z), [x, w])
        (dx,) = outputs_of(conv_cupy.plan(z._replace(direction="input")), [g, w])
        (dw,) = outputs_of(conv_cupy.plan(z._replace(direction="weight")), [x, g])
        assert executed["mma"] > before
        assert near(y, oracles.conv2d(exact(x), exact(w), (5, 7), *how))
        assert near(dx, oracles.conv2d_input(exact(g), exact(w), z.x_shape, *how))
        assert near(dw, oracles.conv2d_weight(exact(x), exact(g), z.w_shape, *how))


@pytest.mark.parametrize(("name", "bits"), [("float16", 11), ("bfloat16", 8)])
def test_numbers_of_two_bytes_have_sums_of_four(on_the_cpu, rng, name, bits):
    """The only rounding is that of the result: a long sum of many small numbers keeps them."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    dtype = np.dtype(getattr(ml_dtypes, name, name))
    a, b = (rng.standard_normal(shape).astype(dtype) for shape in ((20, 500), (500, 30)))
    bias = rng.standard_normal(30).astype(dtype)
    for epilogue in ((), ("bias", "relu"), ("row_sums",)):
        z = gemm.Sizes(20, 30, 500, dtype, PLAIN, PLAIN, PLAIN, epilogue)
        c, *sums = outputs_of(gemm_cupy.plan(z), [a, b, *([bias] if "bias" in epilogue else [])])
        expected = oracles.matmul(a.astype(F4), b.astype(F4))
        if "bias" in epilogue:
            expected = np.maximum(expected + bias.astype(F4), 0)
        assert np.all(np.abs(c.astype(F4) - expected) <= 2.0**-bits * np.abs(expected) * 1.01 + 1e-5)
        if sums:
            expected = a.astype(np.float64).sum(1)
            assert np.all(np.abs(sums[0].astype(F4) - expected) <= 2.0**-bits * np.abs(expected) * 1.01 + 1e-5)
    for C, K in ((2, 3), (20, 40)):  # direct, and in tiles
        z = conv2d.Sizes("forward", 3, C, 7, 7, K, 3, 3, 7, 7, (1, 1), (1, 1), (1, 1), 1, dtype, ("tanh", "maxpool2"))
        x, w, g = (rng.standard_normal(shape).astype(dtype) for shape in (z.x_shape, z.w_shape, z.y_shape))
        how = (z.stride, z.padding, z.dilation, z.groups)
        y, pooled, argmax = outputs_of(conv_cupy.plan(z), [x, w])
        expected = np.tanh(oracles.conv2d(x.astype(F4), w.astype(F4), (7, 7), *how))
        assert np.all(np.abs(y.astype(F4) - expected) <= 2.0**-bits + 1e-5)
        windows = y.astype(F4)[:, :, :6, :6].reshape(3, K, 3, 2, 3, 2)
        assert np.array_equal(pooled.astype(F4), windows.max((3, 5)))
        numbers, places, largest = (array.reshape(3, K, -1) for array in (y, argmax, pooled))
        assert np.array_equal(np.take_along_axis(numbers, places, 2), largest)
        (dw,) = outputs_of(conv_cupy.plan(z._replace(direction="weight", epilogue=())), [x, g])
        expected = oracles.conv2d_weight(x.astype(F4), g.astype(F4), z.w_shape, *how)
        assert np.all(np.abs(dw.astype(F4) - expected) <= 2.0**-bits * np.abs(expected) * 1.01 + 1e-4)


def test_every_float16_comes_back_as_it_went(on_the_cpu):
    """Times one: all of its 65536 values through the conversions of numbers.cuh, and halves between two of them."""
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16).reshape(-1, 1)
    z = gemm.Sizes(1 << 16, 1, 1, every.dtype, PLAIN, PLAIN, PLAIN)
    (c,) = outputs_of(gemm_cupy.plan(z), [every, np.ones((1, 1), np.float16)])
    assert np.array_equal(c, every, equal_nan=True)
    (c,) = outputs_of(gemm_cupy.plan(z), [every, np.full((1, 1), 0.3, np.float16)])
    with np.errstate(invalid="ignore"):
        expected = (every.astype(F4) * np.float32(np.float16(0.3))).astype(np.float16)
    assert np.array_equal(c, expected, equal_nan=True)


@pytest.mark.parametrize("name", ["int64", "int32", "int16", "int8", "uint8"])
def test_integers_wrap_around(on_the_cpu, rng, name):
    dtype = np.dtype(name)
    a, b = (rng.integers(0, 100, shape).astype(dtype) for shape in ((5, 300), (300, 7)))
    bias = rng.integers(0, 100, 7).astype(dtype)
    c, sums = outputs_of(
        gemm_cupy.plan(gemm.Sizes(5, 7, 300, dtype, PLAIN, PLAIN, PLAIN, ("bias", "row_sums"))), [a, b, bias]
    )
    assert np.array_equal(c, (a.astype(np.int64) @ b.astype(np.int64) + bias).astype(dtype))
    assert np.array_equal(sums, a.astype(np.int64).sum(1).astype(dtype))
    z = conv2d.Sizes("forward", 2, 4, 6, 5, 6, 3, 2, 3, 4, (2, 1), (1, 0), (1, 1), 2, dtype, ("bias",))
    x, w = (rng.integers(0, 9, shape).astype(dtype) for shape in (z.x_shape, z.w_shape))
    bias = np.arange(6).astype(dtype)
    (y,) = outputs_of(conv_cupy.plan(z), [x, w, bias])
    expected = oracles.conv2d(x, w, (3, 4), z.stride, z.padding, z.dilation, 2) + bias.reshape(1, -1, 1, 1)
    assert np.array_equal(y, np.round(expected).astype(np.int64).astype(dtype))
    assert conv_cupy.plan(z._replace(epilogue=("relu",))) is None
    assert gemm_cupy.plan(gemm.Sizes(2, 2, 2, dtype, PLAIN, PLAIN, PLAIN, ("tanh",))) is None


def test_what_is_too_large_is_left_to_numba():
    z = conv2d.Sizes("forward", 1, 1, 1 << 15, 1 << 15, 1, 1, 1, 1 << 15, 1 << 15, (1, 1), (0, 0), (1, 1), 1, F4)
    assert conv_cupy.plan(z) is None
    assert gemm_cupy.plan(gemm.Sizes(1 << 31, 1, 1, F4, PLAIN, PLAIN, PLAIN)) is None


# --- the switches -----------------------------------------------------------------------------------


def test_the_switches_of_pytorch_reach_the_plans():
    backends = minicnn.backends
    assert precision.key() == (False, False)
    try:
        backends.cudnn.allow_tf32 = True
        assert precision.key() == (False, True)
        minicnn.set_float32_matmul_precision("high")
        assert backends.cuda.matmul.allow_tf32
        assert precision.key() == (True, True)
        backends.cuda.matmul.allow_tf32 = False
        assert minicnn.get_float32_matmul_precision() == "highest"
        backends.cuda.matmul.allow_tf32 = True
        minicnn.set_float32_matmul_precision("highest")
        assert precision.key() == (False, True)
    finally:
        minicnn.set_float32_matmul_precision("highest")
        backends.cudnn.allow_tf32 = False


def test_a_plan_is_made_for_each_precision(with_tf32, monkeypatch):
    monkeypatch.setattr(dispatch, "_plans", {})
    monkeypatch.setattr(dispatch, "_installed", lambda library: True)
    z = gemm.Sizes(64, 64, 64, F4, PLAIN, PLAIN, PLAIN)
    rounded = kernels.plan("gemm", z, "gpu")
    monkeypatch.setitem(precision.switches, "gemm", lambda: False)
    exact = kernels.plan("gemm", z, "gpu")
    assert rounded.algorithm == exact.algorithm + " on TF32"


# --- NVIDIA's libraries -----------------------------------------------------------------------------


def test_nvidias_libraries_are_taken_only_when_asked_for(monkeypatch):
    monkeypatch.setattr(dispatch, "_plans", {})
    monkeypatch.setattr(dispatch, "_installed", lambda library: library != "cudnn")
    z = gemm.Sizes(64, 64, 64, F4, PLAIN, PLAIN, PLAIN)
    assert kernels.plan("gemm", z, "gpu").backend == "cupy"
    with kernels.use("cublas"):
        assert kernels.plan("gemm", z, "gpu").backend == "cublas"
        sums = z._replace(epilogue=("row_sums",))  # a preference, not a command
        assert kernels.plan("gemm", sums, "gpu").backend == "cupy"
    with pytest.raises(ImportError, match=r"library cudnn is not installed \(pip install 'minicnn\[cudnn\]'"):
        kernels.use("cudnn").__enter__()


class Numbers(np.ndarray):
    """A NumPy array with the address that a CuPy array has."""

    @property
    def data(self):
        return types.SimpleNamespace(ptr=self.ctypes.data)


def numbers(array):
    return np.ascontiguousarray(array).view(Numbers)


class FakeBlas:
    """cuBLAS's four functions by what its manual says: matrices along columns, steps of `leading` numbers."""

    def __init__(self):
        self.workspace = None

    def cublasCreate_v2(self, handle):
        return 0

    def cublasSetStream_v2(self, handle, stream):
        self.workspace = None
        return 0

    def cublasSetWorkspace_v2(self, handle, address, size):
        self.workspace = size.value
        return 0

    def cublasGemmStridedBatchedEx(
        self, handle, a_way, b_way, m, n, k, alpha, a, a_kind, lda, a_step, b, b_kind, ldb, b_step, beta, c, c_kind,
        ldc, c_step, batch, sums, algorithm,
    ):  # fmt: skip
        assert self.workspace == cublas.WORKSPACE, "cuBLAS would allocate"
        dtype = {0: np.dtype("float32"), 1: np.dtype("float64")}[c_kind]
        assert a_kind == b_kind == c_kind
        assert sums == {0: 68, 1: 70}[c_kind]

        def matrix(address, rows, columns, leading, step, i):
            assert leading >= max(1, rows)
            raw = (ctypes.c_char * ((leading * (columns - 1) + rows) * dtype.itemsize)).from_address(
                address.value + i * step.value * dtype.itemsize
            )
            flat = np.frombuffer(raw, dtype)
            strides = (dtype.itemsize, leading * dtype.itemsize)
            return np.lib.stride_tricks.as_strided(flat, (rows, columns), strides)

        one, rest = alpha._obj.value, beta._obj.value
        for i in range(batch):
            left = matrix(a, k, m, lda, a_step, i).T if a_way else matrix(a, m, k, lda, a_step, i)
            right = matrix(b, n, k, ldb, b_step, i).T if b_way else matrix(b, k, n, ldb, b_step, i)
            out = matrix(c, m, n, ldc, c_step, i)
            out[...] = one * (left @ right) + (rest * out if rest else 0)
        return 0


@pytest.fixture
def fake_blas(monkeypatch, on_the_cpu):
    """cuBLAS and as much of CuPy as its callers need, on NumPy arrays."""
    stream = types.SimpleNamespace(ptr=0)
    runtime = types.SimpleNamespace(getDevice=lambda: 0)
    cuda = types.SimpleNamespace(get_current_stream=lambda: stream, runtime=runtime)
    monkeypatch.setitem(__import__("sys").modules, "cupy", types.SimpleNamespace(cuda=cuda))
    monkeypatch.setattr(cublas, "_library", FakeBlas())
    return on_the_cpu


def as_numbers(plan, ins):
    outs = [numbers(np.full(out.shape, np.nan, out.dtype)) for out in plan.outputs]
    scratch = numbers(np.full(plan.scratch_bytes, 0xFF, np.uint8))
    plan.run(outs, [numbers(array) for array in ins], scratch)
    return outs


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_products_by_cublas(fake_blas, rng, name):
    from minicnn.kernels.gemm import gpu_cublas

    dtype = np.dtype(name)
    for M, N, K in ((5, 7, 9), (1, 4, 3), (4, 1, 3), (4, 3, 1)):
        for a_order in (PLAIN, BATCH_LAST):
            for b_order in (PLAIN, BATCH_LAST):
                a, b = rng.standard_normal((M, K)).astype(dtype), rng.standard_normal((K, N)).astype(dtype)
                bias = rng.standard_normal(N).astype(dtype)
                z = gemm.Sizes(M, N, K, dtype, a_order, b_order, PLAIN, ("bias", "relu"))
                memories = [x.T if order == BATCH_LAST else x for x, order in ((a, a_order), (b, b_order))]
                (c,) = as_numbers(gpu_cublas.plan(z), [*memories, bias])
                assert np.allclose(c, np.maximum(a @ b + bias, 0), atol=1e-5)
                swapped = z._replace(c_order=BATCH_LAST)
                plan = gpu_cublas.plan(swapped)
                out = numbers(np.full((N, M), np.nan, dtype))
                scratch = numbers(np.empty(plan.scratch_bytes, np.uint8))
                plan.run([out], [numbers(x) for x in (*memories, bias)], scratch)
                assert np.allclose(out.T, np.maximum(a @ b + bias, 0), atol=1e-5)


def test_convolution_by_im2col_and_cublas(fake_blas, rng, monkeypatch):
    from minicnn.kernels.conv2d import gpu_cublas

    monkeypatch.setattr(gpu_cublas, "COLUMNS", 700)  # two images at a time
    z = conv2d.Sizes("forward", 5, 4, 6, 5, 6, 3, 2, 3, 4, (2, 1), (1, 0), (1, 1), 2, F4, ("bias", "tanh"))
    x, w, g = (rng.standard_normal(shape).astype(F4) for shape in (z.x_shape, z.w_shape, z.y_shape))
    bias, how = rng.standard_normal(6).astype(F4), (z.stride, z.padding, z.dilation, z.groups)
    (y,) = as_numbers(gpu_cublas.plan(z), [x, w, bias])
    expected = oracles.conv2d(x, w, (3, 4), *how) + bias.reshape(1, -1, 1, 1)
    assert np.allclose(y, np.tanh(expected), atol=1e-5)
    (dx,) = as_numbers(gpu_cublas.plan(z._replace(direction="input", epilogue=())), [g, w])
    assert np.allclose(dx, oracles.conv2d_input(g, w, z.x_shape, *how), atol=1e-4)
    dw, db = as_numbers(gpu_cublas.plan(z._replace(direction="weight", epilogue=("bias",))), [x, g])
    assert np.allclose(dw, oracles.conv2d_weight(x, g, z.w_shape, *how), atol=1e-4)
    assert np.allclose(db, g.sum((0, 2, 3)), atol=1e-4)
    assert sum(name.startswith("im2col") for name in fake_blas) == 6  # three parts, forward and weight
    y, pooled = as_numbers(gpu_cublas.plan(z._replace(epilogue=("avgpool2",))), [x, w])
    assert np.allclose(pooled[0, 0, 0, 0], y[0, 0, :2, :2].mean(), atol=1e-6)


class FakeTensor:
    def __init__(self, **attributes):
        self.attributes = attributes

    def __getattr__(self, name):
        def set_it(value):
            self.attributes[name.removeprefix("set_")] = value
            return self

        return set_it


class FakeGraph:
    """Remembers what was asked of it, in order."""

    def __init__(self, **options):
        self.options, self.calls = options, []

    def tensor(self, **attributes):
        return FakeTensor(**attributes)

    def __getattr__(self, name):
        def call(*args, **kwargs):
            self.calls.append((name, args, kwargs))
            if name.startswith("conv_"):
                self.out = FakeTensor()
                return self.out
            return 1000 if name == "get_workspace_size" else None

        return call


def test_the_graphs_that_cudnn_is_asked_for(monkeypatch):
    names = types.SimpleNamespace
    notes = names(NONDETERMINISTIC="differs", TENSOR_CORE="tensor cores", DOWN_CONVERT_INPUTS="rounds")
    fake = names(
        data_type=names(FLOAT="f4", DOUBLE="f8", HALF="f2", BFLOAT16="b2"), numerical_note=notes, pygraph=FakeGraph,
        heur_mode=names(A="a", FALLBACK="fallback"),
    )  # fmt: skip
    z = conv2d.Sizes("forward", 5, 4, 6, 5, 6, 3, 2, 3, 4, (2, 1), (1, 0), (1, 1), 2, F4)
    shapes = {
        "forward": ("conv_fprop", "image", z.x_shape, "weight", z.w_shape, z.y_shape),
        "input": ("conv_dgrad", "loss", z.y_shape, "filter", z.w_shape, z.x_shape),
        "weight": ("conv_wgrad", "image", z.x_shape, "loss", z.y_shape, z.w_shape),
    }
    for direction, (operation, first, first_shape, second, second_shape, result) in shapes.items():
        after = gpu_cudnn.padding_after(z)
        assert after == (0, 0)
        graph = gpu_cudnn.graph_of(fake, z._replace(direction=direction), after, "handle")
        name, _, how = graph.calls[0]
        assert name == operation
        assert how[first].attributes["dim"] == list(first_shape)
        assert how[second].attributes["dim"] == list(second_shape)
        assert how[first].attributes["stride"] == [n // 4 for n in np.empty(first_shape, F4).strides]
        assert (how["pre_padding"], how["post_padding"]) == ([1, 0], [0, 0])
        assert (how["stride"], how["dilation"]) == ([2, 1], [1, 1])
        assert graph.out.attributes["dim"] == list(result)
        order = [name for name, *_ in graph.calls[1:]]
        steps = ("create_execution_plans", "deselect_numeric_notes", "build_plans")
        assert sorted(steps, key=order.index) == list(steps)
        (unwanted,) = next(args for name, args, _ in graph.calls if name == "deselect_numeric_notes")
        assert unwanted == ["differs", "tensor cores", "rounds"]
    monkeypatch.setitem(precision.switches, "conv2d", lambda: True)
    graph = gpu_cudnn.graph_of(fake, z, (0, 0), "handle")
    assert next(args for name, args, _ in graph.calls if name == "deselect_numeric_notes") == (["differs"],)
    assert gpu_cudnn.padding_after(z._replace(OH=2)) is None  # cuDNN would compute three rows
    assert gpu_cudnn.padding_after(z._replace(OH=4)) == (2, 0)
