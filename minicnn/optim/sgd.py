"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.functional.creation import zeros_like
from minicnn.optim.optimizer import Params
from minicnn.optim.update import KernelOptimizer


class SGD(KernelOptimizer):
    """p = p - lr·g, or with momentum p = p - lr·b, b = momentum·b + (1 - dampening)·g.

    `weight_decay` adds weight_decay·p to the gradient, `nesterov` steps by g + momentum·b (Sutskever et
    al. 2013), `maximize` climbs. The first b is g itself. `foreach` and `fused` choose among PyTorch's
    implementations; here every step is one fused loop whatever they say. ValueError for values out of
    range, and for Nesterov without momentum or with dampening.

    >>> import minicnn
    >>> w = minicnn.tensor([1.0], requires_grad=True)
    >>> optimizer = minicnn.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    rule = "sgd"

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if momentum < 0.0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if weight_decay < 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        check_implementation(foreach, differentiable, fused)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def _options(self, group: dict[str, Any]) -> tuple[str, ...]:
        flags = {"maximize": group["maximize"], "momentum": group["momentum"] != 0, "nesterov": group["nesterov"]}
        return tuple(name for name, on in flags.items() if on)

    def _names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("momentum_buffer",) if group["momentum"] != 0 else ()

    def _begin(self, param: Tensor, group: dict[str, Any]) -> float:
        if group["momentum"] == 0:
            return 1
        state = self.state[param]
        if state.get("momentum_buffer") is not None:
            return 1
        state["momentum_buffer"] = zeros_like(param)
        return 0

    @staticmethod
    def _numbers(group: dict[str, Any], before: float) -> tuple[float, ...]:
        lr, momentum, dampening = float(group["lr"]), group["momentum"], group["dampening"]
        # no dampening at the first step: the buffer starts as the gradient
        return (lr, momentum, dampening if before else 0, group["weight_decay"])


def check_implementation(foreach: bool | None, differentiable: bool, fused: bool | None) -> None:
    """Refuse what PyTorch refuses, and differentiating through the step, which minicnn does not do."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
    if differentiable:
        raise RuntimeError("`differentiable` is True, but minicnn's optimizers step outside autograd")
