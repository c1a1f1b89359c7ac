"""The random numbers of the GPUs: each has a generator of its own, seeded with that of the CPU.

A Mersenne Twister makes one word after the other. On a GPU each thread makes its own, by a counter-based generator
(kernels/philox.py), whose whole state is a seed and the number of the next block of words:

    state    uint64 (2,) in the memory of the GPU: seed, offset

A kernel that draws reads it and moves the offset on. So the CPU has no part in it, and a recorded step
(`minicnn.compile`) that is replayed draws other numbers each time: those that it would have drawn unrecorded.

What comes from here: masks of dropout, and windows of images that lie on a GPU. Weights, orders and the numbers of
`rand` and its kin come from the CPU's generator wherever the tensor lives. With `use("host")` the masks and windows
do, too: then a network on a GPU is trained with the very numbers of the CPU.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from minicnn import kernels
from minicnn.backend import array_module, to_device
from minicnn.stream import Stream

S = TypeVar("S", bound=Stream)

VARIABLE = "MINICNN_CUDA_RNG"
CHOICES = ("device", "host")


class _Now:
    """What holds for the whole process."""

    rng = os.environ.get(VARIABLE) or "device"
    seed = 67280421310721  # that of the CPU's generator at its birth
    states: dict[int, Any] = {}  # noqa: RUF012


def _checked(rng: str, source: str) -> str:
    if rng not in CHOICES:
        raise ValueError(f"{source} is {rng!r}; expected 'device' (each GPU's own generator) or 'host' (the CPU's)")
    return rng


def on_host() -> bool:
    """Whether masks and windows on a GPU are drawn by the CPU's generator."""
    return _checked(_Now.rng, VARIABLE) == "host"


@contextmanager
def use(rng: str) -> Iterator[None]:
    """Draw masks and windows on a GPU by "device", its own generator, or by "host", the CPU's: number for number as
    without a GPU. The environment variable MINICNN_CUDA_RNG does the same for a whole process.

    ValueError for another name.
    """
    before, _Now.rng = _Now.rng, _checked(rng, "`rng`")
    try:
        yield
    finally:
        _Now.rng = before


def state_of(index: int) -> Any:
    """The state of GPU number `index`, in its memory: the same array as long as the process lives."""
    if index not in _Now.states:
        _Now.states[index] = to_device(np.array([_Now.seed, 0], np.uint64), index)
    return _Now.states[index]


def restart(seed: int, index: int | None = None) -> None:
    """Begin anew at `seed`, on GPU number `index`, or on all of them."""
    seed %= 2**64
    if index is None:
        _Now.seed = seed
    for each in _Now.states if index is None else (index,):
        state_of(each).set(np.array([seed, 0], np.uint64))


def followed(stream: S) -> S:
    """The CPU's generator, whose new seed all GPUs' generators get, too."""
    restart(stream.initial_seed())
    return stream


def state_bytes(index: int) -> bytes:
    """Seed and offset of GPU number `index`, 16 bytes, little endian."""
    found: bytes = state_of(index).get().astype("<u8").tobytes()
    return found


def set_state_bytes(index: int, state: bytes) -> None:
    """Go on where `state_bytes` was asked. RuntimeError for bytes of another length."""
    if len(state) != 16:
        raise RuntimeError(f"RNG state is wrong size: the state of a GPU's generator has 16 bytes, got {len(state)}")
    state_of(index).set(np.frombuffer(state, "<u8").astype(np.uint64))


def states() -> dict[int, bytes]:
    """The states of all GPUs in use, by number."""
    return {index: state_bytes(index) for index in _Now.states}


def set_states(states: dict[int, bytes]) -> None:
    """Go on where `states` was asked."""
    for index, state in states.items():
        set_state_bytes(index, state)


def drawn(kernel: str, sizes: Any, array: Any) -> tuple[Any, ...]:
    """Run a kernel that draws, on a GPU: its new outputs. Of its outputs the one that is `updated` is the state."""
    made = kernels.plan(kernel, sizes, "gpu")
    module, state = array_module(array), state_of(array.device.id)
    outs = [state if out.updated else module.empty(out.shape, out.dtype) for out in made.outputs]
    kernels.execute(kernel, made, outs, [kernels.in_order(array, order) for order in made.input_orders])
    return tuple(out for out in outs if out is not state)
