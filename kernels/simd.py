"""Vectors written out: the two micro-kernels that all dense arithmetic goes through, and a transpose.

Numba's auto-vectoriser reaches a tenth of the machine on a convolution. So the innermost loops are
built here, instruction by instruction, as LLVM code with explicit vectors:

    tile      y[k, lane] = start[k] + Σ_t w[t, k] · x[offset[t] + lane]
              MR rows k by NR vectors of lanes stay in registers while t runs over a table of input
              offsets. A convolution in batch-last order (a tap of the filter is an offset) and a
              matrix product (a row of B is an offset) are this same loop.

    dot_tile  s[k, t] = Σ_lane g[k, lane] · x[offset[t] + lane]
              the weight gradient: MR · NT sums of products over long runs, added up lane by lane and
              across lanes at the end.

    transpose_square  y[i, j] = x[j, i]
              a square of side(x) numbers each way, inside the registers.

The table of offsets is the idea of indirect convolution (Dukhan 2019, arXiv:1907.02129); keeping a
block of the result in registers is Goto's (Goto & van de Geijn 2008, "Anatomy of high-performance
matrix multiplication"). The last partial vector is loaded and stored under a mask, so nothing has to
be padded. `lanes(x)` is the number of elements in a vector: 16 floats or 8 doubles with AVX-512.
"""

from __future__ import annotations

import functools
from typing import Any

from .vectors import emitter, registers, vector_bytes

NAMES = ("item_bytes", "lanes", "side", "transpose_square", "dot_tile", "sum_run", "copy_runs")


