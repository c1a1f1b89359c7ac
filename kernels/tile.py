"""The micro-kernel of convolutions and matrix products, instruction by instruction.

    y[pixel, k, lane] = begin + Σ_t w[t, k] · x[pixel, offset[t] + lane]

A block of MR rows k by NR vectors of lanes stays in registers while t runs over a table of input offsets:
for each tap NR vectors of x and MR weights are loaded, and MR·NR fused multiply-adds done. For a core to be
busy with nothing else, the sums have to be more than a multiply-add takes steps times what can be begun at
once (4 · 2 with AVX2), and the loads fewer than the multiply-adds. So few rows take many vectors.

Rows are shared out evenly: 16 rows are 6 + 5 + 5, not 6 + 6 + 4, since narrow blocks wait for their loads.
Lanes that fill no vector are computed together with lanes before them, which are then computed twice: AVX2
takes twenty times as long for a store under a mask. Only fewer lanes than a vector need masks.

A convolution in batch-last order (a tap of the filter is an offset) and a matrix product (a row of B is an offset)
are this same loop. The table of offsets is the idea of indirect convolution (Dukhan 2019, arXiv:1907.02129); keeping
a block of the result in registers is Goto's (Goto & van de Geijn 2008, "Anatomy of high-performance matrix
multiplication").
"""

from __future__ import annotations

import functools
from typing import Any

from .vectors import emitter, registers, vector_bytes

ROWS = 6  # of a block at most: 6·4 sums, 4 inputs, a weight from memory in 32 registers; 6·2 + 2 + 1 in 16

NAMES = ("tile", "tiles", "tile_body")
COUNTS = 13  # numbers that `tile` takes behind five addresses


def vector_blocks(rows: int) -> tuple[int, ...]:
    """How many vectors of lanes a block of so many rows takes, widest first."""
    if registers() == 32:
        return (4, 1) if rows > 2 else (8, 1)
    return (2, 1) if rows > 3 else (4, 1) if rows > 1 else (8, 4, 1)


