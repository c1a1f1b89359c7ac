// conv2d of thin layers, without tiles: few filters, or few channels in a group (LeNet-5's first layers, depthwise
// convolutions). A tile of 32 filters would be mostly empty there.
//
//     forward, input      a thread owns 2 × 2 neighbouring outputs of up to four filters: 16 sums in registers
//
//         for each channel c, for each row r of the window
//             for each tap s                        x:   . a b c d .      the window of the left output begins at a, that
//                 two numbers of x per row, for          . e f g h .      of the right one at b. With stride 1 the right
//                 the left output was there before       . i j k l .      output's number is the left one's next
//                 the filters' numbers: shared memory, the same for the whole warp (one access for all)
//                 16 multiply-adds
//
// In the end the thread has a whole window of a 2×2 pooling, and pools it without anybody reading y again.
//
//     weight              a block owns one filter and TAPS of its numbers, for a piece of the pixels; each thread takes
//                         every 256th pixel, and in the end the threads' sums are added pair by pair, halves on halves
//
// The filters of a block's outputs are in shared memory from the beginning; plans see to it that they fit.
#pragma once

#include "conv2d/geometry.cuh"

constexpr int CAPACITY = 4096;  // numbers of filters in shared memory; gpu_plan.py knows it, too
constexpr int TAPS = 10;        // of a filter, in a block of the weight gradient: a 3×3 window and the bias
constexpr int WEIGHT_THREADS = 256;

template <typename S, int F> struct alignas(F * sizeof(S) < 16 ? F * sizeof(S) : 16) Filters {
    S v[F];
};

// 2×2 pooling of four outputs as they were written: kind 1 the mean, kind 2 the largest and where it is
template <typename T>
__device__ void pool(const T (&y)[2][2], int kind, long long to, T* pooled, int* argmax, int h, int w, int width)
{
    using S = Sums<T>;
    if (kind == 1) {
        write(pooled[to], (S)((read(y[0][0]) + read(y[0][1]) + read(y[1][0]) + read(y[1][1])) * S(0.25)));
        return;
    }
    T best = y[0][0];
    int at = 0;
    UNROLL
    for (int i = 1; i < 4; i++) {
        const T number = y[i / 2][i % 2];
        if (read(number) > read(best) || read(number) != read(number)) {
            best = number;
            at = i;
        }
    }
    pooled[to] = best;
    argmax[to] = (h + at / 2) * width + w + at % 2;
}

