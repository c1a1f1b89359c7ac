"""PyTorch's import names: `torch` and `torchvision` as a folder of packages that show minicnn's names.

The folder, `torch_alias`, is put on `sys.path` and into PYTHONPATH, so that worker processes find it, too. Each
of its files says in one line of which module of minicnn it shows the names: `show(__name__, "minicnn.nn")`.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, TypeVar

from minicnn import dtypes, suggest
from minicnn.autograd.tensor import Parameter, Size, Tensor
from minicnn.backend import device
from minicnn.formats import memory_format
from minicnn.functional.generator import Generator

FOLDER = Path(__file__).with_name("torch_alias")


def activate() -> None:
    """Let `import torch` find minicnn from now on, here and in the processes that are started from here.

    ImportError if PyTorch itself has been imported already.
    """
    loaded = sys.modules.get("torch")
    if loaded is not None and not is_alias(loaded):
        raise ImportError(
            "PyTorch has been imported already, and one process cannot have both under the name torch: restart "
            "it and let minicnn come first"
        )
    put_on_path(FOLDER)


def put_on_path(folder: Path) -> None:
    """Let imports look into `folder`, here and in the processes that are started from here.

    The script's own folder, `sys.path[0]`, stays in front, as it would be in front of an installed PyTorch.
    """
    place = str(folder)
    if place not in sys.path:
        sys.path.insert(0 if getattr(sys.flags, "safe_path", False) else 1, place)
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if place not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([place, *paths])
    importlib.invalidate_caches()


def is_alias(module: ModuleType) -> bool:
    """Whether `module` is one of the alias folder."""
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).is_relative_to(FOLDER)


def show(name: str, *sources: str, own: bool = False, extra: Iterable[str] = ()) -> None:
    """Fill the alias module `name` with the public names of the modules `sources` of minicnn.

    They are the same objects, so that `isinstance` and pickles agree. With `own` only what the source itself
    defines is shown, not what it imports for its own use; `extra` names more. Submodules of the alias are
    imported when they are asked for, and a name that is nowhere raises AttributeError (ImportError in
    `from … import …`) with the nearest names there are.
    """
    module = sys.modules[name]
    space = vars(module)
    shown = [import_module(source) for source in sources]
    for source in shown:
        places = (f"{source.__name__}.",) if own else ("minicnn.", "torch.")
        for key, value in vars(source).items():
            if key in extra or (not key.startswith("_") and _belongs(value, places)):
                space.setdefault(key, value)

    inside = _submodules(module)
    later = {path.rpartition(".")[2] for source in shown for path in getattr(source, "_LAZY", ()) if "." in path}

    def __getattr__(key: str) -> Any:
        if key in inside:
            return import_module(f"{name}.{key}")
        if key in later:
            return getattr(next(source for source in shown if hasattr(source, key)), key)
        raise missing(name, key, inside | later)

    def __dir__() -> list[str]:
        return sorted({key for key in space if not key.startswith("_")} | inside | later)

    space.update(__getattr__=__getattr__, __dir__=__dir__)
    if "__all__" not in space:
        space["__all__"] = __dir__()


def missing(module: str, name: str, more: set[str]) -> AttributeError | ImportError:
    """The exception for the alias module `module`, asked for `name`; `more` are names it has beside its attributes.

    It is an AttributeError, as `hasattr` and `getattr` with a default expect; where the name is asked for by
    `from module import name`, it is the ImportError that Python would make of it, with the nearest name, which
    Python would drop.
    """
    error = suggest.missing(module, name, more)
    if name.startswith("__"):
        return error
    start = f"module {module!r} has no attribute {name!r}"
    near = f" (minicnn does not have it){str(error).removeprefix(start)}"
    if _is_from_import(sys._getframe(2)):
        return ImportError(f"cannot import name {name!r} from {module!r}{near}", name=module)
    return AttributeError(start + near, name=name)  # with its own `name`, Python adds no suggestion


def _is_from_import(frame: FrameType) -> bool:
    """Whether `frame` is at a `from … import …` just now, and not at a call that asks on its behalf."""
    import dis

    code = frame.f_code.co_code
    return frame.f_lasti >= 0 and dis.opname[code[frame.f_lasti]] == "IMPORT_FROM"


def call_yourself(name: str) -> None:
    """Let tensors, types and devices say that they are `name`'s: `torch.float32`, `<class 'torch.Tensor'>`."""
    dtypes.PREFIX = name
    for kind in (Tensor, Size, dtypes.dtype, device, memory_format, Generator):
        kind.__module__ = name
    Parameter.__module__ = f"{name}.nn.parameter"


def _belongs(value: Any, places: tuple[str, ...]) -> bool:
    """Whether `value` is one to show: made in one of the `places`, or a plain constant."""
    if isinstance(value, ModuleType | TypeVar):
        return False
    made = getattr(value, "__module__", None)
    return made is None or f"{made}.".startswith(places)


def _submodules(module: ModuleType) -> set[str]:
    """The names of the files and folders beside an alias package."""
    return {info.name for info in pkgutil.iter_modules(getattr(module, "__path__", []))}
