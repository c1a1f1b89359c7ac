"""Random tensors, number for number those of PyTorch's CPU generator (minicnn/random.py holds the recipes).

Every draw takes `generator=`; without one it comes from `default_generator`, which `manual_seed` restarts.
Numbers are drawn on the host and then moved, so a GPU tensor gets the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from minicnn import dtypes, kernels
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import device as device_type
from minicnn.functional import device_random
from minicnn.functional.common import check_tensor
from minicnn.functional.conversion import overwrite
from minicnn.functional.creation import as_size, finished
from minicnn.kernels import compiled
from minicnn.kernels.recorder import recorder
from minicnn.kernels.shuffle import Sizes
from minicnn.random import Stream

LONG = 4096  # numbers from which on the compiled loop is worth its start


class Generator(Stream):
    """A random stream of its own: `Generator().manual_seed(0)`, given to draws as `generator=`.

    >>> import minicnn
    >>> minicnn.rand(2, generator=minicnn.Generator().manual_seed(0))
    tensor([0.4963, 0.7682])
    """

    def __init__(self, device: Any = "cpu") -> None:
        super().__init__()
        self.device = device_type(device)

    def _exchanged(self, n: int, partners: Any) -> Any:
        """As Stream's; by a compiled loop where there is much to do and Numba is loaded anyway."""
        if n < LONG or not compiled.loaded():
            return super()._exchanged(n, partners)
        return kernels.run("shuffle", Sizes(n), partners)[0]

    def manual_seed(self, seed: int) -> Generator:
        """Restart at `seed` and return the generator."""
        super().manual_seed(seed)
        return self

    def clone_state(self) -> Generator:
        """Another generator that goes on from the same place."""
        twin = Generator(self.device)
        twin.set_state(self.get_state())
        return twin

    def get_state(self) -> Tensor:
        """The 5,056 bytes of PyTorch's generator state, a uint8 Tensor."""
        return Tensor(np.frombuffer(self.state(), np.uint8).copy())

    def set_state(self, new_state: Any) -> None:
        """Go on where `get_state` (or PyTorch's) was called; TypeError for what is not a uint8 Tensor."""
        super().set_state(bytes_of(new_state))


def bytes_of(state: Any) -> bytes:
    if isinstance(state, bytes):
        return state
    if not isinstance(state, Tensor) or state.dtype is not dtypes.uint8:
        kind = state.dtype if isinstance(state, Tensor) else type(state).__name__
        raise TypeError(f"RNG state must be a uint8 Tensor (a torch.ByteTensor), got {kind}")
    return state.numpy(force=True).tobytes()


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Restart `default_generator` and the generators of all GPUs at `seed`; RuntimeError if it is no whole number."""
    return device_random.followed(default_generator.manual_seed(int(seed) if isinstance(seed, bool | float) else seed))


def initial_seed() -> int:
    """The seed that `default_generator` was last given."""
    return default_generator.initial_seed()


def seed() -> int:
    """Restart `default_generator` and the GPUs' at a seed from the operating system, and return it."""
    device_random.restart(found := default_generator.seed())
    return found


def get_rng_state() -> Tensor:
    """The state of `default_generator`, a uint8 Tensor of 5,056 elements."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Go on where `get_rng_state` was called."""
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(
    devices: Any = None, enabled: bool = True, device_type: str | None = None
) -> Iterator[None]:
    """What is drawn inside is drawn again after it: the state of `default_generator` is put back at the end.

    So are those of all GPUs in use, whatever `devices` and `device_type` say; with `enabled` False nothing is.

    >>> import minicnn
    >>> with fork_rng():
    ...     inside = minicnn.rand(2)
    >>> bool((minicnn.rand(2) == inside).all())
    True
    """
    states = (default_generator.state(), device_random.states()) if enabled else None
    try:
        yield
    finally:
        if states is not None:
            default_generator.set_state(states[0])
            device_random.set_states(states[1])


