"""nn.Parameter, and what Module and Optimizer both do to the gradients of many of them."""

from __future__ import annotations

from collections.abc import Iterable

from minicnn.autograd.tensor import Parameter as Parameter
from minicnn.autograd.tensor import Tensor
from minicnn.functional.conversion import zero_
from minicnn.kernels.recorder import recorder


def clear_grads(parameters: Iterable[Tensor], set_to_none: bool) -> None:
    """Forget the gradients (`set_to_none`), or set them to 0 in the memory that they have."""
    for parameter in parameters:
        grad = parameter.grad
        if recorder.tape is not None:
            recorder.tape.leaf(parameter, not set_to_none)
        if grad is None:
            continue
        if set_to_none:
            parameter._grad = None
        else:
            grad.detach_()
            zero_(grad)
