"""The micro-kernels as machine code for AVX2, AVX-512 and NEON, read and not run: no such machine has to be at hand.

What a processor is promised: its own fused multiply-adds on whole vectors, the block of sums in registers while the
innermost loop runs, and no library function where lanes are masked.
"""

import re

import assembly
import pytest
from llvmlite import binding
from numba import types

from minicnn.kernels import simd

each_processor = pytest.mark.parametrize("processor", assembly.PROCESSORS.values(), ids=assembly.PROCESSORS)
each_float = pytest.mark.parametrize("element", [types.float32, types.float64], ids=str)


@pytest.fixture(autouse=True)
def _llvm_knows_the_processor(processor):
    binding.initialize_all_targets()
    try:
        binding.Target.from_triple(processor.triple)
    except RuntimeError as error:
        pytest.skip(f"this llvmlite has no {processor.triple}: {error}")


def products(micro_kernel):
    """Multiply-adds of the largest block: rows times vectors (or taps)."""
    if micro_kernel == "tile":
        return simd.row_blocks()[0] * simd.vector_blocks()[0]
    rows, taps = simd.dot_blocks()
    return rows[0] * taps[0]


@each_processor
@each_float
@pytest.mark.parametrize("micro_kernel", assembly.MICRO_KERNELS)
def test_the_sums_of_the_innermost_loop_stay_in_registers(micro_kernel, element, processor):
    loops = assembly.busy_loops(micro_kernel, element, processor)
    with assembly.as_on(processor):
        block = products(micro_kernel)
    assert loops[0].fma >= block, "no loop holds the largest block"
    assert loops[0].fma % block == 0  # unrolled or not
    for loop in loops:
        assert loop.vector_spills == 0, loop
        assert loop.calls == 0, loop
    assert loops[0].instructions <= 2.5 * loops[0].fma, f"{loops[0]}: most instructions should multiply"


@each_processor
@each_float
@pytest.mark.parametrize("micro_kernel", assembly.MICRO_KERNELS)
def test_masked_lanes_need_no_library(micro_kernel, element, processor):
    code = assembly.llvm_code(micro_kernel, element, processor)
    assert "llvm.masked.load" in code
    called = set(re.findall(rf"^\s*{assembly.CALL}\s+(\S+)", assembly.assembly(code, processor), re.MULTILINE))
    assert {name.split("@")[0].lstrip("_") for name in called} <= {f"minicnn_{micro_kernel}_{element.bitwidth}"}
