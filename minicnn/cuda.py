"""torch.cuda's questions: is there a GPU, how many, wait for it."""

from __future__ import annotations

from minicnn import backend

synchronize = backend.synchronize


def is_available() -> bool:
    """Whether tensors can live on a GPU here."""
    return backend.has_gpu()


def device_count() -> int:
    """The number of usable GPUs."""
    if not backend.has_gpu():
        return 0
    import cupy

    return int(cupy.cuda.runtime.getDeviceCount())
