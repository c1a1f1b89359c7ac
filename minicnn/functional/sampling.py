"""Random tensors, number for number those of PyTorch's CPU generator (minicnn/stream.py holds the recipes).

Every draw takes `generator=`; without one it comes from `default_generator`, which `manual_seed` restarts.
Numbers are drawn on the host and then moved, so a GPU tensor gets the same ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.functional.common import check_tensor
from minicnn.functional.conversion import overwrite
from minicnn.functional.creation import as_size, finished
from minicnn.functional.generator import stream_of
from minicnn.kernels.recorder import recorder
from minicnn.stream import Stream


def _drawn(draw: Callable[[], Any], kind: Any = None) -> Any:
    """What `draw` gives, as `kind`; a step that is being recorded draws anew each time it is replayed."""
    values = draw()
    values = values if kind is None else values.astype(kind, copy=False)

    def again() -> None:
        values[...] = draw()

    if recorder.tape is not None:
        recorder.tape.host(again, [values])
    return values


def _filling(input: Tensor, draw: Callable[..., Any], kind: Any = None) -> Any:
    """Numbers for each element of `input`: `draw(shape)` in the order of its memory, as PyTorch fills it.

    A transposed matrix gets its numbers column by column, and so lies the result in memory.
    """
    strides = input.stride()
    order = sorted(range(input.ndim), key=lambda axis: -strides[axis])
    back, lengths = np.argsort(order), [input._array.shape[axis] for axis in order]
    return _drawn(lambda: draw(lengths).transpose(back), kind)


def _in_order(input: Tensor) -> bool:
    """Whether the axes of `input` lie in memory in their own order: a tensor like it would be contiguous."""
    strides = [step for step, length in zip(input.stride(), input.shape, strict=True) if length != 1]
    return strides == sorted(strides, reverse=True)


def _kind(dtype: Any, name: str) -> np.dtype[Any]:
    kind = dtypes.get_default_dtype().numpy if dtype is None else dtypes.as_numpy(dtype)
    if kind.kind != "f":
        raise NotImplementedError(f'"{name}" not implemented for `dtype` {dtypes.from_numpy(kind)}; use a float')
    return kind


def _place(input: Tensor, device: Any) -> Any:
    return input.device if device is None else device


# --- new tensors ------------------------------------------------------------------------------------


@operation()
def rand(
    *size: Any,
    generator: Stream | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform in [0, 1), shape `size`."""
    stream, shape, kind = stream_of(generator), as_size(size, "rand", needed=True), _kind(dtype, "rand")
    return finished(_drawn(lambda: stream.uniform(shape, 0.0, 1.0, kind)), device, requires_grad)


