"""Module hooks: functions that are called before and after forward, and with a module's gradients.

A call with backward hooks wraps the module between two identity operations, one around its inputs
and one around its outputs. Their backward rules are where the gradients pass:

    input ──[ enter ]── forward ──[ leave ]── output
    grad_input  ◄── hooks ◄────────────── grad_output
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

from minicnn.autograd.grad_mode import mode
from minicnn.autograd.hook import Hooks, RemovableHandle
from minicnn.autograd.operation import Operation, share
from minicnn.autograd.tensor import Tensor
from minicnn.kernels import dispatch, layout
from minicnn.kernels.recorder import recorder

Grads = tuple[Any, ...]


class Hook(NamedTuple):
    """A forward hook and what it asked for at registration."""

    function: Callable[..., Any]
    with_kwargs: bool = False
    always_call: bool = False


class OfNode(NamedTuple):
    """A backward hook of the old kind, which hangs on the node of the output."""

    function: Callable[..., Any]

    def hang(self, module: Any, result: Any) -> None:
        """Have it called when the node of `result` (the first Tensor in it) has computed its gradients."""
        while not isinstance(result, Tensor):
            values = list(result.values() if isinstance(result, dict) else result)
            result = next((value for value in values if isinstance(value, Tensor)), values[0])
        if result.grad_fn is not None:
            result.grad_fn.register_hook(lambda *grads: self.function(module, *grads))


def register(hooks: Hooks, hook: Any, prepend: bool) -> RemovableHandle:
    """Add `hook` at the end of `hooks`, or at the front."""
    handle = RemovableHandle(hooks)
    earlier = dict(hooks)
    if prepend:
        hooks.clear()
    hooks[handle.id] = hook
    if prepend:
        hooks.update(earlier)
    return handle


# --- hooks of all modules: torch.nn.modules.module's -------------------------------------------------

everywhere = Hooks()  # (kind, hook): what runs for every module, before the module's own


def _everywhere(kind: str, hook: Any) -> RemovableHandle:
    return register(everywhere, (kind, hook), False)


def of_all(kind: str) -> dict[int, Any]:
    """The hooks of one kind that are registered for all modules."""
    return {number: hook for number, (named, hook) in everywhere.items() if named == kind}


def registered(kind: str, module: Any, name: str, value: Any) -> Any:
    """`value`, about to be registered under `name`, or what the hooks for that put in its place."""
    for hook in of_all(kind).values() if everywhere else ():
        changed = hook(module, name, value)
        value = value if changed is None else changed
    return value


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, args)` before the forward of every module; what it returns replaces the arguments."""
    return _everywhere("forward_pre", Hook(hook))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after the forward of every module; what it returns replaces the output."""
    return _everywhere("forward", Hook(hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_output)` before every module's backward; what it returns replaces grad_output."""
    return _everywhere("backward_pre", hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` in every module's backward; what it returns replaces grad_input."""
    return _everywhere("backward", hook)


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, parameter)` whenever a parameter is registered; what it returns replaces it."""
    return _everywhere("parameter", hook)


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, buffer)` whenever a buffer is registered; what it returns replaces it."""
    return _everywhere("buffer", hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, submodule)` whenever a module is registered; what it returns replaces it."""
    return _everywhere("module", hook)


# --- a call with hooks -------------------------------------------------------------------------------


def call(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`module.forward(*args, **kwargs)` with the module's hooks around it."""
    if recorder.tape is not None:
        recorder.tape.refuse(f"calls {type(module).__name__}, which has hooks")
    result = None
    called: set[int] = set()
    after = {**of_all("forward"), **module._forward_hooks}
    before = {**of_all("backward_pre"), **module._backward_pre_hooks}
    behind = {**of_all("backward"), **module._backward_hooks}
    of_node = [hook for hook in behind.values() if isinstance(hook, OfNode)]
    behind = {number: hook for number, hook in behind.items() if not isinstance(hook, OfNode)}
    try:
        for hook in ({**of_all("forward_pre"), **module._forward_pre_hooks}).values():
            args, kwargs = _before(hook, module, args, kwargs)
        boundary = None
        if before or behind:
            boundary = _Boundary(module, before, behind)
            args = boundary.enter(args)
        result = module.forward(*args, **kwargs)
        after = {**of_all("forward"), **module._forward_hooks}
        for key, hook in after.items():
            called.add(key)
            result = _after(hook, module, args, kwargs, result)
        for hook in of_node:
            hook.hang(module, result)
        return result if boundary is None else boundary.leave(result)
    except Exception:
        for key, hook in after.items():
            if hook.always_call and key not in called:
                try:
                    result = _after(hook, module, args, kwargs, result)
                except Exception as error:
                    warnings.warn(
                        "module forward hook with ``always_call=True`` raised an exception that was "
                        f"silenced as another error was raised in forward: {error}",
                        stacklevel=3,
                    )
        raise


def _before(hook: Hook, module: Any, args: Any, kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if hook.with_kwargs:
        both = hook.function(module, args, kwargs)
        if both is None:
            return args, kwargs
        if not (isinstance(both, tuple) and len(both) == 2):
            raise RuntimeError(
                f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {both}."
            )
        return both
    changed = hook.function(module, args)
    if changed is None:
        return args, kwargs
    return (changed if isinstance(changed, tuple) else (changed,)), kwargs


def _after(hook: Hook, module: Any, args: Any, kwargs: Any, result: Any) -> Any:
    options = (kwargs,) if hook.with_kwargs else ()
    changed = hook.function(module, args, *options, result)
    return result if changed is None else changed


class _Pass(Operation):
    """The arrays as they are; backward shows their gradients to `listener`, which may replace them."""

    keeps_layout = True

    def forward(ctx, listener: Callable[[Grads], Grads], *arrays: Any) -> Any:
        ctx.listener = listener
        return arrays

    def backward(ctx, *grads: Any) -> Any:
        return (None, *ctx.listener(grads))

    def name(ctx) -> str:
        return "BackwardHookFunctionBackward"


class _Boundary:
    """One call of a module with backward hooks: collects grad_output, then grad_input, and calls them.

    Values that are no tensors, or need no gradient, stay as they are and count as None.
    """

    def __init__(self, module: Any, before: dict[int, Any], behind: dict[int, Any]) -> None:
        self.module, self.before, self.behind = module, before, behind
        self.inputs = self.outputs = 0  # how many there are
        self.input_places: list[int] = []  # those that require grad
        self.output_places: list[int] = []
        self.grad_outputs: Grads | None = None

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.inputs = len(args)
        args, self.input_places = _watch(args, self._at_inputs)
        return args

    def leave(self, result: Any) -> Any:
        several = isinstance(result, tuple)
        if not several and not isinstance(result, Tensor):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors"
                f" but received {type(result)}",
                stacklevel=4,
            )
        outputs = result if several else (result,)
        self.outputs = len(outputs)
        outputs, self.output_places = _watch(outputs, self._at_outputs)
        return outputs if several else outputs[0]

    def _at_outputs(self, grads: Grads) -> Grads:
        given = seen = _scatter(_tensors(grads), self.output_places, self.outputs)
        for hook in tuple(self.before.values()):
            seen = _replaced(seen, hook(self.module, seen), "pre hook", "grad_output")
        if self.input_places:
            self.grad_outputs = seen
        else:
            self._without_inputs(seen)
        return grads if seen is given else _like(grads, tuple(seen[i] for i in self.output_places))

    def _without_inputs(self, grad_outputs: Grads) -> None:
        if not self.behind:
            return
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module outputs "
            "since no inputs require gradients.",
            stacklevel=2,
        )
        for hook in tuple(self.behind.values()):
            result = hook(self.module, (None,) * self.inputs, grad_outputs)
            if result is not None and any(g is not None for g in result):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None "
                    "or None for all gradients."
                )

    def _at_inputs(self, grads: Grads) -> Grads:
        grad_outputs, self.grad_outputs = self.grad_outputs, None
        if grad_outputs is None:  # the gradient reached the inputs without passing the outputs
            return grads
        given = seen = _scatter(_tensors(grads), self.input_places, self.inputs)
        for hook in tuple(self.behind.values()):
            seen = _replaced(seen, hook(self.module, seen, grad_outputs), "hook", "grad_input")
        return grads if seen is given else _like(grads, tuple(seen[i] for i in self.input_places))


def _watch(values: tuple[Any, ...], listener: Callable[[Grads], Grads]) -> tuple[tuple[Any, ...], list[int]]:
    places = [i for i, v in enumerate(values) if isinstance(v, Tensor) and v.requires_grad and mode.enabled]
    if not places:
        return values, places
    replaced = list(values)
    for place, output in zip(places, _Pass(listener, *(values[i] for i in places)), strict=True):
        share((output,), values[place])
        replaced[place] = output
    return tuple(replaced), places


def _tensors(grads: Grads) -> Grads:
    return tuple(g if g is None or isinstance(g, Tensor) else Tensor(dispatch.in_order(g, layout.PLAIN)) for g in grads)


def _like(before: Grads, after: Grads) -> Grads:
    """`after` as Tensors while a graph of the backward pass is recorded, else raw, as `before` was."""
    recorded = any(isinstance(g, Tensor) for g in before)
    return tuple(g._array if isinstance(g, Tensor) and not recorded else g for g in after)


def _scatter(values: Grads, places: list[int], length: int) -> Grads:
    spread: list[Any] = [None] * length
    for place, value in zip(places, values, strict=True):
        spread[place] = value
    return tuple(spread)


def _replaced(seen: Grads, result: Any, kind: str, what: str) -> Grads:
    if result is None:
        return seen
    result = (result,) if isinstance(result, Tensor) else tuple(result)
    if len(result) != len(seen):
        raise RuntimeError(
            f"Backward {kind} returned an invalid number of {what}, got {len(result)}, but expected {len(seen)}"
        )
    return result
