"""The engine and the tensor around it: accumulation, hooks, modes, in-place changes, Functions, memory."""

from __future__ import annotations

import gc
import itertools
import weakref
from typing import Any

import numpy as np
import pytest

import minicnn
from minicnn import Tensor
from minicnn.autograd import Function, grad
from minicnn.autograd.gradcheck import gradcheck, gradgradcheck


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
    assert values(x.grad) == [5] and y.grad is None


def test_gradients_are_arrays_of_their_own() -> None:
    x, y = leaf(1, 2), leaf(3, 4)
    (x + y).backward(minicnn.ones(2, dtype=minicnn.float64))
    assert x.grad is not None and y.grad is not None
    x.grad.mul_(10)
    assert values(y.grad) == [1, 1]


def test_zero_dimensional_gradients_can_be_changed() -> None:
    x = minicnn.tensor(2.0, requires_grad=True)
    (x * x).backward()
    assert isinstance(x.grad, Tensor) and isinstance(x.grad._array, np.ndarray)
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
    assert values(dx) == [4] and values(dy) == [3] and x.grad is None


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
    assert x.grad is not None and x.grad.requires_grad
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
    assert seen == [[1, 1]] and values(x.grad) == [21, 21]
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
    assert values(y.grad) == [12] and values(x.grad) == [36]


# --- recording switched on and off --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["no_grad", "inference_mode"])
def test_nothing_is_recorded(name: str) -> None:
    x = leaf(1)
    off = getattr(minicnn, name)
    with off():
        assert not (x * 2).requires_grad and not minicnn.is_grad_enabled()
        with minicnn.enable_grad():
            assert (x * 2).requires_grad
    assert (x * 2).requires_grad

    @off()
    def doubled() -> Tensor:
        return x * 2

    assert not doubled().requires_grad and minicnn.is_grad_enabled()


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
    assert not x.detach().requires_grad and not (x > 1).requires_grad and not x.long().requires_grad
    assert x.detach()._array is x._array


# --- in place ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["minicnn", "torch"])
def test_errors_of_changes_in_place(library: str) -> None:
    m = pytest.importorskip(library)
    x = m.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        x.add_(1)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        x[0] = 1
    with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad"):
        x[0].mul_(2)
    y = x * 2
    z = y.exp()
    w = y * y
    y.add_(1)
    z.sum().backward()  # saved its own output, not y
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        w.sum().backward()
    z = x.exp()
    z += 1
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        z.sum().backward()


def test_parameters_are_updated_without_recording() -> None:
    x = leaf(1, 2)
    with minicnn.no_grad():
        x -= 0.5
        x[0] = 7
    assert values(x) == [7, 1.5] and x.is_leaf and x.requires_grad


def test_gradients_through_changes_in_place() -> None:
    x, w = leaf(1, 2, 3), leaf(5)
    y = x * 2
    y[1] = w.sum()
    y.add_(1)
    y[2:].zero_() if False else y.__setitem__(slice(2, None), 0)
    (y * y).sum().backward()
    assert values(x.grad) == [2 * 3 * 2, 0, 0] and values(w.grad) == [2 * 6]


def test_a_view_made_before_a_recorded_change_is_refused() -> None:
    x = leaf(1, 2)
    y = x * 2
    first = y[0]
    y.mul_(3)
    with pytest.raises(RuntimeError, match="view"):
        first * 2


def test_views_share_memory_and_version() -> None:
    x = minicnn.arange(6.0)
    view = x.view(2, 3)
    view[0, 1] = 10
    assert x[1].item() == 10 and x._version.count == view._version.count == 1
    x[5].fill_(7)
    assert view.tolist() == [[0, 10, 2], [3, 4, 7]]
    assert x.detach()._version is x._version


def test_a_change_through_a_detached_alias_is_noticed() -> None:
    x = leaf(1, 2)
    y = x * 2
    z = y * y
    y.detach().zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        z.sum().backward()


