"""Derivatives of functions as a whole: jacobian, hessian, and their products with vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minicnn.autograd import engine
from minicnn.autograd.grad_mode import enable_grad
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module

Tensors = Tensor | Sequence[Tensor]


def _listed(given: Any, name: str, argument: str) -> tuple[bool, tuple[Tensor, ...]]:
    several = isinstance(given, tuple | list)
    tensors = tuple(given) if several else (given,)
    for i, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            found = f"the value at index {i} of them" if several else f"the given {argument}"
            raise TypeError(
                f"The {argument} given to {name} must be either a Tensor or a tuple of Tensors but {found} has type "
                f"{type(x)}."
            )
    return several, tensors


def _leaves(inputs: tuple[Tensor, ...], create_graph: bool) -> tuple[Tensor, ...]:
    """What the function is called with: leaves of its own, or (with create_graph) views that keep the history."""
    if create_graph:
        return tuple(x.view(x.shape) if x.requires_grad else x.detach().requires_grad_() for x in inputs)
    return tuple(x.detach().requires_grad_() for x in inputs)


def _gradients(
    output: Tensor, inputs: tuple[Tensor, ...], cotangent: Tensor | None, create_graph: bool, strict: bool, name: str
) -> tuple[Tensor, ...]:
    if not output.requires_grad:
        if strict:
            raise RuntimeError(f"{name}: the output does not depend on the inputs; this is not allowed in strict mode.")
        return tuple(Tensor(np.zeros_like(x._plain_array())) for x in inputs)
    found = engine.grad(output, inputs, cotangent, True, create_graph, allow_unused=True)
    if strict and any(g is None for g in found):
        raise RuntimeError(f"{name}: the output is independent of an input; this is not allowed in strict mode.")
    return tuple(
        Tensor(np.zeros_like(x._plain_array())) if g is None else g for g, x in zip(found, inputs, strict=True)
    )


def jacobian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The derivative of every element of func(*inputs) with respect to every element of the inputs.

    For a Tensor in and out a Tensor of shape (*output.shape, *input.shape); for tuples nested tuples of those, first
    by output. RuntimeError with `strict` if an output does not depend on an input. `vectorize` and `strategy` choose
    among PyTorch's ways.

    >>> import minicnn
    >>> jacobian(lambda x: x * x, minicnn.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    several, given = _listed(inputs, "jacobian", "inputs")
    with enable_grad():
        leaves = _leaves(given, create_graph)
        several_out, outputs = _listed(func(*leaves), "jacobian", "outputs of the user-provided function")
        result = []
        for output in outputs:
            rows = [
                _gradients(element, leaves, None, create_graph, strict, "jacobian") for element in output.reshape(-1)
            ]
            columns = []
            for i, x in enumerate(leaves):
                shape = (*output.shape, *x.shape)
                parts = [row[i].reshape(-1) for row in rows]
                columns.append(_stacked(parts, x).reshape(shape))
            result.append(tuple(columns) if several else columns[0])
    return tuple(result) if several_out else result[0]


def _stacked(parts: list[Tensor], like: Tensor) -> Tensor:
    """1-d tensors as the rows of a matrix, with their history."""
    if not any(part.requires_grad for part in parts):
        rows = [part._plain_array() for part in parts]
        xp = array_module(like._array)
        return Tensor(xp.stack(rows) if rows else xp.zeros((0, like.numel()), like._array.dtype))
    places = array_module(like._array).eye(len(parts), dtype=like._array.dtype)
    total: Any = None
    for place, part in zip(places, parts, strict=True):  # the sum of outer products with unit vectors
        row = Tensor(place).reshape(-1, 1) * part
        total = row if total is None else total + row
    return total


def hessian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of a function with one number as its result: (*input.shape, *input.shape).

    RuntimeError for any other result.

    >>> import minicnn
    >>> hessian(lambda x: (x ** 3).sum(), minicnn.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    several, given = _listed(inputs, "hessian", "inputs")

    def first(*values: Tensor) -> Any:
        _, outputs = _listed(func(*values), "hessian", "outputs of the user-provided function")
        if len(outputs) != 1 or outputs[0].numel() != 1:
            raise RuntimeError("The Tensor returned by the function given to hessian should contain a single element")
        return _gradients(outputs[0].reshape(()), values, None, True, strict, "hessian")

    result = jacobian(first, given, create_graph, strict)
    return result if several else result[0][0]


def _chosen(output: Tensor, v: Any, name: str) -> Tensor:
    if v is None:
        if output.numel() != 1:
            raise RuntimeError(
                f"The vector v can only be None if the user-provided function of {name} returns one number"
            )
        return Tensor(np.ones_like(output._plain_array()))
    if v.shape != output.shape:
        raise RuntimeError(f"{name}: v has shape {list(v.shape)}, but should have {list(output.shape)}")
    result: Tensor = v
    return result


def vjp(
    func: Callable[..., Any], inputs: Tensors, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """(func(*inputs), vᵀ · its jacobian), for a func with one Tensor as its result; `v` has that Tensor's shape."""
    several, given = _listed(inputs, "vjp", "inputs")
    with enable_grad():
        leaves = _leaves(given, create_graph)
        output = func(*leaves)
        found = _gradients(output, leaves, _chosen(output, v, "vjp"), create_graph, strict, "vjp")
    return (output if create_graph else output.detach()), (found if several else found[0])


def jvp(
    func: Callable[..., Any], inputs: Tensors, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """(func(*inputs), its jacobian · v), for a func with one Tensor as its result; `v` is like the inputs.

    By two steps backward: vᵀJᵀ is linear in the cotangent, and its gradient there is J·v.
    """
    _, given = _listed(inputs, "jvp", "inputs")
    with enable_grad():
        leaves = _leaves(given, create_graph)
        output = func(*leaves)
        cotangent = Tensor(np.zeros_like(output._plain_array()), requires_grad=True)
        found = _gradients(output, leaves, cotangent, True, strict, "jvp")
        vectors = (None,) * len(leaves) if v is None else _listed(v, "jvp", "v")[1]
        total: Any = sum((g * _chosen(g, w, "jvp")).sum() for g, w in zip(found, vectors, strict=True))
        (result,) = _gradients(total, (cotangent,), None, create_graph, strict, "jvp")
    return (output if create_graph else output.detach()), result


def hvp(
    func: Callable[..., Any], inputs: Tensors, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """(func(*inputs), its hessian · v), for a func with one number as its result; `v` is like the inputs."""
    several, given = _listed(inputs, "hvp", "inputs")
    with enable_grad():
        leaves = _leaves(given, create_graph)
        output = func(*leaves)
        first = _gradients(output.reshape(()), leaves, None, True, strict, "hvp")
        vectors = (None,) * len(leaves) if v is None else _listed(v, "hvp", "v")[1]
        total: Any = sum((g * _chosen(g, w, "hvp")).sum() for g, w in zip(first, vectors, strict=True))
        found = _gradients(total, leaves, None, create_graph, strict, "hvp")
    return (output if create_graph else output.detach()), (found if several else found[0])


vhp = hvp  # a hessian is symmetric
