"""The machine that executes PTX computes what PTX says, and stops where a GPU would, or should.

The programs here are written by hand, one wrong in each of the ways that the machine is to find. Our own kernels run
on it in the contract tests, with MINICNN_TEST_GPU=simulated MINICNN_TEST_CUDA=ptx.
"""

import math
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("cuda.bindings", reason="the machine imports NVRTC, which comes with minicnn[cuda13]")

from simulated_gpu.ptx_machine import Library, arithmetic
from simulated_gpu.ptx_machine.parse import parse

HEAD = """.version 8.0
.target sm_90
.address_size 64
.visible .entry kernel(.param .u64 kernel_param_0, .param .u64 kernel_param_1)
{
    .reg .pred %p<9>; .reg .b16 %rs<9>; .reg .b32 %r<40>; .reg .f32 %f<40>; .reg .b64 %rd<20>; .reg .f64 %fd<9>;
    .shared .align 16 .b8 room[512];
    ld.param.u64 %rd1, [kernel_param_0];
    ld.param.u64 %rd2, [kernel_param_1];
    mov.u32 %r1, %tid.x;
    mul.wide.u32 %rd3, %r1, 4;
    add.s64 %rd4, %rd1, %rd3;   // x + 4 · thread
    add.s64 %rd5, %rd2, %rd3;   // y + 4 · thread
    shl.b32 %r2, %r1, 2;
    mov.u32 %r3, room;
    add.s32 %r4, %r3, %r2;      // room + 4 · thread
"""


def launch(body, x, y, threads=32, grid=1):
    Library(parse(f"{HEAD}{body}\n    ret;\n}}\n")).launch("kernel", (grid,), (threads,), (x, y))
    return y


def aligned(count, dtype=np.float32):
    """Zeros that begin at a multiple of 64 bytes."""
    whole = np.zeros(count * np.dtype(dtype).itemsize + 64, np.uint8)
    first = -whole.ctypes.data % 64
    return whole[first : first + count * np.dtype(dtype).itemsize].view(dtype)


def filled(values):
    values = np.asarray(values)
    array = aligned(values.size, values.dtype)
    array[...] = values
    return array


# --- what it computes ------------------------------------------------------------------------------


