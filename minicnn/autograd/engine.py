"""Backward: walk the graph from the loss to the leaves, each node once, without recursion.

Every node carries the number of its birth. The inputs of an operation exist before the operation
does, so taking the youngest waiting node first is a topological order: when a node's turn comes,
everything that used its output has already been asked. A heap is all it needs, and a chain of
100,000 operations is as good as one of ten.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.autograd import anomaly
from minicnn.autograd.grad_mode import mode
from minicnn.autograd.operation import USED_TWICE, Operation, mode_of_backward
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, as_array, beside, on_cpu
from minicnn.kernels import dispatch, layout
from minicnn.kernels.recorder import recorder
from minicnn.misfit import telling


@telling
def backward(
    roots: Sequence[Tensor],
    grads: Sequence[Tensor | None],
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Sequence[Tensor] | None = None,
) -> None:
    """Add the gradient of the roots to the `.grad` of every leaf (or of `inputs` alone).

    `grads` are the cotangents, of the roots' shapes; None stands for 1 at a 0-d (1-element) root.
    """
    collected = _run(roots, grads, retain_graph, create_graph, None if inputs is None else tuple(inputs))
    if create_graph and recorder.tape is not None:
        recorder.tape.refuse("keeps the graph of a gradient in .grad")
    for tensor, grad, fresh in collected:
        _accumulate(tensor, grad, fresh, create_graph)


@telling
def backward_of(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Add d(tensors)/d(leaf) to the `.grad` of every leaf (or of `inputs` alone): torch.autograd.backward.

    `grad_tensors` are the cotangents, one for each of `tensors`, None for those with one element. RuntimeError for
    fewer of them, for a missing one, for an empty list of `inputs`, and for tensors that require no gradient.

    >>> import minicnn
    >>> x = minicnn.ones(2, requires_grad=True)
    >>> backward_of([(2 * x).sum(), (3 * x).sum()])
    >>> x.grad
    tensor([5., 5.])
    """
    roots = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    given = grad_variables if grad_tensors is None else grad_tensors
    grads = [given] * len(roots) if given is None else [given] if isinstance(given, Tensor) else list(given)
    if len(grads) < len(roots):
        raise RuntimeError(f"got {len(roots)} tensors and {len(grads)} gradients; `grad_tensors` needs one for each")
    wanted = (inputs,) if isinstance(inputs, Tensor) else inputs
    if wanted is not None and len(wanted) == 0:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    backward(roots, grads[: len(roots)], retain_graph, create_graph, wanted)


@telling
def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of `outputs` with respect to `inputs`, as new tensors; `.grad` stays as it is.

    RuntimeError if an input does not require grad, or took no part (unless `allow_unused=True`, which gives None,
    or `materialize_grads=True`, which gives zeros). With `is_grads_batched` the first axis of `grad_outputs` counts
    cotangents, and that of the gradients too. `only_inputs` is always True.
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    if is_grads_batched:
        return _batched(outputs, inputs, grad_outputs, create_graph, allow_unused, materialize_grads)
    outputs = (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if not inputs:
        raise RuntimeError("grad(): `inputs` is empty: name at least one Tensor")
    if grad_outputs is None or isinstance(grad_outputs, Tensor):
        grad_outputs = (grad_outputs,) * len(outputs)
    for tensor in inputs:
        if not tensor.requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    found = {id(tensor): value for tensor, value, _ in _run(outputs, grad_outputs, retain_graph, create_graph, inputs)}
    result = tuple(found.get(id(tensor)) for tensor in inputs)
    if materialize_grads:
        result = tuple(x._array * 0 if g is None else g for g, x in zip(result, inputs, strict=True))
    if not allow_unused and any(value is None for value in result):
        raise RuntimeError(
            "One of the differentiated Tensors appears to not have been used in the graph. "
            "Set allow_unused=True if this is the desired behavior."
        )
    return tuple(value if value is None or isinstance(value, Tensor) else _tensor(value) for value in result)


def _batched(
    outputs: Any, inputs: Any, grad_outputs: Any, create_graph: bool, allow_unused: bool | None, materialize: bool
) -> tuple[Tensor | None, ...]:
    """The gradients for each of many cotangents, which the first axis of `grad_outputs` counts."""
    if create_graph:
        raise RuntimeError(
            "`is_grads_batched` with `create_graph` is not to be had in minicnn: call grad once for each"
        )
    batches = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)
    rows = [
        grad(
            outputs,
            inputs,
            tuple(Tensor(batch._plain_array()[i]) for batch in batches),
            True,
            allow_unused=allow_unused,
            materialize_grads=materialize,
        )
        for i in range(len(batches[0]))
    ]
    return tuple(
        None if any(g is None for g in column) else Tensor(np.stack([g._plain_array() for g in column]))
        for column in zip(*rows, strict=True)
    )


