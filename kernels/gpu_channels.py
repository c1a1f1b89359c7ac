"""channels.cuh for Numba-CUDA: the slices of channels and their sums."""

from __future__ import annotations

from numba import cuda

from . import launch
from .gpu_teams import place, team_sum


@launch.numba_device
def slice_of(channels):
    """The channel and the slice of my team, my first number in it (counted in the channel) and the end.

    Threads without a channel have channel 0, no number and nothing to write.
    """
    N, C, pixels, slices, length, members, apart = channels
    rows, row, member = place(members, apart)
    number, channel = cuda.blockIdx.x % slices, cuda.blockIdx.x // slices * rows + row
    if channel >= C:
        return 0, number, 0, 0, False
    first = number * length
    return channel, number, first + member, min(first + length, N * pixels), member == 0


@launch.numba_device
def address(j, channel, channels):
    """Where number j of a channel lies."""
    C, pixels = channels[1], channels[2]
    return (j // pixels * C + channel) * pixels + j % pixels


@launch.numba_device
def joined(parts, which, channel, room, channels):
    """The sum over all slices of one of the two numbers of a part."""
    C, slices, members, apart = channels[1], channels[3], channels[5], channels[6]
    total = 0.0
    for s in range(place(members, apart)[2], slices, members):
        total += parts[2 * (s * C + channel) + which]
    return team_sum(total, room, members, apart)
