"""One case on one side: outputs, gradients, gradients of gradients, or the error."""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from .case import Case


def leaf(m: Any, array: Any, dtype: str, memory: str, grad: bool = True) -> Any:
    """A tensor of minicnn or torch with these numbers, lying in memory in one of four ways."""
    array = np.asarray(array).astype(dtype)
    if memory == "transposed":
        array = np.asarray(array.T.copy().T)
    elif memory == "sliced" and array.ndim:
        wide = np.zeros(tuple(2 * n + 1 for n in array.shape), array.dtype)
        view = wide[tuple(slice(1, None, 2) for _ in array.shape)]
        view[...] = array
        array = view
    else:
        array = array.copy()
    batch_last = memory == "batch_last" and array.ndim >= 2 and m.__name__ == "minicnn"
    tensor = _batch_last(array) if batch_last else m.from_numpy(array)
    if grad and array.dtype.kind == "f":
        tensor.requires_grad_()
    return tensor


def _batch_last(array: np.ndarray) -> Any:
    """As a convolution of a large batch leaves its result."""
    from minicnn.autograd.tensor import Tensor
    from minicnn.kernels import layout

    moved = layout.empty(array.shape, array.dtype, layout.BATCH_LAST)
    moved[...] = array
    tensor = Tensor(moved)
    tensor._batch_last = not moved.flags.c_contiguous
    return tensor


def namespace(m: Any) -> dict[str, Any]:
    """What a case's source may use."""
    return {
        "m": m, "torch": m, "nn": m.nn, "F": m.nn.functional, "optim": m.optim, "np": np,
        "compiled": lambda function: compiled(m, function), **data(m),
    }  # fmt: skip


def data(m: Any) -> dict[str, Any]:
    """utils.data as D, transforms as V."""
    import_module(f"{m.__name__}.utils.data")
    if m.__name__ == "minicnn":
        return {"D": m.utils.data, "V": m.transforms}
    return {"D": m.utils.data, "V": torchvision_transforms()}


@cache
def torchvision_transforms() -> Any:
    """torchvision's, if it is installed; its compiled operators are declared only, for beside a torch for the CPU they
    are missing."""
    import torch

    names = ("nms", "qnms", "roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool", "deform_conv2d")
    try:
        library = torch.library.Library("torchvision", "DEF")
        for name in names:
            library.define(f"{name}(Tensor a) -> Tensor")
            library.define(f"_{name}_backward(Tensor a) -> Tensor")
        _KEPT.append(library)
        return import_module("torchvision.transforms")
    except (ImportError, RuntimeError):
        return None


_KEPT: list[Any] = []  # what a library defines vanishes with it


def compiled(m: Any, function: Any) -> Any:
    """minicnn.compile's form of a step; torch's, as it stands."""
    return m.compile(function) if m.__name__ == "minicnn" else function


def outcome(m: Any, case: Case) -> dict[str, Any]:
    """`{"error": class, "text": text}`, or `{"y": outputs, "first": gradients, "second": …}` as arrays.

    An error of the second derivative is its text there: not every one exists.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _outcome(m, case)
        except Exception as error:
            kinds = [kind.__name__ for kind in type(error).__mro__]
            return {"error": kinds, "text": str(error)}


def _outcome(m: Any, case: Case) -> dict[str, Any]:
    m.manual_seed(0)
    names = namespace(m)
    leaves = []
    for i in case.inputs:
        names[i.name] = leaf(m, i.array(), i.dtype, i.memory, i.grad)
        leaves.append(names[i.name])
    exec(case.source, names)
    y = names["y"]
    outputs = list(y) if isinstance(y, tuple | list) else [y]
    if "layer" in names:
        leaves += list(names["layer"].parameters())
    result = {"y": [_number(o) for o in outputs]}
    leaves = [x for x in leaves if x.requires_grad]
    tensors = [o for o in outputs if isinstance(o, m.Tensor) and o.requires_grad]
    if not leaves or not tensors:
        return result
    random = np.random.default_rng(case.cotangents)
    cotangents = _cotangents(m, tensors, random)
    if case.second:  # leaves, too: what is linear has no other second derivative
        leaves += [c.requires_grad_() for c in cotangents]
    grads = _grad(m, tensors, leaves, cotangents, case.second)
    result["first"] = [_number(g) for g in grads]
    again = [g for g in grads if g is not None and g.requires_grad]
    if case.second:
        result["second"] = [None] * len(leaves)
    if again:
        try:
            result["second"] = [_number(g) for g in _grad(m, again, leaves, _cotangents(m, again, random), False)]
        except (RuntimeError, NotImplementedError) as error:
            result["second"] = f"{type(error).__name__}: {error}"
    return result


def _cotangents(m: Any, outputs: list[Any], random: Any) -> list[Any]:
    return [m.tensor(np.asarray(random.standard_normal(tuple(o.shape))), dtype=o.dtype) for o in outputs]


def _grad(m: Any, outputs: list[Any], leaves: list[Any], cotangents: list[Any], create_graph: bool) -> Any:
    return m.autograd.grad(outputs, leaves, cotangents, create_graph=create_graph, allow_unused=True)


def _number(value: Any) -> Any:
    """A tensor as an array; what is no tensor stays as it is."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "detach"):
        return np.array(value.detach().numpy())
    return [_number(v) for v in value] if isinstance(value, tuple | list) else type(value).__name__
