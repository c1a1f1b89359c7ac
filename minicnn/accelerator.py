"""torch.accelerator: whichever device beside the CPU there is; here that is a GPU under CUDA, or none."""

from __future__ import annotations

from minicnn import backend, cuda

device_count = cuda.device_count
is_available = cuda.is_available


def current_accelerator(check_available: bool = False) -> backend.device | None:
    """`device("cuda")`, or None where there is no GPU."""
    return backend.device("cuda") if backend.has_gpu() else None


def current_device_index() -> int:
    """The number of the GPU that `cuda` means; RuntimeError where there is none."""
    return cuda.current_device()


def synchronize(device: object = None) -> None:
    """Wait for the GPU; RuntimeError where there is none."""
    cuda.current_device()
    cuda.synchronize()
