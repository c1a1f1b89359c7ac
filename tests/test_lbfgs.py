"""LBFGS: the same steps as torch's, to rounding, with and without the line search."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minicnn
from minicnn import optim

pytestmark = pytest.mark.usefixtures("on_device")

OPTIONS: list[dict[str, Any]] = [
    {},
    {"lr": 0.1, "max_iter": 7},
    {"lr": 0.5, "history_size": 3},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "lr": 0.01, "max_iter": 4},
    {"line_search_fn": "strong_wolfe", "lr": 30.0, "max_eval": 9},
    {"tolerance_grad": 1e-2, "line_search_fn": "strong_wolfe"},
    {"tolerance_change": 1e-2, "lr": 0.3},
]


def rosenbrock(m: Any, w: Any, b: Any) -> Any:
    """A bent valley, and a bowl."""
    return (100 * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2).sum() + (b**4 + b).sum()


def quadratic(m: Any, w: Any, b: Any) -> Any:
    """A stretched bowl."""
    scale = m.arange(1, w.numel() + 1, dtype=m.float64)
    return (scale * (w - 1) ** 2).sum() + ((b + 2) ** 2).sum()


def descent(m: Any, loss_of: Any, options: dict[str, Any], steps: int = 4) -> tuple[list[Any], dict[str, Any]]:
    """Losses and parameters after each step, and the state."""
    w = m.tensor([-1.2, 1.0, 0.5, -0.3], dtype=m.float64, requires_grad=True)
    b = m.tensor([[0.7], [-1.5]], dtype=m.float64, requires_grad=True)
    unused = m.ones(1, dtype=m.float64, requires_grad=True)
    optimizer = m.optim.LBFGS([w, b, unused], **options)
    calls = 0

    def closure() -> Any:
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        loss = loss_of(m, w, b)
        loss.backward()
        return loss

    seen: list[Any] = []
    for _ in range(steps):
        loss = optimizer.step(closure)
        seen += [calls, loss.item(), *w.tolist(), *b.view(-1).tolist()]
    return seen, optimizer.state_dict()["state"][0]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("loss_of", [rosenbrock, quadratic])
def test_the_steps_are_pytorchs(loss_of: Any, options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    theirs, their_state = descent(torch, loss_of, options)
    ours, our_state = descent(minicnn, loss_of, options)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    assert our_state["func_evals"] == their_state["func_evals"]
    assert our_state["n_iter"] == their_state["n_iter"]
    assert len(our_state["old_dirs"]) == len(their_state["old_dirs"])


def test_it_finds_the_minimum() -> None:
    seen, _ = descent(minicnn, quadratic, {"line_search_fn": "strong_wolfe"})
    np.testing.assert_allclose(seen[-6:], [1, 1, 1, 1, -2, -2], atol=1e-6)


def test_its_state_is_taken_up_again() -> None:
    w = minicnn.tensor([3.0, -2.0], requires_grad=True)

    def optimizer_and_closure() -> Any:
        optimizer = optim.LBFGS([w], max_iter=2)

        def closure() -> Any:
            optimizer.zero_grad()
            loss = (w**4).sum() + (w[0] - w[1]) ** 2
            loss.backward()
            return loss

        return optimizer, closure

    optimizer, closure = optimizer_and_closure()
    optimizer.step(closure)
    saved, place = optimizer.state_dict(), w.detach().clone()
    optimizer.step(closure)
    end = w.tolist()
    w.data = place
    again, closure = optimizer_and_closure()
    again.load_state_dict(saved)
    again.step(closure)
    assert w.tolist() == end


def test_errors() -> None:
    w = minicnn.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="per-parameter options"):
        optim.LBFGS([{"params": [w]}, {"params": [minicnn.ones(1, requires_grad=True)]}])
    with pytest.raises(ValueError, match="Invalid learning rate: -1"):
        optim.LBFGS([w], lr=-1)
    with pytest.raises(TypeError, match="misses `closure`"):
        optim.LBFGS([w]).step()

    def closure() -> Any:
        loss = (w * w).sum()
        loss.backward()
        return loss

    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported as `line_search_fn`, got 'armijo'"):
        optim.LBFGS([w], line_search_fn="armijo").step(closure)
