"""autograd.functional, autograd.backward, the lesser arguments of autograd.grad, detect_anomaly, and what a user's
Function may do besides: each the same as in torch."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import minicnn
from minicnn.autograd import functional

pytestmark = pytest.mark.usefixtures("on_device")


def both(call: Any) -> tuple[Any, Any]:
    """What `call(m)` gives in minicnn and in torch."""
    torch = pytest.importorskip("torch")
    return call(minicnn), call(torch)


def same(ours: Any, theirs: Any) -> None:
    assert isinstance(ours, tuple | list) == isinstance(theirs, tuple | list)
    if isinstance(ours, tuple | list):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            same(a, b)
    elif theirs is None:
        assert ours is None
    else:
        assert tuple(ours.shape) == tuple(theirs.shape)
        np.testing.assert_allclose(ours.numpy(force=True), theirs.numpy(force=True), rtol=1e-12, atol=1e-13)


def tensor(m: Any, *shape: int, seed: int = 0, grad: bool = False) -> Any:
    array = np.random.default_rng(seed).normal(size=shape)
    return m.tensor(array, requires_grad=grad)


def one(x: Any) -> Any:
    return (x * x).sum(1) * x[0, 0]


def two(x: Any, y: Any) -> Any:
    return (x.exp() * y[:2].reshape(2, 1), (x * x).sum())


def number(x: Any, y: Any) -> Any:
    return (x.exp() * y[0]).sum() + (y**3).sum() * x[0, 0]


CASES = [
    lambda m, f: f.jacobian(one, tensor(m, 2, 3)),
    lambda m, f: f.jacobian(two, (tensor(m, 2, 3), tensor(m, 4, seed=1))),
    lambda m, f: f.jacobian(lambda x: m.ones(2, dtype=m.float64), tensor(m, 3)),
    lambda m, f: f.hessian(lambda x: (x**3).sum() * x[0], tensor(m, 3)),
    lambda m, f: f.hessian(number, (tensor(m, 2, 2), tensor(m, 3, seed=1))),
    lambda m, f: f.hessian(lambda x: (x * 3).sum(), tensor(m, 3)),
    lambda m, f: f.vjp(one, tensor(m, 2, 3), tensor(m, 2, seed=2)),
    lambda m, f: f.vjp(number, (tensor(m, 2, 2), tensor(m, 3, seed=1))),
    lambda m, f: f.jvp(one, tensor(m, 2, 3), tensor(m, 2, 3, seed=2)),
    lambda m, f: f.jvp(lambda x, y: x.exp() * y, (tensor(m, 3), tensor(m, 3, seed=1)), (tensor(m, 3, seed=2),) * 2),
    lambda m, f: f.hvp(lambda x: (x**3).sum() * x[0], tensor(m, 3), tensor(m, 3, seed=1)),
    lambda m, f: f.vhp(number, (tensor(m, 2, 2), tensor(m, 3)), (tensor(m, 2, 2, seed=2), tensor(m, 3, seed=3))),
]


@pytest.mark.parametrize("case", CASES)
def test_derivatives_of_functions_are_torchs(case: Any) -> None:
    same(*both(lambda m: case(m, m.autograd.functional)))


def test_a_jacobian_can_be_differentiated() -> None:
    def call(m: Any) -> Any:
        x = tensor(m, 2, 3, grad=True)
        jacobian = m.autograd.functional.jacobian(one, x, create_graph=True)
        (jacobian * jacobian).sum().backward()
        return x.grad

    same(*both(call))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda f, m: f.jacobian(one, 3), TypeError, "must be either a Tensor or a tuple of Tensors"),
        (lambda f, m: f.hessian(one, tensor(m, 2, 3)), RuntimeError, "should contain a single element"),
        (lambda f, m: f.vjp(one, tensor(m, 2, 3)), RuntimeError, "The vector v can only be None"),
        (lambda f, m: f.vjp(one, tensor(m, 2, 3), tensor(m, 3)), RuntimeError, "v"),
        (lambda f, m: f.jacobian(lambda x: m.ones(2), tensor(m, 3), strict=True), RuntimeError, "strict mode"),
    ],
)
@pytest.mark.parametrize("library", ["minicnn", "torch"])
def test_refused(call: Any, error: type[Exception], says: str, library: str) -> None:
    m = pytest.importorskip(library)
    with pytest.raises(error, match=says):
        call(m.autograd.functional, m)
    assert functional.vhp is functional.hvp


# --- autograd.backward, autograd.grad -----------------------------------------------------------------


def test_backward_of_several_tensors() -> None:
    def call(m: Any) -> Any:
        x, y = tensor(m, 3, grad=True), tensor(m, 3, seed=1, grad=True)
        m.autograd.backward([(x * y).sum(), x * 2], [None, tensor(m, 3, seed=2)])
        m.autograd.backward((x * y).sum(), inputs=[y])
        return x.grad, y.grad

    same(*both(call))


@pytest.mark.parametrize("library", ["minicnn", "torch"])
def test_backward_refuses(library: str) -> None:
    m = pytest.importorskip(library)
    x = tensor(m, 3, grad=True)
    with pytest.raises(RuntimeError, match="cannot be empty"):
        m.autograd.backward(x.sum(), inputs=[])
    m.autograd.backward([x.sum()], [None, None])
    with pytest.raises(RuntimeError):
        m.autograd.backward([x.sum(), x.sum()], [None])


def test_grad_with_zeros_in_place_of_none_and_many_cotangents() -> None:
    def call(m: Any) -> Any:
        x, y = tensor(m, 3, grad=True), tensor(m, 2, grad=True)
        z = (x * x).sum()
        out = [m.autograd.grad(z, (x, y), retain_graph=True, materialize_grads=True)]
        out += [m.autograd.grad(z, (x, y), allow_unused=True, only_inputs=True)]
        out += [m.autograd.grad(x * x * 2, x, tensor(m, 4, 3, seed=3), is_grads_batched=True)]
        return out

    same(*both(call))
    x = tensor(minicnn, 3, grad=True)
    with pytest.raises(ValueError, match="materialize_grads=True"):
        minicnn.autograd.grad(x.sum(), x, allow_unused=False, materialize_grads=True)
    with pytest.raises(RuntimeError, match="call grad once for each"):
        minicnn.autograd.grad(x * x, x, minicnn.ones(2, 3), create_graph=True, is_grads_batched=True)


# --- modes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["minicnn", "torch"])
def test_modes_as_decorators(library: str) -> None:
    m = pytest.importorskip(library)

    @m.no_grad
    def without() -> bool:
        return m.is_grad_enabled()

    @m.set_grad_enabled(False)
    def off() -> bool:
        return m.is_grad_enabled()

    @m.inference_mode
    def inferring() -> tuple[bool, bool]:
        return m.is_grad_enabled(), m.is_inference_mode_enabled()

    @m.inference_mode(False)
    def not_inferring() -> bool:
        return m.is_inference_mode_enabled()

    @m.enable_grad()
    def on() -> bool:
        return m.is_grad_enabled()

    assert m.is_grad_enabled()
    assert (without(), off(), inferring(), not_inferring()) == (False, False, (False, True), False)
    with m.no_grad():
        assert on()
    with m.inference_mode():
        assert m.is_inference_mode_enabled()
    assert m.is_grad_enabled()
    assert not m.is_inference_mode_enabled()


# --- detect_anomaly -----------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["minicnn", "torch"])
def test_the_first_nan_is_named_and_so_is_its_line(library: str) -> None:
    m = pytest.importorskip(library)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with m.autograd.detect_anomaly():
            assert m.is_anomaly_enabled()
            x = m.tensor([0.0, 1.0], requires_grad=True)
            y = (m.sqrt(x - 2) * 0).sum()  # 0 · inf, and of a negative number: NaN
            with pytest.raises(RuntimeError, match=r"Function 'SqrtBackward0' returned nan values in its 0th output"):
                y.backward()
    text = "".join(str(w.message) for w in caught)
    assert "Anomaly Detection has been enabled" in text
    assert "Error detected in SqrtBackward0" in text
    assert "test_derivatives.py" in text
    assert not m.is_anomaly_enabled()


def test_anomaly_without_a_look_at_nan() -> None:
    with minicnn.autograd.set_detect_anomaly(True, check_nan=False):
        x = minicnn.tensor([-1.0], requires_grad=True)
        minicnn.sqrt(x).sum().backward()
    assert x.grad is not None
    assert bool(x.grad.isnan())
    y = minicnn.sqrt(x).sum()
    with (
        minicnn.autograd.set_detect_anomaly(True),
        pytest.warns(UserWarning, match="No forward pass information available"),
        pytest.raises(RuntimeError, match="nan values"),
    ):
        y.backward()


# --- Function -----------------------------------------------------------------------------------------


def newer(m: Any) -> Any:
    """A Function with setup_context."""

    class Power(m.autograd.Function):
        @staticmethod
        def forward(x: Any, n: int) -> Any:
            return x**n

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            x, ctx.n = inputs
            ctx.save_for_backward(x)

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            (x,) = ctx.saved_tensors
            return grad * ctx.n * x ** (ctx.n - 1), None

    return Power


def test_setup_context() -> None:
    def call(m: Any) -> Any:
        x = tensor(m, 3, grad=True)
        (g,) = m.autograd.grad(newer(m).apply(x, 3).sum(), x, create_graph=True)
        g.sum().backward()
        return g, x.grad

    same(*both(call))


def wrong(m: Any, result: Any) -> Any:
    """A Function whose backward returns `result(grad)`."""

    class Wrong(m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            return x * y

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            return result(grad)

    return Wrong


@pytest.mark.parametrize(
    ("result", "error", "says"),
    [
        (lambda g: g, RuntimeError, r"returned an incorrect number of gradients \(expected 2, got 1\)"),
        (lambda g: (g, g, g), RuntimeError, r"returned an incorrect number of gradients \(expected 2, got 3\)"),
        (lambda g: (g[:2], g), RuntimeError, r"returned an invalid gradient at index 0 - got \[2\] but expected shape"),
        (lambda g: (3.0, g), RuntimeError, "got float"),
    ],
)
@pytest.mark.parametrize("library", ["minicnn", "torch"])
def test_wrong_gradients_are_refused(result: Any, error: type[Exception], says: str, library: str) -> None:
    m = pytest.importorskip(library)
    x, y = tensor(m, 3, grad=True), tensor(m, 3, grad=True)
    with pytest.raises(error, match=says):
        wrong(m, result).apply(x, y).sum().backward()


def test_broadcast_gradients_are_summed_and_more_nones_ignored() -> None:
    def call(m: Any) -> Any:
        x, y = tensor(m, 1, 3, grad=True), tensor(m, 2, 3, grad=True)
        wrong(m, lambda g: (g * 2, g, None)).apply(x, y).backward(tensor(m, 2, 3, seed=4))
        return x.grad, y.grad

    same(*both(call))


@pytest.mark.parametrize("library", ["minicnn", "torch"])
def test_once_differentiable(library: str) -> None:
    m = pytest.importorskip(library)

    class Square(m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @m.autograd.function.once_differentiable
        def backward(ctx: Any, grad: Any) -> Any:
            assert not m.is_grad_enabled()
            return grad * 2 * ctx.saved_tensors[0]

    x = m.tensor([3.0], requires_grad=True)
    Square.apply(x).backward()
    assert x.grad.tolist() == [6.0]
    (g,) = m.autograd.grad((Square.apply(x) * x).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="marked with @once_differentiable"):
        g.sum().backward()


@pytest.mark.parametrize("library", ["minicnn", "torch"])
@pytest.mark.parametrize("materialize", [True, False])
def test_gradients_of_outputs_that_nobody_used(library: str, materialize: bool) -> None:
    m = pytest.importorskip(library)
    seen = []

    class Two(m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.set_materialize_grads(materialize)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx: Any, a: Any, b: Any) -> Any:
            seen.append(b)
            return a * 2

    x = m.tensor([3.0], requires_grad=True)
    Two.apply(x)[0].backward()
    assert x.grad.tolist() == [2.0]
    assert seen[0].tolist() == [0.0] if materialize else seen[0] is None
