"""Loading whole models and other objects of classes: an ordinary pickle, for files that the user trusts.

This is what `load(…, weights_only=False)` asks for, and it is as safe as running a program of the file's author.
Only the names of tensors and of what belongs to them have a meaning of their own here, the reader's.
"""

from __future__ import annotations

import io
import pickle
from functools import partial
from importlib import import_module
from typing import Any

from minicnn.serialization.errors import LoadError
from minicnn.serialization.reader import Reader
from minicnn.serialization.storage import Storages
from minicnn.serialization.values import Maker, found

PLACES = {  # where PyTorch's names are here; the first that fits
    "torch.nn.functional.": "minicnn.nn.functional",
    "torch.nn.init.": "minicnn.nn.init",
    "torch.nn.": "minicnn.nn",
    "torch.optim.lr_scheduler.": "minicnn.optim.lr_scheduler",
    "torch.optim.": "minicnn.optim",
    "torch.": "minicnn",
}


class Unpickler(pickle.Unpickler):
    """Python's unpickler, which makes minicnn's tensors where the file has PyTorch's."""

    def __init__(self, data: bytes, storages: Storages, options: dict[str, Any]) -> None:
        self._data = io.BytesIO(data)
        super().__init__(self._data, **options)
        self._reader = Reader(data, storages)

    @property
    def at(self) -> int:
        """Where the next byte is, behind the pickle after `load`."""
        return self._data.tell()

    def load(self) -> Any:
        """The object; LoadError where the pickle is damaged or holds what only PyTorch has."""
        try:
            return super().load()
        except LoadError:
            raise
        except (pickle.UnpicklingError, EOFError) as error:
            raise LoadError(f"its pickle is damaged ({error})") from None

    def find_class(self, module: str, name: str) -> Any:
        """The class or function; for one of PyTorch's, minicnn's of that name (LoadError where there is none)."""
        if module.partition(".")[0] != "torch":
            return super().find_class(module, name)
        try:
            known = found(module, name)
        except LoadError:
            return _counterpart(module, name)
        return partial(self._reader.make, known) if isinstance(known, Maker) else known

    def persistent_load(self, what: Any) -> Any:
        """The memory of a tensor; in files of PyTorch before 1.6 also a class, with its source code behind it."""
        if isinstance(what, tuple) and len(what) == 4 and what[0] == "module":
            return what[1]
        return self._reader.storage(what)


def _counterpart(module: str, name: str) -> Any:
    """minicnn's class or function in place of PyTorch's. A module's attributes have the same names in both."""
    place = next(place for prefix, place in PLACES.items() if f"{module}.".startswith(prefix))
    try:
        return getattr(import_module(place), name)
    except AttributeError:
        raise LoadError(
            f"it holds PyTorch's {module}.{name}, which minicnn does not have: "
            "in PyTorch save `model.state_dict()`, and load that into a model"
        ) from None
