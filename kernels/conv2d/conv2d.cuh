// conv2d as a matrix product whose second factor is never written down: implicit GEMM. The contract is in __init__.py.
//
// im2col writes the window under each output as a column; the product with the filters is the convolution. Here the
// columns only ever exist as slices in shared memory, fetched from the image by whoever needs them next:
//
//     forward, input                                     weight
//
//                       pixels n,oh,ow                                    taps c,r,s
//                     ┌───────────────┐                                 ┌────────────┐
//            taps     │ x under tap   │                       pixels    │ x under    │
//            c,r,s    │ of pixel      │                       n,oh,ow   │ tap of     │
//                     └───────────────┘                                 │ pixel      │
//     ┌─────────────┐ ┌───────────────┐                                 └────────────┘
//   K │   filters   │ │   y (or dx)   │              ┌────────────────┐ ┌────────────┐
//     └─────────────┘ └───────────────┘            K │  g at pixel    │ │     dw     │
//                                                    └────────────────┘ └────────────┘
//
// gemm_tile.cuh multiplies one tile; what is said here is where its numbers are. That takes divisions (which image,
// which row, which channel, which tap), so one thread works them out for each line of a slice, a slice ahead, and
// leaves them in shared memory. A thread then adds the place of the window and the place of the tap.
//
// Which numbers lie together. y, x and g hold a row of the image together, so the threads of a warp are neighbouring
// pixels wherever pixels are columns of the tile, and neighbours along the sum where the sum runs over pixels. Filters
// are read along the sum, c,r,s, as they lie.
//
//     grid, forward and input   tiles along K × tiles along the pixels of a family × pieces × families × groups
//     grid, weight              tiles along K × tiles along c,r,s × pieces × groups
//
// Pieces: the sum is cut where there are too few tiles to fill a GPU, above all that of a weight gradient, which is
// long and has a small result. How it is cut follows from the sizes alone; `finish` (ending.cuh) adds the pieces in a
// fixed order. The sums of the rows of g are the gradient of the bias.
//
// For compute capability 9.0 NVRTC 13.5 counts 189 registers for the tile of 128 × 128 (one block of 256 threads a
// multiprocessor), 117 for those of 64 × 128 and 64 × 64 (two blocks), 115 for the weight gradient's, and none spilled.
#pragma once

#include "conv2d/geometry.cuh"

// --- forward, and its adjoint --------------------------------------------------------------------------------

template <typename T, class Z> struct Windows {
    const T *x, *w;
    const Geometry& z;
    const Axis &rows, &columns;
    Tap (&taps)[2][Z::DEPTH];  // of this slice and the next, in shared memory
    Pixel pixel;               // that of this thread's column
    long long filters;         // where those of the group begin
    int row, row_step, first, last;

    __device__ static constexpr bool a_along_k() { return true; }
    __device__ static constexpr bool b_along_k() { return false; }

    __device__ void look(int slice)
    {
        const int t = threadIdx.x, k = first + slice * Z::DEPTH + t;
        if (t < Z::DEPTH)
            taps[slice & 1][t] = k < last ? tap_of(z, rows, columns, k) : Tap{0, FAR, FAR, -1};
    }

    __device__ typename Z::S a(int slice, int, int line, int k) const
    {
        const int filter = taps[slice & 1][k].filter;
        return filter >= 0 && row + line < z.K ? read(w[filters + (row + line) * row_step + filter]) : 0;
    }

    __device__ typename Z::S b(int slice, int, int, int k) const { return seen(x, z, pixel, taps[slice & 1][k]); }
};

template <typename T, class Z>
__device__ void conv2d(const T* x, const T* w, const T* bias, const T* activated, T* y, Sums<T>* partial,
                       const Geometry& z)
{
    __shared__ Room<Z> room;
    __shared__ Tap taps[2][Z::DEPTH];
    const int down = (z.K + Z::ROWS - 1) / Z::ROWS, families = z.families_h * z.families_w;
    int block = blockIdx.x;
    const int row = block % down * Z::ROWS;
    block /= down;
    const int tile = block % z.across;
    block /= z.across;
    const int piece = block % z.pieces;
    block /= z.pieces;
    const int family = block % families, group = block / families;

    const Axis rows = axis_h(z, family), columns = axis_w(z, family);
    const int taps_in_all = z.C * rows.taps * columns.taps, first = piece * z.length;
    const int last = taps_in_all - first < z.length ? taps_in_all : first + z.length;
    const long long q = (long long)tile * Z::COLUMNS + threadIdx.x % Z::COLUMNS;
    const int area = z.KH * z.KW;
    Windows<T, Z> source{x, w, z, rows, columns, taps, pixel_of(z, rows, columns, group, q),
                         (long long)group * z.K * z.C * area, row, z.adjoint ? area : z.C * area, first, last};

    TileSums<Z> sums;
    add_up<false>(room, sums, source, last > first ? (last - first + Z::DEPTH - 1) / Z::DEPTH : 0);

    const int plane = z.OH * z.OW;
    const long long size = (long long)z.N * z.groups * z.K * plane;
    write_out(room, sums, [&](int row_of_tile, typename Z::S sum) {
        const int k = row + row_of_tile;
        if (k >= z.K || source.pixel.output < 0)
            return;
        const long long place = source.pixel.output + (long long)k * plane;
        if (z.pieces > 1) {
            partial[piece * size + place] = sum;
            return;
        }
        if (z.bias)
            sum += read(bias[group * z.K + k]);
        write(y[place], ended(sum, z.function, activated, place));
    });
}

