"""The old weight_norm and spectral_norm, which compute a layer's weight in a hook before its forward.

The new ones are in parametrizations.py.
"""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from minicnn.autograd.grad_mode import no_grad
from minicnn.autograd.tensor import Tensor
from minicnn.functional.creation import empty
from minicnn.functional.distance import normalize
from minicnn.functional.matmul import dot, mv
from minicnn.nn.module import Module
from minicnn.nn.parameter import Parameter
from minicnn.nn.utils.parametrizations import as_matrix, norm_except_dim, outward_axis

M = TypeVar("M", bound=Module)


class WeightNorm:
    """The hook that puts g·v/|v| in the place of a weight."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Any) -> Tensor:
        """g·v/|v|"""
        g, v = getattr(module, f"{self.name}_g"), getattr(module, f"{self.name}_v")
        result: Tensor = v * (g / norm_except_dim(v, self.dim))
        return result

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """The old form of `parametrizations.weight_norm`: parameters `weight_g` and `weight_v`, and a hook.

    RuntimeError if the layer has it already. (Salimans & Kingma 2016)
    """
    warnings.warn(
        "nn.utils.weight_norm is deprecated in favor of nn.utils.parametrizations.weight_norm",
        FutureWarning,
        stacklevel=2,
    )
    _only_once(module, WeightNorm, name, "weight_norm")
    hook = WeightNorm(name, dim)
    weight = getattr(module, name)
    del module._parameters[name]
    module.register_parameter(f"{name}_g", Parameter(norm_except_dim(weight.detach(), hook.dim)))
    module.register_parameter(f"{name}_v", Parameter(weight.detach()))
    setattr(module, name, hook.compute_weight(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make the weight an ordinary parameter of the value that it has; ValueError if it has no weight_norm."""
    hook = _taken_away(module, WeightNorm, name, "weight_norm")
    weight = hook.compute_weight(module).detach()
    delattr(module, name)
    del module._parameters[f"{name}_g"], module._parameters[f"{name}_v"]
    setattr(module, name, Parameter(weight))
    return module


class SpectralNorm:
    """The hook that divides a weight by its largest singular value."""

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name = name
        self.n_power_iterations = n_power_iterations
        self.dim = dim
        self.eps = eps

    def compute_weight(self, module: Any, do_power_iteration: bool) -> Tensor:
        """The weight divided by uᵀ·W·v, after the steps of the power iteration."""
        weight: Tensor = getattr(module, f"{self.name}_orig")
        u, v = getattr(module, f"{self.name}_u"), getattr(module, f"{self.name}_v")
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(normalize(mv(matrix.t(), u), dim=0, eps=self.eps))
                    u.copy_(normalize(mv(matrix, v), dim=0, eps=self.eps))
                u, v = u.clone(), v.clone()
        result: Tensor = weight / dot(u, mv(matrix, v))
        return result

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, module.training))


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """The old form of `parametrizations.spectral_norm`: a parameter `weight_orig`, buffers `weight_u`, `weight_v`.

    RuntimeError if the layer has it already. (Miyato et al. 2018)

    >>> from minicnn import nn
    >>> list(nn.utils.spectral_norm(nn.Linear(3, 2)).state_dict())
    ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    _only_once(module, SpectralNorm, name, "spectral_norm")
    hook = SpectralNorm(name, n_power_iterations, outward_axis(module, dim), eps)
    weight = module._parameters[name]
    if weight is None:
        raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    lengths = as_matrix(weight.detach(), hook.dim).shape
    u, v = (normalize(empty(n, dtype=weight.dtype, device=weight.device).normal_(), dim=0, eps=eps) for n in lengths)
    del module._parameters[name]
    module.register_parameter(f"{name}_orig", weight)
    setattr(module, name, weight.detach())
    module.register_buffer(f"{name}_u", u)
    module.register_buffer(f"{name}_v", v)
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Make the weight an ordinary parameter of the value that it has; ValueError if it has no spectral_norm."""
    hook = _taken_away(module, SpectralNorm, name, "spectral_norm")
    with no_grad():
        weight = hook.compute_weight(module, False)
    for key in (name, f"{name}_u", f"{name}_v", f"{name}_orig"):
        delattr(module, key)
    module.register_parameter(name, Parameter(weight.detach()))
    return module


def _hooks(module: Module, kind: Any, name: str) -> list[int]:
    """The numbers of the hooks of this kind on this tensor."""
    found = module._forward_pre_hooks.items()
    return [number for number, h in found if isinstance(h.function, kind) and h.function.name == name]


def _only_once(module: Module, kind: Any, name: str, what: str) -> None:
    if _hooks(module, kind, name):
        raise RuntimeError(f"Cannot register two {what} hooks on the same parameter {name}")


def _taken_away(module: Module, kind: Any, name: str, what: str) -> Any:
    numbers = _hooks(module, kind, name)
    if not numbers:
        raise ValueError(f"{what} of '{name}' not found in {module}")
    return module._forward_pre_hooks.pop(numbers[0]).function
