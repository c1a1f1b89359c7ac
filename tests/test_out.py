"""`out=`: every function of the table of operations, into tensors of every type, as PyTorch."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from operation_rows import Row
from test_operations import ROWS, flat, named, number

import minicnn
from minicnn.autograd import out

pytestmark = pytest.mark.usefixtures("on_device")

TYPES = ("float64", "float32", "int64", "int32", "bool")
TAKING = [row for row in ROWS if row.function in out.NAMES and row.function not in ("bernoulli", "multinomial")]


class Into:
    """A module whose first function that is called gets `out`."""

    def __init__(self, module: Any, outs: Any) -> None:
        self.module, self.outs, self.used = module, outs, False

    def __getattr__(self, name: str) -> Any:
        function = getattr(self.module, name)
        if not callable(function) or isinstance(function, type) or self.used:
            return function

        def call(*args: Any, **options: Any) -> Any:
            self.used = True
            return function(*args, out=self.outs, **options)

        return call


def verdict(m: Any, make: Any, row: Row, kind: str | None) -> tuple[Any, list[np.ndarray], bool]:
    """The error's class or None, the arrays in `out`, and whether there was a function to give it to."""
    inputs = [make(a) for a in row.arrays()]
    plain = row.call(m, *inputs)
    empty = [m.empty(0, dtype=x.dtype if kind is None else getattr(m, kind)) for x in flat(plain)]
    into = Into(m, empty[0] if len(empty) == 1 and not isinstance(plain, tuple) else tuple(empty))
    try:
        row.call(into, *inputs)
    except (RuntimeError, TypeError) as error:
        return type(error), [], into.used
    return None, [number(x) for x in empty], into.used


@named(TAKING)
def test_results_go_where_pytorch_puts_them(row: Row) -> None:
    torch = pytest.importorskip("torch")
    for kind in (None, *TYPES):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs, expected, used = verdict(torch, torch.tensor, row, kind)
            ours, got, _ = verdict(minicnn, minicnn.tensor, row, kind)
        if not used or (theirs is TypeError and out_is_unknown(torch, row)):
            return
        assert ours == theirs or (theirs and ours and issubclass(theirs, ours)), f"out of type {kind}"
        for a, b in zip(got, expected, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6, err_msg=f"out of type {kind}")


def out_is_unknown(torch: Any, row: Row) -> bool:
    """Whether PyTorch's function takes no `out` at all."""
    return verdict(torch, torch.tensor, row, None)[0] is TypeError


