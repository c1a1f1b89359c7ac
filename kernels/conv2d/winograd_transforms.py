"""The transforms of Winograd's convolution F(4×4, 3×3) as vector code (see winograd.py for what they are).

One dimension of each, for six numbers d of the input and six products m, with p = 3/4 and q = 3/2:

    Bᵀd = [ p²q²·d0 - (p² + q²)·d2 + d4          Aᵀm = [ m0 + (m1 + m2) + (m3 + m4)
            (d4 - q²·d2) ± p·(d3 - q²·d1)                 p·(m1 - m2) + q·(m3 - m4)
            (d4 - p²·d2) ± q·(d3 - p²·d1)                 p²·(m1 + m2) + q²·(m3 + m4)
            p²q²·d1 - (p² + q²)·d3 + d5 ]                 p³·(m1 - m2) + q³·(m3 - m4) + m5 ]

Two dimensions are one after the other. What lies beside the image is read from a vector of zeros, and what
would be written beside it goes to one that nobody reads: there are no special cases of borders.
"""

from __future__ import annotations

import functools
from typing import Any

from ..vectors import emitter, vector_bytes

NAMES = ("transform_input", "transform_output")
P, Q = 0.75, 1.5


@functools.lru_cache(maxsize=1)
def _intrinsics() -> dict[str, Any]:
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    Emitter, pointer, apart = emitter()
    size = types.intp

    def constants(e: Any, **values: float) -> Any:
        return {name: ir.Constant(e.vector, [value] * e.VL) for name, value in values.items()}

    def input_line(e: Any, d: list[Any]) -> list[Any]:
        c = constants(e, pq=P * P * Q * Q, s=-(P * P + Q * Q), pp=-P * P, qq=-Q * Q, p=P, q=Q, mp=-P, mq=-Q)
        near, far = e.fma(c["qq"], d[2], d[4]), e.fma(c["qq"], d[1], d[3])
        near2, far2 = e.fma(c["pp"], d[2], d[4]), e.fma(c["pp"], d[1], d[3])
        return [
            e.fma(c["pq"], d[0], e.fma(c["s"], d[2], d[4])),
            e.fma(c["p"], far, near), e.fma(c["mp"], far, near),
            e.fma(c["q"], far2, near2), e.fma(c["mq"], far2, near2),
            e.fma(c["pq"], d[1], e.fma(c["s"], d[3], d[5])),
        ]  # fmt: skip

    def output_line(e: Any, m: list[Any]) -> list[Any]:
        b = e.b
        c = constants(e, p=P, q=Q, pp=P * P, qq=Q * Q, ppp=P**3, qqq=Q**3)
        sum1, sum2, dif1, dif2 = b.fadd(m[1], m[2]), b.fadd(m[3], m[4]), b.fsub(m[1], m[2]), b.fsub(m[3], m[4])
        return [
            b.fadd(b.fadd(m[0], sum1), sum2), e.fma(c["q"], dif2, b.fmul(c["p"], dif1)),
            e.fma(c["qq"], sum2, b.fmul(c["pp"], sum1)), e.fma(c["qqq"], dif2, e.fma(c["ppp"], dif1, m[5])),
        ]  # fmt: skip

    def place(b: Any, e: Any, base: Any, inside: Any, otherwise: Any, offset: Any) -> Any:
        address = b.bitcast(b.gep(base, [offset]), e.vector.as_pointer())
        return b.select(inside, address, otherwise)

    def load(b: Any, e: Any, address: Any) -> Any:
        value = b.load(address)
        value.align = e.item
        return value

    def within(b: Any, e: Any, i: int, low: Any, high: Any) -> Any:
        return b.and_(b.icmp_signed("<=", low, e.number(i)), b.icmp_signed(">", high, e.number(i)))

    def buffers(b: Any, e: Any, count: int) -> list[Any]:
        made = [b.alloca(e.vector) for _ in range(count)]
        for one in made:
            one.align = vector_bytes()
        return made

    def lane_of(b: Any, e: Any, v: Any, L: Any) -> Any:
        """The first lane of vector v: the last vector may take some lanes for the second time."""
        lane, last = b.mul(v, e.number(e.VL)), b.sub(L, e.number(e.VL))
        return b.select(b.icmp_signed("<", lane, last), lane, last)

    def vectors(b: Any, e: Any, L: Any) -> Any:
        return b.sdiv(b.add(L, e.number(e.VL - 1)), e.number(e.VL))

    @intrinsic
    def transform_input(
        typing: Any, x: Any, x0: Any, x_c: Any, x_row: Any, x_column: Any, low_h: Any, high_h: Any, low_w: Any,
        high_w: Any, v: Any, v0: Any, v_c: Any, v_place: Any, C: Any, L: Any,
    ) -> Any:  # fmt: skip
        """v[place, c, lane] = Bᵀ d B of the 6×6 pixels d = x[c, row, column, lane], c < C: 36 places, v_place apart.

        Rows low_h ≤ row < high_h and columns low_w ≤ column < high_w are there, the others count as zero.
        """

        def body(
            b: Any, e: Any, xp: Any, vp: Any, x_c: Any, x_row: Any, x_column: Any, low_h: Any, high_h: Any, low_w: Any,
            high_w: Any, v_c: Any, v_place: Any, C: Any, L: Any,
        ) -> None:  # fmt: skip
            (nothing,), half = buffers(b, e, 1), buffers(b, e, 36)
            b.store(e.zero(), nothing)
            rows = [within(b, e, i, low_h, high_h) for i in range(6)]
            columns = [within(b, e, j, low_w, high_w) for j in range(6)]
            shifts = [
                [b.add(b.mul(x_row, e.number(i)), b.mul(x_column, e.number(j))) for j in range(6)] for i in range(6)
            ]

            def one(c: Any, i: Any) -> list[Any]:
                lane = lane_of(b, e, i, L)
                x_here = b.gep(xp, [b.add(b.mul(c, x_c), lane)])
                v_here = b.gep(vp, [b.add(b.mul(c, v_c), lane)])
                for j in range(6):
                    d = [
                        load(b, e, place(b, e, x_here, b.and_(rows[i], columns[j]), nothing, shifts[i][j]))
                        for i in range(6)
                    ]
                    for i, value in enumerate(input_line(e, d)):
                        b.store(value, half[6 * i + j])
                for i in range(6):
                    for j, value in enumerate(input_line(e, [b.load(half[6 * i + j]) for j in range(6)])):
                        e.store(value, b.gep(v_here, [b.mul(v_place, e.number(6 * i + j))]))
                return []

            count = vectors(b, e, L)
            e.loop(C, [], lambda c, _: e.loop(count, [], lambda i, _: one(c, i)))

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            xa, x0, x_c, x_row, x_column, low_h, high_h, low_w, high_w, va, v0, v_c, v_place, C, L = args
            at = [builder.gep(pointer(context, builder, *pair), [first]) for *pair, first in ((x, xa, x0), (v, va, v0))]
            numbers = [x_c, x_row, x_column, low_h, high_h, low_w, high_w, v_c, v_place, C, L]
            apart(builder, "minicnn_transform_input", [*at, *numbers], lambda b, a: body(b, Emitter(b, x.dtype), *a))
            return context.get_dummy_value()

        return types.void(x, *(size,) * 8, v, *(size,) * 5), generate

    @intrinsic
    def transform_output(
        typing: Any, m: Any, m0: Any, m_k: Any, m_place: Any, start: Any, s0: Any, mode: Any, y: Any, y0: Any, y_k: Any,
        y_row: Any, y_column: Any, rows: Any, columns: Any, K: Any, L: Any,
    ) -> Any:  # fmt: skip
        """y[k, row, column, lane] = start[k] + Aᵀ m A, m[place, k, lane] being 36 products: 4×4 pixels, those with
        row < rows and column < columns; with mode 0 without start."""

        def body(
            b: Any, e: Any, mp: Any, sp: Any, yp: Any, m_k: Any, m_place: Any, mode: Any, y_k: Any, y_row: Any,
            y_column: Any, rows: Any, columns: Any, K: Any, L: Any,
        ) -> None:  # fmt: skip
            (nobody,), half = buffers(b, e, 1), buffers(b, e, 24)
            inside = [
                [b.and_(within(b, e, i, e.number(0), rows), within(b, e, j, e.number(0), columns)) for j in range(4)]
                for i in range(4)
            ]
            with_start = b.icmp_signed("==", mode, e.number(1))

            def one(k: Any, i: Any) -> list[Any]:
                lane = lane_of(b, e, i, L)
                m_here = b.gep(mp, [b.add(b.mul(k, m_k), lane)])
                y_here = b.gep(yp, [b.add(b.mul(k, y_k), lane)])
                value = b.load(b.gep(sp, [b.select(with_start, k, e.number(0))]))
                begin = e.splat(b.select(with_start, value, ir.Constant(e.scalar, 0.0)))
                for j in range(6):
                    products = [e.load(b.gep(m_here, [b.mul(m_place, e.number(6 * i + j))])) for i in range(6)]
                    for i, value in enumerate(output_line(e, products)):
                        b.store(value, half[6 * i + j])
                for i in range(4):
                    for j, value in enumerate(output_line(e, [b.load(half[6 * i + j]) for j in range(6)])):
                        shift = b.add(b.mul(y_row, e.number(i)), b.mul(y_column, e.number(j)))
                        b.store(b.fadd(value, begin), place(b, e, y_here, inside[i][j], nobody, shift)).align = e.item
                return []

            count = vectors(b, e, L)
            e.loop(K, [], lambda k, _: e.loop(count, [], lambda i, _: one(k, i)))

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            ma, m0, m_k, m_place, sa, s0, mode, ya, y0, y_k, y_row, y_column, rows, columns, K, L = args
            arrays = ((m, ma, m0), (start, sa, s0), (y, ya, y0))
            at = [builder.gep(pointer(context, builder, *pair), [first]) for *pair, first in arrays]
            numbers = [m_k, m_place, mode, y_k, y_row, y_column, rows, columns, K, L]
            apart(builder, "minicnn_transform_output", [*at, *numbers], lambda b, a: body(b, Emitter(b, m.dtype), *a))
            return context.get_dummy_value()

        return types.void(m, size, size, size, start, size, size, y, *(size,) * 8), generate

    return dict(zip(NAMES, (transform_input, transform_output), strict=True))


def __getattr__(name: str) -> Any:
    """The names in NAMES: made when a kernel that uses them is compiled."""
    if name in NAMES:
        return _intrinsics()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
