"""What hangs on a tensor: its hooks, with the handle that takes one away again, and a gradient that fits."""

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


def hooks_of(tensor: Any) -> Hooks:
    """The hooks on the gradient of `tensor`: a leaf's own, or those of the node that made it."""
    node = tensor.grad_fn
    if node is None:
        if tensor._hooks is None:
            tensor._hooks = Hooks()
        own: Hooks = tensor._hooks
        return own
    if node.pre_hooks is None:
        node.pre_hooks = {}
    hooks: Hooks = node.pre_hooks.setdefault(tensor._output_index, Hooks())
    return hooks


def fitting_grad(owner: Any, grad: Any) -> Any:
    """`grad`, if it may be assigned to `owner.grad`: a Tensor of the same shape, type and device.

    TypeError for what is no Tensor, RuntimeError for one that does not fit and for the owner itself.
    """
    from minicnn.autograd.tensor import Tensor  # that file needs this one

    if not isinstance(grad, Tensor):
        raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type {type(grad).__name__}")
    if grad is owner:
        raise RuntimeError("can't assign Variable as its own grad; assign a .clone() of it")
    if grad.shape != owner.shape:
        raise RuntimeError(
            f"attempting to assign a gradient of size '{list(grad.shape)}' to a tensor of size "
            f"'{list(owner.shape)}'. Please ensure that the gradient and the tensor are the same size"
        )
    for what, theirs, ours in (("dtype", grad.dtype, owner.dtype), ("device", grad.device, owner.device)):
        if theirs != ours:
            raise RuntimeError(
                f"attempting to assign a gradient with {what} {theirs} to a tensor with {what} {ours}; "
                "convert it with .to(tensor)"
            )
    return grad


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
