"""Whether operations record themselves: no_grad, enable_grad, inference_mode, set_grad_enabled."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class _Mode(threading.local):
    enabled = True
    inference = False


mode = _Mode()


def is_grad_enabled() -> bool:
    """Whether operations on tensors that require grad are recorded in this thread."""
    return mode.enabled


def is_inference_mode_enabled() -> bool:
    """Whether the code runs within `inference_mode`."""
    return mode.inference


class set_grad_enabled:
    """Switch recording on or off, as a call, a context or a decorator: `with set_grad_enabled(False): …`."""

    def __init__(self, mode_: bool) -> None:
        self._before = mode.enabled
        self._value = mode.enabled = bool(mode_)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        mode.enabled = self._before

    def __call__(self, function: F) -> F:
        mode.enabled = self._before  # only within the function

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with set_grad_enabled(self._value):
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]


class _Switch:
    """A context manager and decorator that sets the mode and puts the old one back."""

    value: bool

    def __new__(cls, function: Any = None) -> Any:
        """`@no_grad` decorates as `@no_grad()` does."""
        return cls()(function) if callable(function) else super().__new__(cls)

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(mode.enabled)
        mode.enabled = self.value

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        mode.enabled = self._before.pop()

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with type(self)():
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]


class no_grad(_Switch):
    """Operations inside are not recorded: `with no_grad():` or `@no_grad()`."""

    value = False


class inference_mode(no_grad):
    """As `no_grad`; `inference_mode(False)` records again."""

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.value = not mode
        self._inside: list[bool] = []

    def __enter__(self) -> None:
        self._inside.append(mode.inference)
        mode.inference = not self.value
        super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        mode.inference = self._inside.pop()

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with inference_mode(not self.value):
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]


class enable_grad(_Switch):
    """Operations inside are recorded, also within `no_grad`."""

    value = True
