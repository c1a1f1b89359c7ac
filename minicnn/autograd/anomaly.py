"""torch.autograd.detect_anomaly: backward stops at the first operation whose gradient is not a number."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.kernels.recorder import recorder


class _State:
    enabled = False
    check_nan = True


state = _State()


def is_anomaly_enabled() -> bool:
    """Whether `set_detect_anomaly` (or `detect_anomaly`) is on."""
    return state.enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether gradients are looked at for nan, when it is on."""
    return state.check_nan


class set_detect_anomaly:
    """Switch the search for nan in gradients on or off, as a call or as a context.

    With it, `backward` raises RuntimeError at the first operation that returns nan, and names it; every gradient is
    looked at, which takes time. `check_nan` False looks at none.

    >>> import minicnn
    >>> x = minicnn.zeros(1, requires_grad=True)
    >>> with set_detect_anomaly(True):
    ...     (x.sqrt() * 0).sum().backward()
    Traceback (most recent call last):
        ...
    RuntimeError: Function 'SqrtBackward0' returned nan values in its 0th output.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = state.enabled, state.check_nan
        state.enabled, state.check_nan = bool(mode), bool(check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        state.enabled, state.check_nan = self._before


class detect_anomaly(set_detect_anomaly):
    """`with detect_anomaly():` is `with set_detect_anomaly(True):`, and warns that it takes time."""

    def __init__(self, check_nan: bool = True) -> None:
        warnings.warn("Anomaly Detection has been enabled: for debugging only, it takes time.", stacklevel=2)
        super().__init__(True, check_nan)


def look_for_nan(name: str, gradients: Sequence[Any]) -> None:
    """RuntimeError if one of the `gradients` (arrays, Tensors or None) of the operation `name` holds a nan."""
    if not state.check_nan:
        return
    if recorder.tape is not None:
        recorder.tape.refuse("looks for nan in gradients (detect_anomaly)")
    for position, value in enumerate(gradients):
        array = value._array if isinstance(value, Tensor) else value
        if array is not None and array.dtype.kind == "f" and bool(array_module(array).isnan(array).any()):
            raise RuntimeError(f"Function '{name}' returned nan values in its {position}th output.")
