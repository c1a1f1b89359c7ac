"""torch.nn.parallel: one model on several GPUs. Here a model computes on one device, and DataParallel passes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn import backend
from minicnn.nn.module import Module


class DataParallel(Module):
    """`module`, called as it is: what PyTorch's DataParallel is without a GPU, or with one.

    The names in its state_dict begin with `module.`, as PyTorch's do. NotImplementedError for several
    `device_ids` where there are GPUs.

    >>> from minicnn import nn
    >>> list(DataParallel(nn.Linear(2, 1)).state_dict())
    ['module.weight', 'module.bias']
    """

    def __init__(
        self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        self.module = module
        self.dim = dim
        self.device_ids = _one_device(device_ids)

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What `module` computes."""
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Sequence[Any] | None = None,
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> Any:
    """`module(*inputs)`, on the one device that it is on: the functional form of `DataParallel`."""
    _one_device(device_ids)
    return module(*(inputs if isinstance(inputs, tuple) else (inputs,)), **(module_kwargs or {}))


def _one_device(device_ids: Sequence[Any] | None) -> list[Any]:
    if not backend.has_gpu():
        return []
    if device_ids is not None and len(device_ids) > 1:
        raise NotImplementedError(f"`device_ids` is {list(device_ids)}: minicnn computes on one GPU")
    return list(device_ids or [0])