def calls() -> list[tuple[str, Any]]:
    """What the table has no rows of: creation, and what goes wrong."""
    return [
        ("zeros", lambda m: m.zeros(2, 3, out=m.empty(0, dtype=m.int64))),
        ("ones", lambda m: m.ones((2,), out=m.empty(0, dtype=m.float64))),
        ("full", lambda m: m.full((2,), 3, out=m.empty(0))),
        ("another dtype", lambda m: m.zeros(2, out=m.empty(0), dtype=m.float64)),
        ("arange", lambda m: m.arange(4, out=m.empty(0))),
        ("arange", lambda m: m.arange(4, out=m.empty(0, dtype=m.bool))),
        ("linspace", lambda m: m.linspace(0, 1, 5, out=m.empty(0, dtype=m.float64))),
        ("eye", lambda m: m.eye(2, out=m.empty(0, dtype=m.int32))),
        ("rand", lambda m: (m.manual_seed(1), m.rand(3, out=m.empty(0, dtype=m.float64)))[1]),
        ("randn", lambda m: (m.manual_seed(1), m.randn(3, 7, out=m.empty(0)))[1]),
        ("rand", lambda m: m.rand(3, out=m.empty(0, dtype=m.int64))),
        ("randint", lambda m: (m.manual_seed(1), m.randint(0, 9, (3,), out=m.empty(0)))[1]),
        ("randperm", lambda m: (m.manual_seed(1), m.randperm(5, out=m.empty(0)))[1]),
        ("sum", lambda m: m.sum(m.ones(2, 3) / 2, 1, out=m.empty(0, dtype=m.float64))),
        ("its own input", lambda m: (lambda x: m.add(x, x, out=x))(m.ones(3))),
        ("under no_grad", lambda m: m.no_grad()(lambda: m.neg(m.ones(2, requires_grad=True), out=m.empty(0)))()),
        ("requires grad", lambda m: m.exp(m.ones(2, requires_grad=True), out=m.empty(0))),
        ("out requires grad", lambda m: m.exp(m.ones(2), out=m.ones(2, requires_grad=True))),
        ("in a list", lambda m: m.cat([m.ones(2, requires_grad=True)], out=m.empty(0))),
        ("one of two", lambda m: m.max(m.ones(2, 2), 1, out=(m.empty(0),))),
        ("no tuple", lambda m: m.max(m.ones(2, 2), 1, out=m.empty(0))),
        ("a tuple", lambda m: m.add(m.ones(2), 1, out=(m.empty(0),))),
        ("expanded", lambda m: m.add(m.ones(3), 1, out=m.ones(1).expand(3))),
        ("a method", lambda m: m.ones(2).add(1, out=m.empty(0))),
        ("no such argument", lambda m: m.relu(m.ones(2), out=m.empty(0))),
        ("no such argument", lambda m: m.isnan(m.ones(2), out=m.empty(0))),
        ("None", lambda m: m.add(m.ones(2), 1, out=None)),
        ("a column", lambda m: (lambda x: (m.add(m.ones(3), 1, out=x.t()[0]), x)[1])(m.zeros(3, 2))),
    ]


@pytest.mark.parametrize(("name", "call"), calls(), ids=[name for name, _ in calls()])
def test_other_calls_end_as_pytorchs(name: str, call: Any) -> None:
    torch = pytest.importorskip("torch")
    results = []
    for m in (torch, minicnn):
        try:
            results.append(number(call(m)))
        except (RuntimeError, TypeError) as error:
            results.append(type(error))
    theirs, ours = results
    if isinstance(theirs, type):
        assert isinstance(ours, type)
        assert issubclass(theirs, ours)
    else:
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_a_larger_out_takes_the_shape_and_says_so() -> None:
    memory = minicnn.zeros(4)
    flat_view = memory.view(4)
    with pytest.warns(UserWarning, match=r"shape \[4\], which does not match the required output shape \[2\]"):
        result = minicnn.add(minicnn.ones(2), 1, out=memory)
    assert result is memory
    assert memory.shape == (2,)
    assert flat_view.tolist() == [2, 2, 0, 0]  # the memory is the same


def test_a_write_is_counted() -> None:
    x = minicnn.ones(2, requires_grad=True)
    w = minicnn.ones(2)
    y = (x * w).sum()
    minicnn.mul(minicnn.ones(2), 3, out=w)
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        y.backward()


def test_several_results() -> None:
    values, indices = minicnn.empty(0), minicnn.empty(0, dtype=minicnn.int64)
    result = minicnn.max(minicnn.tensor([[1.0, 3.0], [5.0, 2.0]]), 1, out=(values, indices))
    assert result.values is values
    assert values.tolist() == [3, 5]
    assert indices.tolist() == [1, 0]


def test_texts_name_out() -> None:
    with pytest.raises(TypeError, match="argument `out` must be a tuple of 2 Tensors, got one Tensor"):
        minicnn.max(minicnn.ones(2, 2), 1, out=minicnn.empty(0))
    with pytest.raises(TypeError, match="argument `out` must be Tensor, not int"):
        minicnn.add(minicnn.ones(2), 1, out=3)
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        minicnn.exp(minicnn.ones(2, requires_grad=True), out=minicnn.empty(2))
    with pytest.raises(RuntimeError, match=r"result type minicnn.float32 can't be cast to .* minicnn.int64 of `out`"):
        minicnn.exp(minicnn.ones(2), out=minicnn.empty(2, dtype=minicnn.int64))
