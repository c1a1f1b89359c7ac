"""torch.backends.cuda: whether CUDA can be used, and `matmul.allow_tf32`.

With `matmul.allow_tf32 = True` matrix products of float32 on a GPU may round their factors to TF32 (ten bits behind
the point), which is what tensor cores multiply; sums stay float32. `set_float32_matmul_precision("high")` sets it, too.
Products of float16 and bfloat16 always have float32 sums, whatever `allow_fp16_reduced_precision_reduction` is.
"""

from __future__ import annotations

from types import SimpleNamespace

from minicnn import backend
from minicnn.kernels import precision

matmul = SimpleNamespace(allow_tf32=False, allow_fp16_reduced_precision_reduction=True)
precision.switches["gemm"] = lambda: matmul.allow_tf32


def is_built() -> bool:
    """Whether tensors can live on a GPU here."""
    return backend.has_gpu()
