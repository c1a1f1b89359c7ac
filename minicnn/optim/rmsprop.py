"""RMSprop: the gradient over the root of the running mean of its square."""

from __future__ import annotations

from typing import Any

from minicnn.optim.checks import check_implementation, check_not_negative
from minicnn.optim.optimizer import Params
from minicnn.optim.update import KernelOptimizer, Scalars


class RMSprop(KernelOptimizer):
    """Steps by the gradient over the root of the running mean of its square (Tieleman & Hinton 2012, lecture 6.5).

    `alpha` is the decay of that mean, `centered` subtracts the square of the gradient's own mean (Graves 2013),
    `momentum` gathers the steps, `eps` keeps the quotient finite, `weight_decay` adds weight_decay·p to the
    gradient, `maximize` climbs. `foreach` and `capturable` choose among PyTorch's implementations; here every step
    is one fused loop whatever they say. ValueError for values out of range.

    >>> import minicnn
    >>> w = minicnn.tensor([1.0], requires_grad=True)
    >>> optimizer = minicnn.optim.RMSprop([w], lr=0.01)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    rule = "rmsprop"

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative(lr=lr, eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        check_implementation(foreach, differentiable)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _flags(self, group: dict[str, Any]) -> dict[str, bool]:
        return {"centered": group["centered"], "maximize": group["maximize"], "momentum": group["momentum"] > 0}

    def _names(self, group: dict[str, Any]) -> tuple[str, ...]:
        more = {"momentum_buffer": group["momentum"] > 0, "grad_avg": group["centered"]}
        return ("square_avg", *(name for name, on in more.items() if on))

    @staticmethod
    def _numbers(group: dict[str, Any], before: Scalars, after: Scalars) -> tuple[float, ...]:
        return (float(group["lr"]), group["alpha"], group["eps"], group["weight_decay"], group["momentum"])
