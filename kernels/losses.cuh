// What the losses of rows are reduced to, for the kernels `softmax_cross_entropy` and `nll`: total = (Σ loss, 1),
// or for the mean (Σ loss / divisor, 1 / divisor), or without a reduction (0, 1).
//
//   thread   adds up the losses of its rows, in float64: a handful of numbers, so it costs nothing
//   block    its threads' sums (reduce.cuh) go to parts[blockIdx.x]
//   finish   one more block adds up the parts, thread t the parts t, t + 256, …, and then its threads' sums
//
// Where the rows fit into one block, that block has the total and no second launch is needed. How many blocks there
// are depends on the sizes alone, and so does the order of the sum.

#pragma once

#include "numbers.cuh"
#include "reduce.cuh"

enum Reduction { NONE, SUM, MEAN };  // as gpu_losses.py numbers them

template <typename T>
__device__ void write_total(double added, double divisor, int reduction, T* __restrict__ total)
{
    using S = Sums<T>;
    write(total[0], S(reduction == NONE ? 0.0 : reduction == SUM ? added : added / divisor));  // 0 / 0: NaN
    write(total[1], S(reduction != MEAN ? 1.0 : divisor != 0 ? 1 / divisor : not_a_number()));
}

// All threads of the block, each with what its own rows came to.
template <typename T>
__device__ void reduce_losses(double added, double divisor, int reduction, double* __restrict__ parts,
                              T* __restrict__ total)
{
    __shared__ double room[MOST_THREADS];
    const Team<double> block((int)blockDim.x, 1, room);
    if (reduction != NONE) {
        added = block.sum(added);
        divisor = block.sum(divisor);
    }
    if (threadIdx.x > 0) return;
    if (gridDim.x == 1 || (reduction == NONE && blockIdx.x == 0)) {
        write_total(added, divisor, reduction, total);
    } else if (reduction != NONE) {
        parts[2 * blockIdx.x] = added;
        parts[2 * blockIdx.x + 1] = divisor;
    }
}

// One block, after all others have ended.
template <typename T>
__device__ void finish_losses(const double* __restrict__ parts, int count, int reduction, T* __restrict__ total)
{
    __shared__ double room[MOST_THREADS];
    const Team<double> block((int)blockDim.x, 1, room);
    double added = 0, divisor = 0;
    for (int part = (int)threadIdx.x; part < count; part += (int)blockDim.x) {
        added += parts[2 * part];
        divisor += parts[2 * part + 1];
    }
    added = block.sum(added);
    divisor = block.sum(divisor);
    if (threadIdx.x == 0) write_total(added, divisor, reduction, total);
}
