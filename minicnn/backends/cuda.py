"""torch.backends.cuda: whether CUDA can be used, and `matmul.allow_tf32`, which can be set and changes nothing."""

from __future__ import annotations

from types import SimpleNamespace

from minicnn import backend

matmul = SimpleNamespace(allow_tf32=False, allow_fp16_reduced_precision_reduction=True)


def is_built() -> bool:
    """Whether tensors can live on a GPU here."""
    return backend.has_gpu()
