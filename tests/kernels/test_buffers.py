"""Memory that is used again: only when nobody looks at it any more, and never more than a bound."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from minicnn.kernels import buffers, layout

FLOAT = np.dtype("float32")
SHAPE = (32, 6, 28, 28)


@pytest.fixture(autouse=True)
def fresh_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "_blocks", {})
    monkeypatch.setattr(buffers, "_total", 0)


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def test_memory_comes_back_when_the_array_is_gone() -> None:
    first = buffers.empty(SHAPE, FLOAT, layout.BATCH_LAST)
    assert first.shape == SHAPE
    assert layout.order_of(first) == layout.BATCH_LAST
    here = address(first)
    del first
    assert address(buffers.empty(SHAPE, FLOAT, layout.BATCH_LAST)) == here


def test_memory_is_not_shared_while_any_view_lives() -> None:
    first = buffers.empty(SHAPE, FLOAT, layout.BATCH_LAST)
    view = first[3:, 1]
    here = address(first)
    del first
    second = buffers.empty(SHAPE, FLOAT, layout.BATCH_LAST)
    assert address(second) != here
    assert not np.shares_memory(view, second)
    exported = memoryview(np.ascontiguousarray(second[:1]).reshape(-1)[:4])
    assert exported.nbytes == 16


@pytest.mark.parametrize(
    ("shape", "order"), [((4, 4), layout.BATCH_LAST), (SHAPE, layout.PLAIN), ((1 << 25,), layout.PLAIN)]
)
def test_small_plain_and_huge_arrays_have_memory_of_their_own(shape: tuple[int, ...], order: str) -> None:
    assert buffers.empty(shape, FLOAT, order).shape == shape
    assert buffers._total == 0


def test_the_pool_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "KEPT", 1 << 20)
    kept = [buffers.empty((n,), FLOAT, layout.PLAIN) for n in range(1 << 15, 1 << 18, 1 << 14)]
    assert buffers._total <= 1 << 20
    assert not any(np.shares_memory(a, b) for i, a in enumerate(kept) for b in kept[:i])
    kept.clear()
    buffers.empty((1 << 17,), FLOAT, layout.PLAIN)
    assert buffers._total <= 1 << 20


def test_what_nobody_uses_is_given_back() -> None:
    used, unused = (buffers.empty((n,), FLOAT, layout.PLAIN) for n in (1 << 16, 1 << 17))
    both = buffers._total
    del unused
    buffers.release_unused()
    assert 0 < buffers._total < both
    used[:] = 1
    assert not np.shares_memory(used, buffers.empty((1 << 16,), FLOAT, layout.PLAIN))


def test_two_threads_never_get_the_same_memory() -> None:
    wrong = []

    def work(mark: int) -> None:
        for _ in range(300):
            mine = buffers.empty((1 << 15,), FLOAT, layout.PLAIN)
            mine[:] = mark
            if not (mine == mark).all():
                wrong.append(mark)

    threads = [threading.Thread(target=work, args=(mark,)) for mark in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
