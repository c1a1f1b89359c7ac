"""The user's own Function, and gradcheck."""

from __future__ import annotations

from typing import Any

import pytest

import minicnn
from minicnn import Tensor
from minicnn.autograd import Function
from minicnn.autograd.gradcheck import gradcheck, gradgradcheck

pytestmark = pytest.mark.usefixtures("on_device")


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def leaf(*numbers: float) -> Tensor:
    return minicnn.tensor(numbers, dtype=minicnn.float64, requires_grad=True)


def values(tensor: Tensor | None) -> Any:
    assert tensor is not None
    return tensor.tolist()


class Cube(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        assert not x.requires_grad or not minicnn.is_grad_enabled()
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return gradient * x * x * 3


class Scale(Function):
    """Several inputs of which one is a number, and two outputs."""

    needed: tuple[bool, ...] = ()

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, factor: float) -> tuple[Tensor, Tensor]:
        ctx.factor = factor
        return x * factor, y * factor

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        Scale.needed = ctx.needs_input_grad
        a, b = gradients
        return (None if a is None else a * ctx.factor), (None if b is None else b * ctx.factor), None


def test_function() -> None:
    x = leaf(1, 2)
    y = Cube.apply(x)
    assert type(y.grad_fn).__name__
    assert y.grad_fn.name() == "CubeBackward"
    y.sum().backward()
    assert values(x.grad) == [3, 12]
    assert not Cube.apply(x.detach()).requires_grad


def test_function_twice() -> None:
    x = leaf(0.5, -2)
    assert gradcheck(Cube.apply, (x,))
    assert gradgradcheck(Cube.apply, (x,))


def test_function_with_several_outputs() -> None:
    x, y = leaf(1), minicnn.ones(1, dtype=minicnn.float64)
    a, _ = Scale.apply(x, y, 3.0)
    a.sum().backward()
    assert values(x.grad) == [3]
    assert Scale.needed == (True, False, False)


def test_function_saved_tensors_are_freed() -> None:
    x = leaf(2)
    y = Cube.apply(x)
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


# --- gradcheck --------------------------------------------------------------------------------------


class Wrong(Cube):
    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient * minicnn.tensor([1.0, 5.0])


def test_gradcheck_finds_a_wrong_gradient() -> None:
    x = leaf(3**-0.5, 1)
    with pytest.raises(RuntimeError, match=r"Jacobian mismatch for input 0 at \(1,\)"):
        gradcheck(Wrong.apply, (x,))
    assert gradcheck(Wrong.apply, (x,), raise_exception=False) is False
    with pytest.raises(RuntimeError, match="Jacobian mismatch for input 0 along a random direction: backward gives"):
        gradcheck(Wrong.apply, (x,), fast_mode=True)
    calls = []
    assert gradcheck(lambda x: calls.append(1) or Cube.apply(x), (leaf(1, 2, 3),), fast_mode=True)
    assert len(calls) == 3  # backward once, and a step to either side


def test_gradcheck_asks_for_float64() -> None:
    with pytest.raises(ValueError, match="float64"):
        gradcheck(minicnn.exp, (minicnn.ones(2, requires_grad=True),))
    with pytest.raises(ValueError, match="require gradient"):
        gradcheck(minicnn.exp, (minicnn.ones(2),))


class DoubledInPlace(Function):
    """2x, written over x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor) -> Any:
        x.mul_(2)
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x, x + y

    @staticmethod
    def backward(ctx: Any, grad: Tensor, other: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * (grad + other) + 0 * x, other


class KeepsWhatItChanged(Function):
    """Marks an input that it does not return."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.mark_dirty(x)
        return x + 1

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad


def test_an_input_changed_in_place_is_the_output() -> None:
    leaf = minicnn.tensor([1.0, 2.0], requires_grad=True)
    x = leaf * 3
    other = x * x  # needs x as it was
    doubled, total = DoubledInPlace.apply(x, minicnn.ones(2))
    assert doubled is x
    assert x.tolist() == [6, 12]
    assert x.grad_fn.name() == "DoubledInPlaceBackward"
    (doubled * minicnn.tensor([1.0, 10.0]) + total).sum().backward()
    assert leaf.grad is not None
    assert leaf.grad.tolist() == [3 * 2 * 2, 3 * 2 * 11]
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        other.sum().backward()
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        DoubledInPlace.apply(leaf, minicnn.ones(2))
    with pytest.raises(RuntimeError, match="marked as dirty during the forward method were not returned"):
        KeepsWhatItChanged.apply(minicnn.ones(2))
    plain = minicnn.ones(2)
    assert DoubledInPlace.apply(plain, plain.clone())[0] is plain