@operation()
def randn(
    *size: Any,
    generator: Stream | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Standard normal, shape `size`."""
    stream, shape, kind = stream_of(generator), as_size(size, "randn", needed=True), _kind(dtype, "randn")
    return finished(_drawn(lambda: stream.normal(shape, 0.0, 1.0, kind)), device, requires_grad)


@operation()
def randint(
    low: int = 0,
    high: Any = None,
    size: Any = None,
    *,
    generator: Stream | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Whole numbers in [low, high), int64: `randint(high, size)` or `randint(low, high, size)`."""
    if size is None and isinstance(high, tuple | list):
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    if size is None:
        raise TypeError("randint() missing argument `size` (a tuple)")
    if not isinstance(size, tuple | list):
        raise TypeError(f"randint(): argument `size` must be tuple of ints, not {type(size).__name__}: got {size!r}")
    stream, shape = stream_of(generator), as_size(size, "randint")
    kind = np.dtype(np.int64) if dtype is None else dtypes.as_numpy(dtype)
    return finished(_drawn(lambda: stream.randint(shape, low, high), kind), device, requires_grad)


@operation()
def randperm(
    n: int,
    *,
    generator: Stream | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """0 … n-1 in random order, int64, shape (n,)."""
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"randperm(): argument `n` must be int, not {type(n).__name__}: got {n!r}")
    stream = stream_of(generator)
    values = _drawn(lambda: stream.randperm(n), None if dtype is None else dtypes.as_numpy(dtype))
    return finished(values, device, requires_grad)


@operation()
def rand_like(
    input: Tensor,
    *,
    generator: Stream | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform in [0, 1), with the shape (and type and device) of `input`."""
    stream = stream_of(generator)
    kind = _kind(check_tensor(input, "rand_like").dtype if dtype is None else dtype, "rand_like")
    values = _filling(input, lambda shape: stream.uniform(shape, 0.0, 1.0, kind))
    return finished(values, _place(input, device), requires_grad)


@operation()
def randn_like(
    input: Tensor,
    *,
    generator: Stream | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Standard normal, with the shape (and type and device) of `input`."""
    stream = stream_of(generator)
    kind = _kind(check_tensor(input, "randn_like").dtype if dtype is None else dtype, "randn_like")
    contiguous = _in_order(input)
    values = _filling(input, lambda shape: stream.normal(shape, 0.0, 1.0, kind, contiguous=contiguous))
    return finished(values, _place(input, device), requires_grad)


@operation()
def randint_like(
    input: Tensor,
    low: int,
    high: int | None = None,
    *,
    generator: Stream | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Whole numbers in [low, high) (or [0, low)), with the shape, type and device of `input`."""
    low, high = (0, low) if high is None else (low, high)
    kind = check_tensor(input, "randint_like").dtype if dtype is None else dtype
    place = _place(input, device)
    return randint(low, high, input.shape, generator=generator, dtype=kind, device=place, requires_grad=requires_grad)


@operation(method="bernoulli")
def bernoulli(input: Tensor, p: float | None = None, *, generator: Stream | None = None) -> Tensor:
    """1 with the probability that `input` holds (with `p`, that probability everywhere), else 0.

    Shape and type of `input`.
    """
    stream, array = stream_of(generator), check_tensor(input, "bernoulli")._array
    if p is None:
        chances = input.numpy(force=True)
        return finished(stream.bernoulli_from(chances).astype(array.dtype), _place(input, None))
    return finished(_filling(input, lambda shape: stream.bernoulli(shape, p), array.dtype), _place(input, None))


@operation(method="multinomial")
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Stream | None = None
) -> Tensor:
    """`num_samples` indices a row, drawn in proportion to the weights (C,) or (N, C); int64."""
    weights = check_tensor(input, "multinomial").numpy(force=True)
    return finished(stream_of(generator).multinomial(weights, num_samples, replacement), _place(input, None))


@operation()
def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Stream | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal numbers: of shape `size`, or one for each element of the tensors `mean` and `std`."""
    if not isinstance(std, Tensor) and std < 0:
        raise RuntimeError(f"normal expects `std` >= 0.0, but found std {std}")
    if size is not None:
        stream, shape, kind = stream_of(generator), as_size(size, "normal"), _kind(dtype, "normal")
        return finished(_drawn(lambda: stream.normal(shape, mean, std, kind)), device, requires_grad)
    tensors = [x for x in (mean, std) if isinstance(x, Tensor)]
    if not tensors:
        raise TypeError("normal(): numbers as `mean` and `std` need a `size`")
    shape = np.broadcast_shapes(*(x._array.shape for x in tensors))
    kind = dtypes.result_type(*(x._array for x in tensors))
    if isinstance(std, Tensor):
        values = stream_of(generator).normal(shape, 0.0, 1.0, kind) * std.numpy(force=True)
    else:
        values = stream_of(generator).normal(shape, 0.0, std, kind)
    values = values + (mean.numpy(force=True) if isinstance(mean, Tensor) else kind.type(mean))
    return finished(values.astype(kind, copy=False), _place(tensors[0], device), requires_grad)


# --- in place ---------------------------------------------------------------------------------------


def _numbers(input: Tensor, name: str) -> np.dtype[Any]:
    kind = check_tensor(input, name)._array.dtype
    if kind.kind != "f":
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype}; `input` must be floating')
    return kind


@operation(method="uniform_")
def uniform_(
    input: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Stream | None = None, **named: float
) -> Tensor:
    """Fill with numbers uniform in [from, to), in place."""
    low = named.pop("from", from_)
    kind = _numbers(input, "uniform_")
    if low > to:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low} > to={to}")
    stream = stream_of(generator)
    return overwrite(input, _filling(input, lambda shape: stream.uniform(shape, low, to, kind)), "uniform_")


@operation(method="normal_")
def normal_(input: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Stream | None = None) -> Tensor:
    """Fill with normal numbers, in place."""
    kind = _numbers(input, "normal_")
    if std < 0:
        raise RuntimeError(f"normal expects `std` >= 0.0, but found std {std}")
    stream, contiguous = stream_of(generator), input.is_contiguous()
    values = _filling(input, lambda shape: stream.normal(shape, mean, std, kind, contiguous=contiguous))
    return overwrite(input, values, "normal_")


@operation(method="exponential_")
def exponential_(input: Tensor, lambd: float = 1.0, *, generator: Stream | None = None) -> Tensor:
    """Fill with exponential numbers of rate `lambd`, in place."""
    stream, kind = stream_of(generator), _numbers(input, "exponential_")
    return overwrite(input, _filling(input, lambda shape: stream.exponential(shape, lambd, kind)), "exponential_")


@operation(method="log_normal_")
def log_normal_(input: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Stream | None = None) -> Tensor:
    """Fill with numbers whose logarithm is normal with this `mean` and `std`, in place."""
    stream, kind = stream_of(generator), _numbers(input, "log_normal_")
    return overwrite(input, _filling(input, lambda shape: stream.log_normal(shape, mean, std, kind)), "log_normal_")


@operation(method="cauchy_")
def cauchy_(input: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Stream | None = None) -> Tensor:
    """Fill with numbers of Cauchy's distribution, in place."""
    stream, kind = stream_of(generator), _numbers(input, "cauchy_")
    return overwrite(input, _filling(input, lambda shape: stream.cauchy(shape, median, sigma, kind)), "cauchy_")


@operation(method="geometric_")
def geometric_(input: Tensor, p: float, *, generator: Stream | None = None) -> Tensor:
    """Fill with the number of trials of chance `p` that the first success takes, in place."""
    stream, kind = stream_of(generator), check_tensor(input, "geometric_")._array.dtype
    if kind.kind == "b":
        raise NotImplementedError('"geometric_" not implemented for bool; `input` must be numbers')
    return overwrite(input, _filling(input, lambda shape: stream.geometric(shape, p), kind), "geometric_")


@operation(method="bernoulli_")
def bernoulli_(input: Tensor, p: Any = 0.5, *, generator: Stream | None = None) -> Tensor:
    """Fill with 1 with probability `p` (a number, or a tensor of the same shape), else 0; in place."""
    stream, array = stream_of(generator), check_tensor(input, "bernoulli_")._array
    if isinstance(p, Tensor):
        chances = np.broadcast_to(p.numpy(force=True), array.shape)
        return overwrite(input, stream.bernoulli_from(chances).astype(array.dtype), "bernoulli_")
    return overwrite(input, _filling(input, lambda shape: stream.bernoulli(shape, p), array.dtype), "bernoulli_")


@operation(method="random_")
def random_(input: Tensor, from_: int = 0, to: int | None = None, *, generator: Stream | None = None) -> Tensor:
    """Fill with whole numbers in [from, to), in place; `random_(to)` from 0, and without arguments up to the
    largest that the type holds exactly."""
    array, stream = check_tensor(input, "random_")._array, stream_of(generator)
    kind = array.dtype
    low, high = (from_, to) if to is not None else (0, from_ or _largest(kind) + 1)
    if high == 2**63:  # int64 without limits: 63 bits
        values = np.array([stream.random63() for _ in range(array.size)], np.int64).reshape(array.shape)
    elif high == 2**31 and to is None:  # int32 without limits: 31 bits of one word, where randint takes two
        values = (stream._words(array.size) & (2**31 - 1)).reshape(array.shape)
    else:
        values = stream.randint(array.shape, low, high)
    return overwrite(input, values.astype(kind), "random_")


def _largest(kind: np.dtype[Any]) -> int:
    if kind.kind == "f":
        return 2 ** (np.finfo(kind).nmant + 1)
    return 1 if kind.kind == "b" else int(np.iinfo(kind).max)
