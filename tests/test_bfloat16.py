"""bfloat16, to store and to convert: torch's roundings, types and texts. Needs the library ml_dtypes."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import numpy as np
import pytest

import minicnn


def test_without_the_library_the_way_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    assert repr(minicnn.bfloat16) == "minicnn.bfloat16"
    assert minicnn.bfloat16.is_floating_point
    with pytest.raises(ImportError, match="pip install ml_dtypes"):
        minicnn.zeros(2, dtype=minicnn.bfloat16)


@pytest.fixture(autouse=True)
def _library(request: pytest.FixtureRequest) -> None:
    if "monkeypatch" not in request.fixturenames:
        pytest.importorskip("ml_dtypes")


NUMBERS = [0.0, -0.0, 1.0, 1.00390625, 1.01171875, 3.14159, 1e-40, 3.4e38, -65504.0, float("inf"), float("nan")]
CASES = [
    lambda m: m.tensor(NUMBERS).bfloat16(),
    lambda m: m.tensor(NUMBERS, dtype=m.float64).to(m.bfloat16),
    lambda m: m.tensor(NUMBERS[:-2], dtype=m.bfloat16).double(),
    lambda m: m.arange(300).to(m.bfloat16),
    lambda m: (m.arange(300) * 1001).bfloat16().long(),
    lambda m: m.tensor([0.3, 2.7]).bfloat16().half(),
    lambda m: m.tensor([True, False]).bfloat16(),
    lambda m: m.ones(2, 3, dtype=m.bfloat16).t()[0],
    lambda m: m.cat([m.ones(2, dtype=m.bfloat16), m.zeros(1, dtype=m.bfloat16)]),
    lambda m: m.tensor([1.5, 2.0]).bfloat16() + m.tensor([1.0, 2.0]),
    lambda m: m.tensor([1.5, 2.0]).bfloat16() * 2,
    lambda m: 0.5 - m.tensor([1.5, 2.0]).bfloat16() * 0.25,
]


@pytest.mark.parametrize("case", CASES)
def test_numbers_types_and_texts_are_torchs(case: Any) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = case(minicnn), case(torch)
    assert repr(ours) == repr(theirs).replace("torch.", "minicnn.")
    assert ours.dtype.name == str(theirs.dtype).removeprefix("torch.")
    np.testing.assert_array_equal(np.array(ours.tolist()), np.array(theirs.tolist()))
    assert ours.element_size() == theirs.element_size()
    assert ours.is_floating_point() == theirs.is_floating_point()
    np.testing.assert_array_equal(ours.double().numpy(), theirs.double().numpy())


def test_promotion_limits_and_pickles() -> None:
    torch = pytest.importorskip("torch")
    for other in ("bool", "uint8", "int64", "float16", "bfloat16", "float32", "float64"):
        ours = minicnn.promote_types(minicnn.bfloat16, getattr(minicnn, other))
        assert ours.name == str(torch.promote_types(torch.bfloat16, getattr(torch, other))).removeprefix("torch.")
    assert repr(minicnn.finfo(minicnn.bfloat16)) == repr(torch.finfo(torch.bfloat16))
    with pytest.raises(TypeError, match=r"unsupported ScalarType BFloat16.* use .float\(\)"):
        minicnn.ones(2).bfloat16().numpy()
    x = pickle.loads(pickle.dumps(minicnn.tensor([1.5]).bfloat16()))
    assert x.dtype is minicnn.bfloat16
    assert (x.item(), x.type(), x.float().item()) == (1.5, "minicnn.BFloat16Tensor", 1.5)
