"""NAdam: Adam with Nesterov's momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.optim.checks import check_betas, check_implementation, check_not_negative
from minicnn.optim.optimizer import Params
from minicnn.optim.update import KernelOptimizer, Scalars


class NAdam(KernelOptimizer):
    """Adam that looks ahead: the step takes the new gradient and the running mean with the weights that Nesterov's
    momentum would give them (Dozat 2016).

    `momentum_decay` says how the momentum grows towards beta1; the other arguments are Adam's, and
    `decoupled_weight_decay` shrinks p by lr·weight_decay instead of changing the gradient. `foreach` and
    `capturable` choose among PyTorch's implementations; here every step is one fused loop whatever they say.
    ValueError for values out of range.

    >>> import minicnn
    >>> w = minicnn.tensor([1.0], requires_grad=True)
    >>> optimizer = minicnn.optim.NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8944], requires_grad=True)
    """

    rule = "nadam"
    scalars = ("step", "mu_product")

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative(lr=lr, eps=eps)
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay, momentum_decay=momentum_decay)
        check_implementation(foreach, differentiable)
        defaults = {
            "lr": lr,
            "betas": tuple(betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _flags(self, group: dict[str, Any]) -> dict[str, bool]:
        return {"decoupled": group["decoupled_weight_decay"], "maximize": group["maximize"]}

    def _names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def _first(self, group: dict[str, Any]) -> dict[str, float]:
        return {"step": 0.0, "mu_product": 1.0}

    @staticmethod
    def _after(group: dict[str, Any], before: Scalars) -> Scalars:
        step, product = before
        # PyTorch multiplies in the scalar's type, float32
        return (step + 1, float(np.float32(product) * np.float32(_momentum(group, step + 1))))

    @staticmethod
    def _numbers(group: dict[str, Any], before: Scalars, after: Scalars) -> tuple[float, ...]:
        (beta1, beta2), (step, product), lr = group["betas"], after, float(group["lr"])
        now, ahead = _momentum(group, step), _momentum(group, step + 1)
        rates = lr * (1 - now) / (1 - product), lr * ahead / (1 - product * ahead)
        return (lr, beta1, beta2, group["eps"], group["weight_decay"], 1 - beta2**step, *rates)


def _momentum(group: dict[str, Any], step: float) -> float:
    """The momentum of a step: from half of beta1 up to beta1."""
    return float(group["betas"][0] * (1.0 - 0.5 * (0.96 ** (step * group["momentum_decay"]))))
