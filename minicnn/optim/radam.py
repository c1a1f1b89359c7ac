"""RAdam: Adam that waits with its adaptive steps until it knows the mean square well enough."""

from __future__ import annotations

from typing import Any

from minicnn.optim.checks import check_betas, check_implementation, check_not_negative
from minicnn.optim.optimizer import Params
from minicnn.optim.update import KernelOptimizer, Scalars


class RAdam(KernelOptimizer):
    """Adam whose adaptive part is rectified: left out while the variance of its running mean square cannot be told,
    and weighed by how well it is known afterwards (Liu et al. 2020, algorithm 2).

    Arguments are Adam's; `decoupled_weight_decay` shrinks p by lr·weight_decay instead of changing the gradient.
    `foreach` and `capturable` choose among PyTorch's implementations; here every step is one fused loop whatever
    they say. ValueError for values out of range.

    >>> import minicnn
    >>> w = minicnn.tensor([1.0], requires_grad=True)
    >>> optimizer = minicnn.optim.RAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    rule = "radam"

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative(lr=lr, eps=eps)
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay)
        check_implementation(foreach, differentiable)
        defaults = {
            "lr": lr,
            "betas": tuple(betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _flags(self, group: dict[str, Any]) -> dict[str, bool]:
        return {"decoupled": group["decoupled_weight_decay"], "maximize": group["maximize"]}

    def _names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    @staticmethod
    def _numbers(group: dict[str, Any], before: Scalars, after: Scalars) -> tuple[float, ...]:
        (beta1, beta2), (step,) = group["betas"], after
        correction1, correction2 = 1 - beta1**step, 1 - beta2**step
        longest = 2 / (1 - beta2) - 1  # of the simple moving average that the running mean is like
        length = longest - 2 * step * beta2**step / correction2
        rectification = 0.0
        if length > 5:
            known = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            rectification = known**0.5
        numbers = (float(group["lr"]), beta1, beta2, group["eps"], group["weight_decay"])
        return (*numbers, correction1, correction2**0.5, rectification)