def collect(outputs: Sequence[Tensor], cotangents: Sequence[Tensor], inputs: Sequence[Tensor]) -> list[Tensor | None]:
    """The gradients of `inputs`, None where none arrives; the graph is kept."""
    found = {id(t): value for t, value, _ in _run(outputs, cotangents, True, False, tuple(inputs))}
    return [found.get(id(tensor)) for tensor in inputs]


def _run(
    roots: Sequence[Tensor],
    grads: Sequence[Tensor | None],
    retain_graph: bool | None,
    create_graph: bool,
    inputs: tuple[Tensor, ...] | None,
) -> list[tuple[Tensor, Any, bool]]:
    """The gradients that arrive at the wanted tensors: (tensor, gradient, whether nobody else holds it)."""
    keep = create_graph if retain_graph is None else retain_graph
    wanted = None if inputs is None else {_place(tensor): tensor for tensor in inputs}
    arrived: dict[Any, Any] = {}  # place -> gradient; a place is (node, output) or the id of a leaf
    leaves: dict[int, Tensor] = {}
    shared: set[int] = set()  # leaves whose gradient array is also somebody else's
    waiting: list[tuple[int, Operation]] = []
    collected: list[tuple[Tensor, Any, bool]] = []

    def deliver(edge: tuple[Any, int], value: Any, fresh: bool) -> None:
        target, index = edge
        if isinstance(target, Tensor):
            place: Any = id(target)
            leaves[place] = target
        else:
            place = (target, index)
            if not any((target, i) in arrived for i in range(len(target._output_shapes))):
                heapq.heappush(waiting, (-target.sequence, target))
        if place in arrived:
            arrived[place] = add_gradients(arrived[place], value)
            shared.discard(place)
        else:
            arrived[place] = value
            if not fresh:
                shared.add(place)

    records_before, mode_before = mode_of_backward.records, mode.enabled
    # A tape sees operations on Tensors: while there is one, the rules get Tensors, whether a graph is wanted or not.
    as_tensors = create_graph or recorder.tape is not None
    mode_of_backward.records, mode.enabled = as_tensors, create_graph
    try:
        for root, cotangent in zip(roots, grads, strict=True):
            deliver(_edge(root), _cotangent(root, cotangent, as_tensors), False)
        while waiting:
            node = heapq.heappop(waiting)[1]
            if node.released:
                raise RuntimeError(USED_TWICE)
            outputs = []
            for index in range(len(node._output_shapes)):
                value = arrived.pop((node, index), None)
                if value is not None:
                    value = _through_hooks(node, index, value)
                    if wanted is not None and (node, index) in wanted:
                        collected.append((wanted[node, index], value, False))
                outputs.append(value)
            try:
                with np.errstate(all="ignore"):
                    results = _on_its_gpu(node, outputs)
            except Exception:
                if anomaly.state.enabled:
                    anomaly.explain(node)
                raise
            if not isinstance(results, tuple):
                results = (results,)
            if anomaly.state.enabled:
                anomaly.look_for_nan(node, results)
            if node.post_hooks:
                results = _after_hooks(node, results, outputs)
            for position, (edge, value) in enumerate(zip(node.edges, results, strict=True)):
                if edge is not None and value is not None:
                    array = _bare(value)
                    fresh = (
                        getattr(array, "base", array) is None
                        and not any(array is _bare(g) for g in outputs)
                        and not any(array is _bare(v) for i, v in enumerate(results) if i != position)
                    )
                    deliver(edge, value, fresh)
            if not keep:
                node.released = bool(node.saved_values)
                node.saved_values = ()
        for place, leaf in leaves.items():
            if wanted is None or place in wanted:
                value = _leaf_hooks(leaf, arrived[place])
                collected.append((leaf, value, place not in shared and value is arrived[place]))
    finally:
        mode_of_backward.records, mode.enabled = records_before, mode_before
    return collected


def _on_its_gpu(node: Operation, outputs: list[Any]) -> Any:
    """The gradients of a node's arguments; computed on the GPU that holds those of its outputs."""
    first = next((_bare(value) for value in outputs if value is not None), None)
    if first is None or on_cpu(first):
        return node.backward(*outputs)
    with beside(first):
        return node.backward(*outputs)


