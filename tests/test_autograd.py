"""The engine and the tensor around it: accumulation, autograd.grad, hooks, modes, memory."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import minicnn
from minicnn import Tensor
from minicnn.autograd import Function, grad

pytestmark = pytest.mark.usefixtures("on_device")


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def leaf(*numbers: float) -> Tensor:
    return minicnn.tensor(numbers, dtype=minicnn.float64, requires_grad=True)


def values(tensor: Tensor | None) -> Any:
    assert tensor is not None
    return tensor.tolist()


# --- backward ---------------------------------------------------------------------------------------


def test_gradients_accumulate() -> None:
    x = leaf(1, 2)
    (x * x).sum().backward()
    (x * 3).sum().backward()
    assert values(x.grad) == [5, 7]


def test_a_tensor_used_twice_gets_both_gradients() -> None:
    x = leaf(2)
    y = x * 3
    (y * y + y).sum().backward()
    assert values(x.grad) == [3 * (2 * 6 + 1)]


def test_gradient_argument() -> None:
    x = leaf(1, 2)
    (x * x).backward(minicnn.tensor([1.0, 10.0], dtype=minicnn.float64))
    assert values(x.grad) == [2, 40]


@pytest.mark.parametrize("library", ["minicnn", "torch"])
def test_errors_of_backward(library: str) -> None:
    m = pytest.importorskip(library)
    x = m.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        (x * x).backward()
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        (x * x).backward(m.ones(3))
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        m.ones(1).backward()
    with pytest.raises(RuntimeError, match="require grad"):
        m.tensor([1, 2], requires_grad=True)
    loss = (x * x).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        loss.backward()
    with pytest.raises(RuntimeError, match="requires grad"):
        x.numpy()


def test_retain_graph() -> None:
    x = leaf(3)
    loss = (x * x).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    assert values(x.grad) == [12]


def test_a_graph_that_saved_nothing_runs_twice() -> None:
    x = leaf(3)
    loss = (x + 1).sum()
    loss.backward()
    loss.backward()
    assert values(x.grad) == [2]


def test_backward_of_chosen_inputs() -> None:
    x, y = leaf(2), leaf(5)
    (x * y).backward(inputs=[x])
    assert values(x.grad) == [5]
    assert y.grad is None


def test_gradients_are_arrays_of_their_own() -> None:
    x, y = leaf(1, 2), leaf(3, 4)
    (x + y).backward(minicnn.ones(2, dtype=minicnn.float64))
    assert x.grad is not None
    assert y.grad is not None
    x.grad.mul_(10)
    assert values(y.grad) == [1, 1]


def test_zero_dimensional_gradients_can_be_changed() -> None:
    x = minicnn.tensor(2.0, requires_grad=True)
    (x * x).backward()
    assert isinstance(x.grad, Tensor)
    assert x.grad._array.shape == ()
    x.grad.zero_()
    (x * 3).backward()
    assert x.grad.item() == 3


def test_second_derivative_of_a_number() -> None:
    x = minicnn.tensor(0.5, dtype=minicnn.float64, requires_grad=True)
    (first,) = grad(x.exp() * x.sqrt(), x, create_graph=True)
    (twice,) = grad(first, x)
    e, r = np.exp(0.5), np.sqrt(0.5)
    np.testing.assert_allclose(twice.item(), e * (r + 1 / r - 1 / (4 * r**3)), rtol=1e-13)


# --- autograd.grad ----------------------------------------------------------------------------------


def test_grad_leaves_dot_grad_alone() -> None:
    x = leaf(2)
    y = x * x
    (dx,) = grad(y, x, retain_graph=True)
    (dy,) = grad(y * 3, y)
    assert values(dx) == [4]
    assert values(dy) == [3]
    assert x.grad is None


def test_grad_of_unused_inputs() -> None:
    x, y = leaf(2), leaf(3)
    with pytest.raises(RuntimeError, match="allow_unused=True"):
        grad(x * 2, [x, y])
    assert grad(x * 2, [x, y], allow_unused=True)[1] is None
    with pytest.raises(RuntimeError, match="does not require grad"):
        grad(x * 2, minicnn.ones(1))


def test_create_graph() -> None:
    x = leaf(2)
    (first,) = grad(x**3, x, create_graph=True)
    (second,) = grad(first, x, create_graph=True)
    (third,) = grad(second, x)
    assert [values(g) for g in (first, second, third)] == [[12], [12], [6]]


def test_backward_with_create_graph_fills_grad() -> None:
    x = leaf(3)
    (x**3).backward(create_graph=True)
    assert x.grad is not None
    assert x.grad.requires_grad
    x.grad.backward()
    assert values(x.grad) == [27 + 18]


# --- hooks ------------------------------------------------------------------------------------------


def test_hooks_see_and_replace_gradients() -> None:
    x = leaf(1, 2)
    y = x * 2
    seen = []
    y.register_hook(lambda g: seen.append(values(g)))
    handle = y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    y.sum().backward(retain_graph=True)
    assert seen == [[1, 1]]
    assert values(x.grad) == [21, 21]
    handle.remove()
    handle.remove()
    y.sum().backward()
    assert values(x.grad) == [24, 24]


def test_hook_of_a_tensor_without_gradient() -> None:
    with pytest.raises(RuntimeError, match="cannot register a hook"):
        minicnn.ones(2).register_hook(lambda g: None)


def test_retain_grad() -> None:
    x = leaf(2)
    y = x * 3
    y.retain_grad()
    (y * y).backward()
    assert values(y.grad) == [12]
    assert values(x.grad) == [36]


# --- recording switched on and off --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["no_grad", "inference_mode"])
def test_nothing_is_recorded(name: str) -> None:
    x = leaf(1)
    off = getattr(minicnn, name)
    with off():
        assert not (x * 2).requires_grad
        assert not minicnn.is_grad_enabled()
        with minicnn.enable_grad():
            assert (x * 2).requires_grad
    assert (x * 2).requires_grad

    @off()
    def doubled() -> Tensor:
        return x * 2

    assert not doubled().requires_grad
    assert minicnn.is_grad_enabled()


def test_the_mode_comes_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), minicnn.no_grad():
        raise ZeroDivisionError
    assert minicnn.is_grad_enabled()


def test_set_grad_enabled() -> None:
    x = leaf(1)
    with minicnn.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


def test_integers_and_detached_tensors_have_no_history() -> None:
    x = leaf(1.5, 0.2)
    assert not x.detach().requires_grad
    assert not (x > 1).requires_grad
    assert not x.long().requires_grad
    assert x.detach()._array is x._array


class Double(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * 2

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient * 2


# --- size and memory ----------------------------------------------------------------------------------


def test_a_graph_of_100000_operations() -> None:
    x = leaf(1)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.backward()
    assert values(x.grad) == [1]
    del y  # freed without recursion


def test_a_deep_graph_is_freed_without_backward() -> None:
    x = leaf(1)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    node = weakref.ref(y.grad_fn)
    del y
    assert node() is None


@pytest.mark.parametrize(
    "operation",
    [
        lambda x: (x.exp() * x).sum(),
        lambda x: x.view(2, 2).t().reshape(-1).std(),
        lambda x: x.max(0).values + x.norm(),
        lambda x: Double.apply(x).sum(),
        lambda x: minicnn.cat([x, x.sqrt()])[1:].logsumexp(0),
    ],
)
@pytest.mark.parametrize("backward", [False, True])
def test_graphs_are_freed_by_reference_counting(operation: Any, backward: bool) -> None:
    x = leaf(1, 2, 3, 4)
    gc.collect()
    gc.disable()
    try:
        y = operation(x)
        if backward:
            y.backward()
        node, tensor = weakref.ref(y.grad_fn), weakref.ref(y)
        del y
        assert node() is None
        assert tensor() is None
    finally:
        gc.enable()


def test_backward_lets_go_of_what_was_saved() -> None:
    x = leaf(1, 2)
    inner = x * 2
    held = weakref.ref(inner)
    loss = (inner * inner).sum()
    del inner
    loss.backward()
    assert held() is None


@pytest.mark.parametrize("grad", ["1", "x", "m.ones(3)", "m.ones(2, 1)", "m.ones(2).double()", "m.ones(2).long()"])
@pytest.mark.parametrize("library", ["minicnn", "torch"])
def test_a_gradient_that_does_not_fit_is_not_assigned(library: str, grad: str) -> None:
    m = pytest.importorskip(library)
    x = m.ones(2, requires_grad=True)
    with pytest.raises((RuntimeError, TypeError), match="assign"):
        x.grad = eval(grad)
    assert x.grad is None
    x.grad = m.ones(2)
    assert x.grad.tolist() == [1, 1]
    del x.grad
    assert x.grad is None
