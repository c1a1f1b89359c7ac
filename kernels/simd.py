"""What the compiled loops need of vectors beside the two micro-kernels (tile.py and sums.py).

    transpose_square  y[i, j] = x[j, i]: a square of side(x) numbers each way, inside the registers
    copy_runs         many short runs copied
    copy_rows         rows copied, also such as are shorter than a vector

`lanes(x)` is the number of elements in a vector: 8 floats or 4 doubles with AVX2, twice that with AVX-512.
"""

from __future__ import annotations

import functools
from typing import Any

from .vectors import emitter, vector_bytes

NAMES = ("item_bytes", "lanes", "side", "transpose_square", "copy_runs", "copy_rows")


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

    made = (item_bytes, lanes, side, transpose_square, copy_runs, copy_rows)
    return dict(zip(NAMES, made, strict=True))


def __getattr__(name: str) -> Any:
    """The names in NAMES: made when a kernel that uses them is compiled."""
    if name == "tile":
        from .tile import tile

        return tile
    if name in NAMES:
        return _intrinsics()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