def test_threads_part_and_meet_again():
    """Each thread counts down from its own number; then all are at one instruction and add up over the warp."""
    body = """
        mov.u32 %r5, 0; mov.u32 %r6, %r1;
    again:
        setp.eq.s32 %p1, %r6, 0;
        @%p1 bra done;
        add.s32 %r5, %r5, %r6; add.s32 %r6, %r6, -1;
        bra.uni again;
    done:
        shfl.sync.bfly.b32 %r7|%p2, %r5, 16, 31, -1; add.s32 %r5, %r5, %r7;
        shfl.sync.bfly.b32 %r7|%p2, %r5, 8, 31, -1;  add.s32 %r5, %r5, %r7;
        shfl.sync.bfly.b32 %r7|%p2, %r5, 4, 31, -1;  add.s32 %r5, %r5, %r7;
        shfl.sync.bfly.b32 %r7|%p2, %r5, 2, 31, -1;  add.s32 %r5, %r5, %r7;
        shfl.sync.bfly.b32 %r7|%p2, %r5, 1, 31, -1;  add.s32 %r5, %r5, %r7;
        st.global.u32 [%rd5], %r5;
    """
    y = launch(body, aligned(64), aligned(64, np.int32), threads=64)
    sums = [sum(n * (n + 1) // 2 for n in range(first, first + 32)) for first in (0, 32)]
    assert y.tolist() == [sums[0]] * 32 + [sums[1]] * 32


@pytest.mark.parametrize(("way", "by", "clamp", "expected"), [
    ("up", 3, 0, lambda lane: lane - 3 if lane >= 3 else lane),
    ("down", 3, 31, lambda lane: lane + 3 if lane < 29 else lane),
    ("idx", 5, 31, lambda lane: 5),
    ("idx", 5, 0x181F, lambda lane: lane // 8 * 8 + 5),  # segments of eight lanes
])  # fmt: skip
def test_shuffles(way, by, clamp, expected):
    body = f"shfl.sync.{way}.b32 %r5, %r1, {by}, {clamp}, -1; st.global.u32 [%rd5], %r5;"
    assert launch(body, aligned(32), aligned(32, np.int32)).tolist() == [expected(lane) for lane in range(32)]


def test_barriers_and_shared_memory():
    body = """
        ld.global.f32 %f1, [%rd4]; st.shared.f32 [%r4], %f1;
        bar.sync 0;
        xor.b32 %r5, %r2, 252; add.s32 %r5, %r3, %r5;
        ld.shared.f32 %f2, [%r5]; st.global.f32 [%rd5], %f2;
    """
    x = filled(np.arange(64, dtype=np.float32))
    assert np.array_equal(launch(body, x, aligned(64), threads=64), x[::-1])


def test_atomic_additions():
    """Each thread gets what was there before it added; two such additions do not race."""
    body = """
        mov.u32 %r5, 100; st.shared.u32 [%r4], %r5; bar.sync 0;
        atom.shared.add.u32 %r6, [room+8], 2; bar.sync 0;
        ld.shared.u32 %r7, [room+8]; add.s32 %r6, %r6, %r7; st.global.u32 [%rd5], %r6;
    """
    y = launch(body, aligned(32), aligned(32, np.int32))
    assert sorted(y.tolist()) == [100 + 2 * i + 164 for i in range(32)]


def test_numbers_are_split_and_joined():
    body = """
        mov.b32 {%rs1, %rs2}, %r1; add.s16 %rs2, %rs1, 7; mov.b32 %r5, {%rs2, %rs1};
        cvt.s16.s8 %rs3, %rs1; prmt.b32 %r5, %r5, %r5, 0x1032;
        st.global.v2.u16 [%rd5], {%rs1, %rs2}; st.global.u32 [%rd5], %r5;
    """
    y = launch(body, aligned(32), aligned(32, np.uint32))
    assert y.tolist() == [(lane + 7) << 16 | lane for lane in range(32)]


def test_tensor_cores_multiply_what_tf32_holds(rng):
    """The fragments as the PTX ISA draws them for m16n8k8; the lowest 13 bits of a factor are not looked at."""
    loads = "".join(f"ld.global.b32 %r{20 + i}, [%rd7+{4 * i}];" for i in range(6))
    loads += "".join(f"ld.global.f32 %f{i}, [%rd7+{24 + 4 * i}];" for i in range(4))
    body = f"""
        mul.wide.u32 %rd6, %r1, 40; add.s64 %rd7, %rd1, %rd6;
        {loads}
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {{%f5,%f6,%f7,%f8}}, {{%r20,%r21,%r22,%r23}},
            {{%r24,%r25}}, {{%f0,%f1,%f2,%f3}};
        mul.wide.u32 %rd6, %r1, 16; add.s64 %rd8, %rd2, %rd6;
        st.global.v4.f32 [%rd8], {{%f5,%f6,%f7,%f8}};
    """
    A, B, C = (rng.standard_normal(shape).astype(np.float32) for shape in ((16, 8), (8, 8), (16, 8)))
    x = aligned(320).reshape(32, 10)
    for lane in range(32):
        g, t = lane // 4, lane % 4
        x[lane] = [A[g, t], A[g + 8, t], A[g, t + 4], A[g + 8, t + 4], B[t, g], B[t + 4, g],
                   C[g, 2 * t], C[g, 2 * t + 1], C[g + 8, 2 * t], C[g + 8, 2 * t + 1]]  # fmt: skip
    y = launch(body, x.reshape(-1), aligned(128)).reshape(32, 4)
    cut = lambda x: (x.view(np.uint32) >> 13 << 13).view(np.float32).astype(np.float64)  # noqa: E731
    expected = cut(A) @ cut(B) + C
    for lane in range(32):
        g, t = lane // 4, lane % 4
        wanted = [expected[g, 2 * t], expected[g, 2 * t + 1], expected[g + 8, 2 * t], expected[g + 8, 2 * t + 1]]
        assert np.allclose(y[lane], wanted, rtol=1e-6, atol=1e-6)
    assert not np.allclose(expected, A.astype(np.float64) @ B + C, rtol=1e-6, atol=1e-6)


def rounded(exact, dtype):
    """A Fraction as the nearest number of `dtype`, ties to even: by looking at its neighbours."""
    near = dtype(float(exact))
    candidates = {dtype(np.nextafter(near, dtype(side))) for side in (-np.inf, np.inf)} | {near}
    return min(candidates, key=lambda x: (abs(Fraction(float(x)) - exact), int(x.view(f"u{x.itemsize}")) & 1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fma_rounds_once(rng, dtype):
    """Also where the sum rounded twice would be another one: factors with few digits give many ties."""
    a, b, c = (rng.integers(-4096, 4096, 500).astype(dtype) * dtype(1 + 2.0**-23) for _ in range(3))
    c *= dtype(2.0) ** rng.integers(-40, 40, 500).astype(dtype)
    got = arithmetic._fma(a, b, c, "rn")
    for i in range(500):
        exact = Fraction(float(a[i])) * Fraction(float(b[i])) + Fraction(float(c[i]))
        assert got[i] == rounded(exact, dtype)
    one = np.array([2.0**-24], np.float32)
    tie = arithmetic._fma(one + 1, np.ones(1, np.float32), one * np.float32(1 + 2.0**-20), "rn")
    assert tie[0] == rounded(Fraction(float(one[0] + 1)) + Fraction(float(one[0])) * Fraction(1 + 2.0**-20), np.float32)


@pytest.mark.parametrize(("opcode", "value", "expected"), [
    ("cvt.rna.tf32.f32", 1 + 2.0**-11, 1 + 2.0**-10), ("cvt.rn.f16.f32", 1 + 2.0**-11, 1.0),
    ("cvt.rzi.s32.f32", -1.7, -1), ("cvt.rni.f32.f32", 2.5, 2.0), ("cvt.rzi.u32.f32", -3.0, 0),
    ("cvt.rzi.s32.f32", math.nan, 0), ("cvt.rzi.s32.f32", 1e20, 2**31 - 1), ("cvt.ftz.sat.f32.f32", 1.5, 1.0),
])  # fmt: skip
def test_conversions(opcode, value, expected):
    (it,) = parse(f".entry f() {{ {opcode} %a, %b; }}").functions["f"]().instructions
    result = arithmetic.computes(it)(np.array([value], np.float32))
    if "tf32" in opcode:
        result = result.view(np.float32)
    assert result[0] == expected


@pytest.mark.parametrize(("opcode", "values", "expected"), [
    ("add.rz.ftz.f32", (1.0, 2.0**-24), 1.0), ("add.rz.ftz.f32", (1.0, -(2.0**-30)), 1 - 2.0**-24),
    ("fma.rm.ftz.f32", (1.0, 1.0, -(2.0**-40)), 1 - 2.0**-24), ("mul.ftz.f32", (1e-30, 1e-9), 0.0),
    ("mul.f32", (2.0**-100, 2.0**-30), 2.0**-130), ("max.ftz.f32", (math.nan, 1.0), 1.0),
    ("copysign.f32", (-1.0, 3.0), -3.0), ("div.rn.ftz.f32", (1.0, 3.0), np.float32(1) / np.float32(3)),
    ("setp.ne.f32", (math.nan, 1.0), False), ("setp.neu.f32", (math.nan, 1.0), True),
    ("setp.ltu.ftz.f32", (math.nan, 1.0), True), ("setp.eq.ftz.f32", (1e-40, 0.0), True),
])  # fmt: skip
def test_floating_point(opcode, values, expected):
    (it,) = parse(f".entry f() {{ {opcode} %d, %a, %b; }}").functions["f"]().instructions
    assert arithmetic.computes(it)(*(np.array([value], np.float32) for value in values))[0] == expected


@pytest.mark.parametrize(("opcode", "values", "expected"), [
    ("div.s32", (-7, 2), -3), ("rem.s32", (-7, 2), -1), ("mul.hi.s32", (-(2**31), 3), -2), ("shl.b32", (1, 32), 0),
    ("shr.s32", (-8, 40), -1), ("mul.wide.s32", (2**30, 8), 2**33), ("bfi.b32", (0xFF, 0, 4, 8), 0xFF0),
    ("mul.hi.u64", (2**63, 6), 3), ("mul.hi.s64", (-(2**62), 8), -2), ("min.u16", (65535, 1), 1),
])  # fmt: skip
def test_whole_numbers(opcode, values, expected):
    (it,) = parse(f".entry f() {{ {opcode} %d, %a, %b; }}").functions["f"]().instructions
    kind = arithmetic.TYPES[opcode.split(".")[-1]]
    assert arithmetic.computes(it)(*(np.array([value], kind) for value in values))[0] == expected


# --- what it finds ---------------------------------------------------------------------------------

WRONG = {
    "4 bytes at .*, no multiple of 4": "add.s64 %rd4, %rd4, 2; ld.global.f32 %f1, [%rd4];",
    "16 bytes at .*, no multiple of 16": "ld.global.v4.f32 {%f1,%f2,%f3,%f4}, [%rd1+8];",
    r"thread \(31, 0, 0\): 4 bytes at .*, outside every array: 128 bytes into one of 128": (
        "ld.global.f32 %f1, [%rd4+4];"
    ),
    r"thread \(0, 0, 0\): 4 bytes at .*, outside every array: 4 bytes before one of 128": (
        "st.global.u32 [%rd4+-4], %r1;"
    ),
    "4 bytes at .*, outside every array: 512 bytes into": "ld.shared.u32 %r5, [room+512];",
    "it reads %f7, which it has never written": "st.global.f32 [%rd5], %f7;",
    r"thread \(7, 0, 0\): it reads %f1, which": (
        "setp.eq.s32 %p1, %r1, 7; @%p1 bra past; mov.f32 %f1, 0f3F800000; past: st.global.f32 [%rd5], %f1;"
    ),
    "it reads memory that nobody has written": "ld.shared.u32 %r5, [%r4];",
    "a race: it reads what thread 31 of the grid has written, and no barrier lies between": (
        "st.shared.u32 [%r4], %r1; xor.b32 %r5, %r2, 124; add.s32 %r5, %r3, %r5; ld.shared.u32 %r6, [%r5];"
    ),
    "it adds to what thread 3 of the grid has written": (
        "st.shared.u32 [%r4], %r1; atom.shared.add.u32 %r5, [room+12], 1;"
    ),
    "it adds to memory that nobody has written": "atom.shared.add.u32 %r5, [room], 1;",
    "not known here: atom.shared.add.f32": "atom.shared.add.f32 %f1, [room], 0f3F800000;",
    "a race: it writes what thread .* writes, too": "st.shared.u32 [room], %r1;",
    "a race: it writes what another thread has read": "ld.global.u32 %r5, [%rd2]; st.global.u32 [%rd2], %r5;",
    r"it waits at a barrier, but thread \(3, 0, 0\) has ended": "setp.eq.s32 %p1, %r1, 3; @%p1 ret; bar.sync 0;",
    "threads of its warp wait at another barrier": (
        "setp.gt.s32 %p1, %r1, 3; @%p1 bra other; bar.sync 0; bra.uni end; other: bar.sync 0; end:"
    ),
    r"it waits for lanes of its warp that never come: \[5\]": (
        "setp.eq.s32 %p1, %r1, 5; @%p1 ret; shfl.sync.bfly.b32 %r5, %r1, 1, 31, -1;"
    ),
    "a lane that its mask does not name takes part": "shfl.sync.bfly.b32 %r5, %r1, 1, 31, 0xFFFF;",
    "it asks a lane that takes no part": (
        "setp.gt.s32 %p1, %r1, 15; @%p1 bra past; shfl.sync.bfly.b32 %r5, %r1, 16, 31, 0xFFFF; past:"
    ),
    "a division of whole numbers by zero": "div.s32 %r5, %r1, %r1;",
    "not known here: tex.1d": "tex.1d.v4.f32.s32 {%f1,%f2,%f3,%f4}, [%rd1, {%r1}];",
    "not known here: add.rp.f64": "add.rp.f64 %fd1, %fd2, %fd3;",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_found(text):
    with pytest.raises((RuntimeError, NotImplementedError), match=text) as caught:
        launch(WRONG[text], aligned(32), aligned(32))
    assert "PTX line" in str(caught.value)


def test_two_blocks_have_no_barrier_between_them():
    body = "st.global.u32 [%rd5], %r1;"
    text = r"block \(0, 0, 0\), thread \(0, 0, 0\): a race: it writes what thread 32 of"
    with pytest.raises(RuntimeError, match=text):
        launch(body, aligned(32), aligned(32), grid=2)


def test_what_nobody_wrote_may_be_copied():
    """A compiler does so where a value that is not needed takes part in a loop."""
    body = "mov.f32 %f2, %f1; mov.f32 %f1, 0f3F800000; mov.f32 %f2, %f1; st.global.f32 [%rd5], %f2;"
    assert launch(body, aligned(32), aligned(32)).tolist() == [1.0] * 32


@pytest.mark.parametrize(("grid", "threads", "text"), [
    (0, 32, r"a grid of \(0,\): CUDA takes 1 to"), (1, 1025, "more than it was compiled for"),
])  # fmt: skip
def test_shapes_that_cuda_refuses(grid, threads, text):
    with pytest.raises(RuntimeError, match=text):
        launch("", aligned(32), aligned(32), threads, grid)


def test_wrong_arguments():
    library = Library(parse(f"{HEAD} ret; }}"))
    with pytest.raises(TypeError, match="kernel takes 2 arguments, not 1"):
        library.launch("kernel", (1,), (32,), (aligned(32),))
    with pytest.raises(TypeError, match="argument 1 of kernel has 4 bytes, its parameter 8"):
        library.launch("kernel", (1,), (32,), (aligned(32), np.int32(1)))
    with pytest.raises(TypeError, match="argument 1 of kernel is int: a NumPy scalar says its type"):
        library.launch("kernel", (1,), (32,), (aligned(32), 1))
