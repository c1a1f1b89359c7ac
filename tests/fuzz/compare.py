"""What equal means: the same verdict, and the same numbers within rounding."""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import Case
from .texts import lacks

# of the largest magnitude in the tensor; below FLOOR it counts as FLOOR, since what cancels leaves rounding behind
TOLERANCE = {"float64": 1e-9, "float32": 3e-5, "float16": 4e-3}
FLOOR = {"float64": 1e-3, "float32": 1.0, "float16": 1.0}

FAULTS = (  # torch's errors where its own documentation promises a result
    "grad_input must be contiguous",  # nll_loss of a tensor that is not contiguous
    "Found dtype Double but expected Float",  # huber_loss of two floating types, in backward
)


def difference(ours: dict[str, Any], theirs: dict[str, Any], case: Case) -> str | None:
    """What is not equal, or None."""
    if "died" in theirs:
        return f"torch's process ended with code {theirs['died']}"
    if "error" in ours and case.faults and "y" in theirs and np.size(theirs["y"][0]) == 0:
        return None  # torch makes an output without pixels on some of its ways, and checks nothing for an empty batch
    if any(fault in theirs.get("text", "") for fault in FAULTS):
        return None
    if "error" in ours or "error" in theirs:
        return _verdict(ours, theirs, case)
    for part in ("y", "first", "second"):
        mine, other = ours.get(part), theirs.get(part)
        if part == "second" and (isinstance(other, str) or _has_nan(theirs["y"])):  # torch has no such derivative
            continue
        if isinstance(mine, str):
            return f"{part}: {mine}"
        if mine is None or other is None:
            if mine is not other:
                return f"{part}: ours is {_kind(mine)}, torch's {_kind(other)}"
            continue
        if len(mine) != len(other):
            return f"{part}: ours are {len(mine)} tensors, torch's {len(other)}"
        for index, (a, b) in enumerate(zip(mine, other, strict=True)):
            wrong = _values(a, b, case.looser)
            if wrong:
                return f"{part}[{index}]: {wrong}"
    return None


def _verdict(ours: dict[str, Any], theirs: dict[str, Any], case: Case) -> str | None:
    if "error" not in theirs:
        return f"ours refuses, torch does not: {ours['error'][0]}: {ours['text']}"
    if "error" not in ours:
        return f"torch refuses, ours does not: {theirs['error'][0]}: {theirs['text'][:300]}"
    if {"KeyError", "StopIteration", "ZeroDivisionError"} & {*theirs["error"]}:
        return None
    wanting = lacks(ours["text"], case.source, str(case.changed["argument"])) if case.changed else None
    if len(ours["text"]) < 15 or wanting:
        return f"our text says too little ({wanting or 'it is short'}): {ours['error'][0]}: {ours['text']!r}"
    return None


def _kind(value: Any) -> str:
    return "None" if value is None else type(value).__name__


def _values(a: Any, b: Any, looser: float) -> str | None:
    if a is None or b is None:  # no gradient, or one of zeros
        present = next((x for x in (a, b) if x is not None), np.zeros(0))
        return f"one is None, the other {present}" if np.any(present) else None
    if isinstance(a, list) and isinstance(b, list):
        wrong = [_values(x, y, looser) for x, y in zip(a, b, strict=False)]
        return f"{a} for {b}" if len(a) != len(b) or any(wrong) else None
    if isinstance(b, float) and isinstance(a, float):
        a, b = np.float64(a), np.float64(b)
    if not hasattr(b, "dtype") or not hasattr(a, "dtype"):
        return None if a == b else f"{a!r} for {b!r}"
    if a.shape != b.shape:
        return f"shape {a.shape} for {b.shape}"
    if a.dtype != b.dtype:
        return f"dtype {a.dtype} for {b.dtype}"
    if a.dtype.kind != "f":
        return None if np.array_equal(a, b) else f"{_first(a, b, a != b)}"
    name = a.dtype.name
    finite = np.isfinite(b)
    scale = max(FLOOR[name], float(np.abs(b[finite]).max(initial=0)))
    with np.errstate(all="ignore"):
        wrong = ~((np.abs(a - b) <= TOLERANCE[name] * looser * scale) | (a == b) | (np.isnan(a) & np.isnan(b)))
    return _first(a, b, wrong) if wrong.any() else None


def _has_nan(values: list[Any]) -> bool:
    """Whether one of them holds NaN, of which no derivative is defined."""
    return any(isinstance(v, np.ndarray) and v.dtype.kind == "f" and bool(np.isnan(v).any()) for v in values)


def _first(a: np.ndarray, b: np.ndarray, wrong: np.ndarray) -> str:
    place = tuple(int(i[0]) for i in np.nonzero(np.atleast_1d(wrong)))
    x, y = np.atleast_1d(a)[place], np.atleast_1d(b)[place]
    return f"{x!r} for {y!r} at {place} of {a.shape}; {int(wrong.sum())} differ, largest {np.abs(b).max():.3g}"
