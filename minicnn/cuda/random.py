"""torch.cuda.random: seeds and states of the GPUs' generators; and `use`, which hands their part to the CPU's.

Where there is no GPU, the seeds are kept for one that may come, and states cannot be had (RuntimeError).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from minicnn import backend
from minicnn.autograd.tensor import Tensor
from minicnn.functional import device_random
from minicnn.functional.device_random import use as use
from minicnn.functional.generator import bytes_of


def manual_seed(seed: int) -> None:
    """Restart the generator of the current GPU at `seed`."""
    if backend.has_gpu():
        device_random.restart(int(seed), _index("cuda"))


def manual_seed_all(seed: int) -> None:
    """Restart the generators of all GPUs at `seed`."""
    device_random.restart(int(seed))


def seed() -> None:
    """Restart the generator of the current GPU at a seed from the operating system."""
    manual_seed(_fresh())


def seed_all() -> None:
    """Restart the generators of all GPUs at a seed from the operating system."""
    manual_seed_all(_fresh())


def initial_seed() -> int:
    """The seed that the current GPU's generator was given; RuntimeError without a GPU."""
    return int.from_bytes(device_random.state_bytes(_index("cuda"))[:8], "little")


def get_rng_state(device: Any = "cuda") -> Tensor:
    """The state of a GPU's generator, a uint8 Tensor of 16 elements on the CPU; RuntimeError without a GPU."""
    return Tensor(np.frombuffer(device_random.state_bytes(_index(device)), np.uint8).copy())


def set_rng_state(new_state: Tensor, device: Any = "cuda") -> None:
    """Go on where `get_rng_state` was called; RuntimeError for a state of another length."""
    device_random.set_state_bytes(_index(device), bytes_of(new_state))


def get_rng_state_all() -> list[Tensor]:
    """The states of all GPUs."""
    return [get_rng_state(index) for index in range(_count())]


def set_rng_state_all(new_states: Iterable[Tensor]) -> None:
    """Go on, on every GPU, where `get_rng_state_all` was called."""
    for index, state in enumerate(new_states):
        set_rng_state(state, index)


def _index(device: Any) -> int:
    """The number of a GPU; RuntimeError where there is none."""
    if (reason := backend.why_no_gpu()) is not None:
        raise RuntimeError(f"a GPU's random numbers: {reason}")
    import cupy

    place = backend.device(device)
    return int(cupy.cuda.runtime.getDevice()) if place.index is None else place.index


def _count() -> int:
    if not backend.has_gpu():
        return 0
    import cupy

    return int(cupy.cuda.runtime.getDeviceCount())


def _fresh() -> int:
    """53 bits of the operating system's, as PyTorch takes."""
    return int.from_bytes(os.urandom(8), "little") >> 11