template <typename T, int F>
__device__ void direct(const T* x, const T* w, const T* bias, const T* activated, T* y, T* pooled, int* argmax,
                       const Geometry& z)
{
    using S = Sums<T>;
    __shared__ Filters<S, F> filters[CAPACITY / F];
    const int parts = (z.K + F - 1) / F, part = blockIdx.x % parts, group = blockIdx.x / parts % z.groups;
    const int area = z.KH * z.KW, terms = z.C * area, k0 = part * F;
    for (int i = threadIdx.x; i < terms * F; i += blockDim.x) {
        const int f = i / terms, term = i % terms, c = term / area, k = k0 + f;
        const long long base = (long long)group * z.K * terms;
        const int place = z.adjoint ? (c * z.K + k) * area + term % area : k * terms + term;
        filters[term].v[f] = k < z.K ? read(w[base + place]) : S(0);
    }
    __syncthreads();

    // Which outputs: families, images, and blocks of 2 × 2, the last ones of a row or column perhaps beyond its end
    const int high = ((z.OH - 1) / (z.adjoint ? z.sh : 1) + 2) / 2, wide = ((z.OW - 1) / (z.adjoint ? z.sw : 1) + 2) / 2;
    const long long i = (long long)(blockIdx.x / parts / z.groups) * blockDim.x + threadIdx.x;
    const long long n_and_family = i / ((long long)high * wide);
    const int n = (int)(n_and_family % z.N), family = (int)(n_and_family / z.N);
    if (family >= z.families_h * z.families_w)
        return;
    const Axis rows = axis_h(z, family), columns = axis_w(z, family);
    const int o_h = (int)(i / wide % high) * 2, o_w = (int)(i % wide) * 2;
    const int h0 = rows.base + o_h * rows.base_step, w0 = columns.base + o_w * columns.base_step;
    const T* const image = x + ((long long)n * z.groups + group) * z.C * z.H * z.W;
    const bool next_is_mine = columns.base_step == columns.position_step;

    S sum[F][2][2];
    UNROLL
    for (int f = 0; f < F; f++)
        sum[f][0][0] = sum[f][0][1] = sum[f][1][0] = sum[f][1][1] = 0;
    for (int c = 0; c < z.C; c++)
        for (int r = 0; r < rows.taps; r++) {
            const Filters<S, F>* const line =
                filters + (c * z.KH + rows.tap + r * rows.tap_step) * z.KW + columns.tap;
            const int h = h0 + r * rows.position_step, other_h = h + rows.base_step;
            const bool there[2] = {0 <= h && h < z.H, 0 <= other_h && other_h < z.H};
            const T* const seen_rows[2] = {image + ((long long)c * z.H + h) * z.W,
                                           image + ((long long)c * z.H + other_h) * z.W};
            S seen[2][2] = {};
            for (int s = 0; s < columns.taps; s++) {
                const int left = w0 + s * columns.position_step, right = left + columns.base_step;
                const Filters<S, F> numbers = line[s * columns.tap_step];
                UNROLL
                for (int a = 0; a < 2; a++) {
                    if (next_is_mine && s > 0)
                        seen[a][0] = seen[a][1];
                    else
                        seen[a][0] = there[a] && 0 <= left && left < z.W ? read(seen_rows[a][left]) : S(0);
                    seen[a][1] = there[a] && 0 <= right && right < z.W ? read(seen_rows[a][right]) : S(0);
                }
                UNROLL
                for (int f = 0; f < F; f++)
                    UNROLL
                    for (int a = 0; a < 4; a++)
                        sum[f][a / 2][a % 2] += numbers.v[f] * seen[a / 2][a % 2];
            }
        }

    UNROLL
    for (int f = 0; f < F; f++) {
        const int k = k0 + f;
        if (k >= z.K)
            break;
        const long long plane = ((long long)n * z.groups + group) * z.K + k;
        T out[2][2] = {};
        UNROLL
        for (int a = 0; a < 4; a++) {
            const int i_h = o_h + a / 2, i_w = o_w + a % 2;
            if (i_h >= rows.count || i_w >= columns.count)
                continue;
            const long long line = plane * z.OH + rows.start + i_h * rows.step;
            const long long place = line * z.OW + columns.start + i_w * columns.step;
            S number = sum[f][a / 2][a % 2];
            if (z.bias)
                number += read(bias[group * z.K + k]);
            write(out[a / 2][a % 2], ended(number, z.function, activated, place));
            y[place] = out[a / 2][a % 2];
        }
        const int pooled_h = z.OH / 2, pooled_w = z.OW / 2;
        if (z.pooled && o_h / 2 < pooled_h && o_w / 2 < pooled_w)
            pool(out, z.pooled, (plane * pooled_h + o_h / 2) * pooled_w + o_w / 2, pooled, argmax, o_h, o_w, z.OW);
    }
}

