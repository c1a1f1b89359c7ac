"""Changes in place: what autograd follows, what it refuses, what shares memory."""

from __future__ import annotations

from typing import Any

import pytest

import minicnn
from minicnn import Tensor

pytestmark = pytest.mark.usefixtures("on_device")


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def leaf(*numbers: float) -> Tensor:
    return minicnn.tensor(numbers, dtype=minicnn.float64, requires_grad=True)


def values(tensor: Tensor | None) -> Any:
    assert tensor is not None
    return tensor.tolist()


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
    assert values(x) == [7, 1.5]
    assert x.is_leaf
    assert x.requires_grad


def test_gradients_through_changes_in_place() -> None:
    x, w = leaf(1, 2, 3), leaf(5)
    y = x * 2
    y[1] = w.sum()
    y.add_(1)
    y[2:].zero_() if False else y.__setitem__(slice(2, None), 0)
    (y * y).sum().backward()
    assert values(x.grad) == [2 * 3 * 2, 0, 0]
    assert values(w.grad) == [2 * 6]


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
    assert x[1].item() == 10
    assert x._version.count == view._version.count == 1
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


def test_values_without_gradient_written_in_place_end_the_history() -> None:
    x = leaf(1.5, 2)
    y = x * 3
    y.floor_divide_(2)
    assert values(y) == [2, 3]
    assert not y.requires_grad
    assert values(x * y) == [3, 6]
