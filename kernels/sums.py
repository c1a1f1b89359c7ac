"""Micro-kernels of sums over pixels and images: what the gradient of the filters is made of.

    dot_tile    s[k, t] += Σ_p g[k, p] · x[offset[t] + p]
                the lanes are pixels p (or images): MR · NT sums of vectors stay in registers, and are added
                up across their lanes at the end of a long run. Nothing has to be rearranged, so it is the
                one for few filters or few taps.

    outer_tile  s[t, k] += Σ_p x[offset[t] + place[p]] · g[p, k]
                the lanes are filters k: each pixel adds the outer product of MT taps and NV vectors of
                filters to sums that stay in registers. Nothing is left to be added across lanes and any
                pixel may follow any other, but g has to be transposed; many taps pay for that.

    sum_run     Σ of a run of numbers: the gradient of the bias.

Both tiles are loops over a table of offsets, as `tile` in tile.py, which says where that idea comes from.
"""

from __future__ import annotations

import functools
from typing import Any

from .vectors import emitter, registers

NAMES = ("dot_tile", "outer_tile", "sum_run")


def dot_blocks() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Rows and taps of a block of `dot_tile`: (6 + 1)·4 + 1 of 32 registers, (4 + 1)·3 + 1 of 16."""
    return ((6, 2, 1), (4, 1)) if registers() == 32 else ((4, 2, 1), (3, 1))


def outer_blocks() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Taps and vectors of filters of a block of `outer_tile`: 10·2 + 2 + 1 of 32 registers, 6·2 + 2 + 1 of 16.

    Each tap is an address besides, and x86-64 has no more than 15 for all: with 12 taps LLVM leaves vectors in memory.
    """
    return ((10, 3, 1) if registers() == 32 else (6, 3, 1)), (2, 1)


def outer_vectors() -> int:
    """Vectors of filters that `outer_tile` takes at a time."""
    return outer_blocks()[1][0]


# --- the LLVM code ---------------------------------------------------------------------------------
# Everything below needs llvmlite and is imported by compiled kernels only (see `__getattr__`).