# --- the user's own Function --------------------------------------------------------------------------


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
    assert type(y.grad_fn).__name__ and y.grad_fn.name() == "CubeBackward"
    y.sum().backward()
    assert values(x.grad) == [3, 12]
    assert not Cube.apply(x.detach()).requires_grad


def test_function_twice() -> None:
    x = leaf(0.5, -2)
    assert gradcheck(Cube.apply, (x,)) and gradgradcheck(Cube.apply, (x,))


def test_function_with_several_outputs() -> None:
    x, y = leaf(1), minicnn.ones(1, dtype=minicnn.float64)
    a, _ = Scale.apply(x, y, 3.0)
    a.sum().backward()
    assert values(x.grad) == [3] and Scale.needed == (True, False, False)


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


def test_gradcheck_asks_for_float64() -> None:
    with pytest.raises(ValueError, match="float64"):
        gradcheck(minicnn.exp, (minicnn.ones(2, requires_grad=True),))
    with pytest.raises(ValueError, match="require gradient"):
        gradcheck(minicnn.exp, (minicnn.ones(2),))


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
        lambda x: Cube.apply(x).sum(),
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
        assert node() is None and tensor() is None
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


# --- types, numpy, text -------------------------------------------------------------------------------

TYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]


def sample(m: Any, kind: str, ndim: int) -> Any:
    if kind in ("False", "2", "2.5"):
        return {"False": False, "2": 2, "2.5": 2.5}[kind]
    return m.ones((2,) * ndim, dtype=getattr(m, kind))


def test_type_promotion_is_pytorchs(torch: Any) -> None:
    for (a, b), (m, n) in itertools.product(
        itertools.product(TYPES, [*TYPES, "False", "2", "2.5"]), itertools.product((0, 1), (0, 1))
    ):
        ours = sample(minicnn, a, m) * sample(minicnn, b, n)
        theirs = sample(torch, a, m) * sample(torch, b, n)
        assert ours.dtype.name == str(theirs.dtype).removeprefix("torch."), (a, b, m, n)


@pytest.mark.parametrize(
    "data",
    [
        1,
        2.5,
        True,
        [1, 2.0],
        [[1, 2], [3, 4]],
        [],
        [[]],
        [True, 2],
        np.float64(3),
        np.arange(3, dtype=np.int16),
    ],
)
def test_tensor_infers_pytorchs_type(data: Any, torch: Any) -> None:
    ours, theirs = minicnn.tensor(data), torch.tensor(data)
    assert ours.dtype.name == str(theirs.dtype).removeprefix("torch.") and ours.tolist() == theirs.tolist()
    assert tuple(ours.shape) == tuple(theirs.shape)


def test_tensor_of_tensors() -> None:
    x = leaf(1, 2)
    assert minicnn.tensor([x[0], x[1]]).tolist() == [1, 2]
    assert minicnn.tensor([minicnn.tensor(1), minicnn.tensor(2)]).dtype is minicnn.int64


