"""Vectors written out: the micro-kernel of convolutions and matrix products, and a transpose.

Numba's auto-vectoriser reaches a tenth of the machine on a convolution. So the innermost loops are
built here and in sums.py (the gradient of the filters), instruction by instruction, as LLVM code with
explicit vectors:

    tile      y[k, lane] = start[k] + Σ_t w[t, k] · x[offset[t] + lane]
              MR rows k by NR vectors of lanes stay in registers while t runs over a table of input
              offsets. A convolution in batch-last order (a tap of the filter is an offset) and a
              matrix product (a row of B is an offset) are this same loop.

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

NAMES = ("item_bytes", "lanes", "side", "transpose_square", "copy_rows", "tile")


def vector_blocks() -> tuple[int, ...]:
    """How many vectors of lanes a block of `tile` takes, widest first; what is left is done singly."""
    return (4, 2) if registers() == 32 else (2,)


def row_blocks() -> tuple[int, ...]:
    """How many rows a block of `tile` takes. The sums, the inputs and one weight have to fit into the
    registers (6·4 + 4 + 1 of 32, 6·2 + 2 + 1 of 16); few sizes, because each is compiled by itself."""
    return (6, 2, 1)


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
    def copy_rows(typing: Any, x: Any, x0: Any, ldx: Any, y: Any, y0: Any, ldy: Any, rows: Any, count: Any) -> Any:
        """y[r, i] = x[r, i] for r < rows, i < count: short rows, which a loop over slices would not do in vectors."""
        size = types.intp
        signature = types.void(x, size, size, y, size, size, size, size)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            xa, x0, ldx, ya, y0, ldy, rows, count = args
            pointers = [pointer(context, builder, x, xa), pointer(context, builder, y, ya)]
            name = f"minicnn_copy_rows_{x.dtype.bitwidth}"
            numbers = (x0, ldx, y0, ldy, rows, count)
            apart(builder, name, [*pointers, *numbers], lambda b, args: body(b, Emitter(b, x.dtype), *args))
            return context.get_dummy_value()

        def body(
            b: Any, e: Any, xp: Any, yp: Any, x0: Any, ldx: Any, y0: Any, ldy: Any, rows: Any, count: Any
        ) -> None:  # fmt: skip
            whole = b.sdiv(count, e.number(e.VL))
            done = b.mul(whole, e.number(e.VL))
            mask = e.first_lanes(b.sub(count, done))
            left = b.select(b.icmp_signed("<", done, count), e.number(1), e.number(0))

            def row(r: Any, _: list[Any]) -> list[Any]:
                from_, to = e.at(xp, x0, b.mul(r, ldx)), e.at(yp, y0, b.mul(r, ldy))

                def vectors(n: int, first: Any) -> None:
                    at = [b.mul(b.add(first, e.number(i)), e.number(e.VL)) for i in range(n)]
                    for value, i in [(e.load(b.gep(from_, [i])), i) for i in at]:
                        e.store(value, b.gep(to, [i]))

                def partial(_: Any, __: list[Any]) -> list[Any]:
                    e.store(e.load(b.gep(from_, [done]), mask), b.gep(to, [done]), mask)
                    return []

                e.cover(whole, (2, 1), vectors)
                return e.loop(left, [], partial)

            e.loop(rows, [], row)

        return signature, generate

    @intrinsic
    def tile(
        typing: Any, x: Any, x0: Any, offsets: Any, t0: Any, rows: Any, row_step: Any, taps: Any, w: Any, w0: Any,
        w_tap: Any, w_row: Any, K: Any, y: Any, y0: Any, ldy: Any, L: Any, start: Any, s0: Any, mode: Any,
    ) -> Any:  # fmt: skip
        """y[k, l] = begin + Σ over `rows` rows of the table, `taps` entries each: w[t, k] · x[offsets[t] + l]

        for k < K (rows of y, ldy apart) and l < L; w[t, k] is w[w0 + t·w_tap + k·w_row]. The entries of table row r
        are t0 + r·row_step … + taps. `mode` says what the sums begin with: 0 zero, 1 start[k], 2 y itself
        (to go on with an unfinished sum). x0, w0, y0, s0 are where to begin in each array.
        """
        size = types.intp
        signature = types.void(
            x, size, offsets, size, size, size, size, w, size, size, size, size, y, size, size, size, start, size, size
        )

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            (xa, x0, oa, t0, rows, row_step, taps, wa, w0, w_tap, w_row, K, ya, y0, ldy, L, sa, s0, mode) = args
            arrays = ((x, xa), (offsets, oa), (w, wa), (y, ya), (start, sa))
            pointers = [pointer(context, builder, kind, value) for kind, value in arrays]
            numbers = (x0, t0, rows, row_step, taps, w0, w_tap, w_row, K, y0, ldy, L, s0, mode)
            name = f"minicnn_tile_{x.dtype.bitwidth}"
            apart(builder, name, [*pointers, *numbers], lambda b, args: body(b, Emitter(b, x.dtype), *args))
            return context.get_dummy_value()

        def body(
            b: Any, e: Any, xp: Any, op: Any, wp: Any, yp: Any, sp: Any, x0: Any, t0: Any, rows: Any,
            row_step: Any, taps: Any, w0: Any, w_tap: Any, w_row: Any, K: Any, y0: Any, ldy: Any, L: Any,
            s0: Any, mode: Any,
        ) -> None:  # fmt: skip
            wp, xp, yp, sp = (b.gep(p, [first]) for p, first in ((wp, w0), (xp, x0), (yp, y0), (sp, s0)))

            def block(mr: int, nr: int, k: Any, lane: Any, mask: Any) -> None:
                """MR rows from k on, NR vectors from `lane` on: their sums stay in registers."""
                masks = [None] * (nr - 1) + [mask]
                x_lane = b.gep(xp, [lane])
                w_at = [b.gep(wp, [b.mul(b.add(k, e.number(i)), w_row)]) for i in range(mr)]
                y_row = [b.gep(yp, [b.add(b.mul(b.add(k, e.number(i)), ldy), lane)]) for i in range(mr)]
                y_at = [[b.gep(row, [e.number(j * e.VL)]) for j in range(nr)] for row in y_row]

                def from_start() -> list[Any]:
                    values = [e.splat(e.load_scalar(sp, k, e.number(i))) for i in range(mr)]
                    return [value for value in values for _ in range(nr)]

                def from_y() -> list[Any]:
                    return [e.load(y_at[i][j], masks[j]) for i in range(mr) for j in range(nr)]

                def multiply(t: Any, sums: list[Any]) -> list[Any]:
                    offset = b.load(b.gep(op, [t]))
                    xs = [e.load(e.at(x_lane, offset, e.number(j * e.VL)), masks[j]) for j in range(nr)]
                    shift = b.mul(t, w_tap)
                    result = []
                    for i in range(mr):
                        weight = e.splat(e.load_scalar(w_at[i], shift))
                        result += [e.fma(weight, xs[j], sums[i * nr + j]) for j in range(nr)]
                    return result

                def table_row(r: Any, sums: list[Any]) -> list[Any]:
                    first = b.add(t0, b.mul(r, row_step))
                    return e.loop(taps, sums, lambda i, sums: multiply(b.add(first, i), sums))

                sums = e.choose(mode, [e.zero()] * (mr * nr), [from_start, from_y])
                sums = e.loop(rows, sums, table_row)
                for i in range(mr):
                    for j in range(nr):
                        e.store(sums[i * nr + j], y_at[i][j], masks[j])

            def all_rows(nr: int, lane: Any, mask: Any) -> None:
                e.cover(K, row_blocks(), lambda mr, k: block(mr, nr, k, lane, mask))

            size_of = e.number(e.VL)
            whole = e.cover(b.sdiv(L, size_of), vector_blocks(), lambda nr, v: all_rows(nr, b.mul(v, size_of), None))
            done = b.mul(whole, size_of)
            vectors_left = b.sdiv(b.add(b.sub(L, done), e.number(e.VL - 1)), size_of)

            def masked(i: Any, _: list[Any]) -> list[Any]:
                lane = b.add(done, b.mul(i, size_of))
                all_rows(1, lane, e.first_lanes(b.sub(L, lane)))
                return []

            e.loop(vectors_left, [], masked)

        return signature, generate

    made = (item_bytes, lanes, side, transpose_square, copy_rows, tile)
    return dict(zip(NAMES, made, strict=True))


def __getattr__(name: str) -> Any:
    """The names in NAMES: made when a kernel that uses them is compiled."""
    if name in NAMES:
        return _intrinsics()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