// The gradient of thin filters. Its columns are c,r,s and, if the bias has a gradient, one in which x is 1.
template <typename T>
__device__ void direct_weight(const T* x, const T* g, T* dw, T* db, Sums<T>* partial, const Geometry& z)
{
    using S = Sums<T>;
    __shared__ Tap taps[TAPS];
    __shared__ S room[TAPS][WEIGHT_THREADS];
    const int t = threadIdx.x, terms = z.C * z.KH * z.KW, filters = z.groups * z.K;
    const int column = blockIdx.x % z.across * TAPS, filter = blockIdx.x / z.across % filters;
    const int piece = blockIdx.x / z.across / filters, group = filter / z.K, ones = terms - column;
    const Axis rows = axis_h(z, 0), columns = axis_w(z, 0);
    if (t < TAPS)
        taps[t] = column + t < terms ? tap_of(z, rows, columns, column + t) : Tap{0, FAR, FAR, -1};
    __syncthreads();

    const long long all = (long long)z.N * z.OH * z.OW, first = (long long)piece * z.length;
    const long long last = all - first < z.length ? all : first + z.length;
    S sum[TAPS] = {};
    for (long long q = first + t; q < last; q += WEIGHT_THREADS) {
        const Pixel pixel = pixel_of(z, rows, columns, group, q);
        const S slope = read(g[pixel.output + (long long)(filter % z.K) * z.OH * z.OW]);
        UNROLL
        for (int j = 0; j < TAPS; j++)
            sum[j] += j == ones ? slope : slope * seen(x, z, pixel, taps[j]);
    }
    UNROLL
    for (int j = 0; j < TAPS; j++)
        room[j][t] = sum[j];
    for (int half = WEIGHT_THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (t < half)
            for (int j = 0; j < TAPS; j++)
                room[j][t] += room[j][t + half];
    }
    __syncthreads();
    const int at = column + t;
    if (t >= TAPS || at > terms || (at == terms && !z.bias))
        return;
    const long long size = (long long)filters * terms;
    const bool is_bias = at == terms;
    const long long place = is_bias ? filter : (long long)filter * terms + at;
    if (z.pieces > 1)
        partial[is_bias ? z.pieces * size + (long long)piece * filters + place : piece * size + place] = room[t][0];
    else
        write(is_bias ? db[place] : dw[place], room[t][0]);
}

// 2×2 pooling of outputs that tiles have written; one output of it a thread.
template <typename T>
__device__ void pool_outputs(const T* y, T* pooled, int* argmax, long long planes, const Geometry& z)
{
    const int high = z.OH / 2, wide = z.OW / 2;
    const long long step = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < planes * high * wide; i += step) {
        const int h = (int)(i / wide % high) * 2, w = (int)(i % wide) * 2;
        const T* const from = y + (i / wide / high * z.OH + h) * z.OW + w;
        const T numbers[2][2] = {{from[0], from[1]}, {from[z.OW], from[z.OW + 1]}};
        pool(numbers, z.pooled, i, pooled, argmax, h, w, z.OW);
    }
}

// The names that Python sees: conv2d_direct_F_TYPE, conv2d_direct_weight_TYPE, and of every file what follows a sum.

#define CONV2D_DIRECT(F, type, T)                                                                                   \
    extern "C" __global__ void __launch_bounds__(128) conv2d_direct_##F##_##type(                                   \
        const T* x, const T* w, const T* bias, const T* activated, T* y, T* pooled, int* argmax, Geometry z)        \
    {                                                                                                               \
        direct<T, F>(x, w, bias, activated, y, pooled, argmax, z);                                                  \
    }
#define CONV2D_DIRECT_WEIGHT(type, T)                                                                               \
    extern "C" __global__ void __launch_bounds__(WEIGHT_THREADS) conv2d_direct_weight_##type(                       \
        const T* x, const T* g, T* dw, T* db, Sums<T>* partial, Geometry z)                                         \
    {                                                                                                               \
        direct_weight(x, g, dw, db, partial, z);                                                                    \
    }
#define CONV2D_FINISH(type, T)                                                                                      \
    extern "C" __global__ void conv2d_finish_##type(const Sums<T>* partial, T* out, T* row_sums, const T* bias,     \
                                                    const T* activated, long long size, Finish z)                   \
    {                                                                                                               \
        finish(partial, out, row_sums, bias, activated, size, z);                                                   \
    }
#define CONV2D_POOL(type, T)                                                                                        \
    extern "C" __global__ void conv2d_pool_##type(const T* y, T* pooled, int* argmax, long long planes, Geometry z) \
    {                                                                                                               \
        pool_outputs(y, pooled, argmax, planes, z);                                                                 \
    }
