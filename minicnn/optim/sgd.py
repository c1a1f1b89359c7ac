"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.functional.creation import zeros_like
from minicnn.optim.checks import check_implementation, check_not_negative
from minicnn.optim.optimizer import Params
from minicnn.optim.update import KernelOptimizer, Scalars


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
    scalars = ()

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
        check_not_negative(lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                f"Nesterov momentum requires a momentum and zero dampening, got momentum={momentum} and "
                f"dampening={dampening}"
            )
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

    def _flags(self, group: dict[str, Any]) -> dict[str, bool]:
        return {"maximize": group["maximize"], "momentum": group["momentum"] != 0, "nesterov": group["nesterov"]}

    def _names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("momentum_buffer",) if group["momentum"] != 0 else ()

    def _begin(self, param: Tensor, group: dict[str, Any]) -> Scalars:
        state = self.state[param] if group["momentum"] != 0 else {}
        first = group["momentum"] != 0 and state.get("momentum_buffer") is None
        if first:
            state["momentum_buffer"] = zeros_like(param)
        return (0.0,) if first else (1.0,)

    @staticmethod
    def _numbers(group: dict[str, Any], before: Scalars, after: Scalars) -> tuple[float, ...]:
        lr, momentum, dampening = float(group["lr"]), group["momentum"], group["dampening"]
        # no dampening at the first step: the buffer starts as the gradient
        return (lr, momentum, dampening if before[0] else 0, group["weight_decay"])
