// One thread a piece of work, and on by the size of the grid.

#pragma once

// body(i) for i = 0 … count - 1. Where `count` fits, i is an int: the divisions that turn it into coordinates take
// several times as long with 64 bits, longer than all else that a pooling does.
template <typename Body>
__device__ void for_each(long long count, const Body& body)
{
    const int step = (int)(gridDim.x * blockDim.x);  // at most 2^24 (launch.py)
    if (count < (1LL << 30))
        for (int i = (int)(blockIdx.x * blockDim.x + threadIdx.x); i < (int)count; i += step) body(i);
    else
        for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step) body(i);
}
