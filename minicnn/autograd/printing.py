"""How a tensor prints: the text of PyTorch's `repr(tensor)`, character for character.

Three steps, each a small piece below: choose one notation for all numbers (`_Notation`), lay the numbers out
in brackets and lines (`_layout`), and append what is worth knowing besides the numbers (`tensor_repr`). A
tensor of more than `threshold` elements shows only its corners, and only these take part in choosing the
notation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class PrintOptions:
    """What :func:`set_printoptions` sets."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}
_options = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print; `None` keeps what is set, except that `sci_mode=None` means "choose by the
    values".

    `precision`: digits after the point. `threshold`: more elements than this are summarised, with `edgeitems`
    shown at either end of each dimension. `linewidth`: characters a line. `profile`: "default", "short" or
    "full", taken before the others. `sci_mode`: True for 1.0000e+00 always, False for never. ValueError for
    another profile.

    >>> set_printoptions(precision=2)
    >>> print(tensor_repr(np.float32([1.5, 2.25]), dtype_name="torch.float32"))
    tensor([1.50, 2.25])
    >>> set_printoptions(profile="default")
    """
    global _options
    if profile is not None and profile not in _PROFILES:
        raise ValueError(f"`profile` is {profile!r}, expected one of {', '.join(map(repr, _PROFILES))}")
    base = _options if profile is None else _PROFILES[profile]
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    changed: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    _options = replace(base, **changed, sci_mode=sci_mode)


def tensor_repr(
    array: Array,
    *,
    dtype_name: str,
    default_dtype_name: str = "float32",
    device: str = "cpu",
    grad_fn_name: str | None = None,
    requires_grad: bool = False,
) -> str:
    """The text PyTorch prints for a tensor with the values of `array` (any shape; floating, integer or bool).

    `dtype_name` is printed as it stands, unless it is the default dtype's, int64 or bool, which show in the
    numbers themselves; names compare without a "torch." or other prefix. `grad_fn_name` goes before
    `requires_grad`.

    >>> tensor_repr(np.float32(2.3026), dtype_name="torch.float32", grad_fn_name="NllLossBackward0")
    'tensor(2.3026, grad_fn=<NllLossBackward0>)'
    >>> tensor_repr(np.zeros((0, 3)), dtype_name="torch.float64")
    'tensor([], size=(0, 3), dtype=torch.float64)'
    """
    array = np.asarray(array)
    summarised = array.size > _options.threshold
    prefix = "tensor("
    if array.size == 0:
        text = "[]"
    elif summarised and _options.edgeitems == 0 and array.ndim > 0:
        text = "[...]"
    else:
        shown = _corners(array) if summarised else array
        text = _layout(array, _Notation(shown), summarised, len(prefix))

    suffixes = []
    if device != "cpu":
        suffixes.append(f"device='{device}'")
    if _options.edgeitems == 0 if array.size else array.ndim != 1:  # where the numbers do not show it
        suffixes.append(f"size={array.shape}")
    plain = dtype_name.rpartition(".")[2]
    implied = {default_dtype_name.rpartition(".")[2]} | ({"int64", "bool"} if array.size else set())
    if plain not in implied:
        suffixes.append(f"dtype={dtype_name}")
    if grad_fn_name is not None:
        suffixes.append(f"grad_fn=<{grad_fn_name}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    return _append(prefix + text, suffixes, len(prefix)) + ")"


class _Notation:
    """One notation and width for all numbers of a tensor.

    Integers and bools print as they are. Floating numbers that are all whole print as "1."; others with
    `precision` digits; either way as 1.0000e+00 where they would need many characters: the largest above 1e8,
    or over 1000 times the smallest, or (numbers not whole) the smallest below 1e-4. Zeros, infinities and nan
    have no say in any of it, nor in the width.
    """

    def __init__(self, values: Array) -> None:
        self.floating = values.dtype.kind not in "biu"
        self.scientific = False
        if not self.floating:
            self.width = max(len(str(value)) for value in values.ravel().tolist())
            return
        wide = values.astype(np.float64).ravel()
        telling = wide[np.isfinite(wide) & (wide != 0)]
        self.whole = bool((telling == np.ceil(telling)).all())
        if telling.size:
            smallest, largest = float(np.abs(telling).min()), float(np.abs(telling).max())
            too_small = smallest < 1e-4 and not self.whole
            self.scientific = largest / smallest > 1000 or largest > 1e8 or too_small
            if _options.sci_mode is not None:
                self.scientific = _options.sci_mode
        self.width = max((len(self._digits(value)) for value in telling.tolist()), default=1)

    def text(self, value: Any) -> str:
        return (self._digits(float(value)) if self.floating else str(value)).rjust(self.width)

    def _digits(self, value: float) -> str:
        if self.scientific:
            return f"{value:.{_options.precision}e}"
        if self.whole:
            return f"{value:.0f}" + ("." if math.isfinite(value) else "")
        return f"{value:.{_options.precision}f}"


def _corners(array: Array) -> Array:
    """The elements a summary shows: `edgeitems` from either end of every dimension."""
    edge = _options.edgeitems
    for axis, size in enumerate(array.shape):
        if size > 2 * edge:
            array = array.take([*range(edge), *range(size - edge, size)], axis)
    return array


def _layout(array: Array, notation: _Notation, summarised: bool, indent: int) -> str:
    """The numbers in brackets; continuation lines begin below the first number, `indent` + 1 characters
    in."""
    if array.ndim == 0:
        return notation.text(array.item())
    edge = _options.edgeitems
    cut = summarised and len(array) > 2 * edge
    parts: list[Any] = [*array[:edge], None, *array[len(array) - edge :]] if cut else list(array)
    line_break = "\n" + " " * (indent + 1)
    if array.ndim > 1:
        rows = ["..." if part is None else _layout(part, notation, summarised, indent + 1) for part in parts]
        blank_lines = "\n" * (array.ndim - 2)
        return "[" + ("," + blank_lines + line_break).join(rows) + "]"
    words = [" ..." if part is None else notation.text(part.item()) for part in parts]
    per_line = max(1, (_options.linewidth - indent) // (notation.width + len(", ")))
    lines = [", ".join(words[start : start + per_line]) for start in range(0, len(words), per_line)]
    return "[" + ("," + line_break).join(lines) + "]"


def _append(text: str, suffixes: list[str], indent: int) -> str:
    """Suffixes follow on the last line where they fit, else each on a line of its own."""
    length = len(text) - text.rfind("\n") + 1  # two more than the last line has: PyTorch's count
    for suffix in suffixes:
        if length + len(suffix) + 2 > _options.linewidth:
            text += ",\n" + " " * indent + suffix
            length = indent + len(suffix)
        else:
            text += ", " + suffix
            length += len(suffix) + 2
    return text