def row_blocks(rows: int) -> list[int]:
    """How `tile` shares out so many rows: blocks of at most ROWS, the larger ones first."""
    count = -(-rows // ROWS)
    return [rows // count + (i < rows % count) for i in range(count)]


@functools.lru_cache(maxsize=1)
def intrinsics() -> dict[str, Any]:
    """`tile`, which is compiled into its caller, and `tiles`, which is not; made when they are wanted."""
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    Emitter, pointer, apart = emitter()
    i64 = ir.IntType(64)

    def body(
        b: Any, e: Any, xp: Any, op: Any, wp: Any, yp: Any, sp: Any, t0: Any, rows: Any, row_step: Any, taps: Any,
        w_tap: Any, w_row: Any, K: Any, ldy: Any, L: Any, mode: Any, pixels: Any, x_pixel: Any, y_pixel: Any,
    ) -> None:  # fmt: skip
        number, VL = e.number, e.VL
        begins = [b.alloca(e.vector) for _ in range(ROWS)]
        for begin in begins:
            begin.align = vector_bytes()
        go_on = b.icmp_signed("==", mode, number(2))
        with_start = b.icmp_signed("==", mode, number(1))
        packed = b.icmp_signed("==", w_tap, number(0))

        def block(
            mr: int, nr: int, k: Any, w_at: list[Any], tap: Any, pixel: Any, lane: Any, keep: Any, mask: Any
        ) -> None:  # fmt: skip
            """MR rows from k on, NR vectors from `lane` on; `keep` are lanes that are there already."""
            x_lane = b.gep(xp, [b.add(b.mul(pixel, x_pixel), lane)])
            here = b.add(b.mul(pixel, y_pixel), lane)
            y_row = [b.gep(yp, [b.add(b.mul(b.add(k, number(i)), ldy), here)]) for i in range(mr)]
            y_at = [[b.gep(row, [number(j * VL)]) for j in range(nr)] for row in y_row]

            def beginning(i: int, j: int) -> Any:
                if mask is not None:
                    return b.select(go_on, e.load(y_at[i][j], mask), b.load(begins[i]))
                y_here = b.bitcast(y_at[i][j], e.vector.as_pointer())
                value = b.load(b.select(go_on, y_here, begins[i]))
                value.align = e.item
                return value

            def multiply(t: Any, sums: list[Any]) -> list[Any]:
                offset = b.load(b.gep(op, [t]))
                shift = b.mul(t, tap)
                result = list(sums)
                if nr > mr:  # whatever there are fewer of is kept, and what there are more of comes one by one
                    weights = [e.splat(e.load_scalar(w_at[i], shift)) for i in range(mr)]
                    for j in range(nr):
                        value = e.load(e.at(x_lane, offset, number(j * VL)), mask)
                        for i in range(mr):
                            result[i * nr + j] = e.fma(weights[i], value, sums[i * nr + j])
                    return result
                values = [e.load(e.at(x_lane, offset, number(j * VL)), mask) for j in range(nr)]
                for i in range(mr):
                    weight = e.splat(e.load_scalar(w_at[i], shift))
                    for j in range(nr):
                        result[i * nr + j] = e.fma(weight, values[j], sums[i * nr + j])
                return result

            def table_row(r: Any, sums: list[Any]) -> list[Any]:
                first = b.add(t0, b.mul(r, row_step))
                return e.loop(taps, sums, lambda i, sums: multiply(b.add(first, i), sums))

            sums = [beginning(i, j) for i in range(mr) for j in range(nr)]
            sums = e.loop(rows, sums, table_row)
            for i in range(mr):
                for j in range(nr):
                    value = sums[i * nr + j]
                    if keep is not None:
                        value = b.select(keep, e.load(y_at[i][j]), value)
                    e.store(value, y_at[i][j], mask)

        def all_lanes(mr: int, k: Any) -> None:
            """Some rows of all pixels and lanes."""
            for i in range(mr):
                first = b.gep(sp, [b.select(with_start, b.add(k, number(i)), number(0))])
                value = b.select(with_start, b.load(first), ir.Constant(e.scalar, 0.0))
                b.store(e.splat(value), begins[i])
            row = b.gep(wp, [b.mul(k, w_row)])
            step = b.select(packed, number(1), w_row)
            tap = b.select(packed, number(mr), w_tap)
            w_at = [b.gep(row, [b.mul(number(i), step)]) for i in range(mr)]

            def one_pixel(pixel: Any, _: list[Any]) -> list[Any]:
                size = number(VL)
                *wide, single = vector_blocks(mr)
                assert single == 1
                done = e.cover(
                    b.sdiv(L, size), wide,
                    lambda nr, v: block(mr, nr, k, w_at, tap, pixel, b.mul(v, size), None, None),
                )  # fmt: skip
                left = b.sub(b.sdiv(b.add(L, number(VL - 1)), size), done)
                last = b.sub(L, size)

                def single_vector(i: Any, _: list[Any]) -> list[Any]:
                    lane = b.mul(b.add(done, i), size)
                    first = b.select(b.icmp_signed("<", lane, last), lane, last)
                    block(mr, 1, k, w_at, tap, pixel, first, e.first_lanes(b.sub(lane, first)), None)
                    return []

                e.loop(left, [], single_vector)
                return []

            def few_lanes(pixel: Any, _: list[Any]) -> list[Any]:
                block(mr, 1, k, w_at, tap, pixel, number(0), None, e.first_lanes(L))
                return []

            few = b.icmp_signed("<", L, number(VL))
            e.loop(b.select(few, number(0), pixels), [], one_pixel)
            e.loop(b.select(few, pixels, number(0)), [], few_lanes)

        # as `row_blocks`
        blocks = b.sdiv(b.add(K, number(ROWS - 1)), number(ROWS))
        size = b.sdiv(K, b.select(b.icmp_signed(">", blocks, number(0)), blocks, number(1)))
        larger = b.sub(K, b.mul(blocks, size))
        start = number(0)
        for mr in range(ROWS, 0, -1):
            count = b.select(
                b.icmp_signed("==", size, number(mr)), b.sub(blocks, larger),
                b.select(b.icmp_signed("==", size, number(mr - 1)), larger, number(0)),
            )  # fmt: skip

            def one_block(i: Any, carried: list[Any], mr: int = mr) -> list[Any]:
                all_lanes(mr, carried[0])
                return [b.add(carried[0], number(mr))]

            (start,) = e.loop(count, [start], one_block)

    size = types.intp

    @intrinsic
    def tile_body(typing: Any, x: Any, offsets: Any, w: Any, y: Any, start: Any, numbers: Any) -> Any:
        """The whole of it, on addresses and a tuple of numbers: the body of tile_code.run_tile."""

        def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
            values = [b.extract_value(args[5], i) for i in range(COUNTS)]
            body(b, Emitter(b, x.dtype), *args[:5], *values)
            return context.get_dummy_value()

        return types.void(x, offsets, w, y, start, numbers), generate

    @intrinsic
    def tiles(
        typing: Any, code: Any, x: Any, x0: Any, offsets: Any, o0: Any, t0: Any, rows: Any, row_step: Any, taps: Any,
        w: Any, w0: Any, w_tap: Any, w_row: Any, K: Any, y: Any, y0: Any, ldy: Any, L: Any, start: Any, s0: Any,
        mode: Any, pixels: Any, x_pixel: Any, y_pixel: Any,
    ) -> Any:  # fmt: skip
        """`tile` for `pixels` pixels, x_pixel apart in x, y_pixel in y: all with some rows, then with the next ones.

        `code` is the address of the machine code (tile_code.py). With w_tap 0 the weights lie in blocks as they
        are wanted, [block of rows][tap][row of `row_blocks`]; the blocks from row k on begin at k·w_row.
        The table begins at offsets[o0].
        """
        arrays = (x, offsets, w, y, start)
        signature = types.void(
            size, x, size, offsets, *(size,) * 5, w, *(size,) * 4, y, size, size, size, start, *(size,) * 5
        )

        def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
            (
                code, xa, x0, oa, o0, t0, rows, row_step, taps, wa, w0, w_tap, w_row, K, ya, y0, ldy, L, sa, s0, mode,
                pixels, x_pixel, y_pixel,
            ) = args  # fmt: skip
            values, firsts = (xa, oa, wa, ya, sa), (x0, o0, w0, y0, s0)
            pointers = [
                b.gep(pointer(context, b, kind, value), [first])
                for kind, value, first in zip(arrays, values, firsts, strict=True)
            ]
            numbers = [t0, rows, row_step, taps, w_tap, w_row, K, ldy, L, mode, pixels, x_pixel, y_pixel]
            all_args = [*pointers, *numbers]
            kind = ir.FunctionType(ir.VoidType(), [a.type for a in all_args])
            b.call(b.inttoptr(code, kind.as_pointer()), all_args)
            return context.get_dummy_value()

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
        signature = types.void(
            x, size, offsets, size, size, size, size, w, size, size, size, size, y, size, size, size, start, size, size
        )

        def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
            (xa, x0, oa, t0, rows, row_step, taps, wa, w0, w_tap, w_row, K, ya, y0, ldy, L, sa, s0, mode) = args
            arrays = ((x, xa, x0), (w, wa, w0), (y, ya, y0), (start, sa, s0))
            xp, wp, yp, sp = (b.gep(pointer(context, b, kind, value), [at]) for kind, value, at in arrays)
            zero = ir.Constant(i64, 0)
            all_args = [
                xp, pointer(context, b, offsets, oa), wp, yp, sp, t0, rows, row_step, taps, w_tap, w_row, K, ldy, L,
                mode, ir.Constant(i64, 1), zero, zero,
            ]  # fmt: skip
            name = f"minicnn_tile_{x.dtype.bitwidth}"
            apart(b, name, all_args, lambda b, args: body(b, Emitter(b, x.dtype), *args))
            return context.get_dummy_value()

        return signature, generate

    return {"tile": tile, "tiles": tiles, "tile_body": tile_body}


def __getattr__(name: str) -> Any:
    """The names in NAMES: made when a kernel that uses them is compiled."""
    if name in NAMES:
        return intrinsics()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