def add_gradients(a: Any, b: Any) -> Any:
    """The sum of two gradients of one tensor, in one memory order if they differ."""
    if not isinstance(a, Tensor) and not isinstance(b, Tensor) and isinstance(a, np.ndarray):
        order = layout.order_of(a)
        if order == layout.BATCH_LAST:
            b = dispatch.in_order(b, order)
    return a + b


def _bare(value: Any) -> Any:
    return value._array if isinstance(value, Tensor) else value


def _edge(tensor: Tensor) -> tuple[Any, int]:
    if not tensor.requires_grad:
        raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")
    return (tensor, 0) if tensor.grad_fn is None else (tensor.grad_fn, tensor._output_index)


def _place(tensor: Tensor) -> Any:
    return id(tensor) if tensor.grad_fn is None else (tensor.grad_fn, tensor._output_index)


def _cotangent(root: Tensor, given: Tensor | None, as_tensors: bool) -> Any:
    if given is None:
        if root._array.size != 1:
            raise RuntimeError(
                f"grad can be implicitly created only for scalar outputs, this one has shape {list(root.shape)}; "
                "give backward(gradient=...) of that shape, or take .sum() or .mean() first"
            )
        with beside(root._array):
            ones = array_module(root._array).ones_like(root._array)
        if recorder.tape is not None:
            recorder.tape.constant(ones)
        return Tensor(ones) if as_tensors else ones
    if given.shape != root.shape:
        raise RuntimeError(
            f"Mismatch in shape: `gradient` has a shape of {list(given.shape)} "
            f"and the output has a shape of {list(root.shape)}"
        )
    if as_tensors:
        return given
    array = given._array
    return array if array.dtype == root._array.dtype else array.astype(root._array.dtype)


def _through_hooks(node: Operation, index: int, value: Any) -> Any:
    hooks = node.pre_hooks.get(index) if node.pre_hooks else None
    return value if not hooks else _call(hooks, value)


def _leaf_hooks(leaf: Tensor, value: Any) -> Any:
    return value if not leaf._hooks else _call(leaf._hooks, value)


def _call(hooks: dict[int, Any], value: Any) -> Any:
    """Hooks see Tensors and may replace the gradient."""
    if recorder.tape is not None:
        recorder.tape.refuse("has a hook on a gradient")
    was_tensor = isinstance(value, Tensor)
    tensor = value if was_tensor else _tensor(value)
    for hook in [hooks[number] for number in sorted(hooks)]:  # retain_grad's comes last
        result = hook(tensor)
        if result is not None:
            tensor = result
    return tensor if was_tensor else tensor._array


def _after_hooks(node: Operation, results: tuple[Any, ...], outputs: Sequence[Any]) -> tuple[Any, ...]:
    """The gradients of a node's inputs as its hooks leave them; what takes no gradient behind the last is left out."""
    if recorder.tape is not None:
        recorder.tape.refuse("has a hook on a gradient")
    raw = not any(isinstance(value, Tensor) for value in (*results, *outputs))
    length = max((i + 1 for i, edge in enumerate(node.edges) if edge is not None), default=0)
    seen, given = (
        tuple(_tensor(v) if v is not None and not isinstance(v, Tensor) else v for v in values)
        for values in (results[:length], outputs)
    )
    for hook in tuple((node.post_hooks or {}).values()):
        changed = hook(seen, given)
        if changed is not None:
            changed = (changed,) if isinstance(changed, Tensor) else tuple(changed)
            if len(changed) != length:
                raise RuntimeError(
                    f"hook has returned an incorrect number of values (got {len(changed)}, but expected {length})"
                )
            seen = changed
    return (*(value._array if raw and isinstance(value, Tensor) else value for value in seen), *results[length:])


def _tensor(value: Any) -> Tensor:
    """A raw gradient as a Tensor of its own, in plain order."""
    return Tensor(dispatch.in_order(as_array(value), layout.PLAIN))


def _accumulate(tensor: Tensor, value: Any, fresh: bool, create_graph: bool) -> None:
    if create_graph:  # the gradient has a history and is shared as it is
        tensor._grad = value if tensor._grad is None else tensor._grad + value
    elif on_cpu(_bare(value)):
        _add_to_grad(tensor, value, fresh)
    else:
        with beside(_bare(value)):
            _add_to_grad(tensor, value, fresh)


def _add_to_grad(tensor: Tensor, value: Any, fresh: bool) -> None:
    value = dispatch.in_order(as_array(_bare(value)), layout.PLAIN)
    if recorder.tape is not None:
        value, fresh = recorder.tape.accumulate(tensor, value, fresh), True
    if tensor._grad is None:
        tensor._grad = Tensor(value if fresh else value.copy())
    else:
        tensor._grad._array += value
        tensor._grad._version.count += 1
