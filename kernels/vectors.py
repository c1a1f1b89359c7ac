"""What LLVM code is written with here: the width of a vector, and an emitter of instructions on vectors.

simd.py writes the loops with it.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from typing import Any

_WIDTHS = (16, 32, 64)


@functools.lru_cache(maxsize=1)
def vector_bytes() -> int:
    """Bytes of a SIMD register: 64 with AVX-512, 32 with AVX2, else 16 (NEON, SSE); MINICNN_VECTOR_BYTES forces one."""
    forced = os.environ.get("MINICNN_VECTOR_BYTES")
    if forced is not None:
        if forced not in map(str, _WIDTHS):
            raise ValueError(f"MINICNN_VECTOR_BYTES is {forced!r}; expected 16, 32 or 64")
        return int(forced)
    from llvmlite import binding

    features = binding.get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx2") else 16


def registers() -> int:
    """How many vector registers there are: 32 with AVX-512 and NEON, 16 with AVX2 and SSE."""
    import platform

    return 32 if vector_bytes() == 64 or platform.machine().lower() in ("arm64", "aarch64") else 16


@functools.lru_cache(maxsize=1)
def emitter() -> tuple[Any, Any, Any]:
    """The class Emitter and the functions `pointer` and `apart`; made when they are wanted, for they need llvmlite."""
    from llvmlite import ir
    from numba import types

    i32, i64 = ir.IntType(32), ir.IntType(64)

    class Emitter:
        """LLVM code for vectors of one element type."""

        def __init__(self, builder: Any, element: Any, lanes: int | None = None) -> None:
            self.b = builder
            floats = {32: ir.FloatType(), 64: ir.DoubleType()}
            self.scalar = floats[element.bitwidth] if isinstance(element, types.Float) else ir.IntType(element.bitwidth)
            self.item = element.bitwidth // 8
            self.VL = lanes or vector_bytes() // self.item
            self.vector = ir.VectorType(self.scalar, self.VL)
            self.suffix = f"v{self.VL}f{element.bitwidth}"

        def number(self, value: int) -> Any:
            return ir.Constant(i64, value)

        def zero(self) -> Any:
            return ir.Constant(self.vector, [0.0] * self.VL)

        def intrinsic(self, name: str, result: Any, args: Sequence[Any], **options: Any) -> Any:
            module = self.b.module
            kind = ir.FunctionType(result, [a.type for a in args])
            function = module.globals.get(name) or ir.Function(module, kind, name)
            return self.b.call(function, args, **options)

        def fma(self, x: Any, y: Any, z: Any) -> Any:
            return self.intrinsic(f"llvm.fma.{self.suffix}", self.vector, [x, y, z])

        def splat(self, value: Any) -> Any:
            undefined = ir.Constant(self.vector, ir.Undefined)
            first = self.b.insert_element(undefined, value, ir.Constant(i32, 0))
            return self.b.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(i32, self.VL), [0] * self.VL))

        def at(self, base: Any, *offsets: Any) -> Any:
            """The address of base[sum of offsets]."""
            total = functools.reduce(self.b.add, offsets)
            return self.b.gep(base, [total])

        def load_scalar(self, base: Any, *offsets: Any) -> Any:
            value = self.b.load(self.at(base, *offsets))
            value.align = self.item
            return value

        def load(self, address: Any, mask: Any = None) -> Any:
            address = self.b.bitcast(address, self.vector.as_pointer())
            if mask is None:
                value = self.b.load(address)
                value.align = self.item
                return value
            name = f"llvm.masked.load.{self.suffix}.p0{'' if self._opaque() else self.suffix}"
            return self.intrinsic(name, self.vector, [address, ir.Constant(i32, self.item), mask, self.zero()])

        def store(self, value: Any, address: Any, mask: Any = None) -> None:
            address = self.b.bitcast(address, self.vector.as_pointer())
            if mask is None:
                self.b.store(value, address).align = self.item
                return
            name = f"llvm.masked.store.{self.suffix}.p0{'' if self._opaque() else self.suffix}"
            self.intrinsic(name, ir.VoidType(), [value, address, ir.Constant(i32, self.item), mask])

        @staticmethod
        def _opaque() -> bool:
            from llvmlite import binding

            return binding.llvm_version_info[0] >= 16

        def first_lanes(self, count: Any) -> Any:
            """A mask of the first `count` lanes."""
            lanes = ir.Constant(ir.VectorType(i64, self.VL), list(range(self.VL)))
            start = ir.Constant(ir.VectorType(i64, self.VL), ir.Undefined)
            one = self.b.insert_element(start, count, ir.Constant(i32, 0))
            limit = self.b.shuffle_vector(one, start, ir.Constant(ir.VectorType(i32, self.VL), [0] * self.VL))
            return self.b.icmp_signed("<", lanes, limit)

        def sum_lanes(self, value: Any) -> Any:
            """The sum over the lanes, as a tree."""
            name = f"llvm.vector.reduce.fadd.{self.suffix}"
            return self.intrinsic(name, self.scalar, [ir.Constant(self.scalar, -0.0), value], fastmath=("reassoc",))

        def sums_of_lanes(self, values: Sequence[Any]) -> list[Any]:
            """The sum over the lanes of each of `values`.

            Two vectors become one, half of whose lanes belong to each, by the exchange of `transpose_square`. After
            log2(lanes) rounds every lane is the sum of one vector: that of vector v is where v's bits point, read
            backwards.
            """
            b, n, totals = self.b, self.VL, []
            for first in range(0, len(values), n):
                part, d = list(values[first : first + n]), n // 2
                while d:
                    low = ir.Constant(ir.VectorType(i32, n), [c if not c & d else n + c - d for c in range(n)])
                    high = ir.Constant(ir.VectorType(i32, n), [c + d if not c & d else n + c for c in range(n)])
                    pairs = [(part[i], part[min(i + 1, len(part) - 1)]) for i in range(0, len(part), 2)]
                    part = [b.fadd(b.shuffle_vector(x, y, low), b.shuffle_vector(x, y, high)) for x, y in pairs]
                    d //= 2
                bits = n.bit_length() - 1
                for v in range(len(values[first : first + n])):
                    lane = int(f"{v:0{bits}b}"[::-1], 2)
                    totals.append(b.extract_element(part[0], ir.Constant(i32, lane)))
            return totals

        def loop(self, count: Any, carried: list[Any], body: Callable[[Any, list[Any]], list[Any]]) -> list[Any]:
            """for i in range(count): carried = body(i, carried); the carried values live in registers."""
            b = self.b
            before = b.block
            head = b.append_basic_block("head")
            inside = b.append_basic_block("body")
            after = b.append_basic_block("after")
            b.branch(head)
            b.position_at_end(head)
            i = b.phi(i64)
            i.add_incoming(self.number(0), before)
            phis = [b.phi(value.type) for value in carried]
            for phi, value in zip(phis, carried, strict=True):
                phi.add_incoming(value, before)
            b.cbranch(b.icmp_signed("<", i, count), inside, after)
            b.position_at_end(inside)
            results = body(i, phis)
            i.add_incoming(b.add(i, self.number(1)), b.block)
            for phi, value in zip(phis, results, strict=True):
                phi.add_incoming(value, b.block)
            b.branch(head).set_metadata("llvm.loop", self._not_unrolled())
            b.position_at_end(after)
            return phis

        def _not_unrolled(self) -> Any:
            """What tells LLVM to leave a loop as it is written: unrolled four times, it takes twice as long to compile
            and runs no faster."""
            module = self.b.module
            known: Any = module.get_named_metadata("minicnn.loop") if "minicnn.loop" in module.namedmetadata else None
            if known is None:
                off = module.add_metadata([ir.MetaDataString(module, "llvm.loop.unroll.disable")])
                loop = module.add_metadata([ir.MetaDataString(module, "minicnn"), off])
                loop.operands = (loop, off)  # LLVM knows the description of a loop by its first operand: itself
                known = module.add_named_metadata("minicnn.loop")
                known.add(loop)
            return known.operands[0]

        def cover(self, total: Any, blocks: Sequence[int], body: Callable[[int, Any], Any]) -> Any:
            """body(size, start) for blocks that cover 0 … total, largest first; returns where they end:
            `total`, if the last of `blocks` is 1."""
            start = self.number(0)
            for size in blocks:
                count = self.b.sdiv(self.b.sub(total, start), self.number(size))
                self._each(count, size, start, body)
                start = self.b.add(start, self.b.mul(count, self.number(size)))
            return start

        def _each(self, count: Any, size: int, start: Any, body: Callable[[int, Any], Any]) -> None:
            def one(i: Any, _: list[Any]) -> list[Any]:
                body(size, self.b.add(start, self.b.mul(i, self.number(size))))
                return []

            self.loop(count, [], one)

        def choose(self, mode: Any, default: list[Any], ways: list[Callable[[], list[Any]]]) -> list[Any]:
            """The values of ways[mode - 1], or `default` for any other mode."""
            b = self.b
            arrive = [(b.block, default)]
            ready = b.append_basic_block("ready")
            switch = b.switch(mode, ready)
            for number, way in enumerate(ways, 1):
                block = b.append_basic_block("way")
                switch.add_case(self.number(number), block)
                b.position_at_end(block)
                arrive.append((None, way()))
                arrive[-1] = (b.block, arrive[-1][1])
                b.branch(ready)
            b.position_at_end(ready)
            phis = [b.phi(value.type) for value in default]
            for block, values in arrive:
                for phi, value in zip(phis, values, strict=True):
                    phi.add_incoming(value, block)
            return phis

    def pointer(context: Any, builder: Any, kind: Any, value: Any) -> Any:
        """The address of the first element of an array."""
        return context.make_array(kind)(context, builder, value=value).data

    def apart(builder: Any, name: str, args: Sequence[Any], body: Callable[[Any, Sequence[Any]], None]) -> None:
        """`body(builder, args)` as a function of its own, one in a module, and a call of it here.

        Within its callers LLVM would take twice as long for it, and again for each place that calls it.
        """
        function = builder.module.globals.get(name)
        if function is None:
            kind = ir.FunctionType(ir.VoidType(), [a.type for a in args])
            function = ir.Function(builder.module, kind, name)
            function.linkage = "internal"
            function.attributes.add("noinline")
            inside = ir.IRBuilder(function.append_basic_block("entry"))
            body(inside, function.args)
            inside.ret_void()
        builder.call(function, args)

    return Emitter, pointer, apart
