"""The teams of reduce.cuh for Numba-CUDA. Here all joining goes through shared memory, half of a team at a time:

    members 8    0 1 2 3 4 5 6 7
                 └─────┐ │ │ │      0 += 4, 1 += 5, 2 += 6, 3 += 7; barrier
                 0 1 2 3            0 += 2, 1 += 3; barrier
                 0 1                0 += 1; barrier: all read what 0 has

Numba's simulator, in which the tests run these kernels, has no shuffles. `room` is a shared array of MOST_THREADS
float64: Numba has no templates, and a sum may be more exact than its numbers.
"""

from __future__ import annotations

from numba import cuda

from . import launch

MOST_THREADS = 256  # of a block, launch.THREADS: so long are the arrays in shared memory


@launch.numba_device
def place(members, apart):
    """The rows of this block, which of them is mine, and who I am in its team."""
    t = cuda.threadIdx.x
    if apart == 1:
        return cuda.blockDim.x // members, t // members, t % members
    return cuda.blockDim.x // members, t % apart, t // apart


@launch.numba_device
def team_sum(mine, room, members, apart):
    """The sum of the team's numbers: all threads of the block call it, and all get their team's."""
    if members == 1:
        return mine
    t = cuda.threadIdx.x
    member = t % members if apart == 1 else t // apart
    cuda.syncthreads()  # the results of before have been read
    room[t] = mine
    cuda.syncthreads()
    half = members // 2
    while half > 0:
        if member < half:
            room[t] += room[t + half * apart]
        cuda.syncthreads()
        half //= 2
    return room[t - member * apart]


@launch.numba_device
def team_largest(mine, room, members, apart):
    """As `team_sum`, the largest."""
    if members == 1:
        return mine
    t = cuda.threadIdx.x
    member = t % members if apart == 1 else t // apart
    cuda.syncthreads()
    room[t] = mine
    cuda.syncthreads()
    half = members // 2
    while half > 0:
        if member < half:
            room[t] = max(room[t], room[t + half * apart])
        cuda.syncthreads()
        half //= 2
    return room[t - member * apart]