@pytest.mark.parametrize(
    ("data", "error"),
    [([[1, 2], [3]], ValueError), (None, RuntimeError), ("text", TypeError), (1j, TypeError)],
)
def test_tensor_refuses(data: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        minicnn.tensor(data)


CREATED = [
    lambda m: m.zeros(2, 3),
    lambda m: m.ones((2, 3), dtype=m.int64),
    lambda m: m.full((2,), 3),
    lambda m: m.full((2,), 3.5),
    lambda m: m.full([2], True),
    lambda m: m.arange(5),
    lambda m: m.arange(1, 2, 0.25),
    lambda m: m.arange(5, 0, -2),
    lambda m: m.arange(3.0),
    lambda m: m.linspace(0, 1, 5),
    lambda m: m.linspace(3, -1, 1),
    lambda m: m.eye(2, 3),
    lambda m: m.zeros_like(m.ones(2, dtype=m.int32)),
    lambda m: m.ones_like(m.ones(2), dtype=m.float64),
    lambda m: m.full_like(m.ones(2), 4),
    lambda m: m.ones(2, dtype=m.float64).new_zeros(3, 2),
    lambda m: m.ones(2, dtype=m.float64).new_ones((1, 2)),
    lambda m: m.ones(2).new_full((2,), 7),
    lambda m: m.ones(2, dtype=m.int64).new_tensor([1.5, 2]),
    lambda m: m.as_tensor([1, 2]),
    lambda m: m.FloatTensor([1, 2]),
    lambda m: m.LongTensor([1, 2]),
    lambda m: m.ones(2).type(m.LongTensor),
    lambda m: m.empty(0, 3),
    lambda m: m.empty_like(m.ones(0)),
    lambda m: m.ones(3).new_empty(0),
]


@pytest.mark.parametrize("make", CREATED)
def test_creation_is_pytorchs(make: Any, torch: Any) -> None:
    ours, theirs = make(minicnn), make(torch)
    assert ours.dtype.name == str(theirs.dtype).removeprefix("torch.") and ours.tolist() == theirs.tolist()
    assert tuple(ours.shape) == tuple(theirs.shape)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda m: m.zeros(-1), RuntimeError),
        (lambda m: m.zeros(1.5), TypeError),
        (lambda m: m.arange(0, 5, -1), RuntimeError),
        (lambda m: m.arange(0, 5, 0), RuntimeError),
        (lambda m: m.linspace(0, 1, -2), RuntimeError),
        (lambda m: m.from_numpy([1, 2]), TypeError),
        (lambda m: m.from_numpy(np.arange(3)[::-1]), ValueError),
        (lambda m: m.ones(2).to("abacus"), RuntimeError),
    ],
)
@pytest.mark.parametrize("library", ["minicnn", "torch"])
def test_creation_refuses(make: Any, error: type[Exception], library: str) -> None:
    with pytest.raises(error):
        make(pytest.importorskip(library))


def test_numpy_shares_memory() -> None:
    array = np.arange(4.0)
    x = minicnn.from_numpy(array)
    x[0] = 9
    assert array[0] == 9 and x.numpy() is array and minicnn.as_tensor(array).numpy() is array
    assert minicnn.tensor(array).numpy() is not array
    assert np.asarray(x) is array and np.from_dlpack(x)[0] == 9
    assert np.sum(x.numpy()) == 15 and np.array(x, dtype=np.float32).dtype == np.float32


def test_text_is_pytorchs(torch: Any) -> None:
    for make in (
        lambda m: m.tensor([1.0, 2.5], requires_grad=True),
        lambda m: m.tensor([1.0, 2.5], requires_grad=True) * 2,
        lambda m: m.tensor([[1.0, 2.5], [3.0, 1.0]]).max(1),
        lambda m: m.tensor([3, 1, 2]).sort(),
        lambda m: m.zeros(2, 3).size(),
        lambda m: m.ones(2).type(),
        lambda m: m.float32,
    ):
        assert repr(make(minicnn)) == repr(make(torch)).replace("torch.", "minicnn.")
    for m in (minicnn, torch):
        assert f"{m.tensor(2.34567):.2f} {m.tensor(3)}" in ("2.35 3", "2.35 tensor(3)")
    assert "{}".format(minicnn.tensor(0.5)) == "{}".format(torch.tensor(0.5)) == "0.5"


def test_numbers() -> None:
    assert float(minicnn.tensor([2.5])) == 2.5 and int(minicnn.tensor(7)) == 7 and bool(minicnn.tensor(1))
    assert [10, 20, 30][minicnn.tensor(1)] == 20
    with pytest.raises(RuntimeError, match="ambiguous"):
        bool(minicnn.ones(2))
    with pytest.raises(RuntimeError, match="cannot be converted to Scalar"):
        minicnn.ones(2).item()
