"""The core: tensors, operations, and the engine that runs a graph backward."""

from typing import Any

from minicnn.autograd.engine import grad as grad
from minicnn.autograd.function import Function as Function
from minicnn.autograd.grad_mode import enable_grad as enable_grad
from minicnn.autograd.grad_mode import inference_mode as inference_mode
from minicnn.autograd.grad_mode import is_grad_enabled as is_grad_enabled
from minicnn.autograd.grad_mode import no_grad as no_grad
from minicnn.autograd.grad_mode import set_grad_enabled as set_grad_enabled


def __getattr__(name: str) -> Any:
    if name in ("gradcheck", "gradgradcheck"):  # needs the operations, which need this package
        from minicnn.autograd import gradcheck

        return getattr(gradcheck, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
