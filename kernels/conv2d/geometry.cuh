// What the kernels of a convolution have in common: its lengths, and which numbers meet.
//
// A convolution and the gradient of its input are the same loop. Along one axis, output o and tap j look at position
//
//     forward    o·stride - padding + j·dilation                               of x, if it is there
//     input      (o + padding - j·dilation) / stride                           of g, if that is whole, and there
//
// In the second case outputs that are equal modulo the stride use the same taps (every gap-th one, with
// gap = stride / gcd(stride, dilation)), and for them it is an ordinary convolution of stride 1. So the outputs are cut
// into `families`, one for each remainder, and no product with an inserted zero is ever computed. window.py says the
// same in Python. Taps are counted so that the position rises from one to the next.
#pragma once

#include "ending.cuh"
#include "gemm_tile.cuh"

// Filled by gpu_plan.py, in this order. C and K are the channels that are read and written, of one group: those of x
// and of y in the forward pass, and in its adjoint of g and of dx; H, W and OH, OW are their planes.
struct Geometry {
    int N, C, H, W, K, OH, OW, KH, KW, groups, sh, sw, ph, pw, dh, dw;
    int adjoint, gap_h, gap_w, families_h, families_w, across, pieces, length, bias, function, pooled;
};

struct Axis {  // a family of outputs along one axis: start, start + step, …, `count` of them
    int start, step, count;
    int base, base_step;           // where output 0 looks with tap 0, and how much further each next output does
    int tap, tap_step, taps;       // the first tap of the filter, the way to the next one, and how many there are
    int position_step;             // how much further each next tap looks
};

__device__ inline Axis axis_of(int family, int outputs, int kernel, int stride, int padding, int dilation, int adjoint,
                               int gap)
{
    if (!adjoint)
        return {0, 1, outputs, -padding, stride, 0, 1, kernel, dilation};
    int first = 0;
    while (first < kernel && first < gap && (family + padding - first * dilation) % stride != 0)
        first++;
    const bool none = first >= kernel || first >= gap;
    const int taps = none ? 0 : (kernel - 1 - first) / gap + 1;
    const int last = first + (taps - 1) * gap;  // it looks furthest to the left, so it is tap 0 here
    const int base = none ? 0 : (family + padding - last * dilation) / stride;
    return {family, stride, (outputs - family + stride - 1) / stride, base, 1, last, -gap, taps, dilation * gap / stride};
}

__device__ inline Axis axis_h(const Geometry& z, int family)
{
    return axis_of(family / z.families_w, z.OH, z.KH, z.sh, z.ph, z.dh, z.adjoint, z.gap_h);
}

__device__ inline Axis axis_w(const Geometry& z, int family)
{
    return axis_of(family % z.families_w, z.OW, z.KW, z.sw, z.pw, z.dw, z.adjoint, z.gap_w);
}

constexpr int FAR = 1 << 30;  // a row that no image has

struct alignas(16) Tap {  // a channel and a tap: how far from where the window begins, and which number of the filter
    int offset, h, w, filter;
};

// Number `k` of the C·taps that an output adds up
__device__ inline Tap tap_of(const Geometry& z, const Axis& rows, const Axis& columns, int k)
{
    const int taps = rows.taps * columns.taps, c = k / taps, r = k % taps / columns.taps, s = k % columns.taps;
    const int h = r * rows.position_step, w = s * columns.position_step;
    const int filter = (rows.tap + r * rows.tap_step) * z.KW + columns.tap + s * columns.tap_step;
    return {(c * z.H + h) * z.W + w, h, w, filter + c * z.KH * z.KW * (z.adjoint ? z.K : 1)};
}

struct alignas(8) Pixel {  // an output: where its window begins in the planes that are read
    long long place;   // of (h, w) in the first channel; it may lie beside the image
    long long output;  // of the output in its own first channel; -1 if there is no such output
    int h, w;
};

// Output `q` of a family, counted over images, rows and columns; channels counted from the group's first
__device__ inline Pixel pixel_of(const Geometry& z, const Axis& rows, const Axis& columns, int group, long long q)
{
    const long long plane = (long long)rows.count * columns.count;
    const int n = (int)(q / plane), at = (int)(q % plane), i = at / columns.count, j = at % columns.count;
    if (n >= z.N)
        return {0, -1, FAR, FAR};
    const int h = rows.base + i * rows.base_step, w = columns.base + j * columns.base_step;
    const long long part = (long long)n * z.groups + group, in = part * z.C, out = part * z.K;
    const int pixel = (rows.start + i * rows.step) * z.OW + columns.start + j * columns.step;
    return {in * z.H * z.W + (long long)h * z.W + w, out * z.OH * z.OW + pixel, h, w};
}

// The number under a tap, 0 beside the image
template <typename T>
__device__ inline Sums<T> seen(const T* x, const Geometry& z, const Pixel& pixel, const Tap& tap)
{
    const bool inside = (unsigned)pixel.h + (unsigned)tap.h < (unsigned)z.H &&
                        (unsigned)pixel.w + (unsigned)tap.w < (unsigned)z.W;
    return inside ? read(x[pixel.place + tap.offset]) : 0;
}
