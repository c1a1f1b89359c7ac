"""A recorded step, ready to be done again: its calls in a row, what must still be true, what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter, is_
from typing import Any

import numpy as np

from minicnn.autograd.tensor import Tensor
from minicnn.capture.passes import optimised
from minicnn.capture.tape import Entry, KernelCall, Tape, root
from minicnn.kernels import dispatch, threads

WORTH = 1 << 14  # bytes of an argument below which a copy costs less

Call = tuple[Callable[..., Any], tuple[Any, ...]]


class Replay:
    """What a tape recorded, as calls. `inputs` are the arrays of the arguments, `outputs` those of the results; what is
    in the arrays `needed` must last until the next replay."""

    def __init__(self, tape: Tape, inputs: Sequence[Any], outputs: Sequence[Any], needed: Sequence[Any]) -> None:
        self.inputs, self.outputs = list(inputs), list(outputs)
        self.grads = [(leaf, leaf.grad) for leaf, _, _ in tape.leaves.values()]
        keep = [*self.outputs, *needed, *(grad._array for _, grad in self.grads if grad is not None)]
        self.entries = optimised(tape, self.inputs, keep)
        self._calls = bound(self.entries)
        lasting = {id(root(array)) for array in keep}
        self._places = [
            None if id(root(mine)) in lasting else places_of(mine, self.entries, self._calls) for mine in self.inputs
        ]
        self._guards = [*_same_modules(list(tape.modules.values())), *_same_tensors(tape), *tape.guards]

    def fits(self) -> bool:
        """Whether all that the recording took for granted is still so."""
        return all(guard() for guard in self._guards)

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        """Do it again with the numbers of `arrays`; the results, copied."""
        for mine, given, places in zip(self.inputs, arrays, self._places, strict=True):
            flags = given.flags
            if places is None or not (flags.c_contiguous and flags.aligned and flags.writeable):
                mine[...] = given
                given = mine
            if places is not None:
                self._put(given.reshape(-1), places)
        self.run()
        return [np.array(array) for array in self.outputs]

    def _put(self, flat: Any, places: Sequence[tuple[int, int]]) -> None:
        """Let the calls read an argument from `flat`."""
        for number, place in places:
            function, args = self._calls[number]
            self._calls[number] = (function, (*args[:place], flat, *args[place + 1 :]))

    def run(self) -> None:
        """Do it again on the numbers that are in `inputs`."""
        threads.enter()
        with np.errstate(all="ignore"):
            for function, args in self._calls:
                function(*args)
        for leaf, grad in self.grads:
            leaf._grad = grad
        if dispatch.is_recorded():
            for entry in self.entries:
                if isinstance(entry, KernelCall):
                    dispatch.note(entry.plan, "cpu")


Guard = Callable[[], bool]
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
# Guards are asked in every step, so their loops are `map`s: those run in a tenth of a microsecond an element.


def _same_modules(recorded: Sequence[tuple[Any, bool]]) -> list[Guard]:
    """Modules in the modes in which they were called, with the members that they had, and without hooks."""
    modules, modes = [module for module, _ in recorded], [training for _, training in recorded]
    hooks = [getattr(module, kind) for module in modules for kind in HOOKS]
    members = [
        (own, name, member)
        for module in modules
        for own in (module._parameters, module._buffers, module._modules)
        for name, member in own.items()
    ]
    dicts, names, values = ([row[i] for row in members] for i in range(3))
    mode = attrgetter("training")
    return [
        lambda: list(map(mode, modules)) == modes,
        lambda: not any(hooks),
        lambda: all(map(is_, map(dict.get, dicts, names), values)),
    ]


def _same_tensors(tape: Tape) -> list[Guard]:
    """Tensors from outside on the memory that they had, gradients that are added to as they were, and no hooks."""
    outside = [(tensor, array) for tensor, array in tape.externals.values() if isinstance(tensor, Tensor)]
    tensors, arrays = [tensor for tensor, _ in outside], [array for _, array in outside]
    counting = [(leaf, grad) for leaf, grad, counts in tape.leaves.values() if counts]
    leaves, grads = [leaf for leaf, _ in counting], [grad for _, grad in counting]
    array_of, grad_of, hooks_of = attrgetter("_array"), attrgetter("grad"), attrgetter("_hooks")
    stepped = [leaf for leaf, _, _ in tape.leaves.values()]
    return [
        lambda: all(map(is_, map(array_of, tensors), arrays)),
        lambda: all(map(is_, map(grad_of, leaves), grads)),
        lambda: not any(map(hooks_of, stepped)),
    ]


def places_of(array: Any, entries: Sequence[Entry], calls: Sequence[Call]) -> list[tuple[int, int]] | None:
    """Where the calls take the whole argument `array`, (call, position), so that they can be handed the next one's
    memory; None where it is copied: small, written to, or also read in another way."""
    memory = root(array)
    if array.nbytes < WORTH or not array.flags.c_contiguous or array.size != memory.size:
        return None
    if any(root(a) is memory for entry in entries for a in entry.writes()):
        return None
    found = [
        (number, place)
        for number, (_, args) in enumerate(calls)
        for place, arg in enumerate(args)
        if getattr(arg, "ndim", 0) == 1 and arg.size == array.size and root(arg) is memory
    ]
    reads = sum(root(a) is memory for entry in entries for a in entry.reads())
    return found if len(found) == reads else None


def bound(entries: Sequence[Entry]) -> list[Call]:
    """The calls that the entries come to."""
    size = max((e.plan.scratch_bytes for e in entries if isinstance(e, KernelCall)), default=0)
    scratch = dispatch.aligned(size)
    found: list[Call] = []
    for entry in entries:
        if isinstance(entry, KernelCall):
            found += dispatch.calls(entry.plan, entry.outs, entry.ins, scratch[: entry.plan.scratch_bytes])
        else:
            found.append((entry.run, ()))
    return found
