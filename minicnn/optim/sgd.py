"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minicnn import kernels
from minicnn.functional.creation import zeros_like
from minicnn.optim.optimizer import Optimizer, Params, evaluated
from minicnn.optim.update import update


class SGD(Optimizer):
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

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step for every parameter that has a gradient; returns what `closure` returns."""
        loss = evaluated(closure)
        preference = kernels.preference()
        for group in self.param_groups:
            momentum = group["momentum"]
            flags = (
                ("maximize", group["maximize"]),
                ("momentum", momentum != 0),
                ("nesterov", group["nesterov"]),
            )
            key = (tuple(name for name, on in flags if on), preference)
            numbers = np.array((float(group["lr"]), momentum, group["dampening"], group["weight_decay"]))
            first = numbers * (1, 1, 0, 1)  # no dampening yet: the buffer starts as the gradient
            for param in group["params"]:
                if param.grad is None:
                    continue
                if momentum == 0:
                    update(self._updates, "sgd", key, param, (), numbers)
                    continue
                state = self.state[param]
                buffer, chosen = state.get("momentum_buffer"), numbers
                if buffer is None:
                    buffer = state["momentum_buffer"] = zeros_like(param)
                    chosen = first
                update(self._updates, "sgd", key, param, (buffer,), chosen)
        return loss


def check_implementation(foreach: bool | None, differentiable: bool, fused: bool | None) -> None:
    """Refuse what PyTorch refuses, and differentiating through the step, which minicnn does not do."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
    if differentiable:
        raise RuntimeError("`differentiable` is True, but minicnn's optimizers step outside autograd")
