"""Generators of random numbers: the one that every draw takes its numbers from, and generators of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from minicnn import dtypes, kernels
from minicnn.autograd.tensor import Tensor
from minicnn.backend import device as device_type
from minicnn.functional import device_random
from minicnn.kernels import compiled
from minicnn.kernels.shuffle import Sizes
from minicnn.misfit import telling
from minicnn.stream import Stream

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
    """A generator's state as bytes; TypeError for what is neither those nor a uint8 Tensor."""
    if isinstance(state, bytes):
        return state
    if not isinstance(state, Tensor) or state.dtype is not dtypes.uint8:
        kind = state.dtype if isinstance(state, Tensor) else type(state).__name__
        raise TypeError(f"RNG state must be a uint8 Tensor (a torch.ByteTensor), got {kind}")
    return state.numpy(force=True).tobytes()


default_generator = Generator()


@telling
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
def fork_rng(devices: Any = None, enabled: bool = True, device_type: str | None = None) -> Iterator[None]:
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


def stream_of(generator: Stream | None) -> Stream:
    """The stream that a draw with this `generator=` takes its numbers from; TypeError for what is none."""
    if generator is None:
        return default_generator
    if not isinstance(generator, Stream):
        raise TypeError(f"`generator` must be a Generator or None, got {type(generator).__name__}")
    return generator
