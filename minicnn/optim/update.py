"""The step of one parameter through the kernel `optimizer_step`, prepared once and repeated.

Looking up a plan and making flat views costs more than updating a small bias. So each parameter keeps
an Update, and makes a new one only when its memory, its state's memory, an option or the choice of
kernels has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn import kernels
from minicnn.autograd.tensor import Tensor
from minicnn.kernels.optimizer_step import Sizes

KERNEL = "optimizer_step"
Key = tuple[tuple[str, ...], str | None]  # (the kernel's options, the preferred backend)


class Update:
    """A parameter, its state, and the plan for them."""

    __slots__ = ("arrays", "dtype", "flat", "hyper", "key", "plan", "shape")

    def __init__(self, rule: str, key: Key, param: Tensor, state: Sequence[Tensor], numbers: int) -> None:
        self.key = key
        self.arrays = tuple(t._plain_array() for t in (param, *state))
        self.shape, self.dtype = self.arrays[0].shape, self.arrays[0].dtype
        for array in self.arrays:
            if array.dtype != self.dtype or array.shape != self.shape:
                raise RuntimeError(
                    f"the optimizer's state has dtype {array.dtype} and shape {list(array.shape)}, its "
                    f"parameter {self.dtype} and {list(self.shape)}; make the optimizer after model.to(...)"
                )
        contiguous = all(array.flags.c_contiguous for array in self.arrays)
        self.flat = [array.reshape(-1) for array in self.arrays] if contiguous else None
        self.hyper = np.empty(numbers)
        device = "cpu" if isinstance(param._array, np.ndarray) else "gpu"
        self.plan = kernels.plan(KERNEL, Sizes(rule, param._array.size, self.dtype, key[0]), device)

    def fits(self, key: Key, param: Tensor, state: Sequence[Tensor]) -> bool:
        """Whether nothing it was made from has changed."""
        arrays = self.arrays
        if self.key != key or arrays[0] is not param._array or len(arrays) != 1 + len(state):
            return False
        for place, tensor in enumerate(state, 1):  # noqa: SIM110  all(...) takes as long as the kernel
            if tensor._array is not arrays[place]:
                return False
        return True

    def run(self, grad: Tensor, numbers: Any) -> None:
        """One step with these numbers (the kernel's `hyper`)."""
        array = grad._plain_array()
        if array.shape != self.shape or array.dtype != self.dtype:
            raise RuntimeError(
                f"the gradient has shape {list(array.shape)} and dtype {array.dtype}, its parameter "
                f"{list(self.shape)} and {self.dtype}"
            )
        self.hyper[:] = numbers
        ins = (array.reshape(-1), self.hyper)
        if self.flat is not None:
            kernels.execute(KERNEL, self.plan, self.flat, ins)
            return
        copies = [array.reshape(-1) for array in self.arrays]
        kernels.execute(KERNEL, self.plan, copies, ins)
        for array, copy in zip(self.arrays, copies, strict=True):
            array[...] = copy.reshape(self.shape)


def update(
    updates: dict[Any, Update], rule: str, key: Key, param: Tensor, state: Sequence[Tensor], numbers: Any
) -> None:
    """Step `param`, which has a gradient, by `rule`; `numbers` are the kernel's `hyper`."""
    prepared = updates.get(param)
    if prepared is None or not prepared.fits(key, param, state):
        prepared = updates[param] = Update(rule, key, param, state, len(numbers))
    assert param.grad is not None
    prepared.run(param.grad, numbers)
    param._version.count += 1
    for tensor in state:
        tensor._version.count += 1
