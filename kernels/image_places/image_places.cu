// Where the window of each image of a batch lies. The contract is in __init__.py, the generator in philox.cuh.
//
//     image     0        1        2      …      one block of threads for the whole batch: thread t makes the windows of
//     block     offset   +1       +2     …      images t, t + blockDim, …, each from one block of the generator
//
// A batch has some hundred images, and each writes 32 bytes: there is nothing here to keep more than one block busy,
// and one block can wait until all its threads have read where the words begin before one of them moves that on
// (__syncthreads). So a single launch is enough, and a graph that is replayed draws other windows each time.

#include "philox.cuh"

struct Rule {
    int top, left, left_if_mirrored, rows, columns;
};

// A word as a whole number from 0 to n - 1.
__device__ inline int below(unsigned word, int n)
{
    return (int)(((unsigned long long)word * (unsigned)n) >> 32);
}

__device__ inline void write_place(long long* place, long long number, Rule rule, Four drawn, bool mirrored)
{
    place[0] = number;
    place[1] = rule.top + below(drawn.word[0], rule.rows);
    place[2] = (mirrored ? rule.left_if_mirrored : rule.left) + below(drawn.word[1], rule.columns);
    place[3] = mirrored;
}

extern "C" __global__ void image_places_drawn(
    const long long* numbers, long long* places, unsigned long long* state, int size, unsigned long long threshold,
    Rule rule)
{
    const unsigned long long seed = state[0], offset = state[1];
    for (int n = threadIdx.x; n < size; n += blockDim.x) {
        const Four drawn = philox(seed, offset + n);
        write_place(places + 4LL * n, numbers[n], rule, drawn, drawn.word[2] < threshold);
    }
    __syncthreads();
    if (threadIdx.x == 0)
        state[1] = offset + size;
}

extern "C" __global__ void image_places_fixed(const long long* numbers, long long* places, int size, Rule rule)
{
    for (int n = blockIdx.x * blockDim.x + threadIdx.x; n < size; n += gridDim.x * blockDim.x)
        write_place(places + 4LL * n, numbers[n], rule, Four{{0, 0, 0, 0}}, false);
}
