"""torch.backends.cudnn: `allow_tf32`, and what can be set and changes nothing (minicnn is always deterministic).

With `allow_tf32 = True` convolutions of float32 on a GPU may round their factors to TF32, as matrix products may
(minicnn.backends.cuda), whoever computes them. PyTorch begins with True, minicnn with False.

cuDNN itself is not needed. Where NVIDIA's frontend to it is installed (`pip install 'minicnn[cudnn]'`) it computes the
convolutions within `with minicnn.kernels.use("cudnn"):`, or everywhere with MINICNN_KERNELS=cudnn.
"""

from __future__ import annotations

from minicnn.kernels import precision

allow_tf32 = False
benchmark = False
benchmark_limit = 10
deterministic = False
enabled = True

precision.switches["conv2d"] = lambda: allow_tf32


def is_available() -> bool:
    """False: minicnn's convolutions are its own."""
    return False


def version() -> int | None:
    """None: there is no cuDNN."""
    return None
