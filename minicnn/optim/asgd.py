"""Averaged SGD: plain steps, and the mean of all the places they have been to."""

from __future__ import annotations

from typing import Any

from minicnn.optim.checks import check_implementation, check_not_negative
from minicnn.optim.optimizer import Params
from minicnn.optim.update import KernelOptimizer, Scalars


class ASGD(KernelOptimizer):
    """Stochastic gradient descent that keeps the mean of the parameters along its way in the state "ax" (Polyak &
    Juditsky 1992).

    The step size falls as lr / (1 + lambd·lr·t)^alpha, `lambd` also shrinks p, averaging begins after `t0` steps.
    `weight_decay` adds weight_decay·p to the gradient, `maximize` climbs. `foreach` and `capturable` choose among
    PyTorch's implementations; here every step is one fused loop whatever they say. ValueError for values out of
    range.

    >>> import minicnn
    >>> w = minicnn.tensor([1.0], requires_grad=True)
    >>> optimizer = minicnn.optim.ASGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    rule = "asgd"
    scalars = ("step", "eta", "mu")

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_not_negative(lr=lr, weight_decay=weight_decay)
        check_implementation(foreach, differentiable)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("ax",)

    def _first(self, group: dict[str, Any]) -> dict[str, float]:
        return {"step": 0.0, "eta": float(group["lr"]), "mu": 1.0}

    @staticmethod
    def _after(group: dict[str, Any], before: Scalars) -> Scalars:
        step, lr = before[0] + 1, float(group["lr"])
        return (step, lr / (1 + group["lambd"] * lr * step) ** group["alpha"], 1 / max(1, step - group["t0"]))

    @staticmethod
    def _numbers(group: dict[str, Any], before: Scalars, after: Scalars) -> tuple[float, ...]:
        _, eta, mu = before
        return (eta, group["lambd"], mu, group["weight_decay"])
