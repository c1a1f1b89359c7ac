"""torch.autograd.detect_anomaly: backward stops at the first operation whose gradient is not a number."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from minicnn.backend import array_module
from minicnn.kernels.recorder import recorder

HERE = Path(__file__).parent


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

    With it, `backward` raises RuntimeError at the first operation that returns nan, and names it; a warning says where
    that operation was called. Every gradient is looked at, which takes time; `check_nan` False looks at none.

    >>> import minicnn
    >>> warnings.simplefilter("ignore")
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
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            stacklevel=2,
        )
        super().__init__(True, check_nan)


def place() -> str:
    """Where the operation that is being recorded was called, as the lines of a traceback."""
    frames = [f for f in traceback.extract_stack() if not f.filename.startswith(str(HERE))]
    return "".join(traceback.format_list(frames))


def look_for_nan(node: Any, gradients: Sequence[Any]) -> None:
    """RuntimeError if one of the `gradients` (arrays, Tensors or None) of the operation `node` holds a nan."""
    if not state.check_nan:
        return
    if recorder.tape is not None:
        recorder.tape.refuse("looks for nan in gradients (detect_anomaly)")
    for position, value in enumerate(gradients):
        array = getattr(value, "_array", value)
        if array is not None and array.dtype.kind == "f" and bool(array_module(array).isnan(array).any()):
            explain(node)
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {position}th output.")


def explain(node: Any) -> None:
    """Warn with the place where `node` was recorded."""
    where = node.__dict__.get("recorded_at")
    told = f"Traceback of forward call that caused the error:\n{where}"
    untold = "No forward pass information available. Enable detect anomaly during forward pass for more information."
    warnings.warn(f"Error detected in {node.name()}. {told if where else untold}", stacklevel=3)
