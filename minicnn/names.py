"""Missing names: what to say when somebody asks a module for a name that it does not have."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import FrameType


def nearest(name: str, there: Iterable[str], most: int = 3) -> list[str]:
    """The public names among `there` that look most like `name`, the best first.

    >>> nearest("Conv2D", ["Conv1d", "Conv2d", "Linear"])
    ['Conv2d', 'Conv1d']
    """
    import difflib

    folded: dict[str, str] = {}
    for candidate in sorted(there):
        if not candidate.startswith("_"):
            folded.setdefault(candidate.lower(), candidate)
    found = difflib.get_close_matches(name.lower(), folded, n=most, cutoff=0.7)
    return [folded[match] for match in found]


def hint(name: str, there: Iterable[str]) -> str:
    """What follows the sentence that `name` is missing: the nearest names there are, in parentheses.

    >>> hint("Lineer", ["Linear", "ReLU"])
    ' (minicnn does not have it; the nearest name is Linear)'
    >>> hint("jit", ["Linear", "ReLU"])
    ' (minicnn does not have it, nor a name like it)'
    """
    close = nearest(name, there)
    if not close:
        return " (minicnn does not have it, nor a name like it)"
    if len(close) == 1:
        return f" (minicnn does not have it; the nearest name is {close[0]})"
    return f" (minicnn does not have it; the nearest names are {', '.join(close)})"


def missing(module: str, name: str, there: Iterable[str]) -> AttributeError | ImportError:
    """The exception for `module.name`, for a module's `__getattr__` to raise.

    It is an AttributeError, as `hasattr` and `getattr` with a default expect; where the name is asked for by
    `from module import name`, it is the ImportError that Python would make of it, with the hint that Python
    would drop.
    """
    if name.startswith("__"):
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    if _is_from_import(sys._getframe(2)):
        text = f"cannot import name {name!r} from {module!r}{hint(name, there)}"
        return ImportError(text, name=module)
    return AttributeError(f"module {module!r} has no attribute {name!r}{hint(name, there)}")


def _is_from_import(frame: FrameType) -> bool:
    """Whether `frame` is at a `from … import …` just now, and not at a call that asks on its behalf."""
    import dis

    code = frame.f_code.co_code
    return frame.f_lasti >= 0 and dis.opname[code[frame.f_lasti]] == "IMPORT_FROM"
