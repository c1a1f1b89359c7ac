"""The tape: what one step computed, in order, as calls that can be made again on the same memory.

While a step runs as ever, everything that computes reports here: `autograd/operation.py` each operation,
`kernels/dispatch.py` each kernel, and the few places that write into memory that is there already. All arrays
of the step are kept alive, so an array can be known by its memory, and the tape needs no variables: doing the
entries again in order, each on the arrays it was recorded with, is the step.

    KernelCall   a plan and its arrays: replayed as the bare compiled loops
    Forward      an operation that computes with NumPy or CuPy: its `forward` is called again and the result copied
    Copy, Add    into memory that is there already: a layout that changes, a gradient that accumulates
    Constant     numbers that Python knows
    Host         a Python function: the random numbers of a draw, the learning rate of an optimiser
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from minicnn.autograd.operation import NOTHING, Operation
from minicnn.backend import owner_of
from minicnn.capture.arrays import arrays_in, fill, is_array, memory_id
from minicnn.kernels.recorder import recorder

PACKAGE = str(Path(__file__).parents[1])


class Entry:
    """One thing to do again: which arrays it reads and which it writes."""

    def reads(self) -> Sequence[Any]:
        """The arrays whose numbers it needs."""
        return ()

    def writes(self) -> Sequence[Any]:
        """The arrays that it fills or changes."""
        return ()

    def run(self) -> None:
        """Do it (a kernel is not run here: see dispatch.calls)."""
        raise NotImplementedError(type(self).__name__)


class KernelCall(Entry):
    """A kernel on its arrays."""

    def __init__(self, plan: Any, outs: Sequence[Any], ins: Sequence[Any]) -> None:
        self.plan, self.outs, self.ins = plan, outs, ins

    def reads(self) -> Sequence[Any]:
        return [*self.ins, *(a for a, out in zip(self.outs, self.plan.outputs, strict=True) if out.updated)]

    def writes(self) -> Sequence[Any]:
        return self.outs


class Forward(Entry):
    """An operation's `forward`, which computes with NumPy or CuPy. What it returns, and what it keeps for its backward
    rule, is copied to where it was when the step was recorded."""

    def __init__(self, cls: type[Operation], ctx: Operation, raw: list[Any], options: dict[str, Any]) -> None:
        self.cls, self.needed, self.raw, self.options = cls, ctx.needed, raw, options
        self.outputs: list[tuple[int, Any]] = []  # (which output, its array)
        self.kept: list[tuple[Any, Any]] = []  # (place in the context, its array)
        self.values: dict[str, Any] = {}  # what else the context holds: it must not depend on the numbers

    def reads(self) -> Sequence[Any]:
        return list(arrays_in((self.raw, self.options)))

    def writes(self) -> Sequence[Any]:
        return [array for _, array in self.outputs + self.kept]

    def run(self) -> None:
        ctx = object.__new__(self.cls)
        ctx.needed, ctx.saved_values = self.needed, NOTHING
        result = ctx.forward(*self.raw, **self.options)
        results = result if isinstance(result, tuple) else (result,)
        for index, array in self.outputs:
            _refill(array, results[index], self.cls)
        for place, array in self.kept:
            _refill(array, kept_at(ctx, place), self.cls)
        for name, value in self.values.items():
            if ctx.__dict__.get(name) != value:
                raise RuntimeError(
                    f"{self.cls.__name__} did something else than when the step was recorded (its {name} was {value!r} "
                    f"and is {ctx.__dict__.get(name)!r}): what this step does depends on its numbers; call it "
                    "without minicnn.compile"
                )


def _refill(array: Any, value: Any, cls: type[Operation]) -> None:
    if np.shape(value) != array.shape:
        raise RuntimeError(
            f"{cls.__name__} gave the shape {list(np.shape(value))}, but {list(array.shape)} when the step was "
            "recorded: the shapes of this step depend on its numbers; call it without minicnn.compile"
        )
    fill(array, value)


class Copy(Entry):
    """target[...] = source"""

    def __init__(self, target: Any, source: Any) -> None:
        self.target, self.source = target, source

    def reads(self) -> Sequence[Any]:
        return list(arrays_in(self.source))

    def writes(self) -> Sequence[Any]:
        return [self.target]

    def run(self) -> None:
        fill(self.target, self.source)


class Constant(Copy):
    """target = numbers that Python knows: zeros, ones, a list. To be done again only if the step writes over them."""


class Add(Copy):
    """target += source"""

    def reads(self) -> Sequence[Any]:
        return [self.source, self.target]

    def run(self) -> None:
        self.target += self.source


class Host(Entry):
    """A Python function that takes no arguments; `arrays` are those it fills."""

    def __init__(self, function: Callable[[], Any], arrays: Sequence[Any] = ()) -> None:
        self.function, self.arrays = function, arrays

    def writes(self) -> Sequence[Any]:
        return self.arrays

    def run(self) -> None:
        self.function()


class Tape:
    """What one call of the captured function did. `earlier` is the tape of the call before, from which it is known
    which tensors outlive a call."""

    def __init__(self, earlier: Tape | None = None) -> None:
        self.entries: list[Entry] = []
        self.refusal: str | None = None  # why this step cannot be replayed, with file and line
        self.modules: dict[int, tuple[Any, bool]] = {}  # called in the step: the module, its mode
        self.leaves: dict[int, tuple[Any, Any, bool]] = {}  # leaf, its gradient before, whether that counts
        self.externals: dict[int, tuple[Any, Any]] = {}  # memory -> (the Tensor, its array) from outside the step
        self.guards: list[Callable[[], bool]] = []
        self.unsettled = False  # refused for a tensor that may outlive a call: the next call will tell
        self._earlier = earlier
        self._memory: dict[int, Any] = {}  # id -> the memory that the step made or was given, kept alive
        self._inside = False  # an operation's forward is running

    def continued(self) -> Tape:
        """An empty tape that knows all that this one knows."""
        tape = Tape(self._earlier)
        tape._memory, tape.externals = dict(self._memory), dict(self.externals)
        return tape

    # --- what reports ------------------------------------------------------------------------------

    def refuse(self, why: str) -> None:
        """This step cannot be replayed, because of something that happens at the user's line."""
        if self.refusal is None:
            self.refusal = f"{_users_line()} {why}"

    def own(self, array: Any) -> None:
        """`array` was made in this step (or holds an argument of it)."""
        memory = owner_of(array)
        self._memory[id(memory)] = memory

    def knows(self, array: Any) -> bool:
        """Whether the memory of `array` is the step's own, or was found to outlive it."""
        memory = memory_id(array)
        return memory in self._memory or memory in self.externals

    def begin(self) -> int:
        """An operation's forward starts; what `applied` wants to be given."""
        self._inside = True
        return len(self.entries)

    def applied(
        self, ctx: Operation, args: Sequence[Any], raw: list[Any], options: dict[str, Any], results: tuple[Any, ...],
        start: int,
    ) -> None:  # fmt: skip
        """An operation's forward is over: keep the kernels that it ran, if they are all it did, else itself."""
        self._inside = False
        if not ctx.replayable:
            return self.refuse(f"calls {type(ctx).__name__}, which runs Python that a replay would not")
        for arg, array in zip(args, raw, strict=True):
            self._meet(arg, array)
        for array in arrays_in(options):
            self._meet(None, array)
        kept = [(place, value) for place, value in kept_arrays(ctx) if not self.knows(value)]
        fresh = [(i, a) for i, a in enumerate(results) if is_array(a) and not self.knows(a)]
        if self._complete(start) and not kept and not fresh:
            return None
        entry = Forward(type(ctx), ctx, raw, options)
        made = {memory_id(a) for e in self.entries[start:] for a in e.writes()}  # by kernels that will not run alone
        del self.entries[start:]
        entry.outputs = fresh + [(i, a) for i, a in enumerate(results) if memory_id(a) in made]
        entry.kept = kept + [(p, a) for p, a in kept_arrays(ctx) if memory_id(a) in made]
        entry.values = {k: v for k, v in ctx.__dict__.items() if isinstance(v, bool | int | float | str)}
        for array in entry.writes():
            self.own(array)
        self.entries.append(entry)
        return None

    def kernel(self, plan: Any, outs: Sequence[Any], ins: Sequence[Any]) -> None:
        """A kernel ran."""
        call = KernelCall(plan, outs, ins)
        if not self._inside:  # an optimiser's, or a change of layout between operations
            for array in call.ins:
                self._persist(array)
        for array, out in zip(outs, plan.outputs, strict=True):
            if out.updated:
                self._persist(array)
            else:
                self.own(array)
        self.entries.append(call)

    def copy(self, target: Any, source: Any) -> None:
        """target[...] = source was done; `target` is new, or known."""
        if not self.knows(target):
            self.own(target)
        self.entries.append(Copy(target, source))

    def moved(self, copy: Any, array: Any) -> None:
        """`array` was copied to another device, perhaps outside an operation: after a draw on the CPU, say."""
        if self.knows(array):
            self.copy(copy, array)

    def write(self, target: Any, source: Any) -> None:
        """The memory of a tensor was written over, in place."""
        self._meet(None, source)
        self._persist(target)
        self.entries.append(Copy(target, source))

    def host(self, function: Callable[[], Any], arrays: Sequence[Any] = ()) -> None:
        """`function` was called, and must be called in every step; it fills `arrays`."""
        for array in arrays:
            self.own(array)
        self.entries.append(Host(function, arrays))

    def constant(self, array: Any) -> None:
        """An array of numbers that Python knows: zeros, ones, a list."""
        if not self.knows(array):
            self.own(array)
            self.entries.append(Constant(array, array.copy()))

    def module(self, module: Any) -> None:
        """A module was called."""
        if id(module) not in self.modules:
            self.modules[id(module)] = (module, module.training)

    def leaf(self, leaf: Any, counts: bool) -> None:
        """The gradient of a leaf is about to be added to (`counts`: so what it was before matters) or forgotten."""
        if id(leaf) not in self.leaves:
            self.leaves[id(leaf)] = (leaf, leaf.grad, counts)

    def accumulate(self, leaf: Any, value: Any, fresh: bool) -> Any:
        """The array that becomes the gradient of `leaf`, or is added to the one it has."""
        self.leaf(leaf, True)
        if leaf.grad is not None:
            self._persist(leaf.grad._array)
            self.entries.append(Add(leaf.grad._array, value))
            return value
        if fresh:
            return value
        new = value.copy()
        self.copy(new, value)
        return new

    # --- whose memory it is ------------------------------------------------------------------------

    def _meet(self, arg: Any, array: Any) -> None:
        """An operation was given `array`, as the Tensor `arg` or bare."""
        for part in arrays_in(array):
            if self.knows(part):
                continue
            if self._earlier is not None and memory_id(part) not in self._earlier.externals:
                self.unsettled = self.unsettled or self.refusal is None
                self.refuse("uses an array that neither an argument nor an operation of minicnn brings: it may hold "
                            "other numbers in the next step")  # fmt: skip
            self.externals[memory_id(part)] = (arg, part)

    def _persist(self, array: Any) -> None:
        """`array` is a parameter's, a gradient's, an optimiser's: it stays where it is from step to step."""
        if not self.knows(array):
            self.externals[memory_id(array)] = (None, array)

    def _complete(self, start: int) -> bool:
        """Whether the kernels since `start` read nothing that somebody else computed in between."""
        return all(self.knows(a) for entry in self.entries[start:] for a in entry.reads())


@contextmanager
def listening(tape: Tape) -> Iterator[None]:
    """Let everything that this thread computes report to `tape`."""
    recorder.tape = tape
    try:
        yield
    finally:
        recorder.tape = None


def kept_arrays(ctx: Operation) -> Iterator[tuple[Any, Any]]:
    """(place, array) of every array that an operation keeps for its backward rule."""
    for index, value in enumerate(ctx.saved_values):
        if is_array(value):
            yield index, value
    for name, value in ctx.__dict__.items():
        if is_array(value):
            yield name, value
        elif isinstance(value, tuple | list):
            for index, part in enumerate(value):
                if is_array(part):
                    yield (name, index), part


def kept_at(ctx: Operation, place: Any) -> Any:
    """What `kept_arrays` found at `place`."""
    if isinstance(place, int):
        return ctx.saved_values[place]
    if isinstance(place, str):
        return ctx.__dict__[place]
    name, index = place
    return ctx.__dict__[name][index]


def _users_line() -> str:
    """file:line of the innermost frame that is not minicnn's own."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return "a step" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"