// --- the gradient of the filters -----------------------------------------------------------------------------

template <typename T, class Z> struct Correlated {
    const T *x, *g;
    const Geometry& z;
    const Axis &rows, &columns;
    Pixel (&pixels)[2][Z::DEPTH];        // of this slice and the next, in shared memory
    const Tap (&taps)[Z::COLUMNS];       // those of the tile's columns
    long long first, last;
    int group, row;

    __device__ static constexpr bool a_along_k() { return true; }
    __device__ static constexpr bool b_along_k() { return true; }

    __device__ void look(int slice)
    {
        const int t = threadIdx.x;
        const long long q = first + (long long)slice * Z::DEPTH + t;
        if (t < Z::DEPTH)
            pixels[slice & 1][t] = q < last ? pixel_of(z, rows, columns, group, q) : Pixel{0, -1, FAR, FAR};
    }

    __device__ typename Z::S a(int slice, int, int line, int k) const
    {
        const long long output = pixels[slice & 1][k].output;
        return output >= 0 && row + line < z.K ? read(g[output + (long long)(row + line) * z.OH * z.OW]) : 0;
    }

    __device__ typename Z::S b(int slice, int, int line, int k) const
    {
        return seen(x, z, pixels[slice & 1][k], taps[line]);
    }
};

template <typename T, class Z>
__device__ void conv2d_weight(const T* x, const T* g, T* dw, T* db, Sums<T>* partial, const Geometry& z)
{
    __shared__ Room<Z> room;
    __shared__ Pixel pixels[2][Z::DEPTH];
    __shared__ Tap taps[Z::COLUMNS];
    const int down = (z.K + Z::ROWS - 1) / Z::ROWS, terms = z.C * z.KH * z.KW;
    int block = blockIdx.x;
    const int row = block % down * Z::ROWS;
    block /= down;
    const int column = block % z.across * Z::COLUMNS;
    block /= z.across;
    const int piece = block % z.pieces, group = block / z.pieces;

    const Axis rows = axis_h(z, 0), columns = axis_w(z, 0);
    for (int t = threadIdx.x; t < Z::COLUMNS; t += Z::THREADS)
        taps[t] = column + t < terms ? tap_of(z, rows, columns, column + t) : Tap{0, FAR, FAR, -1};
    const long long all = (long long)z.N * z.OH * z.OW, first = (long long)piece * z.length;
    const long long last = all - first < z.length ? all : first + z.length;
    Correlated<T, Z> source{x, g, z, rows, columns, pixels, taps, first, last, group, row};

    TileSums<Z> sums;
    const int slices = (int)((last - first + Z::DEPTH - 1) / Z::DEPTH);
    const bool adds_rows = z.bias && column == 0;
    const typename Z::S row_sum = adds_rows ? add_up<true>(room, sums, source, slices)
                                            : add_up<false>(room, sums, source, slices);

    const long long size = (long long)z.groups * z.K * terms;
    const int at = column + threadIdx.x % Z::COLUMNS;
    write_out(room, sums, [&](int row_of_tile, typename Z::S sum) {
        const int k = row + row_of_tile;
        if (k >= z.K || at >= terms)
            return;
        const long long place = ((long long)group * z.K + k) * terms + at;
        if (z.pieces > 1)
            partial[piece * size + place] = sum;
        else
            write(dw[place], sum);
    });
    const int k = row + threadIdx.x;
    if (adds_rows && threadIdx.x < Z::ROWS && k < z.K) {
        if (z.pieces > 1)
            partial[z.pieces * size + (long long)piece * z.groups * z.K + group * z.K + k] = row_sum;
        else
            write(db[group * z.K + k], row_sum);
    }
}

// The names that Python sees: conv2d_SHAPE_TYPE and conv2d_weight_SHAPE_TYPE.

#define CONV2D(shape, type, T, Z)                                                                                   \
    extern "C" __global__ void __launch_bounds__(Z::THREADS, Z::BLOCKS) conv2d_##shape##_##type(                    \
        const T* x, const T* w, const T* bias, const T* activated, T* y, Sums<T>* partial, Geometry z)              \
    {                                                                                                               \
        conv2d<T, Z>(x, w, bias, activated, y, partial, z);                                                         \
    }
#define CONV2D_WEIGHT(shape, type, T, Z)                                                                            \
    extern "C" __global__ void __launch_bounds__(Z::THREADS, Z::BLOCKS) conv2d_weight_##shape##_##type(             \
        const T* x, const T* g, T* dw, T* db, Sums<T>* partial, Geometry z)                                         \
    {                                                                                                               \
        conv2d_weight<T, Z>(x, g, dw, db, partial, z);                                                              \
    }
