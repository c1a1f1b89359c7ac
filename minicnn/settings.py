"""PyTorch's global switches, for the preambles of scripts: what can be set, and what it changes here."""

from __future__ import annotations

import warnings
from typing import Any

from minicnn import backend, dtypes
from minicnn.backends import cuda

_PRECISIONS = ("highest", "high", "medium")


class _Switches:
    deterministic = False
    warn_only = False
    precision = "highest"
    interop_threads = 1


_now = _Switches()


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Accepted: every algorithm here is deterministic. TypeError if `mode` is not a bool."""
    if not isinstance(mode, bool):
        raise TypeError(f"use_deterministic_algorithms(): `mode` must be bool, not {type(mode).__name__}")
    _now.deterministic, _now.warn_only = mode, warn_only


def are_deterministic_algorithms_enabled() -> bool:
    """What `use_deterministic_algorithms` was last given; False at the start."""
    return _now.deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """The `warn_only` that `use_deterministic_algorithms` was last given."""
    return _now.deterministic and _now.warn_only


def set_float32_matmul_precision(precision: str) -> None:
    """How exact products of float32 are on a GPU: with "high" and "medium" they may use TF32, as with
    `backends.cuda.matmul.allow_tf32`; with "highest" they are float32's own, as they always are on the CPU. A warning
    for any other word."""
    if precision in _PRECISIONS:
        _now.precision = precision
        cuda.matmul.allow_tf32 = precision != "highest"
    else:
        expected = ", ".join(map(repr, _PRECISIONS))
        warnings.warn(f"`precision` is {precision!r}, not one of {expected}: nothing is changed", stacklevel=2)


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was last given, unless `backends.cuda.matmul.allow_tf32` was set after it:
    then "high" or "highest". "highest" at the start."""
    if cuda.matmul.allow_tf32 == (_now.precision != "highest"):
        return _now.precision
    return "high" if cuda.matmul.allow_tf32 else "highest"


def set_num_interop_threads(threads: int) -> None:
    """Accepted: operations run one after the other, each on all `get_num_threads()` threads. RuntimeError below 1."""
    if threads < 1:
        raise RuntimeError(f"`threads` is {threads}, expected a positive number")
    _now.interop_threads = threads


def get_num_interop_threads() -> int:
    """What `set_num_interop_threads` was last given; 1 at the start."""
    return _now.interop_threads


def set_flush_denormal(mode: bool) -> bool:
    """False: the processor's treatment of denormal numbers is left as it is."""
    return False


def set_default_device(device: Any) -> None:
    """Make new tensors on `device` from now on (None: the CPU); RuntimeError where there is no such GPU."""
    place = backend.CPU if device is None else backend.resolve(device)
    if place.type == "cuda":
        with backend.on_gpu(place):
            pass
    backend.set_default_device(place)


def get_default_device() -> backend.device:
    """The device that new tensors are made on; the CPU unless changed."""
    return backend.default_device()


def set_default_tensor_type(t: Any) -> None:
    """Make the type `t` (`FloatTensor`, "torch.DoubleTensor") that of new tensors: the old `set_default_dtype`.

    TypeError for a type that is not of floating-point numbers on the CPU.
    """
    where, _, name = (t if isinstance(t, str) else getattr(t, "__name__", repr(t))).rpartition(".")
    kinds = {"FloatTensor": dtypes.float32, "DoubleTensor": dtypes.float64}
    if name not in kinds or (where.endswith("cuda") and not backend.stays_on_cpu()):
        raise TypeError(f"`t` is {t}, expected FloatTensor or DoubleTensor (or their names)")
    dtypes.set_default_dtype(kinds[name])
