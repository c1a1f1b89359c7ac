// What is done to a sum before it is written: the bias, an activation or the gradient of one.
//
// The numbers of `function` are those of gemm/gpu_plan.py. Each function is the one of the kernel `activation`, to the
// last bit.
#pragma once

#include "elementary.cuh"
#include "numbers.cuh"

enum Function { AS_IT_IS, TANH, RELU, SIGMOID, TANH_GRADIENT, RELU_GRADIENT, SIGMOID_GRADIENT };

// f(x), or x · f'(…) by the `activated` = f(…) of before
template <typename S, typename T>
__device__ S ended(S x, int function, const T* activated, long long place)
{
    switch (function) {
    case AS_IT_IS:
        return x;
    case TANH:
        return math::tanh(x);
    case RELU:
        return x <= 0 ? S(0) : x;  // NaN stays NaN
    case SIGMOID:
        return math::sigmoid(x);
    }
    const S y = read(activated[place]);
    if (function == TANH_GRADIENT)
        return x * (S(1) - y * y);
    if (function == RELU_GRADIENT)
        return y <= 0 ? S(0) : x;
    return x * y * (S(1) - y);
}

// Of integers nothing is asked but the sum.
__device__ inline long long ended(long long x, int, const long long*, long long) { return x; }
__device__ inline int ended(int x, int, const int*, long long) { return x; }
__device__ inline short ended(short x, int, const short*, long long) { return x; }
__device__ inline signed char ended(signed char x, int, const signed char*, long long) { return x; }
__device__ inline unsigned char ended(unsigned char x, int, const unsigned char*, long long) { return x; }

// --- sums in pieces -----------------------------------------------------------------------------------------

struct Finish {  // filled by gemm/gpu_plan.py, in this order
    int pieces, inner, channels, rows, bias, function, parts;
};

// A long sum is cut into `pieces` that blocks add up apart from each other; here each number is the sum of its pieces,
// always in the same order:
//
//     partial = (pieces, size), then (pieces, rows)        out (size,), row_sums (rows,)
//
//     for each number i of out          `parts` threads each, and on by the size of the grid
//         thread `part` adds up partial[part, i], partial[part + parts, i], …          (neighbours own neighbours)
//         out[i] = f(Σ over the parts + bias[i / inner % channels])                    through shared memory
//     for each row: the same, without bias and f
//
// Far memory answers after some hundred cycles, so a small result of a hundred pieces would keep one thread waiting a
// hundred times. With pieces = 1 and partial = out this only adds the bias and applies f.
template <typename T>
__device__ void finish(const Sums<T>* partial, T* out, T* row_sums, const T* bias, const T* activated, long long size,
                       const Finish& z)
{
    __shared__ Sums<T> room[1024];
    const int lanes = blockDim.x / z.parts, lane = threadIdx.x % lanes, part = threadIdx.x / lanes;
    const long long all = size + z.rows, step = (long long)gridDim.x * lanes;
    for (long long first = (long long)blockIdx.x * lanes; first < all; first += step) {
        const long long i = first + lane;
        const bool is_row = i >= size;
        const long long apart = is_row ? z.rows : size;
        const Sums<T>* const of = is_row ? partial + z.pieces * size + (i - size) : partial + i;
        Sums<T> sum = 0;
        if (i < all)
            for (int piece = part; piece < z.pieces; piece += z.parts)
                sum += of[piece * apart];
        if (z.parts > 1) {
            room[threadIdx.x] = sum;
            __syncthreads();
            if (part == 0)
                for (int other = 1; other < z.parts; other++)
                    sum += room[other * lanes + lane];
            __syncthreads();  // before the next ones are written
        }
        if (part > 0 || i >= all)
            continue;
        if (is_row) {
            write(row_sums[i - size], sum);
        } else {
            if (z.bias)
                sum += read(bias[i / z.inner % z.channels]);
            write(out[i], ended(sum, z.function, activated, i));
        }
    }
}
