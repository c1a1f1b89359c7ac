"""Classes and functions that the user lets files name, as torch.serialization does: `add_safe_globals([Net])`.

What is on this list is called with what the file says, and its instances get the attributes that the file says:
only for classes whose every use is harmless. Everything else stays refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

BLOCKED = ("sys", "os", "posix", "nt")  # modules of which nothing can be allowed
_allowed: dict[str, Any] = {}


def add_safe_globals(safe_globals: Iterable[Any]) -> None:
    """Let files that are loaded with `weights_only=True` name these classes and functions.

    Each is one itself, or a pair (it, the name by which files call it).

    >>> import io, collections, minicnn
    >>> file = io.BytesIO()
    >>> minicnn.save(collections.deque([1, 2]), file)
    >>> with safe_globals([collections.deque]):
    ...     _ = file.seek(0)
    ...     minicnn.load(file)
    deque([1, 2])
    """
    _allowed.update(map(_named, safe_globals))


def get_safe_globals() -> list[Any]:
    """What files may name beside the reader's own list."""
    return list(_allowed.values())


def clear_safe_globals() -> None:
    """Let files name nothing any more but what is on the reader's own list."""
    _allowed.clear()


@contextmanager
def safe_globals(safe_globals: Iterable[Any]) -> Iterator[None]:
    """`add_safe_globals` for the length of a `with`."""
    before = dict(_allowed)
    add_safe_globals(safe_globals)
    try:
        yield
    finally:
        _allowed.clear()
        _allowed.update(before)


def _named(allowed: Any) -> tuple[str, Any]:
    if isinstance(allowed, tuple):
        if len(allowed) != 2 or not isinstance(allowed[1], str):
            raise ValueError(f"`safe_globals` has {allowed!r}; expected a class or function, or a pair (it, its name)")
        return allowed[1], allowed[0]
    if not hasattr(allowed, "__qualname__"):
        raise TypeError(f"`safe_globals` has {allowed!r}; expected classes and functions")
    return f"{allowed.__module__}.{allowed.__qualname__}", allowed


def lookup(module: str, name: str) -> Any:
    """The allowed object that files call `module.name`, or None."""
    return None if module in BLOCKED else _allowed.get(f"{module}.{name}")


def set_state(target: Any, state: Any) -> None:
    """Give an instance of an allowed class the state that the file has for it, as pickle does."""
    if hasattr(target, "__setstate__"):
        target.__setstate__(state)
        return
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    if attributes:
        vars(target).update(attributes)
    for name, value in (slots or {}).items():
        setattr(target, name, value)


def is_allowed(kind: Any) -> bool:
    """Whether `kind` is on the list."""
    return any(kind is allowed for allowed in _allowed.values())
