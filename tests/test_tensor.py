"""Tensors: their types, how they are made, drawn, shared with NumPy, and printed."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import minicnn


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


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
    assert ours.dtype.name == str(theirs.dtype).removeprefix("torch.")
    assert ours.tolist() == theirs.tolist()
    assert tuple(ours.shape) == tuple(theirs.shape)


def test_tensor_of_tensors() -> None:
    x = minicnn.tensor([1.0, 2.0], requires_grad=True)
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
    lambda m: m.zeros(size=(2, 3)),
    lambda m: m.Tensor(2, 0),
    lambda m: m.Tensor([1, 2]),
    lambda m: m.Tensor(),
    lambda m: m.tensor([-1, 200], dtype=m.uint8),
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
    assert ours.dtype.name == str(theirs.dtype).removeprefix("torch.")
    assert ours.tolist() == theirs.tolist()
    assert tuple(ours.shape) == tuple(theirs.shape)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda m: m.tensor([300], dtype=m.uint8), RuntimeError),
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
    assert array[0] == 9
    assert x.numpy() is array
    assert minicnn.as_tensor(array).numpy() is array
    assert minicnn.tensor(array).numpy() is not array
    assert np.asarray(x) is array
    assert np.from_dlpack(x)[0] == 9
    assert np.sum(x.numpy()) == 15
    assert np.array(x, dtype=np.float32).dtype == np.float32


def test_a_tensor_of_another_librarys_array_is_a_copy() -> None:
    """Of torch's, say, on the CPU or on a GPU."""

    class Foreign:
        numbers = np.ones(2)

        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return self.numbers

    x = minicnn.tensor(Foreign())
    Foreign.numbers[0] = 5
    assert x.tolist() == [1, 1]


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
    assert f"{minicnn.tensor(0.5)}" == f"{torch.tensor(0.5)}" == "0.5"


def test_numbers() -> None:
    assert float(minicnn.tensor([2.5])) == 2.5
    assert int(minicnn.tensor(7)) == 7
    assert bool(minicnn.tensor(1))
    assert [10, 20, 30][minicnn.tensor(1)] == 20
    with pytest.raises(RuntimeError, match="ambiguous"):
        bool(minicnn.ones(2))
    with pytest.raises(RuntimeError, match="cannot be converted to Scalar"):
        minicnn.ones(2).item()


# --- drawn --------------------------------------------------------------------------------------------

DRAWN = [
    lambda m, g: m.rand(3, 4, generator=g),
    lambda m, g: m.rand(size=(3,), dtype=m.float64, generator=g),
    lambda m, g: m.randn((17,), generator=g),
    lambda m, g: m.randint(0, 10, (5,), generator=g),
    lambda m, g: m.randint(10, (5,), generator=g, dtype=m.int32),
    lambda m, g: m.randperm(9, generator=g),
    lambda m, g: m.bernoulli(m.full((9,), 0.3), generator=g),
    lambda m, g: m.multinomial(m.arange(1.0, 6.0), 3, generator=g),
    lambda m, g: m.normal(1.0, 2.0, (20,), generator=g),
    lambda m, g: m.normal(m.arange(20.0), 2.0, generator=g),
    lambda m, g: m.normal(m.zeros(20), m.arange(20.0), generator=g),
    lambda m, g: m.zeros(20).uniform_(-1, 1, generator=g),
    lambda m, g: m.zeros(20).uniform_(**{"from": -1}, generator=g),
    lambda m, g: m.zeros(20).normal_(1, 2, generator=g),
    lambda m, g: m.zeros(20).bernoulli_(0.4, generator=g),
    lambda m, g: m.zeros(20).bernoulli_(m.full((20,), 0.4), generator=g),
    lambda m, g: m.zeros(20).bernoulli(0.4, generator=g),
    lambda m, g: m.zeros(20).exponential_(2, generator=g),
    *(lambda m, g, k=k: m.zeros(5, dtype=getattr(m, k)).random_(generator=g) for k in TYPES[:6] + TYPES[7:]),
    lambda m, g: m.zeros(5).random_(7, generator=g),
    lambda m, g: m.zeros(5).random_(-3, 4, generator=g),
]
LIKE = [
    lambda m: m.rand_like(m.zeros(3, 4)),
    lambda m: m.randn_like(m.zeros(20), dtype=m.float64),
    lambda m: m.randint_like(m.zeros(5), 2, 9),
    lambda m: m.rand(3) + m.randn(2, 3),
    lambda m: m.get_rng_state(),
]


@pytest.mark.parametrize("draw", DRAWN)
def test_draws_are_pytorchs(draw: Any, torch: Any) -> None:
    theirs = draw(torch, torch.Generator().manual_seed(5))
    generator = minicnn.Generator().manual_seed(5)
    ours = draw(minicnn, generator)
    assert ours.dtype.name == str(theirs.dtype).removeprefix("torch.")
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize("draw", LIKE)
def test_draws_of_the_default_generator_are_pytorchs(draw: Any, torch: Any) -> None:
    before, ours_before = torch.get_rng_state(), minicnn.get_rng_state()
    try:
        for m in (torch, minicnn):
            m.manual_seed(11)
            assert m.initial_seed() == 11
        np.testing.assert_array_equal(draw(minicnn).numpy(), draw(torch).numpy())
        minicnn.set_rng_state(minicnn.from_numpy(torch.get_rng_state().numpy()))
        np.testing.assert_array_equal(minicnn.rand(3).numpy(), torch.rand(3).numpy())
    finally:
        torch.set_rng_state(before)
        minicnn.set_rng_state(ours_before)


def test_draws_in_place_and_autograd() -> None:
    x = minicnn.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable"):
        x.uniform_()
    with minicnn.no_grad():
        x.fill_(2)
    y = x * 3
    y.normal_()
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0, 0, 0]
    with pytest.raises(NotImplementedError):
        minicnn.ones(3, dtype=minicnn.int64).normal_()
    with pytest.raises(TypeError, match="`generator`"):
        minicnn.rand(2, generator=7)
    assert isinstance(minicnn.seed(), int)


def test_arange_by_keyword() -> None:
    assert minicnn.arange(end=3).tolist() == minicnn.arange(3).tolist() == [0, 1, 2]
    assert minicnn.arange(end=3, start=1).tolist() == [1, 2]
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'end'"):
        minicnn.arange()


def test_one_bool_of_a_pair_counts_as_a_number() -> None:
    yes, half = minicnn.tensor([True, False]), minicnn.tensor([0.5, 0.5])
    assert minicnn.nn.functional.mse_loss(yes, half).item() == 0.25
    assert minicnn.nn.functional.smooth_l1_loss(half, yes).item() == 0.125
    for refused in (lambda: minicnn.nn.functional.l1_loss(yes, half), lambda: yes - half, lambda: half - yes):
        with pytest.raises(RuntimeError, match="Subtraction, the `-` operator, with a bool tensor is not supported"):
            refused()


def test_an_empty_axis_that_is_left_as_it_is_can_be_padded_around() -> None:
    assert minicnn.nn.functional.pad(minicnn.zeros(1, 2, 3, 0), (0, 0, 1, 2), mode="circular").shape == (1, 2, 6, 0)
    with pytest.raises(RuntimeError, match="Padding size should be less than"):
        minicnn.nn.functional.pad(minicnn.zeros(1, 2, 3, 0), (1, 0, 1, 2), mode="circular")
