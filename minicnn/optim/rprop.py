"""Rprop: steps by the sign of the gradient, larger as long as it stays the same."""

from __future__ import annotations

from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.functional.creation import full_like
from minicnn.optim.checks import check_implementation, check_not_negative
from minicnn.optim.optimizer import Params
from minicnn.optim.update import KernelOptimizer, Scalars


class Rprop(KernelOptimizer):
    """Resilient back-propagation: every element has a step size of its own, which grows while the sign of its gradient
    stays and shrinks when it changes (Riedmiller & Braun 1993). For whole data sets, not for batches.

    `etas` are the factors of shrinking and growing, `step_sizes` the bounds, `lr` the first step size; `maximize`
    climbs. `foreach` and `capturable` choose among PyTorch's implementations; here every step is one fused loop
    whatever they say. ValueError for values out of range.

    >>> import minicnn
    >>> w = minicnn.tensor([1.0], requires_grad=True)
    >>> optimizer = minicnn.optim.Rprop([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    rule = "rprop"

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative(lr=lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        check_implementation(foreach, differentiable)
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("prev", "step_size")

    def _fresh(self, name: str, param: Tensor, group: dict[str, Any]) -> Tensor:
        return full_like(param, float(group["lr"]) if name == "step_size" else 0.0)

    @staticmethod
    def _numbers(group: dict[str, Any], before: Scalars, after: Scalars) -> tuple[float, ...]:
        return (*group["etas"], *group["step_sizes"])
