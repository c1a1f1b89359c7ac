"""cuBLAS: one call, and a pass over the result for what follows. Only taken when asked for: `kernels.use("cublas")`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import cublas, precision
from ..dispatch import Plan
from . import Sizes
from .cpu_numpy import orders, outputs
from .gpu_cupy import FILES, cuda_function, finishing
from .gpu_plan import function_of, matrices


def plan(z: Sizes) -> Plan | None:
    """float32 and float64 without the sums of rows; matrices that are not empty, of fewer than 2³¹ rows and columns.
    What is left goes to our own kernels."""
    kind, where = z.dtype.name, matrices(z)
    if (
        kind not in cublas.TYPES
        or "row_sums" in z.epilogue
        or not 0 < min(z.M, z.N, z.K) <= max(z.M, z.N, z.K) < 1 << 31
    ):
        return None
    bias, function, size, tf32 = "bias" in z.epilogue, function_of(z.epilogue), z.M * z.N, precision.tf32("gemm")
    finish = finishing(
        cuda_function(FILES[kind], f"gemm_finish_{kind}"), size, 1, inner=z.M if where.swapped else 1, channels=z.N,
        bias=bias, function=function,
    )  # fmt: skip

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        first, second = (ins[1], ins[0]) if where.swapped else (ins[0], ins[1])
        a = cublas.Matrix(cublas.address(first), where.a_m, where.a_k)
        b = cublas.Matrix(cublas.address(second), where.b_k, where.b_n)
        c = cublas.Matrix(cublas.address(outs[0]), where.c_m, where.c_n)
        cublas.multiply(a, b, c, (where.M, where.N, where.K), 1, z.dtype, scratch, tf32=tf32)
        if bias or function:
            biases, activated = (ins[2] if bias else ins[1]), (ins[-1] if function > 3 else ins[1])
            finish(outs[0], outs[0], outs[0], biases, activated)

    return Plan("cuBLAS" + " on TF32" * tf32, orders(z), outputs(z), cublas.WORKSPACE, run)
