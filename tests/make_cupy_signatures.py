"""Write down CuPy's names and their arguments: `python -m tests.make_cupy_signatures`, where CuPy is installed.

The stand-in of tests/simulated_gpu offers these names and takes these arguments, so that what a GPU would refuse is
refused without one, too.
"""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

FILE = Path(__file__).parent / "simulated_gpu" / "cupy" / "signatures.json"
MODULES = ("linalg", "lib.stride_tricks")


def signatures() -> dict[str, Any]:
    """The installed CuPy's functions and methods with the names of their arguments, and its ufuncs with their types."""
    import cupy

    found: dict[str, Any] = {
        "version": cupy.__version__,
        "functions": _functions(cupy),
        "ufuncs": {name: " ".join(getattr(cupy, name).types) for name in dir(cupy) if _is_ufunc(cupy, name)},
        "others": {name: type(getattr(cupy, name)).__name__ for name in dir(cupy) if _is_other(cupy, name)},
        "methods": {},
    }
    for module in MODULES:
        place: Any = cupy
        for part in module.split("."):
            place = getattr(place, part)
        found[module] = _functions(place)
    for name in dir(cupy.ndarray):
        first = (getattr(cupy.ndarray, name).__doc__ or "").split("\n")[0]
        match = re.match(rf"\w+\.{re.escape(name)}\(self(?:, )?(.*?)\)(?: -> .*)?$", first)
        if name.startswith("_"):
            continue
        if match:
            parts = [part.strip() for part in match[1].split(",") if part.strip()]
            found["methods"][name] = ", ".join(re.sub(r"^(\*?)(?:\w+ )?(\w*).*", r"\1\2", part) for part in parts)
        else:
            found["methods"][name] = None  # an attribute
    return found


def _functions(module: ModuleType) -> dict[str, str]:
    result = {}
    for name in dir(module):
        value = getattr(module, name)
        if not name.startswith("_") and inspect.isfunction(value):
            result[name] = ", ".join(
                {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "") + p.name
                for p in inspect.signature(value).parameters.values()
            )
    return result


def _is_ufunc(cupy: ModuleType, name: str) -> bool:
    return not name.startswith("_") and isinstance(getattr(cupy, name), cupy.ufunc)


def _is_other(cupy: ModuleType, name: str) -> bool:
    return not (name.startswith("_") or _is_ufunc(cupy, name) or inspect.isfunction(getattr(cupy, name)))


def text() -> str:
    """The file's text."""
    return json.dumps(signatures(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
