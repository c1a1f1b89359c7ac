"""What the optimisers' arguments have to be, with PyTorch's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn.autograd.tensor import Tensor

WORDS = {"lr": "learning rate", "eps": "epsilon value"}


def check_not_negative(**options: Any) -> None:
    """ValueError for the first option that is below 0 (or NaN)."""
    for name, value in options.items():
        if isinstance(value, Tensor) and value.numel() != 1:
            raise ValueError(f"Tensor {name} must be 1-element")
        if not value >= 0.0:
            raise ValueError(f"Invalid {WORDS.get(name, name + ' value')}: {value}")


def check_betas(betas: Sequence[Any]) -> None:
    """ValueError unless both decays are in [0, 1)."""
    for index in (0, 1):
        if not 0.0 <= betas[index] < 1.0:
            raise ValueError(f"Invalid beta parameter at index {index}: {betas[index]}")


def check_implementation(foreach: bool | None, differentiable: bool, fused: bool | None = None) -> None:
    """Refuse what PyTorch refuses, and differentiating through the step, which minicnn does not do."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
    if differentiable:
        raise RuntimeError("`differentiable` is True, but minicnn's optimizers step outside autograd")
