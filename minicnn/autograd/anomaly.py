"""detect_anomaly: which operation made the first NaN of a backward pass, and which line had called it forward."""

from __future__ import annotations

import traceback
import warnings
from typing import Any

from minicnn.autograd.grad_mode import mode

_check_nan = True


class set_detect_anomaly:
    """Switch the search for NaN on or off, as a call or as a context.

    While it is on, every operation remembers where it was called; a backward pass whose rule fails, or gives NaN
    (unless `check_nan` is False), prints that place as a warning and raises RuntimeError. It is slow: for debugging.

    >>> import minicnn, warnings
    >>> warnings.simplefilter("ignore")
    >>> with minicnn.autograd.detect_anomaly():
    ...     x = minicnn.tensor([-1.0], requires_grad=True)
    ...     minicnn.sqrt(x).sum().backward()
    Traceback (most recent call last):
    RuntimeError: Function 'SqrtBackward0' returned nan values in its 0th output.
    """

    def __init__(self, mode_: bool, check_nan: bool = True) -> None:
        global _check_nan
        self._before = mode.anomaly, _check_nan
        mode.anomaly, _check_nan = bool(mode_), check_nan

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        global _check_nan
        mode.anomaly, _check_nan = self._before


class detect_anomaly(set_detect_anomaly):
    """The context `set_detect_anomaly(True)`."""

    def __init__(self, check_nan: bool = True) -> None:
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled "
            "for debugging.",
            stacklevel=2,
        )
        super().__init__(True, check_nan)


def is_anomaly_enabled() -> bool:
    """Whether backward passes look for NaN."""
    return mode.anomaly


def place() -> str:
    """Where the operation that is being recorded was called, as a traceback."""
    frames = traceback.extract_stack()
    return "".join(traceback.format_list([f for f in frames if "minicnn/autograd" not in f.filename]))


def check(node: Any, results: tuple[Any, ...]) -> None:
    """RuntimeError if a gradient that `node` gave is NaN."""
    for index, value in enumerate(results if _check_nan else ()):
        array = getattr(value, "_array", value)
        if array is not None and (array != array).any():
            explain(node)
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {index}th output.")


def explain(node: Any) -> None:
    """Warn with the place where `node` was recorded."""
    where = node.__dict__.get("recorded_at")
    text = (
        f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{where}"
        if where
        else f"Error detected in {node.name()}. No forward pass information available. Enable detect anomaly during "
        "forward pass for more information."
    )
    warnings.warn(text, stacklevel=3)
