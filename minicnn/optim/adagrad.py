"""Adagrad: every element has a learning rate that falls with its gradients so far."""

from __future__ import annotations

from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.functional.creation import full_like
from minicnn.optim.checks import check_implementation, check_not_negative
from minicnn.optim.optimizer import Params
from minicnn.optim.update import KernelOptimizer, Scalars


class Adagrad(KernelOptimizer):
    """Steps by the gradient over the root of the sum of all its squares so far (Duchi et al. 2011).

    `lr_decay` lets the learning rate fall as lr / (1 + steps·lr_decay), `initial_accumulator_value` is where the
    sum starts, `eps` keeps the quotient finite, `weight_decay` adds weight_decay·p to the gradient, `maximize`
    climbs. `foreach` and `fused` choose among PyTorch's implementations; here every step is one fused loop
    whatever they say. ValueError for values out of range.

    >>> import minicnn
    >>> w = minicnn.tensor([1.0], requires_grad=True)
    >>> optimizer = minicnn.optim.Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    rule = "adagrad"

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_not_negative(lr=lr, lr_decay=lr_decay, weight_decay=weight_decay)
        check_not_negative(initial_accumulator_value=initial_accumulator_value, eps=eps)
        check_implementation(foreach, differentiable, fused)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:  # as PyTorch, before the first step
            for param in group["params"]:
                self._begin(param, group)

    def _names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("sum",)

    def _fresh(self, name: str, param: Tensor, group: dict[str, Any]) -> Tensor:
        return full_like(param, self.defaults["initial_accumulator_value"])

    @staticmethod
    def _numbers(group: dict[str, Any], before: Scalars, after: Scalars) -> tuple[float, ...]:
        rate = float(group["lr"]) / (1 + before[0] * group["lr_decay"])
        return (rate, group["eps"], group["weight_decay"])
