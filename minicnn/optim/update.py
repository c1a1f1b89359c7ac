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


class Update:
    """A parameter, its state, and the plan for them."""

    __slots__ = ("arrays", "dtype", "hyper", "key", "outs", "plan", "shape")

    def __init__(self, rule: str, key: Any, param: Tensor, state: Sequence[Tensor], numbers: int) -> None:
        tensors = (param, *state)
        self.key = key
        self.arrays = tuple(t._plain_array() for t in tensors)
        self.shape, self.dtype = param._array.shape, param._array.dtype
        for tensor in tensors:
            if tensor._array.dtype != self.dtype or tensor._array.size != param._array.size:
                raise RuntimeError(
                    f"the optimizer's state has dtype {tensor.dtype} and {tensor.numel()} elements, its "
                    f"parameter {param.dtype} and {param.numel()}; make the optimizer after model.to(...)"
                )
        self.outs = [array.reshape(-1) for array in self.arrays]  # copies where not contiguous
        self.hyper = np.empty(numbers)
        device = "cpu" if isinstance(param._array, np.ndarray) else "gpu"
        self.plan = kernels.plan(KERNEL, Sizes(rule, param._array.size, self.dtype, key[0]), device)

    def fits(self, key: Any, param: Tensor, state: Sequence[Tensor]) -> bool:
        """Whether nothing it was made from has changed."""
        arrays = self.arrays
        if self.key != key or arrays[0] is not param._array or len(arrays) != 1 + len(state):
            return False
        return all(t._array is a for t, a in zip(state, arrays[1:], strict=True))

    def run(self, param: Tensor, state: Sequence[Tensor], numbers: Any) -> None:
        """One step with these numbers (the kernel's `hyper`)."""
        grad = param.grad
        assert grad is not None
        array = grad._plain_array()
        if array.shape != self.shape or array.dtype != self.dtype:
            raise RuntimeError(
                f"the gradient has shape {list(grad.shape)} and dtype {grad.dtype}, its parameter "
                f"{list(param.shape)} and {param.dtype}"
            )
        self.hyper[:] = numbers
        kernels.execute(KERNEL, self.plan, self.outs, (array.reshape(-1), self.hyper))
        param._version.count += 1
        for tensor in state:
            tensor._version.count += 1

    @property
    def strided(self) -> bool:
        """Whether `outs` holds copies, because some memory is not contiguous."""
        return not all(array.flags.c_contiguous for array in self.arrays)

    def write_back(self) -> None:
        """Put copies into the memory they came from."""
        for array, out in zip(self.arrays, self.outs, strict=True):
            if not array.flags.c_contiguous:
                array[...] = out.reshape(array.shape)


def update(
    updates: dict[Any, Update],
    rule: str,
    key: tuple[tuple[str, ...], str | None],
    param: Tensor,
    state: Sequence[Tensor],
    numbers: Any,
) -> None:
    """Step `param` by `rule`; `key` is (options, preferred backend), `numbers` the kernel's `hyper`."""
    prepared = updates.get(param)
    if prepared is None or not prepared.fits(key, param, state):
        prepared = Update(rule, key, param, state, len(numbers))
        if not prepared.strided:
            updates[param] = prepared
    prepared.run(param, state, numbers)
    if prepared.key is not key and prepared.strided:
        prepared.write_back()
