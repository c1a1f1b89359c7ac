"""Adam, and AdamW: the same with decoupled weight decay."""

from __future__ import annotations

from typing import Any

from minicnn.optim.checks import check_betas, check_implementation, check_not_negative
from minicnn.optim.optimizer import Params
from minicnn.optim.update import KernelOptimizer, Scalars


class Adam(KernelOptimizer):
    """Steps by the running mean of the gradient over the root of the running mean of its square
    (Kingma & Ba 2015, algorithm 1); the formulas are in kernels/optimizer_step.

    `betas` are the decays of the two means, `eps` keeps the quotient finite, `weight_decay` adds
    weight_decay·p to the gradient (or shrinks p by lr·weight_decay with `decoupled_weight_decay`),
    `amsgrad` takes the largest mean square so far (Reddi et al. 2018), `maximize` climbs. `foreach`,
    `capturable` and `fused` choose among PyTorch's implementations; here every step is one fused loop
    whatever they say. ValueError for values out of range.

    >>> import minicnn
    >>> w = minicnn.tensor([1.0], requires_grad=True)
    >>> optimizer = minicnn.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    rule = "adam"

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_not_negative(lr=lr, eps=eps)
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay)
        check_implementation(foreach, differentiable, fused)
        defaults = {
            "lr": lr,
            "betas": tuple(betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def _flags(self, group: dict[str, Any]) -> dict[str, bool]:
        return {
            "amsgrad": group["amsgrad"],
            "decoupled": group["decoupled_weight_decay"],
            "maximize": group["maximize"],
        }

    def _names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if group["amsgrad"] else ("exp_avg", "exp_avg_sq")

    @staticmethod
    def _numbers(group: dict[str, Any], before: Scalars, after: Scalars) -> tuple[float, ...]:
        (beta1, beta2), (step,) = group["betas"], after
        corrections = 1 - beta1**step, (1 - beta2**step) ** 0.5
        return (float(group["lr"]), beta1, beta2, group["eps"], group["weight_decay"], *corrections)


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameter by lr·weight_decay and stays out of the two means
    (Loshchilov & Hutter 2019).

    >>> import minicnn
    >>> w = minicnn.tensor([1.0], requires_grad=True)
    >>> minicnn.optim.AdamW([w]).defaults["weight_decay"]
    0.01
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
