"""L-BFGS: Newton's steps with a curvature that is remembered from the last steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicnn.autograd.grad_mode import enable_grad, no_grad
from minicnn.autograd.tensor import Tensor
from minicnn.functional.creation import zeros_like
from minicnn.functional.joining import cat
from minicnn.optim.checks import check_not_negative
from minicnn.optim.line_search import strong_wolfe
from minicnn.optim.optimizer import Optimizer, Params


class LBFGS(Optimizer):
    """Limited-memory BFGS (Nocedal & Wright 2006, algorithms 7.4 and 7.5), for a loss without noise.

    `step(closure)` takes up to `max_iter` steps and calls `closure`, which computes the loss and its gradients anew,
    up to `max_eval` times (1.25 · max_iter if None). It ends where no gradient is above `tolerance_grad`, or where
    neither parameters nor loss change by more than `tolerance_change`. `history_size` steps are remembered.
    Each goes `lr` far, or with line_search_fn="strong_wolfe" as far as that search says.

    ValueError for more than one parameter group, RuntimeError for another line search.

    >>> import minicnn
    >>> w = minicnn.tensor([3.0, -2.0], requires_grad=True)
    >>> optimizer = minicnn.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - minicnn.tensor([1.0, 5.0])) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure)
    tensor(53., grad_fn=<SumBackward0>)
    >>> w
    tensor([1.0000, 5.0000], requires_grad=True)
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_not_negative(lr=lr)
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Up to `max_iter` steps; returns the loss before the first. TypeError without a `closure`."""
        if closure is None:
            raise TypeError("LBFGS.step() misses `closure`, a function that computes the loss and its gradients anew")
        (group,) = self.param_groups
        params, search = group["params"], group["line_search_fn"]
        evaluate = enable_grad()(closure)
        state = self.state[params[0]]  # all of it, as in PyTorch
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        before = evaluate()
        loss, evaluations = float(before), 1
        state["func_evals"] += 1
        gradient = _gradient(params)
        if gradient.abs().max() <= group["tolerance_grad"]:
            return before

        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            direction = _direction(state, gradient, group["history_size"])
            state["prev_flat_grad"], state["prev_loss"] = gradient.clone(), loss
            t = min(1.0, 1.0 / gradient.abs().sum()) * group["lr"] if state["n_iter"] == 1 else group["lr"]
            state.update(d=direction, t=t)
            slope = gradient.dot(direction)
            if slope > -group["tolerance_change"]:
                break
            used, last = 0, False
            if search is not None:
                if search != "strong_wolfe":
                    raise RuntimeError(f"only 'strong_wolfe' is supported as `line_search_fn`, got {search!r}")
                starts = [p.clone() for p in params]

                def after(t: Any, starts: list[Tensor] = starts, direction: Tensor = direction) -> tuple[float, Tensor]:
                    _go(params, direction, t)
                    result = float(evaluate()), _gradient(params)
                    for param, start in zip(params, starts, strict=True):
                        param.copy_(start)
                    return result

                left = group["max_eval"] - evaluations
                loss, gradient, t, used = strong_wolfe(after, direction, t, loss, gradient, slope, left)
                state["t"] = t
                _go(params, direction, t)
                last = bool(gradient.abs().max() <= group["tolerance_grad"])
            else:
                _go(params, direction, t)
                if iteration != group["max_iter"]:
                    loss, gradient, used = float(evaluate()), _gradient(params), 1
                    last = bool(gradient.abs().max() <= group["tolerance_grad"])
            evaluations += used
            state["func_evals"] += used
            if (
                last
                or evaluations >= group["max_eval"]
                or (direction * t).abs().max() <= group["tolerance_change"]
                or abs(loss - state["prev_loss"]) < group["tolerance_change"]
            ):
                break
        return before


def _direction(state: dict[str, Any], gradient: Tensor, history_size: int) -> Tensor:
    """Downhill: the gradient times an inverse Hessian, put together from the remembered steps by two loops."""
    if state["n_iter"] == 1:
        state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
        return gradient.neg()
    change, step = gradient - state["prev_flat_grad"], state["d"] * state["t"]
    curvature = change.dot(step)
    changes, steps, inverse = state["old_dirs"], state["old_stps"], state["ro"]
    if curvature > 1e-10:
        if len(changes) == history_size:
            for remembered in (changes, steps, inverse):
                remembered.pop(0)
        changes.append(change)
        steps.append(step)
        inverse.append(1.0 / curvature)
        state["H_diag"] = curvature / change.dot(change)
    direction, shares = gradient.neg(), []
    for y, s, rho in zip(reversed(changes), reversed(steps), reversed(inverse), strict=True):
        shares.append(s.dot(direction) * rho)
        direction.add_(y, alpha=-shares[-1].item())
    direction = direction * state["H_diag"]
    for y, s, rho, share in zip(changes, steps, inverse, reversed(shares), strict=True):
        direction.add_(s, alpha=(share - y.dot(direction) * rho).item())
    return direction


def _gradient(params: list[Tensor]) -> Tensor:
    """All gradients as one vector; 0 where there is none."""
    return cat([(zeros_like(p) if p.grad is None else p.grad).reshape(-1) for p in params])


def _go(params: list[Tensor], direction: Tensor, t: Any) -> None:
    """`t` times the direction further."""
    start, length = 0, float(t)
    for param in params:
        stop = start + param.numel()
        param.add_(direction[start:stop].view(param.shape), alpha=length)
        start = stop
