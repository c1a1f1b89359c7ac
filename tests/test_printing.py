"""A tensor prints as PyTorch's does: texts recorded from torch 2.13, and torch itself where it is
installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from minicnn.autograd.printing import set_printoptions, tensor_repr

DTYPES = ["float16", "float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool"]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"precision": 2},
    {"precision": 0},
    {"sci_mode": True},
    {"sci_mode": False},
    {"linewidth": 40},
    {"linewidth": 7},
    {"threshold": 10},
    {"threshold": 10, "edgeitems": 1},
    {"threshold": 10, "edgeitems": 0},
    {"profile": "short"},
    {"profile": "full"},
]


@pytest.fixture(autouse=True)
def _default_options() -> Iterator[None]:
    set_printoptions(profile="default")
    yield
    set_printoptions(profile="default")


@pytest.fixture
def torch() -> Iterator[Any]:
    torch = pytest.importorskip("torch")
    torch.set_printoptions(profile="default")
    yield torch
    torch.set_printoptions(profile="default")


def text(values: Any, dtype: str = "float32", **known: Any) -> str:
    return tensor_repr(np.array(values, dtype), dtype_name=f"torch.{dtype}", **known)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (text(2.3026, grad_fn_name="NllLossBackward0"), "tensor(2.3026, grad_fn=<NllLossBackward0>)"),
        (text(1e10), "tensor(1.0000e+10)"),
        (text([0.0, -0.0]), "tensor([0., -0.])"),
        (text([np.inf, 1.5, -2]), "tensor([    inf,  1.5000, -2.0000])"),
        (text([-np.inf, 1, 2]), "tensor([-inf, 1., 2.])"),
        (text([1000.5, 1]), "tensor([1.0005e+03, 1.0000e+00])"),
        (text([1e-4, 0.5]), "tensor([1.0000e-04, 5.0000e-01])"),
        (text([6e4, 1e-7], "float16"), "tensor([6.0000e+04, 1.1921e-07], dtype=torch.float16)"),
        (text([1, -200], "int16"), "tensor([   1, -200], dtype=torch.int16)"),
        (text([True, False], "bool"), "tensor([ True, False])"),
        (text(3, "int64"), "tensor(3)"),
        (text([]), "tensor([])"),
        (text(np.zeros((0, 3))), "tensor([], size=(0, 3))"),
        (text([], "bool"), "tensor([], dtype=torch.bool)"),
        (text([1, 2], requires_grad=True), "tensor([1., 2.], requires_grad=True)"),
        (text([1, 2], device="cuda:0"), "tensor([1., 2.], device='cuda:0')"),
        (text([1, 2], "int32", device="cuda:0"), "tensor([1, 2], device='cuda:0', dtype=torch.int32)"),
        (text([1, 2], default_dtype_name="torch.float64"), "tensor([1., 2.], dtype=torch.float32)"),
        (text(np.arange(1001), "int64"), "tensor([   0,    1,    2,  ...,  998,  999, 1000])"),
        (
            text(np.arange(20)),
            "tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,\n"
            "        14., 15., 16., 17., 18., 19.])",
        ),
        (
            text(np.full(8, 0.25), "float64"),
            "tensor([0.2500, 0.2500, 0.2500, 0.2500, 0.2500, 0.2500, 0.2500, 0.2500],\n       dtype=torch.float64)",
        ),
        (
            text(np.zeros((2, 1, 2, 2))),
            "tensor([[[[0., 0.],\n          [0., 0.]]],\n\n\n        [[[0., 0.],\n          [0., 0.]]]])",
        ),
        (
            text(np.ones((40, 40))),
            "tensor([[1., 1., 1.,  ..., 1., 1., 1.],\n"
            "        [1., 1., 1.,  ..., 1., 1., 1.],\n"
            "        [1., 1., 1.,  ..., 1., 1., 1.],\n"
            "        ...,\n"
            "        [1., 1., 1.,  ..., 1., 1., 1.],\n"
            "        [1., 1., 1.,  ..., 1., 1., 1.],\n"
            "        [1., 1., 1.,  ..., 1., 1., 1.]])",
        ),
    ],
)
def test_recorded(printed: str, expected: str) -> None:
    assert printed == expected


def test_options_last_until_changed_and_sci_mode_does_not() -> None:
    set_printoptions(precision=2, sci_mode=True)
    assert text([1.5]) == "tensor([1.50e+00])"
    set_printoptions(linewidth=12)
    assert text([1.5, 2.25]) == "tensor([1.50,\n        2.25])"
    set_printoptions(profile="short")
    assert text([1.5, 2.25]) == "tensor([1.50, 2.25])"


def test_unknown_profile() -> None:
    with pytest.raises(ValueError, match=r"`profile` is 'long', expected one of 'default', 'short', 'full'"):
        set_printoptions(profile="long")


def random_values(rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Arrays of 0 to 4 dimensions: whole, tiny, huge, mixed, special and equal numbers."""
    shape = rng.choice([0, 1, 2, 3, 4, 5, 8, 25], rng.integers(0, 5), p=[0.04, *[0.16] * 3, *[0.12] * 4])
    if rng.random() < 0.1:
        shape = rng.integers(900, 1200, 1)
    x = np.asarray(rng.standard_normal(shape))
    special = np.where(rng.random(shape) < 0.3, rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0]), x)
    kinds = [
        x,
        rng.random(shape),
        x * 10.0 ** rng.integers(-10, 10),
        np.round(x * 10.0 ** rng.integers(0, 9)),
        x * 10.0 ** rng.integers(-6, 6, shape),
        special,
        np.round(special * 3),
        np.full(shape, rng.choice([0, 1, np.nan, 1e8, 1e8 + 1, 1000.5, 1e-4, 9.9999e-5])),
    ]
    return np.asarray(kinds[rng.integers(len(kinds))])


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_against_torch(torch: Any, options: dict[str, Any]) -> None:
    torch.set_printoptions(**options)
    set_printoptions(**options)
    rng = np.random.default_rng(0)
    for _ in range(100):
        dtype = DTYPES[rng.integers(len(DTYPES))]
        values = random_values(rng)
        if not dtype.startswith("float"):
            values = np.asarray(np.clip(np.nan_to_num(values), -1e15, 1e15)).astype(np.int64)
        with np.errstate(over="ignore"):
            values = np.array(values, dtype)
        tensor, known = torch.from_numpy(values), {}
        if dtype.startswith("float") and rng.random() < 0.5:
            tensor.requires_grad_()
            known = {"requires_grad": True}
            if rng.random() < 0.5:
                tensor, known["grad_fn_name"] = tensor.view(tensor.shape), "ViewBackward0"
        assert tensor_repr(values, dtype_name=f"torch.{dtype}", **known) == repr(tensor)
