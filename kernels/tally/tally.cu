// Loss and hits of a batch, added to sums that stay on the GPU. The contract is in __init__.py.
//
//     scores   row 0      row 1      row 2      …       thread t looks for the largest score of rows t, t + blockDim, …
//     label    3  hit     7  -       0  hit     …       and counts its hits
//     counts   2 0 1 1 0 …  →  3 1 …  →  4             the counts of the block's threads, added up by halves
//
// One block for the whole batch: some hundred rows of ten scores are nothing, and what a step of training pays for is
// the launch. Whole numbers are exact in any order; the loss is a single product, added by one thread.

#include "numbers.cuh"

constexpr int MOST_THREADS = 1024;

template <typename T>
__device__ void tally(
    const T* loss, const T* scores, const long long* labels, double* total, long long* hits, int rows, int classes)
{
    __shared__ int counts[MOST_THREADS];
    int mine = 0;
    for (int n = threadIdx.x; n < rows; n += blockDim.x) {
        const T* row = scores + (long long)n * classes;
        int best = 0;
        Sums<T> most = read(row[0]);
        for (int c = 1; c < classes; c++) {
            const Sums<T> here = read(row[c]);
            if (!(here > most || (here != here && most == most))) continue;
            best = c;
            most = here;
        }
        mine += labels[n] == best;
    }
    counts[threadIdx.x] = mine;
    __syncthreads();
    for (int half = blockDim.x / 2; half > 0; half /= 2) {
        if ((int)threadIdx.x < half)
            counts[threadIdx.x] += counts[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        total[0] += (double)read(loss[0]) * rows;
        hits[0] += counts[0];
    }
}

#define KERNEL(T, type)                                                                                              \
    extern "C" __global__ void tally_##type(                                                                         \
        const T* loss, const T* scores, const long long* labels, double* total, long long* hits, int rows,           \
        int classes)                                                                                                 \
    {                                                                                                                \
        tally(loss, scores, labels, total, hits, rows, classes);                                                     \
    }

KERNEL(float, float32)
KERNEL(double, float64)
KERNEL(float16, float16)
KERNEL(bfloat16, bfloat16)