def _from(generator: Stream | None) -> Stream:
    if generator is None:
        return default_generator
    if not isinstance(generator, Stream):
        raise TypeError(f"`generator` must be a Generator or None, got {type(generator).__name__}")
    return generator


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
        raise NotImplementedError(
            f'"{name}" not implemented for `dtype` {dtypes.from_numpy(kind)}; use a float'
        )
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
    stream, shape, kind = _from(generator), as_size(size, "rand", needed=True), _kind(dtype, "rand")
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
    stream, shape, kind = _from(generator), as_size(size, "randn", needed=True), _kind(dtype, "randn")
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
    stream, shape = _from(generator), as_size(size, "randint")
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
    stream = _from(generator)
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
    stream = _from(generator)
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
    stream = _from(generator)
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
    stream, array = _from(generator), check_tensor(input, "bernoulli")._array
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
    return finished(_from(generator).multinomial(weights, num_samples, replacement), _place(input, None))


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
        stream, shape, kind = _from(generator), as_size(size, "normal"), _kind(dtype, "normal")
        return finished(_drawn(lambda: stream.normal(shape, mean, std, kind)), device, requires_grad)
    tensors = [x for x in (mean, std) if isinstance(x, Tensor)]
    if not tensors:
        raise TypeError("normal(): numbers as `mean` and `std` need a `size`")
    shape = np.broadcast_shapes(*(x._array.shape for x in tensors))
    kind = dtypes.result_type(*(x._array for x in tensors))
    if isinstance(std, Tensor):
        values = _from(generator).normal(shape, 0.0, 1.0, kind) * std.numpy(force=True)
    else:
        values = _from(generator).normal(shape, 0.0, std, kind)
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
    stream = _from(generator)
    return overwrite(input, _filling(input, lambda shape: stream.uniform(shape, low, to, kind)), "uniform_")


@operation(method="normal_")
def normal_(input: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Stream | None = None) -> Tensor:
    """Fill with normal numbers, in place."""
    kind = _numbers(input, "normal_")
    if std < 0:
        raise RuntimeError(f"normal expects `std` >= 0.0, but found std {std}")
    stream, contiguous = _from(generator), input.is_contiguous()
    values = _filling(input, lambda shape: stream.normal(shape, mean, std, kind, contiguous=contiguous))
    return overwrite(input, values, "normal_")


@operation(method="exponential_")
def exponential_(input: Tensor, lambd: float = 1.0, *, generator: Stream | None = None) -> Tensor:
    """Fill with exponential numbers of rate `lambd`, in place."""
    stream, kind = _from(generator), _numbers(input, "exponential_")
    return overwrite(input, _filling(input, lambda shape: stream.exponential(shape, lambd, kind)), "exponential_")


@operation(method="log_normal_")
def log_normal_(input: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Stream | None = None) -> Tensor:
    """Fill with numbers whose logarithm is normal with this `mean` and `std`, in place."""
    stream, kind = _from(generator), _numbers(input, "log_normal_")
    return overwrite(input, _filling(input, lambda shape: stream.log_normal(shape, mean, std, kind)), "log_normal_")


@operation(method="cauchy_")
def cauchy_(input: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Stream | None = None) -> Tensor:
    """Fill with numbers of Cauchy's distribution, in place."""
    stream, kind = _from(generator), _numbers(input, "cauchy_")
    return overwrite(input, _filling(input, lambda shape: stream.cauchy(shape, median, sigma, kind)), "cauchy_")


@operation(method="geometric_")
def geometric_(input: Tensor, p: float, *, generator: Stream | None = None) -> Tensor:
    """Fill with the number of trials of chance `p` that the first success takes, in place."""
    stream, kind = _from(generator), check_tensor(input, "geometric_")._array.dtype
    if kind.kind == "b":
        raise NotImplementedError('"geometric_" not implemented for bool; `input` must be numbers')
    return overwrite(input, _filling(input, lambda shape: stream.geometric(shape, p), kind), "geometric_")


@operation(method="bernoulli_")
def bernoulli_(input: Tensor, p: Any = 0.5, *, generator: Stream | None = None) -> Tensor:
    """Fill with 1 with probability `p` (a number, or a tensor of the same shape), else 0; in place."""
    stream, array = _from(generator), check_tensor(input, "bernoulli_")._array
    if isinstance(p, Tensor):
        chances = np.broadcast_to(p.numpy(force=True), array.shape)
        return overwrite(input, stream.bernoulli_from(chances).astype(array.dtype), "bernoulli_")
    return overwrite(input, _filling(input, lambda shape: stream.bernoulli(shape, p), array.dtype), "bernoulli_")


@operation(method="random_")
def random_(
    input: Tensor, from_: int = 0, to: int | None = None, *, generator: Stream | None = None
) -> Tensor:
    """Fill with whole numbers in [from, to), in place; `random_(to)` from 0, and without arguments up to the
    largest that the type holds exactly."""
    array, stream = check_tensor(input, "random_")._array, _from(generator)
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
