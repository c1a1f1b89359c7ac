"""Steps through the kernel `optimizer_step`: one call for all parameters of a group that step alike.

Looking up a plan and making flat views costs more than updating a small bias. So an optimiser keeps an
Update for its parameters, and makes a new one only when their memory, their states' memory, an option, the
choice of kernels or the set of those that have a gradient has changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from operator import attrgetter, is_
from typing import Any

import numpy as np

from minicnn import kernels
from minicnn.autograd.tensor import Tensor
from minicnn.backend import beside, to_device
from minicnn.functional.creation import tensor, zeros_like
from minicnn.kernels import dispatch, launch
from minicnn.kernels.optimizer_step import Arrays, Sizes
from minicnn.kernels.recorder import recorder
from minicnn.optim.optimizer import Optimizer, evaluated

KERNEL = "optimizer_step"
ARRAY = attrgetter("_array")
Scalars = tuple[float, ...]
Key = tuple[tuple[str, ...], str | None]  # (the kernel's options, the preferred backend)


class KernelOptimizer(Optimizer):
    """An optimiser whose step is the kernel `optimizer_step`.

    A subclass says by which `rule` it steps, `_flags` for the kernel, the names of a parameter's states
    (`_names`; `_fresh` makes one), and the kernel's `_numbers`. `scalars` are the 0-d states: the number of steps
    taken, mostly, and what `_after` else computes from them. Parameters whose scalars are equal step together.
    Without scalars (SGD), what counts is whether the states were made just now.
    """

    rule: str
    scalars: tuple[str, ...] = ("step",)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step for every parameter that has a gradient; returns what `closure` returns."""
        loss = evaluated(closure)
        for index, group in enumerate(self.param_groups):
            updates = self._prepared(index, group)
            if recorder.tape is not None:
                self._report(recorder.tape, index, group, updates)
            for update in updates:
                grads = update.gradients()
                update.refresh()
                if recorder.tape is not None:
                    recorder.tape.host(update.refresh, [update.hyper])
                with beside(update.arrays[0]):
                    update.run(grads)
        return loss

    def _report(self, tape: Any, index: int, group: dict[str, Any], updates: list[Update]) -> None:
        """Tell a tape what a replay of this step takes for granted."""
        if any(update.copied for update in updates):
            tape.refuse("steps parameters that are not contiguous")
        kept = self._updates[index]
        key = (self._options(group), kernels.preference())

        def same() -> bool:
            now = (self._options(group), kernels.preference())
            return self._updates.get(index) is kept and now == key and all(update.fits() for update in updates)

        tape.guards.append(same)

    def _prepared(self, index: int, group: dict[str, Any]) -> list[Update]:
        """The updates of a group: those of the last step if nothing has changed since."""
        key = (self._options(group), kernels.preference())
        params = [param for param in group["params"] if param.grad is not None]
        kept: tuple[Any, list[Any], list[Update]] | None = self._updates.get(index)
        if kept is not None:
            known_key, known_params, updates = kept
            same = known_key == key and len(known_params) == len(params) and all(map(is_, known_params, params))
            if same and all(update.fits() for update in updates):
                return updates
        alike: dict[Any, list[Tensor]] = {}  # one kernel call takes parameters that differ in size only
        times = Counter[Tensor]()  # a parameter that is listed twice steps twice, one after the other
        for param in params:
            before = self._begin(param, group)
            array = param._array
            alike.setdefault((array.dtype, type(array), before, times[param]), []).append(param)
            times[param] += 1
        updates = [Update(self, key, group, alike[kind], kind[2]) for kind in alike]
        self._updates[index] = (key, params, updates)
        return updates

    def _begin(self, param: Tensor, group: dict[str, Any]) -> Scalars:
        """Make the states of `param` that are missing; its scalars."""
        state = self.state[param]
        if not state:
            state.update({name: tensor(value, device="cpu") for name, value in self._first(group).items()})
        for name in self._names(group):
            if name not in state:
                state[name] = self._fresh(name, param, group)
        return tuple(state[name]._array.item() for name in self.scalars)

    def _options(self, group: dict[str, Any]) -> tuple[str, ...]:
        """The options of the kernel."""
        return tuple(name for name, on in self._flags(group).items() if on)

    def _flags(self, group: dict[str, Any]) -> dict[str, bool]:
        """Whether the kernel's options are wanted: here "maximize"; in alphabetical order."""
        return {"maximize": group["maximize"]}

    def _names(self, group: dict[str, Any]) -> tuple[str, ...]:
        """The states that are as large as the parameter, in the kernel's order."""
        raise NotImplementedError

    def _first(self, group: dict[str, Any]) -> dict[str, float]:
        """The scalars before the first step."""
        return {"step": 0.0}

    def _fresh(self, name: str, param: Tensor, group: dict[str, Any]) -> Tensor:
        """A state before the first step."""
        return zeros_like(param)

    @staticmethod
    def _after(group: dict[str, Any], before: Scalars) -> Scalars:
        """The scalars after a step."""
        return (before[0] + 1,)

    @staticmethod
    def _numbers(group: dict[str, Any], before: Scalars, after: Scalars) -> tuple[float, ...]:
        """What the kernel calls hyper, for the step between these scalars."""
        raise NotImplementedError

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for saved in self.state.values():  # very old checkpoints have numbers
            for name in self.scalars:
                if name in saved and not isinstance(saved[name], Tensor):
                    saved[name] = tensor(float(saved[name]), device="cpu")


