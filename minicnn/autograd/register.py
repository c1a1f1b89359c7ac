"""The one place where an operation meets Tensor: `@operation` makes methods, operators and in-place forms of it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from minicnn.autograd import out
from minicnn.autograd.grad_mode import mode
from minicnn.autograd.operation import keep_before, sequence
from minicnn.autograd.tensor import Tensor
from minicnn.kernels.recorder import recorder
from minicnn.misfit import is_raw, told_again
from minicnn.suggest import refuse_keyword

F = TypeVar("F", bound=Callable[..., Any])


def operation(
    *,
    method: str | None = None,
    operators: tuple[str, ...] = (),
    inplace: bool = False,
    prop: str | None = None,
) -> Callable[[F], F]:
    """Register the public function of an operation: as a Tensor `method`, as Python `operators`
    (`__add__`, and `__radd__` with the operands exchanged), as the in-place method `method_`, or as
    the property `prop`. This is the one place where an operation meets Tensor."""

    def register(function: F) -> F:
        inner = function
        bound = function = _public(inner)
        if inner.__name__ in out.NAMES:  # methods take no `out`
            function = _public(inner, takes_out=True)
        REGISTERED.append(function)
        if method is not None:
            setattr(Tensor, method, bound)
        if prop is not None:
            setattr(Tensor, prop, property(function))
        for name in operators:
            setattr(Tensor, name, _operator(inner, name))  # without keywords
        if inplace:
            setattr(Tensor, f"{method}_", _inplace(bound, f"{method}_"))
        return function

    return register


def _public(function: F, takes_out: bool = False) -> F:
    """What users call. Flags must be bools, as in PyTorch; `f(x, dims=(0, 1))` may stand for `f(x, 0, 1)`, `axis` and
    `keepdims` for `dim` and `keepdim`; a misspelt keyword is answered with the nearest one; with
    `takes_out`, the result is written into the tensor `out`."""
    parameters = inspect.signature(function).parameters.values()
    typed = any(p.name == "dtype" for p in parameters)
    flags = [
        (p.name, 99 if p.kind is p.KEYWORD_ONLY else place)
        for place, p in enumerate(parameters)
        if p.annotation == "bool" and p.name not in _TRUTHY
    ]
    before = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]  # of a variadic one
    several = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "")

    def unusual(args: Any, options: Any, error: Exception) -> Any:
        if takes_out and "out" in options:
            return out.call_into(call, function.__name__, typed, args, options)
        renamed = {_NUMPY_NAMES.get(name, name): value for name, value in options.items()}
        if several in renamed:
            values = renamed.pop(several)
            if not isinstance(values, tuple | list):
                kind = type(values).__name__
                raise TypeError(f"{function.__name__}(): argument `{several}` must be tuple of ints, not {kind}")
            leading = [renamed.pop(name) for name in before if name in renamed]
            return call(*args, *leading, values, **renamed)
        refuse_keyword(function, function.__name__, renamed)
        if renamed.keys() == options.keys():
            raise error
        return call(*args, **renamed)

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        for name, index in flags:
            value = options[name] if name in options else args[index] if index < len(args) else True
            if value is not True and value is not False and not isinstance(value, np.bool_):
                kind = type(value).__name__
                raise TypeError(f"{function.__name__}(): argument `{name}` must be bool, not {kind}: got {value!r}")
        try:
            return function(*args, **options)
        except (TypeError, ValueError, AttributeError, IndexError) as error:
            within = error.__traceback__.tb_next  # type: ignore[union-attr]
            keywords = isinstance(error, TypeError) and options and not within
            if not keywords and not (within and is_raw(error)):
                raise
            wrong = error
        if keywords:
            return unusual(args, options, cast(TypeError, wrong))
        raise told_again(wrong, function, function.__name__, args, options) from wrong

    return cast(F, call)


_TRUTHY = {"inplace", "return_indices"}  # anything goes, as in PyTorch
_NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim"}
REGISTERED: list[Callable[..., Any]] = []


def _operator(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    if name.startswith("__r") and name not in ("__rshift__", "__round__"):

        def call(self: Tensor, other: Any) -> Any:
            return function(other, self) if is_operand(other) else NotImplemented

    elif name.startswith("__i") and name not in ("__invert__",):
        in_place = _inplace(function, name)

        def call(self: Tensor, other: Any) -> Any:
            return in_place(self, other) if is_operand(other) else NotImplemented

    elif name in ("__neg__", "__abs__", "__invert__", "__pos__"):
        return function
    else:

        def call(self: Tensor, other: Any) -> Any:
            return function(self, other) if is_operand(other) else NotImplemented

    functools.update_wrapper(call, function, assigned=("__doc__",), updated=())  # help() shows its signature
    call.__name__ = name
    return call


def is_operand(value: Any) -> bool:
    """What may stand beside a Tensor in an expression: Tensors and Python (or NumPy) numbers."""
    return isinstance(value, Tensor | int | float | np.number | np.bool_)


def _inplace(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def in_place(self: Tensor, *args: Any, **options: Any) -> Tensor:
        others = any(isinstance(a, Tensor) and a.requires_grad for a in args)
        check_inplace(self, others, name)
        begun = next(sequence)
        result = function(self, *args, **options)
        if result.requires_grad:
            keep_before(result.grad_fn, self, begun)
        return write(self, result, name)

    functools.update_wrapper(in_place, function, assigned=(), updated=())
    in_place.__name__ = name
    in_place.__doc__ = f"In-place form of `{function.__name__}`: changes the tensor and returns it."
    return in_place


def check_inplace(target: Tensor, others_need_grad: bool, name: str) -> None:
    """Refuse, before anything is changed, what autograd cannot follow."""
    if not mode.enabled:
        return
    if target.requires_grad and target.grad_fn is None:
        raise RuntimeError(
            f"a leaf Variable that requires grad is being used in an in-place operation ({name}); "
            "do it under no_grad(), or use the form without `_`"
        )
    base = target._base
    if base is not None and (base.requires_grad or target.requires_grad or others_need_grad):
        if base.requires_grad and base.grad_fn is None:
            raise RuntimeError(
                f"a view of a leaf Variable that requires grad is being used in an in-place operation ({name})"
            )
        raise RuntimeError(
            f"{name} would change a view of a tensor that takes part in autograd; minicnn does not follow "
            "that: index the tensor itself (x[i] = value), or use the form without `_`"
        )


def write(target: Tensor, result: Tensor, name: str) -> Tensor:
    """Put `result` into the memory of `target` and let `target` take its place in the graph."""
    if result.shape != target.shape:
        raise RuntimeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape {list(result.shape)} of {name}"
        )
    if result.dtype.category > target.dtype.category:
        raise RuntimeError(
            f"result type {result.dtype} of {name} can't be cast to the desired output type {target.dtype}"
        )
    target._make_plain()
    target._array[...] = result._array
    if recorder.tape is not None:
        recorder.tape.write(target._array, result._array)
    target._version.count += 1
    if result.requires_grad:
        target.requires_grad, target.grad_fn = True, result.grad_fn
        target._output_index = result._output_index
        target._version.rewritten += 1
    elif mode.enabled and target.grad_fn is not None:  # rounded, compared: what was written has no gradient
        target.requires_grad, target.grad_fn = False, None
    return target
