"""The micro-kernels as machine code for AVX2, AVX-512 and NEON, read and not run: no such machine has to be at hand.

What a processor is promised: its own fused multiply-adds on whole vectors, the block of sums in registers while the
innermost loop runs, and no library function where lanes are masked.
"""

import re

import assembly
import pytest
from llvmlite import binding
from numba import types

from minicnn.kernels import sums, tile

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
    """Multiply-adds of the largest block: rows times vectors, or what stands for them."""
    if micro_kernel == "tile":
        return tile.ROWS * tile.vector_blocks(tile.ROWS)[0]
    ones, others = {"dot_tile": sums.dot_blocks, "outer_tile": sums.outer_blocks}[micro_kernel]()
    return ones[0] * others[0]


@each_processor
@each_float
@pytest.mark.parametrize("micro_kernel", assembly.MICRO_KERNELS)
def test_the_sums_of_the_innermost_loop_stay_in_registers(micro_kernel, element, processor):
    loops = assembly.busy_loops(micro_kernel, element, processor)
    with assembly.as_on(processor):
        block = products(micro_kernel)
    largest = [loop for loop in loops if loop.fma in (block, 2 * block, 4 * block)]  # as LLVM unrolls it
    assert largest, "no loop holds the largest block"
    assert min(loop.vector_spills for loop in largest) == 0, largest
    assert min(loop.instructions / loop.fma for loop in largest) <= 2.5, "most instructions should multiply"
    for loop in loops:  # of narrow blocks, unrolled fourfold, LLVM may put inputs aside; sums it never does
        assert loop.vector_spills <= loop.fma / 2, loop
        assert loop.calls == 0, loop


@each_processor
@each_float
@pytest.mark.parametrize("micro_kernel", ["tile", "dot_tile"])
def test_masked_lanes_need_no_library(micro_kernel, element, processor):
    code = assembly.llvm_code(micro_kernel, element, processor)
    assert "llvm.masked.load" in code
    called = set(re.findall(rf"^\s*{assembly.CALL}\s+(\S+)", assembly.assembly(code, processor), re.MULTILINE))
    assert {name.split("@")[0].lstrip("_") for name in called} <= {f"minicnn_{micro_kernel}_{element.bitwidth}"}