class Update:
    """Parameters that step together, their states, the kernel's numbers, and the plan."""

    def __init__(
        self, optimizer: KernelOptimizer, key: Key, group: dict[str, Any], params: Sequence[Tensor], before: Scalars
    ) -> None:
        self.params, self.group, self.before = params, group, before
        self.numbers, self.next = optimizer._numbers, optimizer._after
        names = optimizer._names(group)
        states = [optimizer.state[param] for param in params] if names else []
        self.scalars = [[state[name] for name in optimizer.scalars] for state in states if optimizer.scalars]
        # where each state stands, so that `fits` can look whether it is still the same
        self.holders = [state for _ in names for state in states]
        self.names = [name for name in names for _ in states]
        self.states: list[Any] = list(map(dict.get, self.holders, self.names))
        self.tensors: list[Any] = [*params, *self.states]
        self.arrays = [held._plain_array() for held in self.tensors]
        dtype = self.arrays[0].dtype
        for index, array in enumerate(self.arrays):
            param = self.arrays[index % len(params)]
            if array.dtype != dtype or array.shape != param.shape:
                raise RuntimeError(
                    f"the optimizer's state has dtype {array.dtype} and shape {list(array.shape)}, its "
                    f"parameter {dtype} and {list(param.shape)}; make the optimizer after model.to(...)"
                )
        self.flat = Arrays(array.reshape(-1) for array in self.arrays)  # views, but copies of these:
        self.copied = [i for i, array in enumerate(self.arrays) if not array.flags.c_contiguous]
        after = self.next(group, before) if self.scalars else before
        self.host_hyper = np.array(self.numbers(group, before, after), np.float64)
        self.hyper = to_device(self.host_hyper, params[0].device)  # on the CPU the same array
        sizes = Sizes(optimizer.rule, tuple(param._array.size for param in params), dtype, key[0])
        self.plan = kernels.plan(KERNEL, sizes, dispatch.device_of(self.hyper))

    def fits(self) -> bool:
        """Whether nothing it was made from has changed."""
        if self.scalars:
            first, *others = [[scalar._array.item() for scalar in row] for row in self.scalars]
            if others.count(first) != len(others):
                return False
        elif self.before == (0,) and self.states:  # the first step with these states is taken
            return False
        if not all(map(is_, map(dict.get, self.holders, self.names), self.states)):
            return False
        return all(map(is_, self.arrays, map(ARRAY, self.tensors)))

    def gradients(self) -> list[Any]:
        """The gradients, flat."""
        grads = []
        for param, own in zip(self.params, self.arrays, strict=False):
            assert param.grad is not None
            array = param.grad._plain_array()
            if array.shape != own.shape or array.dtype != own.dtype:
                raise RuntimeError(
                    f"the gradient has shape {list(array.shape)} and dtype {array.dtype}, its parameter "
                    f"{list(own.shape)} and {own.dtype}"
                )
            grads.append(array.reshape(-1))
        return grads

    def refresh(self) -> None:
        """All of a step but the kernel: count it, and write its numbers where the kernel reads them."""
        after = self.before
        if self.scalars:
            self.before = tuple(scalar._array.item() for scalar in self.scalars[0])
            after = self.next(self.group, self.before)
            for row in self.scalars:
                for scalar, value in zip(row, after, strict=True):
                    scalar._array[()] = value
            after = tuple(scalar._array.item() for scalar in self.scalars[0])  # as rounded
        self.host_hyper[:] = self.numbers(self.group, self.before, after)
        if self.hyper is not self.host_hyper:
            with beside(self.hyper):
                launch.write(self.hyper, self.host_hyper)
        for held in self.tensors:
            held._version.count += 1

    def run(self, grads: Sequence[Any]) -> None:
        """The kernel: the step with the numbers that `refresh` wrote."""
        for i in self.copied:
            self.flat[i][...] = self.arrays[i].reshape(-1)
        kernels.execute(KERNEL, self.plan, self.flat, [*grads, self.hyper])
        for i in self.copied:
            self.arrays[i][...] = self.flat[i].reshape(self.arrays[i].shape)
