// gemm: C = A · B [+ bias], one tile of C a block (gemm_tile.cuh has the drawing). The contract is in __init__.py.
//
//     A (M, K), element (m, k) at a[m·a_m + k·a_k]        one step of each pair is 1: plain order, or its transpose
//     B (K, N), element (k, n) at b[k·b_k + n·b_n]
//     C (M, N), element (m, n) at c[m·c_m + n·c_n]
//
// A product whose result lies transposed (c_n > 1) is computed as Cᵀ = Bᵀ·Aᵀ, so that neighbouring threads, which own
// neighbouring columns, write neighbours. Small matrices have few tiles, and a GPU is idle where it has no blocks; so
// the sum over K is cut into pieces that blocks of their own add up (the number follows from M, N and K alone):
//
//     grid  tiles along M × tiles along N × pieces, counted in this order
//
// and `finish` (ending.cuh) adds the pieces, always in the same order. Tiles of the same columns follow each other, so
// what they read of B is still in the cache.
//
// The sums of a thread have to stay in registers: what does not fit would lie in far memory. For compute capability 9.0
// NVRTC 13.5 counts 167 registers for the tile of 128 × 128 (one block of 256 threads a multiprocessor), 119 for that of
// 64 × 64 (two blocks), and nothing spilled; tests/kernels/test_gpu_without_gpu.py holds it to that.
#pragma once

#include "ending.cuh"
#include "gemm_tile.cuh"

struct Steps {  // filled by gpu_cupy.py, in this order
    int M, N, K, a_m, a_k, b_k, b_n, c_m, c_n, pieces, length, bias, bias_by_row, function, row_sums;
};

// Where a tile's numbers are: those of a thread lie `jump` apart.
template <typename T, class Z> struct Matrices {
    const T *a_numbers, *b_numbers;
    const Steps& z;
    int row, column, first, last;  // where the tile and its piece of K begin, and where that ends
    long long a_place, b_place;
    int a_jump, b_jump;

    __device__ Matrices(const T* a, const T* b, const Steps& steps, int row, int column, int first, int last)
        : a_numbers(a), b_numbers(b), z(steps), row(row), column(column), first(first), last(last)
    {
        const Share<Z::ROWS, Z::DEPTH, Z::THREADS> of_a(a_along_k());
        const Share<Z::COLUMNS, Z::DEPTH, Z::THREADS> of_b(b_along_k());
        a_place = (long long)(row + of_a.line) * z.a_m + (long long)(first + of_a.k) * z.a_k;
        b_place = (long long)(column + of_b.line) * z.b_n + (long long)(first + of_b.k) * z.b_k;
        a_jump = of_a.line_step * z.a_m + of_a.k_step * z.a_k;
        b_jump = of_b.line_step * z.b_n + of_b.k_step * z.b_k;
    }

    __device__ bool a_along_k() const { return z.a_k == 1; }
    __device__ bool b_along_k() const { return z.b_k == 1; }
    __device__ void look(int) const {}

    __device__ typename Z::S a(int slice, int i, int line, int k) const
    {
        const int at = slice * Z::DEPTH;
        if (row + line >= z.M || first + at + k >= last)
            return 0;
        return read(a_numbers[a_place + (long long)at * z.a_k + i * a_jump]);
    }

    __device__ typename Z::S b(int slice, int i, int line, int k) const
    {
        const int at = slice * Z::DEPTH;
        if (column + line >= z.N || first + at + k >= last)
            return 0;
        return read(b_numbers[b_place + (long long)at * z.b_k + i * b_jump]);
    }
};

// SUMS: whether `row_sums` can be asked for. The registers it takes are those that the largest tile has not got.
// bias_by_row: A and B have changed places, and the bias belongs to a row of the result.
template <typename T, class Z, bool SUMS>
__device__ void gemm(const T* a, const T* b, const T* bias, const T* activated, T* c, T* row_sums, Sums<T>* partial,
                     const Steps& z)
{
    __shared__ Room<Z> room;
    const int down = (z.M + Z::ROWS - 1) / Z::ROWS;
    const int across = z.N ? (z.N - 1) / Z::COLUMNS + 1 : 1;  // there are sums of rows where there are no columns, too
    const int row = blockIdx.x % down * Z::ROWS, column = blockIdx.x / down % across * Z::COLUMNS;
    const int piece = blockIdx.x / down / across, first = piece * z.length;
    const int last = z.K - first < z.length ? z.K : first + z.length;

    TileSums<Z> sums;
    const Matrices<T, Z> source(a, b, z, row, column, first, last);
    const int slices = (last - first + Z::DEPTH - 1) / Z::DEPTH;
    const bool adds_rows = SUMS && z.row_sums && column == 0;  // the tiles of the first column do it
    const typename Z::S row_sum = adds_rows ? add_up<SUMS>(room, sums, source, slices)
                                            : add_up<false>(room, sums, source, slices);

    const int n = column + threadIdx.x % Z::COLUMNS;
    const long long size = (long long)z.M * z.N;
    write_out(room, sums, [&](int row_of_tile, typename Z::S sum) {
        const int m = row + row_of_tile;
        if (m >= z.M || n >= z.N)
            return;
        const long long place = (long long)m * z.c_m + (long long)n * z.c_n;
        if (z.pieces > 1) {
            partial[piece * size + place] = sum;
            return;
        }
        if (z.bias)
            sum += read(bias[z.bias_by_row ? m : n]);
        write(c[place], ended(sum, z.function, activated, place));
    });
    const int m = row + threadIdx.x;
    if (adds_rows && threadIdx.x < Z::ROWS && m < z.M) {
        if (z.pieces > 1)
            partial[z.pieces * size + (long long)piece * z.M + m] = row_sum;
        else
            write(row_sums[m], row_sum);
    }
}

// The names that Python sees: gemm_SHAPE_TYPE and gemm_finish_TYPE.

#define GEMM(shape, type, T, Z, SUMS)                                                                            \
    extern "C" __global__ void __launch_bounds__(Z::THREADS, Z::BLOCKS) gemm_##shape##_##type(                   \
        const T* a, const T* b, const T* bias, const T* activated, T* c, T* row_sums, Sums<T>* partial, Steps z) \
    {                                                                                                            \
        gemm<T, Z, SUMS>(a, b, bias, activated, c, row_sums, partial, z);                                        \
    }
#define GEMM_FINISH(type, T)                                                                                \
    extern "C" __global__ void gemm_finish_##type(const Sums<T>* partial, T* c, T* row_sums, const T* bias, \
                                                  const T* activated, long long size, Finish z)             \
    {                                                                                                       \
        finish(partial, c, row_sums, bias, activated, size, z);                                             \
    }
