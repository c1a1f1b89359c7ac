"""What a tensor says about itself, and the limits of types: as torch says it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minicnn

TYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")


def pieces(m: Any) -> list[Any]:
    x = m.arange(24.0).reshape(2, 3, 4)
    return [x, x[1], x[:, 1:, ::2], x.permute(2, 0, 1), m.tensor(3), m.zeros(0, 2, dtype=m.uint8), m.ones(2) > 0]


QUESTIONS = [
    *(lambda x, n=n: getattr(x, n) for n in ("itemsize", "nbytes", "output_nr", "is_cpu", "is_cuda", "is_leaf")),
    *(lambda x, n=n: getattr(x, n) for n in ("is_sparse", "is_quantized", "is_meta", "is_mkldnn", "is_mps", "is_xpu")),
    *(lambda x, n=n: getattr(x, n) for n in ("is_nested", "ndim", "requires_grad")),
    *(lambda x, n=n: getattr(x, n)() for n in ("ndimension", "storage_offset", "dim_order", "is_signed", "is_complex")),
    *(lambda x, n=n: getattr(x, n)() for n in ("is_conj", "is_inference", "get_device", "is_pinned", "is_shared")),
    *(lambda x, n=n: getattr(x, n)() for n in ("is_contiguous", "is_floating_point", "numel", "dim", "stride")),
    lambda x: x.is_set_to(x),
    lambda x: x.is_set_to(x.clone()),
    lambda x: x.data_ptr() - x.detach().data_ptr(),
    lambda x: x.conj().tolist(),
    lambda x: x.new(2, 3).shape == (2, 3),
    lambda x: x.new([1, 0]).tolist(),
    lambda x: x.clone().apply_(lambda v: v * 0).tolist(),
    lambda x: x.tolist(),
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_are_torchs(question: Any) -> None:
    torch = pytest.importorskip("torch")
    for ours, theirs in zip(pieces(minicnn), pieces(torch), strict=True):
        assert question(ours) == question(theirs)


def test_functions_and_transposes() -> None:
    torch = pytest.importorskip("torch")
    for m in (minicnn, torch):
        x = m.arange(6.0).reshape(2, 3)
        assert (m.is_floating_point(x), m.is_complex(x), m.is_signed(x), m.get_device(x)) == (True, False, True, -1)
        assert x.H.shape == (3, 2)
        assert x.mH.tolist() == x.T.tolist()
        assert x.sum_to_size(1, 3).tolist() == [[3.0, 5.0, 7.0]]
        assert m.typename(3) == "int"
        with pytest.raises(RuntimeError, match="not expandable"):
            x.sum_to_size(4, 3)
        with pytest.raises(RuntimeError, match=r"only supported on matrices"):
            m.zeros(1, 2, 3).H  # noqa: B018
        with pytest.raises(RuntimeError, match=r"Can't call apply_\(\)"):
            x.clone().requires_grad_().apply_(abs)
        assert (m.inf, m.pi, m.newaxis) == (float("inf"), 3.141592653589793, None)


@pytest.mark.parametrize("kind", TYPES)
def test_types(kind: str) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = getattr(minicnn, kind), getattr(torch, kind)
    for other in TYPES:
        promoted = minicnn.promote_types(mine, getattr(minicnn, other))
        assert promoted.name == str(torch.promote_types(theirs, getattr(torch, other))).removeprefix("torch.")
        assert minicnn.can_cast(mine, getattr(minicnn, other)) == torch.can_cast(theirs, getattr(torch, other))
        a, b = (m.result_type(m.zeros(2, dtype=getattr(m, kind)), m.tensor(1, dtype=getattr(m, other))) for m in
                (minicnn, torch))  # fmt: skip
        assert a.name == str(b).removeprefix("torch.")
    names = ("bits", "max", "min", "dtype", "eps", "tiny", "smallest_normal", "resolution")
    for limits in ("finfo", "iinfo"):
        try:
            expected = getattr(torch, limits)(theirs)
        except TypeError as error:
            if kind != "bool":
                with pytest.raises(TypeError, match=str(error)[:40].replace("(", r"\(").replace(")", r"\)")):
                    getattr(minicnn, limits)(mine)
            continue
        ours = getattr(minicnn, limits)(mine)
        assert repr(ours) == repr(expected)
        for name in names if limits == "finfo" else names[:4]:
            assert getattr(ours, name) == getattr(expected, name)


def test_tensors_from_other_memory() -> None:
    torch = pytest.importorskip("torch")
    memory = np.arange(4.0)
    for m in (minicnn, torch):
        assert m.asarray(memory).data_ptr() == memory.ctypes.data
        assert m.asarray(memory, copy=True).data_ptr() != memory.ctypes.data
        assert m.asarray([1, 2], dtype=m.float64, requires_grad=True).requires_grad
        assert m.from_dlpack(memory).data_ptr() == memory.ctypes.data
        assert m.from_dlpack(m.ones(2)).tolist() == [1.0, 1.0]
        buffer = bytearray(memory.tobytes())
        assert m.frombuffer(buffer, dtype=m.float64, count=2, offset=8).tolist() == [1.0, 2.0]
        with pytest.raises(ValueError, match=r"."):
            m.frombuffer(bytearray(3), dtype=m.float64)
        x = m.scalar_tensor(3)
        assert (x.item(), x.ndim, str(x.dtype).partition(".")[2]) == (3.0, 0, "float32")
        assert m.logspace(0, 2, 3).tolist() == [1.0, 10.0, 100.0]
