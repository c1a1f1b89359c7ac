"""The micro-kernels as assembly for processors that need not be at hand: what test_assembly.py looks at.

    python -m tests.kernels.assembly [neon …]     a line for each innermost loop of each micro-kernel

The LLVM code is that of kernels/tile.py and sums.py for the width and the registers of the processor asked for.
Numba has no part in it, so the loops cannot be run, only read.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

from llvmlite import binding, ir
from numba import types

from minicnn.kernels import sums, tile, vectors

JUMP, CALL = r"(?:j\w+|b|b\.\w+|cbn?z|tbn?z)", r"(?:call\w*|bl|blr)"  # of x86 and of AArch64
MICRO_KERNELS = {"tile": tile, "dot_tile": sums, "outer_tile": sums}  # and the file each is in
INTEGERS = ("offsets", "places")  # their arrays that are no numbers to compute with


class Processor(NamedTuple):
    """What code is made for, and how its vectors look."""

    name: str  # LLVM's
    triple: str
    width: int  # bytes of a vector
    registers: int
    fma: str  # a fused multiply-add of such vectors, as a regular expression


PROCESSORS = {
    "neon": Processor("neoverse-n1", "aarch64-unknown-linux-gnu", 16, 32, r"fmla\s+v\d+\.(4s|2d)"),
    "apple": Processor("apple-m1", "arm64-apple-macosx", 16, 32, r"fmla\.(4s|2d)\s+v\d+"),
    "avx2": Processor("znver3", "x86_64-unknown-linux-gnu", 32, 16, r"vfmadd\d+p[sd]\s.*%ymm"),
    "avx512": Processor("skylake-avx512", "x86_64-unknown-linux-gnu", 64, 32, r"vfmadd\d+p[sd]\s.*%zmm"),
}


class Loop(NamedTuple):
    """An innermost loop: how many of its instructions are what."""

    instructions: int
    fma: int  # of whole vectors
    vector_spills: int  # vectors read from or written to the stack
    other_spills: int
    branches: int  # beside the one that closes the loop
    calls: int


@contextmanager
def as_on(processor: Processor) -> Iterator[None]:
    """The micro-kernels' files as they are on `processor`: width and number of registers."""
    facts = {"vector_bytes": processor.width, "registers": processor.registers}
    with ExitStack() as patches:
        for module in (vectors, *set(MICRO_KERNELS.values())):
            for name, value in ((name, facts[name]) for name in facts if name in vars(module)):
                patches.enter_context(mock.patch.object(module, name, return_value=value))
        yield


def llvm_code(name: str, element: Any, processor: Processor) -> str:
    """LLVM's code of one micro-kernel for arrays of `element`, before any optimisation."""
    define = getattr(MICRO_KERNELS[name], name)._defn
    floats, integers = (types.Array(kind, 1, "C") for kind in (element, types.int64))
    parameters = list(inspect.signature(define).parameters)[1:]
    signature, generate = define(None, *(integers if p in INTEGERS else floats for p in parameters))
    scalars = {types.float32: ir.FloatType(), types.float64: ir.DoubleType(), types.int64: ir.IntType(64)}

    def lowered(kind: Any) -> Any:
        return scalars[kind.dtype].as_pointer() if isinstance(kind, types.Array) else scalars[kind]

    module = ir.Module()
    returns = ir.VoidType() if signature.return_type == types.void else lowered(signature.return_type)
    function = ir.Function(module, ir.FunctionType(returns, [lowered(kind) for kind in signature.args]), name)
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    context = SimpleNamespace(  # of Numba's context the micro-kernels want an array's address and a None
        make_array=lambda kind: lambda context, builder, value: SimpleNamespace(data=value),
        get_dummy_value=lambda: None,
    )
    with as_on(processor):
        result = generate(context, builder, signature, function.args)
    builder.ret_void() if result is None else builder.ret(result)
    return str(module)


@functools.cache
def assembly(code: str, processor: Processor) -> str:
    """The assembly that LLVM makes of its code at -O2, as kernels are compiled."""
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    target = binding.Target.from_triple(processor.triple)
    machine = target.create_target_machine(cpu=processor.name, opt=2, reloc="pic", codemodel="default")
    module = binding.parse_assembly(code)
    module.triple = processor.triple
    module.data_layout = str(machine.target_data)
    module.verify()
    builder = binding.create_pass_builder(machine, binding.create_pipeline_tuning_options(speed_level=2))
    builder.getModulePassManager().run(module, builder)
    text: str = machine.emit_assembly(module)
    return text


def innermost_loops(text: str) -> list[list[str]]:
    """The instructions of each loop without a loop inside: from a label to the last jump back to it."""
    lines = [line.strip() for line in text.splitlines()]
    labels = {line.split(":")[0]: i for i, line in enumerate(lines) if re.match(r"\.?L\w+:", line)}
    ends: dict[int, int] = {}
    for i, line in enumerate(lines):
        jump = re.match(rf"{JUMP}\s.*?(\.?L\w+)$", line)
        if jump and labels.get(jump[1], i) < i:
            ends[labels[jump[1]]] = i
    inner = [(a, e) for a, e in ends.items() if not any(a < a2 and e2 <= e for a2, e2 in ends.items())]
    return [[line for line in lines[a : e + 1] if re.match(r"[a-z]", line)] for a, e in sorted(inner)]


def look_at(loop: list[str], processor: Processor) -> Loop:
    """Count."""
    count = lambda pattern: sum(bool(re.search(pattern, line)) for line in loop)  # noqa: E731
    stack = r"\[sp|\(%rsp"
    vector = r"%[xyz]mm|\b[qv]\d+\b"
    spills = [line for line in loop if re.search(stack, line)]
    vector_spills = sum(bool(re.search(vector, line)) for line in spills)
    return Loop(
        len(loop), count(processor.fma), vector_spills, len(spills) - vector_spills, count(rf"^{JUMP}\s") - 1,
        count(rf"^{CALL}\s"),
    )  # fmt: skip


def busy_loops(name: str, element: Any, processor: Processor) -> list[Loop]:
    """The loops of a micro-kernel that multiply, the one with the most multiplications first.

    Only those without a branch inside: what LLVM lays out around an inner loop may look like one, too.
    """
    text = assembly(llvm_code(name, element, processor), processor)
    found = [look_at(loop, processor) for loop in innermost_loops(text)]
    return sorted((loop for loop in found if loop.fma and not loop.branches), key=lambda loop: -loop.fma)


if __name__ == "__main__":
    for label in sys.argv[1:] or PROCESSORS:
        for micro_kernel in MICRO_KERNELS:
            for kind in (types.float32, types.float64):
                for loop in busy_loops(micro_kernel, kind, PROCESSORS[label]):
                    print(label, micro_kernel, kind, *(f"{key} {value}" for key, value in loop._asdict().items()))
