"""Where hooks are kept, and the handle that takes one away again."""

from __future__ import annotations

import itertools
import sys
import weakref
from collections.abc import Callable
from typing import Any

_numbers = itertools.count()
LAST = sys.maxsize  # the number of the hook that is called after all others


class Hooks(dict[int, Any]):
    """Functions by number, in the order in which they are called."""

    __slots__ = ("__weakref__",)

    def __reduce__(self) -> tuple[Any, ...]:
        """As OrderedDict is pickled: nothing, and the items put in."""
        return Hooks, (), None, None, iter(self.items())


def keeper(owner: Any) -> Callable[[Any], None]:
    """A hook that adds the gradient to the `.grad` of its `owner`, a tensor that may be gone by then."""
    reference = weakref.ref(owner)

    def keep(grad: Any) -> None:
        tensor = reference()
        if tensor is not None:
            tensor.grad = grad.detach().clone() if tensor.grad is None else tensor.grad + grad

    return keep


class RemovableHandle:
    """What register_hook returns: `remove()` takes the hook away."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = weakref.ref(hooks)
        self.id = next(_numbers)  # never given twice, so that an old handle can't take a new hook away

    def remove(self) -> None:
        """Take the hook away; nothing happens the second time."""
        hooks = self._hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()
