"""Module: a layer or a network, made of parameters, buffers and other modules.

Assigning one of these to an attribute registers it, in the order of definition; that order is the
order of `parameters()`, of the state_dict and of what an optimiser sees, always.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from minicnn.autograd.grad_mode import no_grad
from minicnn.autograd.hook import RemovableHandle
from minicnn.autograd.tensor import Tensor
from minicnn.dtypes import dtype as DType
from minicnn.functional.creation import empty_like
from minicnn.kernels.recorder import recorder
from minicnn.misfit import telling
from minicnn.nn import hooks, state
from minicnn.nn.members import Members
from minicnn.nn.parameter import clear_grads, is_lazy

M = TypeVar("M", bound="Module")


class Module(Members):
    """The base class of all layers and networks, as torch.nn.Module.

    >>> import minicnn
    >>> from minicnn import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc = nn.Linear(4, 2)
    ...     def forward(self, x):
    ...         return self.fc(x)
    >>> Net()
    Net(
      (fc): Linear(in_features=4, out_features=2, bias=True)
    )
    >>> [name for name, _ in Net().named_parameters()]
    ['fc.weight', 'fc.bias']
    """

    training: bool
    _is_full_backward_hook: bool | None  # the kind of the first one, which the others must be of
    _version = 1  # of the layout of a class's entries in the state_dict

    def forward(self, *input: Any) -> Any:
        """What the module computes; every subclass defines it."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if recorder.tape is not None:
            recorder.tape.module(self)
        if (
            self._forward_hooks
            or self._forward_pre_hooks
            or self._backward_hooks
            or self._backward_pre_hooks
            or hooks.everywhere
        ):
            return hooks.call(self, args, kwargs)
        return self.forward(*args, **kwargs)

    # --- state ----------------------------------------------------------------------------------

    def state_dict(self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """All parameters and persistent buffers by dotted name, sharing memory with the module."""
        destination = state.new_destination() if destination is None else destination
        metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in tuple(self._state_dict_pre_hooks.values()):
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        return state.after_saving(self, destination, prefix, metadata)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        for name, tensor in state.own_entries(self).items():
            destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if type(self).get_extra_state is not Module.get_extra_state:
            destination[prefix + state.EXTRA] = self.get_extra_state()

    def get_extra_state(self) -> Any:
        """What of a module's own goes into the state_dict beside its tensors; define it with `set_extra_state`."""
        raise RuntimeError(
            "Reached a code path in Module.get_extra_state() that should never be called: a module with "
            "set_extra_state() needs this method of its own, too"
        )

    def set_extra_state(self, state: Any) -> None:
        """Take up what `get_extra_state` gave."""
        raise RuntimeError(
            "Reached a code path in Module.set_extra_state() that should never be called: a module with "
            "get_extra_state() needs this method of its own, too"
        )

    @telling
    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> state.IncompatibleKeys:
        """Copy the tensors of `state_dict` into the parameters and buffers of those names.

        RuntimeError that lists every missing key, unexpected key (both only if `strict`) and wrong
        shape; with `assign` the tensors themselves take the place of the old ones. Returns
        (missing_keys, unexpected_keys).
        """
        return state.load(self, state_dict, strict, assign)

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        takes_extra = type(self).set_extra_state is not Module.set_extra_state
        lists = (missing_keys, unexpected_keys, error_msgs)
        state.load_own(self, state_dict, prefix, local_metadata, *lists, takes_extra)

    def __setstate__(self, loaded: dict[str, Any]) -> None:
        self.__dict__.update(loaded)

    # --- modes, types, devices ------------------------------------------------------------------

    def train(self: M, mode: bool = True) -> M:
        """Switch this module and all inside it to training (dropout drops, batch norm uses the batch)."""
        if not isinstance(mode, bool):
            raise ValueError(f"training mode is expected to be boolean, got `mode`={mode!r}")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self: M) -> M:
        """Switch to evaluation: `train(False)`."""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Let all parameters take part in autograd, or freeze them."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters (or set them to 0)."""
        clear_grads(self.parameters(), set_to_none)

    def apply(self: M, fn: Callable[[Module], Any]) -> M:
        """Call `fn` with every module inside, children first, and with this one last."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self: M, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> M:
        """Replace the memory of every parameter, gradient and buffer by what `fn` makes of it."""
        for module in self.children() if recurse else ():
            module._apply(fn)
        with no_grad():
            for parameter in self._parameters.values():
                if is_lazy(parameter):
                    parameter.converted(fn)
                elif parameter is not None:
                    parameter.data = fn(parameter)
                    if parameter.grad is not None:
                        parameter.grad.data = fn(parameter.grad)
            for name, buffer in self._buffers.items():
                if is_lazy(buffer):
                    buffer.converted(fn)
                elif buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    @telling
    def to(self: M, *args: Any, **kwargs: Any) -> M:
        """Move all parameters and buffers: `to(device)`, `to(dtype)`, `to(device, dtype)`, `to(tensor)`.

        A dtype must be a floating one (TypeError) and leaves integer buffers as they are.
        """
        place = [a for a in args if not isinstance(a, DType | Tensor)]
        kind = kwargs.pop("dtype", None)
        for value in args:
            if isinstance(value, Tensor):
                place, kind = [value.device], value.dtype
            elif isinstance(value, DType):
                kind = value
        if kind is None:
            return self._apply(lambda t: t.to(*place, **kwargs))
        if not isinstance(kind, DType):
            raise TypeError(f"nn.Module.to: `dtype` must be a dtype, got {kind!r}")
        if not kind.is_floating_point:
            raise TypeError(f"nn.Module.to only accepts floating point dtypes, but got desired dtype={kind}")
        return self._apply(lambda t: t.to(*place, dtype=kind if t.is_floating_point() else None, **kwargs))

    def cuda(self: M, device: Any = None) -> M:
        """Move all parameters and buffers to the GPU; RuntimeError that says how, where there is none."""
        return self._apply(lambda t: t.cuda(device))

    def cpu(self: M) -> M:
        """Move all parameters and buffers to host memory."""
        return self._apply(lambda t: t.cpu())

    def float(self: M) -> M:
        """Convert all floating-point parameters and buffers to float32."""
        return self._convert("float")

    def double(self: M) -> M:
        """Convert all floating-point parameters and buffers to float64."""
        return self._convert("double")

    def half(self: M) -> M:
        """Convert all floating-point parameters and buffers to float16."""
        return self._convert("half")

    def bfloat16(self: M) -> M:
        """Convert all floating-point parameters and buffers to bfloat16."""
        return self._convert("bfloat16")

    def share_memory(self: M) -> M:
        """Move all parameters and buffers into memory that processes share."""
        if any(is_lazy(t) for t in (*self.parameters(), *self.buffers())):
            raise RuntimeError(
                "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the "
                "parameters before calling `module.share_memory()`."
            )
        return self._apply(lambda t: t.share_memory_())

    def to_empty(self: M, *, device: Any, recurse: bool = True) -> M:
        """Move all parameters and buffers to `device` without their numbers: they are whatever the memory held."""
        return self._apply(lambda t: empty_like(t, device=device), recurse)

    def type(self: M, dst_type: Any) -> M:
        """Convert all parameters and buffers to `dst_type`."""
        return self._apply(lambda t: t.type(dst_type))

    def _convert(self: M, method: str) -> M:
        return self._apply(lambda t: getattr(t, method)() if t.is_floating_point() else t)

    # --- hooks ----------------------------------------------------------------------------------

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before forward; what it returns replaces the arguments.

        `with_kwargs`: `hook(module, args, kwargs)`, which returns None or (args, kwargs).
        """
        return hooks.register(self._forward_pre_hooks, hooks.Hook(hook, with_kwargs), prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after forward; what it returns replaces the output.

        `with_kwargs`: `hook(module, args, kwargs, output)`; `always_call`: also after an exception.
        """
        return hooks.register(self._forward_hooks, hooks.Hook(hook, with_kwargs, always_call), prepend)

    def register_full_backward_hook(
        self, hook: Callable[[Module, Any, Any], Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` in backward; what it returns replaces grad_input."""
        if self._is_full_backward_hook is False:
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only "
                "one of them."
            )
        self._is_full_backward_hook = True
        return hooks.register(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook: Callable[[Module, Any, Any], Any]) -> RemovableHandle:
        """The old `register_full_backward_hook`: its grad_input belongs to the last operation of forward alone.

        In the order of that operation's own arguments, which for Linear is not PyTorch's. RuntimeError beside the new
        kind of hook.
        """
        if self._is_full_backward_hook is True:
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only "
                "one of them."
            )
        self._is_full_backward_hook = False
        return hooks.register(self._backward_hooks, hooks.OfNode(hook), False)

    def register_full_backward_pre_hook(
        self, hook: Callable[[Module, Any], Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, grad_output)` in backward, first; what it returns replaces grad_output."""
        return hooks.register(self._backward_pre_hooks, hook, prepend)

    def register_state_dict_pre_hook(self, hook: Callable[[Module, str, bool], None]) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before this module's part of the state_dict is collected."""
        return hooks.register(self._state_dict_pre_hooks, hook, False)

    def register_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata)` after; it may change `state_dict`, returns None."""
        return hooks.register(self._state_dict_hooks, (hook, True), False)

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        return hooks.register(self._state_dict_hooks, (hook, False), False)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)`
        before a state_dict is loaded into this module; it may change all of them."""
        return hooks.register(self._load_state_dict_pre_hooks, hook, False)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> RemovableHandle:
        given = hook if with_module else lambda module, *args: hook(*args)
        return hooks.register(self._load_state_dict_pre_hooks, given, False)

    def register_load_state_dict_post_hook(self, hook: Callable[[Module, Any], None]) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after this module and those inside it were loaded.

        It may change the lists `missing_keys` and `unexpected_keys`, before `strict` looks at them.
        """
        return hooks.register(self._load_state_dict_post_hooks, hook, False)

    # --- printing -------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What `print(module)` shows between the parentheses."""
        return ""

    def _get_name(self) -> str:
        return self.__class__.__name__

    def __repr__(self) -> str:
        extra = self.extra_repr().split("\n") if self.extra_repr() else []
        children = [f"({name}): {indented(repr(module))}" for name, module in self._modules.items()]
        if len(extra) == 1 and not children:
            return f"{self._get_name()}({extra[0]})"
        inside = "".join(f"\n  {line}" for line in extra + children)
        return f"{self._get_name()}({inside}\n)" if inside else f"{self._get_name()}()"


def indented(text: str) -> str:
    """`text` with every line but the first moved right by two; blank lines stay empty."""
    first, *rest = text.split("\n")
    return "\n".join([first, *(f"  {line}" if line.strip() else "" for line in rest)])
