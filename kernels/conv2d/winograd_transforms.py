"""The transforms of Winograd's convolutions as vector code (winograd_schemes.py says what they are).

Two dimensions are one after the other. What lies beside the image is read from a vector of zeros, and what
would be written beside it goes to one that nobody reads: there are no special cases of borders.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ..vectors import emitter, vector_bytes
from .winograd_schemes import SCHEMES, Scheme

NAMES = tuple(f"{kind}_{taps}" for taps in SCHEMES for kind in ("pixels_to_places", "gradient_to_places", "to_pixels"))


LINE = max(1, 64 // vector_bytes())  # vectors of a line of the cache


@functools.lru_cache(maxsize=1)
def _intrinsics() -> dict[str, Any]:
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    Emitter, pointer, apart = emitter()
    size = types.intp

    def combine(e: Any, factors: Sequence[float], values: Sequence[Any]) -> Any:
        """Σ factor · value; it begins with a factor of 1, if there is one."""
        terms = sorted(zip(factors, values, strict=True), key=lambda term: term[0] != 1)
        (factor, total), *terms = terms
        if factor != 1:
            total = e.b.fmul(ir.Constant(e.vector, [factor] * e.VL), total)
        for factor, value in terms:
            if factor in (1, -1):
                total = (e.b.fadd if factor == 1 else e.b.fsub)(total, value)
            else:
                total = e.fma(ir.Constant(e.vector, [factor] * e.VL), value, total)
        return total

    def both_signs(e: Any, p: float, even: Any, odd: Any) -> list[Any]:
        """even ± p·odd"""
        if p == 1:
            return [e.b.fadd(even, odd), e.b.fsub(even, odd)]
        return [e.fma(ir.Constant(e.vector, [sign * p] * e.VL), odd, even) for sign in (1, -1)]

    def pixels_line(scheme: Scheme, e: Any, d: list[Any]) -> list[Any]:
        """Bᵀ d"""
        found = [combine(e, scheme.even(0), d[:-1:2])]
        for p in scheme.points:
            even = scheme.even(p)
            found += both_signs(e, p, combine(e, even, d[2:-1:2]), combine(e, even, d[1:-2:2]))
        return [*found, combine(e, scheme.even(0), d[1::2])]

    def gradient_line(scheme: Scheme, e: Any, g: list[Any]) -> list[Any]:
        """A g"""
        found = [g[0]]
        for p in scheme.points:
            even, odd = ([p ** (2 * k) for k in range(len(g[i::2]))] for i in (0, 1))
            found += both_signs(e, p, combine(e, even, g[0::2]), combine(e, odd, g[1::2]))
        return [*found, g[-1]]

    def output_line(scheme: Scheme, e: Any, m: list[Any]) -> list[Any]:
        """Aᵀ m"""
        pairs = [(m[i], m[i + 1]) for i in range(1, len(m) - 1, 2)]
        sums = [e.b.fadd(*pair) for pair in pairs], [e.b.fsub(*pair) for pair in pairs]
        found = []
        for k in range(scheme.outputs):
            factors, values = [p**k for p in scheme.points], sums[k % 2]
            if k == 0:
                factors, values = [*factors, 1.0], [*values, m[0]]
            if k == scheme.outputs - 1:
                factors, values = [*factors, 1.0], [*values, m[-1]]
            found.append(combine(e, factors, values))
        return found

    def both_ways(
        e: Any, L: Any, side: int, line: Callable[[Any, list[Any]], list[Any]], rows: Any, half: Any,
        column: Callable[[Any], Callable[[Any], list[Any]]], finish: Callable[[Any, Any, list[Any]], None],
    ) -> None:  # fmt: skip
        """finish(i, lane, line along row i of `line` along the columns) for i < rows and all lanes below L;
        column(j)(lane) loads `side` vectors.

        The vectors of one line of the cache go together: where a column, a row and a channel are powers of two
        apart, all of a tile falls into the same few sets, and the line would be gone before its other half is wanted.
        """
        b = e.b
        count, last = b.sdiv(b.add(L, e.number(e.VL - 1)), e.number(e.VL)), b.sub(L, e.number(e.VL))
        in_line = e.number(LINE)

        def one_line(v: Any, _: list[Any]) -> list[Any]:
            first = b.mul(v, in_line)
            left = b.sub(count, first)
            here = b.select(b.icmp_signed("<", left, in_line), left, in_line)

            def lane_of(u: Any) -> Any:
                """The last vector may take some lanes for the second time."""
                lane = b.mul(b.add(first, u), e.number(e.VL))
                return b.select(b.icmp_signed("<", lane, last), lane, last)

            def down(j: Any, _: list[Any]) -> list[Any]:
                load, to = column(j), b.mul(j, in_line)

                def one(u: Any, _: list[Any]) -> list[Any]:
                    for i, value in enumerate(line(e, load(lane_of(u)))):
                        b.store(value, e.at(half, b.add(to, u), e.number(i * side * LINE)))
                    return []

                return e.loop(here, [], one)

            def along(i: Any, _: list[Any]) -> list[Any]:
                at = b.mul(i, e.number(side * LINE))

                def one(u: Any, _: list[Any]) -> list[Any]:
                    places = [e.at(half, b.add(at, u), e.number(j * LINE)) for j in range(side)]
                    finish(i, lane_of(u), line(e, [b.load(place) for place in places]))
                    return []

                return e.loop(here, [], one)

            e.loop(e.number(side), [], down)
            e.loop(rows, [], along)
            return []

        e.loop(b.sdiv(b.add(count, e.number(LINE - 1)), in_line), [], one_line)

    def buffer(b: Any, e: Any, count: int) -> Any:
        """Room for so many vectors."""
        made = b.alloca(e.vector, count)
        made.align = vector_bytes()
        return made

    def to_places(scheme: Scheme, count: int, line: Any, name: str) -> Any:
        line = functools.partial(line, scheme)

        @intrinsic
        def transform(
            typing: Any, x: Any, x0: Any, x_c: Any, x_row: Any, x_column: Any, low_h: Any, high_h: Any, low_w: Any,
            high_w: Any, v: Any, v0: Any, v_c: Any, v_place: Any, C: Any, L: Any,
        ) -> Any:  # fmt: skip
            """v[place, c, lane] = the T×T places of the pixels d = x[c, row, column, lane], c < C: v_place apart.

            Rows low_h ≤ row < high_h and columns low_w ≤ column < high_w are there, the others count as zero.
            """

            def body(
                b: Any, e: Any, xp: Any, vp: Any, x_c: Any, x_row: Any, x_column: Any, low_h: Any, high_h: Any,
                low_w: Any, high_w: Any, v_c: Any, v_place: Any, C: Any, L: Any,
            ) -> None:  # fmt: skip
                nothing, half = buffer(b, e, 1), buffer(b, e, scheme.size * count * LINE)
                b.store(e.zero(), nothing)
                nowhere, zero = b.bitcast(nothing, xp.type), e.number(0)
                there = [b.and_(b.icmp_signed("<=", low_h, n), b.icmp_signed(">", high_h, n))
                         for n in map(e.number, range(count))]  # fmt: skip
                all_there = functools.reduce(b.and_, there)

                def one(c: Any, rows: list[Any] | None) -> list[Any]:
                    x_here, v_here = b.gep(xp, [b.mul(c, x_c)]), b.gep(vp, [b.mul(c, v_c)])

                    def column(j: Any) -> Callable[[Any], list[Any]]:
                        inside = b.and_(b.icmp_signed("<=", low_w, j), b.icmp_signed(">", high_w, j))
                        first = b.gep(x_here, [b.mul(x_column, j)])

                        def load(lane: Any) -> list[Any]:
                            here, step = b.select(inside, b.gep(first, [lane]), nowhere), b.select(inside, x_row, zero)
                            at = [b.gep(here, [b.mul(step, e.number(i))]) for i in range(count)]
                            if rows is not None:
                                at = [b.select(row, address, nowhere) for row, address in zip(rows, at, strict=True)]
                            return [e.load(address) for address in at]

                        return load

                    def finish(i: Any, lane: Any, values: list[Any]) -> None:
                        row = b.gep(v_here, [b.add(b.mul(v_place, b.mul(i, e.number(scheme.size))), lane)])
                        for j, value in enumerate(values):
                            e.store(value, b.gep(row, [b.mul(v_place, e.number(j))]))

                    both_ways(e, L, count, line, e.number(scheme.size), half, column, finish)
                    return []

                e.loop(b.select(all_there, C, zero), [], lambda c, _: one(c, None))
                e.loop(b.select(all_there, zero, C), [], lambda c, _: one(c, there))

            def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
                xa, x0, x_c, x_row, x_column, low_h, high_h, low_w, high_w, va, v0, v_c, v_place, C, L = args
                arrays = ((x, xa, x0), (v, va, v0))
                at = [builder.gep(pointer(context, builder, *pair), [first]) for *pair, first in arrays]
                numbers = [x_c, x_row, x_column, low_h, high_h, low_w, high_w, v_c, v_place, C, L]
                apart(builder, f"minicnn_{name}", [*at, *numbers], lambda b, a: body(b, Emitter(b, x.dtype), *a))
                return context.get_dummy_value()

            return types.void(x, *(size,) * 8, v, *(size,) * 5), generate

        return transform

    def to_pixels(scheme: Scheme, name: str) -> Any:
        line = functools.partial(output_line, scheme)

        @intrinsic
        def transform(
            typing: Any, m: Any, m0: Any, m_k: Any, m_place: Any, start: Any, s0: Any, mode: Any, y: Any, y0: Any,
            y_k: Any, y_row: Any, y_column: Any, rows: Any, columns: Any, K: Any, L: Any,
        ) -> Any:  # fmt: skip
            """y[k, row, column, lane] = start[k] + Aᵀ m A, m[place, k, lane] being T×T products: m×m pixels, those
            with row < rows and column < columns; with mode 0 without start."""

            def body(
                b: Any, e: Any, mp: Any, sp: Any, yp: Any, m_k: Any, m_place: Any, mode: Any, y_k: Any, y_row: Any,
                y_column: Any, rows: Any, columns: Any, K: Any, L: Any,
            ) -> None:  # fmt: skip
                nobody, half = b.bitcast(buffer(b, e, 1), yp.type), buffer(b, e, scheme.outputs * scheme.size * LINE)
                most = e.number(scheme.outputs)
                rows = b.select(b.icmp_signed("<", rows, most), rows, most)
                there = [b.icmp_signed(">", columns, e.number(j)) for j in range(scheme.outputs)]
                with_start = b.icmp_signed("==", mode, e.number(1))

                places = range(0, scheme.size**2, scheme.size)

                def one(k: Any, _: list[Any]) -> list[Any]:
                    m_here, y_here = b.gep(mp, [b.mul(k, m_k)]), b.gep(yp, [b.mul(k, y_k)])
                    value = b.load(b.gep(sp, [b.select(with_start, k, e.number(0))]))
                    begin = e.splat(b.select(with_start, value, ir.Constant(e.scalar, 0.0)))

                    def column(j: Any) -> Callable[[Any], list[Any]]:
                        first = b.gep(m_here, [b.mul(m_place, j)])
                        return lambda lane: [
                            e.load(b.gep(first, [b.add(b.mul(m_place, e.number(i)), lane)])) for i in places
                        ]  # fmt: skip

                    def finish(i: Any, lane: Any, values: list[Any]) -> None:
                        row = b.gep(y_here, [b.add(b.mul(y_row, i), lane)])
                        for j, value in enumerate(values):
                            address = b.gep(row, [b.mul(y_column, e.number(j))])
                            e.store(b.fadd(value, begin), b.select(there[j], address, nobody))

                    both_ways(e, L, scheme.size, line, rows, half, column, finish)
                    return []

                e.loop(K, [], one)

            def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
                ma, m0, m_k, m_place, sa, s0, mode, ya, y0, y_k, y_row, y_column, rows, columns, K, L = args
                arrays = ((m, ma, m0), (start, sa, s0), (y, ya, y0))
                at = [builder.gep(pointer(context, builder, *pair), [first]) for *pair, first in arrays]
                numbers = [m_k, m_place, mode, y_k, y_row, y_column, rows, columns, K, L]
                apart(builder, f"minicnn_{name}", [*at, *numbers], lambda b, a: body(b, Emitter(b, m.dtype), *a))
                return context.get_dummy_value()

            return types.void(m, size, size, size, start, size, size, y, *(size,) * 8), generate

        return transform

    made = []
    for taps, scheme in SCHEMES.items():
        made += [
            to_places(scheme, scheme.size, pixels_line, f"pixels_to_places_{taps}"),
            to_places(scheme, scheme.outputs, gradient_line, f"gradient_to_places_{taps}"),
            to_pixels(scheme, f"to_pixels_{taps}"),
        ]
    return dict(zip(NAMES, made, strict=True))


def __getattr__(name: str) -> Any:
    """The names in NAMES: made when a kernel that uses them is compiled."""
    if name in NAMES:
        return _intrinsics()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