def dot_blocks() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Rows and taps of a block of `dot_tile`: (6 + 1)·4 + 1 of 32 registers, (4 + 1)·2 + 1 of 16."""
    return ((6, 2, 1), (4, 1)) if registers() == 32 else ((4, 1), (2, 1))


# --- the LLVM code ---------------------------------------------------------------------------------
# Everything below needs llvmlite and is imported by compiled kernels only (see `__getattr__`).


@functools.lru_cache(maxsize=1)
def _intrinsics() -> dict[str, Any]:
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    Emitter, pointer, apart = emitter()
    i32, i64 = ir.IntType(32), ir.IntType(64)

    @intrinsic
    def lanes(typing: Any, x: Any) -> Any:
        """The number of elements of x's type in one vector."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return ir.Constant(i64, vector_bytes() * 8 // x.dtype.bitwidth)

        return types.intp(x), generate

    @intrinsic
    def item_bytes(typing: Any, x: Any) -> Any:
        """The bytes of one element of x, as a constant: a branch on it costs nothing."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return ir.Constant(i64, x.dtype.bitwidth // 8)

        return types.intp(x), generate

    def side_of(element: Any) -> int:
        return min(16, vector_bytes() * 8 // int(element.bitwidth))

    @intrinsic
    def side(typing: Any, x: Any) -> Any:
        """Rows and columns of what `transpose_square` turns."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return ir.Constant(i64, side_of(x.dtype))

        return types.intp(x), generate

    @intrinsic
    def transpose_square(typing: Any, x: Any, x0: Any, ldx: Any, y: Any, y0: Any, ldy: Any) -> Any:
        """y[i, j] = x[j, i] for i, j < side(x); rows of x lie ldx apart, rows of y ldy.

        Eklundh's way: for each power of two d, rows r and r + d exchange the elements in which bit d of the
        column differs from bit d of the row. log2(side) rounds of shuffles of two registers each.
        """
        size = types.intp

        def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
            xa, x0, ldx, ya, y0, ldy = args
            n = side_of(x.dtype)
            e = Emitter(b, x.dtype, n)
            xp, yp = b.gep(pointer(context, b, x, xa), [x0]), b.gep(pointer(context, b, y, ya), [y0])
            rows = [e.load(b.gep(xp, [b.mul(ldx, e.number(i))])) for i in range(n)]
            d = 1
            while d < n:
                low = ir.Constant(ir.VectorType(i32, n), [c if not c & d else n + c - d for c in range(n)])
                high = ir.Constant(ir.VectorType(i32, n), [c + d if not c & d else n + c for c in range(n)])
                for r in (r for r in range(n) if not r & d):
                    above, below = rows[r], rows[r + d]
                    rows[r] = b.shuffle_vector(above, below, low)
                    rows[r + d] = b.shuffle_vector(above, below, high)
                d *= 2
            for i, row in enumerate(rows):
                e.store(row, b.gep(yp, [b.mul(ldy, e.number(i))]))
            return context.get_dummy_value()

        return types.void(x, size, size, y, size, size), generate

    @intrinsic
    def dot_tile(
        typing: Any, x: Any, x0: Any, offsets: Any, t0: Any, T: Any, g: Any, g0: Any, ldg: Any, K: Any,
        runs: Any, run: Any, x_step: Any, g_step: Any, s: Any, sum0: Any, lds: Any,
    ) -> Any:  # fmt: skip
        """s[k, t] += Σ over `runs` runs of `run` elements: g[k, …] · x[offsets[t0 + t] + …]

        for k < K (rows of g, ldg apart, and of s, lds apart) and t < T; from one run to the next x moves
        by x_step and g by g_step.
        """
        size = types.intp
        signature = types.void(x, size, offsets, size, size, g, size, size, size, size, size, size, size, s, size, size)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            (xa, x0, oa, t0, T, ga, g0, ldg, K, runs, run, x_step, g_step, sa, sum0, lds) = args
            pointers = [pointer(context, builder, *pair) for pair in ((x, xa), (offsets, oa), (g, ga), (s, sa))]
            numbers = (x0, t0, T, g0, ldg, K, runs, run, x_step, g_step, sum0, lds)
            name = f"minicnn_dot_tile_{x.dtype.bitwidth}"
            apart(builder, name, [*pointers, *numbers], lambda b, args: body(b, Emitter(b, x.dtype), *args))
            return context.get_dummy_value()

        def body(
            b: Any, e: Any, xp: Any, op: Any, gp: Any, sp: Any, x0: Any, t0: Any, T: Any, g0: Any, ldg: Any,
            K: Any, runs: Any, run: Any, x_step: Any, g_step: Any, sum0: Any, lds: Any,
        ) -> None:  # fmt: skip
            xp, gp, op, sp = (b.gep(p, [first]) for p, first in ((xp, x0), (gp, g0), (op, t0), (sp, sum0)))
            last = b.sdiv(b.sub(run, e.number(1)), e.number(e.VL))
            rest = e.first_lanes(b.sub(run, b.mul(last, e.number(e.VL))))

            def block(mr: int, nt: int, k: Any, t: Any) -> None:
                x_at = [b.gep(xp, [b.load(e.at(op, t, e.number(j)))]) for j in range(nt)]
                g_at = [b.gep(gp, [b.mul(ldg, b.add(k, e.number(i)))]) for i in range(mr)]

                def multiply(x_here: Any, g_here: Any, sums: list[Any], mask: Any) -> list[Any]:
                    xs = [e.load(b.gep(x_at[j], [x_here]), mask) for j in range(nt)]
                    result = []
                    for i in range(mr):
                        value = e.load(b.gep(g_at[i], [g_here]), mask)
                        result += [e.fma(value, xs[j], sums[i * nt + j]) for j in range(nt)]
                    return result

                def one_run(r: Any, sums: list[Any]) -> list[Any]:
                    x_run, g_run = b.mul(r, x_step), b.mul(r, g_step)

                    def vector(i: Any, sums: list[Any]) -> list[Any]:
                        lane = b.mul(i, e.number(e.VL))
                        return multiply(b.add(x_run, lane), b.add(g_run, lane), sums, None)

                    sums = e.loop(last, sums, vector)
                    lane = b.mul(last, e.number(e.VL))
                    return multiply(b.add(x_run, lane), b.add(g_run, lane), sums, rest)

                sums = e.loop(runs, [e.zero()] * (mr * nt), one_run)
                for i in range(mr):
                    for j in range(nt):
                        address = e.at(sp, b.mul(lds, b.add(k, e.number(i))), t, e.number(j))
                        b.store(b.fadd(b.load(address), e.sum_lanes(sums[i * nt + j])), address)

            row_counts, tap_counts = dot_blocks()
            e.cover(T, tap_counts, lambda nt, t: e.cover(K, row_counts, lambda mr, k: block(mr, nt, k, t)))

        return signature, generate

    @intrinsic
    def sum_run(typing: Any, x: Any, x0: Any, run: Any) -> Any:
        """Σ of the `run` numbers from x[x0] on: lane by lane, in four vectors, and across lanes at the end."""
        size = types.intp

        def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
            xa, x0, run = args
            e = Emitter(b, x.dtype)
            xp = b.gep(pointer(context, b, x, xa), [x0])
            step, size_of = e.number(4 * e.VL), e.number(e.VL)

            def four(i: Any, sums: list[Any]) -> list[Any]:
                first = b.mul(i, step)
                return [b.fadd(s, e.load(e.at(xp, first, e.number(j * e.VL)))) for j, s in enumerate(sums)]

            whole = b.sdiv(run, step)
            sums = e.loop(whole, [e.zero()] * 4, four)
            done = b.mul(whole, step)

            def masked(i: Any, total: list[Any]) -> list[Any]:
                lane = b.add(done, b.mul(i, size_of))
                return [b.fadd(total[0], e.load(b.gep(xp, [lane]), e.first_lanes(b.sub(run, lane))))]

            total = b.fadd(b.fadd(sums[0], sums[1]), b.fadd(sums[2], sums[3]))
            left = b.sdiv(b.add(b.sub(run, done), e.number(e.VL - 1)), size_of)
            return e.sum_lanes(e.loop(left, [total], masked)[0])

        return x.dtype(x, size, size), generate

    @intrinsic
    def copy_runs(
        typing: Any, x: Any, x0: Any, x_a: Any, x_b: Any, y: Any, y0: Any, y_a: Any, y_b: Any, A: Any, B: Any, L: Any
    ) -> Any:
        """y[a, b, :] = x[a, b, :] for a < A and b < B: runs of L numbers, at least a vector."""
        size = types.intp

        def body(
            b: Any, e: Any, xp: Any, yp: Any, x_a: Any, x_b: Any, y_a: Any, y_b: Any, A: Any, B: Any, L: Any
        ) -> None:  # fmt: skip
            whole, last = b.sdiv(L, e.number(e.VL)), b.sub(L, e.number(e.VL))

            def one_run(j: Any, at: Any) -> list[Any]:
                x_run, y_run = (b.gep(p, [b.add(first, b.mul(j, step))]) for p, first, step in at)

                def move(lane: Any, vectors: int) -> None:
                    places = [b.add(lane, e.number(v * e.VL)) for v in range(vectors)]
                    for value, place in [(e.load(b.gep(x_run, [place])), place) for place in places]:
                        e.store(value, b.gep(y_run, [place]))

                e.cover(whole, (2, 1), lambda vectors, v: move(b.mul(v, e.number(e.VL)), vectors))
                with b.if_then(b.icmp_signed("<", b.mul(whole, e.number(e.VL)), L)):
                    move(last, 1)  # some of it once more
                return []

            def runs(i: Any, _: list[Any]) -> list[Any]:
                at = ((xp, b.mul(i, x_a), x_b), (yp, b.mul(i, y_a), y_b))
                return e.loop(B, [], lambda j, _: one_run(j, at))

            e.loop(A, [], runs)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            (xa, x0, x_a, x_b, ya, y0, y_a, y_b, A, B, L) = args
            pairs = ((x, xa, x0), (y, ya, y0))
            pointers = [builder.gep(pointer(context, builder, kind, value), [first]) for kind, value, first in pairs]
            name = f"minicnn_copy_runs_{x.dtype.bitwidth}"
            numbers = [x_a, x_b, y_a, y_b, A, B, L]
            apart(builder, name, [*pointers, *numbers], lambda b, args: body(b, Emitter(b, x.dtype), *args))
            return context.get_dummy_value()

        return types.void(x, *(size,) * 3, y, *(size,) * 6), generate

    made = (item_bytes, lanes, side, transpose_square, dot_tile, sum_run, copy_runs)
    return dict(zip(NAMES, made, strict=True))


def __getattr__(name: str) -> Any:
    """The names in NAMES: made when a kernel that uses them is compiled."""
    if name == "tile":
        from .tile import tile

        return tile
    if name in NAMES:
        return _intrinsics()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