@functools.lru_cache(maxsize=1)
def _intrinsics() -> dict[str, Any]:
    from numba import types
    from numba.extending import intrinsic

    Emitter, pointer, apart = emitter()
    size = types.intp

    @intrinsic
    def dot_tile(
        typing: Any, x: Any, x0: Any, offsets: Any, t0: Any, T: Any, g: Any, g0: Any, ldg: Any, K: Any,
        runs: Any, run: Any, x_step: Any, g_step: Any, s: Any, sum0: Any, lds: Any,
    ) -> Any:  # fmt: skip
        """s[k, t] += Σ over `runs` runs of `run` elements: g[k, …] · x[offsets[t0 + t] + …]

        for k < K (rows of g, ldg apart, and of s, lds apart) and t < T; from one run to the next x moves
        by x_step and g by g_step.
        """
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
            pairs = b.sdiv(run, e.number(2 * e.VL))  # of whole vectors
            done = b.mul(pairs, e.number(2 * e.VL))
            left = b.sub(run, done)
            vectors_left = b.sdiv(b.add(left, e.number(e.VL - 1)), e.number(e.VL))

            def block(mr: int, nt: int, k: Any, t: Any, masked: bool = False) -> None:
                """The whole pairs of vectors of all runs, or with `masked` what is left at the end of each."""
                x_at = [b.gep(xp, [b.load(e.at(op, t, e.number(j)))]) for j in range(nt)]
                g_at = [b.gep(gp, [b.mul(ldg, b.add(k, e.number(i)))]) for i in range(mr)]
                size = mr * nt
                # An fma takes four cycles and two begin in each, so few sums would wait for themselves: then both
                # vectors of a pair have their own.
                unroll = 2 if size < 8 and not masked else 1

                def multiply(x_here: Any, g_here: Any, sums: list[Any], mask: Any = None) -> list[Any]:
                    xs = [e.load(b.gep(x_at[j], [x_here]), mask) for j in range(nt)]
                    result = []
                    for i in range(mr):
                        value = e.load(b.gep(g_at[i], [g_here]), mask)
                        result += [e.fma(value, xs[j], sums[i * nt + j]) for j in range(nt)]
                    return result

                def one_run(r: Any, sums: list[Any]) -> list[Any]:
                    x_run, g_run = b.mul(r, x_step), b.mul(r, g_step)

                    def step(i: Any, sums: list[Any]) -> list[Any]:
                        first, result = b.mul(i, e.number(unroll * e.VL)), []
                        for u in range(unroll):
                            lane = b.add(first, e.number(u * e.VL))
                            result += multiply(b.add(x_run, lane), b.add(g_run, lane), sums[u * size : (u + 1) * size])
                        return result

                    def step_masked(i: Any, sums: list[Any]) -> list[Any]:
                        first = b.mul(i, e.number(e.VL))
                        lane, mask = b.add(done, first), e.first_lanes(b.sub(left, first))
                        return multiply(b.add(x_run, lane), b.add(g_run, lane), sums, mask)

                    if masked:
                        return e.loop(vectors_left, sums, step_masked)
                    return e.loop(pairs if unroll == 2 else b.mul(pairs, e.number(2)), sums, step)

                sums = e.loop(runs, [e.zero()] * (size * unroll), one_run)
                if unroll == 2:
                    sums = [b.fadd(one, other) for one, other in zip(sums[:size], sums[size:], strict=True)]
                for n, total in enumerate(e.sums_of_lanes(sums)):
                    address = e.at(sp, b.mul(lds, b.add(k, e.number(n // nt))), t, e.number(n % nt))
                    b.store(b.fadd(b.load(address), total), address)

            row_counts, tap_counts = dot_blocks()
            e.cover(T, tap_counts, lambda nt, t: e.cover(K, row_counts, lambda mr, k: block(mr, nt, k, t)))
            # What is left by itself, in small blocks: a mask takes a register.
            taps_left = b.select(b.icmp_signed(">", left, e.number(0)), T, e.number(0))
            e.cover(taps_left, (1,), lambda nt, t: e.cover(K, (4, 1), lambda mr, k: block(mr, nt, k, t, True)))

        return signature, generate

    @intrinsic
    def outer_tile(
        typing: Any, x: Any, x0: Any, offsets: Any, t0: Any, T: Any, places: Any, P: Any, g: Any, g0: Any,
        vectors: Any, s: Any, sum0: Any, lds: Any,
    ) -> Any:  # fmt: skip
        """s[t, k] += Σ_{p < P} x[offsets[t0 + t] + places[p]] · g[p, k]

        for t < T (rows of s, lds apart) and as many k as `vectors` vectors hold (1 … outer_vectors()); the rows of
        g follow one another without a gap.
        """
        signature = types.void(x, size, offsets, size, size, places, size, g, size, size, s, size, size)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            (xa, x0, oa, t0, T, pa, P, ga, g0, vectors, sa, sum0, lds) = args
            arrays = ((x, xa), (offsets, oa), (places, pa), (g, ga), (s, sa))
            pointers = [pointer(context, builder, *pair) for pair in arrays]
            numbers = (x0, t0, T, P, g0, vectors, sum0, lds)
            name = f"minicnn_outer_tile_{x.dtype.bitwidth}"
            apart(builder, name, [*pointers, *numbers], lambda b, args: body(b, Emitter(b, x.dtype), *args))
            return context.get_dummy_value()

        def body(
            b: Any, e: Any, xp: Any, op: Any, pp: Any, gp: Any, sp: Any, x0: Any, t0: Any, T: Any, P: Any, g0: Any,
            vectors: Any, sum0: Any, lds: Any,
        ) -> None:  # fmt: skip
            xp, gp, op, sp = (b.gep(p, [first]) for p, first in ((xp, x0), (gp, g0), (op, t0), (sp, sum0)))
            width = b.mul(vectors, e.number(e.VL))

            def block(mt: int, nv: int, t: Any, v: Any) -> None:
                first = b.mul(v, e.number(e.VL))
                x_at = [b.gep(xp, [b.load(e.at(op, t, e.number(i)))]) for i in range(mt)]
                g_at = b.gep(gp, [first])
                s_row = [b.gep(sp, [b.add(b.mul(lds, b.add(t, e.number(i))), first)]) for i in range(mt)]

                def pixel(p: Any, sums: list[Any]) -> list[Any]:
                    place, here, result = b.load(b.gep(pp, [p])), b.mul(p, width), []
                    gs = [e.load(e.at(g_at, here, e.number(j * e.VL))) for j in range(nv)]
                    for i in range(mt):
                        value = e.splat(e.load_scalar(x_at[i], place))
                        result += [e.fma(value, gs[j], sums[i * nv + j]) for j in range(nv)]
                    return result

                sums = e.loop(P, [e.zero()] * (mt * nv), pixel)
                for i in range(mt):
                    for j in range(nv):
                        address = b.gep(s_row[i], [e.number(j * e.VL)])
                        e.store(b.fadd(e.load(address), sums[i * nv + j]), address)

            tap_counts, vector_counts = outer_blocks()
            e.cover(vectors, vector_counts, lambda nv, v: e.cover(T, tap_counts, lambda mt, t: block(mt, nv, t, v)))

        return signature, generate

    @intrinsic
    def sum_run(typing: Any, x: Any, x0: Any, run: Any) -> Any:
        """Σ of the `run` numbers from x[x0] on: lane by lane, in four vectors, and across lanes at the end."""

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

    return {"dot_tile": dot_tile, "outer_tile": outer_tile, "sum_run": sum_run}


def __getattr__(name: str) -> Any:
    """The names in NAMES: made when a kernel that uses them is compiled."""
    if name in NAMES:
        return _intrinsics()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
