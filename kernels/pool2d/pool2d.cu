// Pooling of planes and its gradients. The contract is in __init__.py.
//
// Forward, a thread has a window; the thread next door the window next door, so a warp writes one stretch of memory,
// and reads stretches that overlap or follow each other: what one thread fetches the neighbours find in the cache.
//
//   for each window (plane, oh, ow)                       one thread each, and on by the size of the grid
//       for r < KH, for s < KW: the pixel (oh·sh - ph + r·dh, ow·sw - pw + s·dw), if it is inside
//           max: the first of the largest ones and its place; NaN before all, and of several the last
//           avg: the sum
//
// Back, a thread has a pixel and gathers from the windows that look at it (windows.cuh). Windows that overlap would
// otherwise add to one pixel from several threads, in whatever order those come, or by atomics:
//
//   for each pixel (plane, h, w)                          one thread each
//       for each window that looks at it, the last one first: its taps ascend, as in the reference
//           max: + g of the window, if this pixel was its maximum
//           avg: + scale · g
//       times the slope of the activation before the pooling, if there is one

#include "each.cuh"
#include "ending.cuh"
#include "windows.cuh"

struct Geometry {  // filled by gpu_plan.py, in this order
    int planes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, counted, padded, function;
};

template <typename S>
__device__ bool is_nan(S x)
{
    if constexpr (S(0.5) == S(0))
        return false;  // whole numbers
    else
        return x != x;
}

// How many of the positions that window o covers count: those of the padding among them, if `padded`.
__device__ inline int counting(int o, int length, int taps, int stride, int padding, int padded)
{
    const int start = o * stride - padding;
    const int end = min(start + taps, length + padding);
    return padded ? end - start : min(end, length) - max(start, 0);
}

// What the sum of a window is multiplied by: `fixed`, unless windows differ.
template <typename S>
__device__ S scale_of(int oh, int ow, S fixed, const Geometry& z)
{
    if (!z.counted) return fixed;
    return S(1) / S(counting(oh, z.H, z.KH, z.sh, z.ph, z.padded) * counting(ow, z.W, z.KW, z.sw, z.pw, z.padded));
}

// see(place, number) for each pixel under window number `window` of a plane, tap after tap.
template <typename T, typename See>
__device__ void look(const T* __restrict__ image, int window, const Geometry& z, const See& see)
{
    const int h0 = window / z.OW * z.sh - z.ph;
    const int w0 = window % z.OW * z.sw - z.pw;
    for (int r = 0; r < z.KH; r++) {
        const int h = h0 + r * z.dh;
        if (h < 0 || h >= z.H) continue;
        for (int s = 0; s < z.KW; s++) {
            const int w = w0 + s * z.dw;
            if (0 <= w && w < z.W) see(h * z.W + w, read(image[h * z.W + w]));
        }
    }
}

template <typename T>
__device__ void max_forward(const T* __restrict__ x, T* __restrict__ y, int* __restrict__ argmax, Sums<T> lowest,
                            const Geometry& z)
{
    const int windows = z.OH * z.OW;
    for_each((long long)z.planes * windows, [&](auto i) {
        const auto plane = i / windows;
        Sums<T> best = lowest;
        int where = -1;
        look(x + (long long)plane * z.H * z.W, (int)(i - plane * windows), z, [&](int place, Sums<T> here) {
            if (here > best || where < 0 || is_nan(here)) {
                best = here;
                where = place;
            }
        });
        write(y[i], best);
        argmax[i] = where;
    });
}

template <typename T>
__device__ void avg_forward(const T* __restrict__ x, T* __restrict__ y, Sums<T> fixed, const Geometry& z)
{
    const int windows = z.OH * z.OW;
    for_each((long long)z.planes * windows, [&](auto i) {
        const auto plane = i / windows;
        const int window = (int)(i - plane * windows);
        Sums<T> sum = 0;
        look(x + (long long)plane * z.H * z.W, window, z, [&](int, Sums<T> here) { sum += here; });
        write(y[i], sum * scale_of(window / z.OW, window % z.OW, fixed, z));
    });
}

template <typename T>
__device__ void max_input(const T* __restrict__ g, const int* __restrict__ argmax, const T* __restrict__ activated,
                          T* __restrict__ dx, const Geometry& z)
{
    const int pixels = z.H * z.W;
    for_each((long long)z.planes * pixels, [&](auto i) {
        const auto plane = i / pixels;
        const int place = (int)(i - plane * pixels);
        const long long first = (long long)plane * z.OH * z.OW;
        const Windows rows = windows_at(place / z.W + z.ph, z.KH, z.sh, z.dh, z.OH);
        const Windows columns = windows_at(place % z.W + z.pw, z.KW, z.sw, z.dw, z.OW);
        Sums<T> sum = 0;
        for (int oh = rows.last; oh >= rows.first; oh--)
            for (int ow = columns.last; ow >= columns.first; ow--)
                if (argmax[first + oh * z.OW + ow] == place) sum += read(g[first + oh * z.OW + ow]);
        write(dx[i], ended(sum, z.function, activated, i));
    });
}

template <typename T>
__device__ void avg_input(const T* __restrict__ g, const T* __restrict__ activated, T* __restrict__ dx,
                          Sums<T> fixed, const Geometry& z)
{
    const int pixels = z.H * z.W;
    for_each((long long)z.planes * pixels, [&](auto i) {
        const auto plane = i / pixels;
        const int place = (int)(i - plane * pixels);
        const int h = place / z.W + z.ph, w = place % z.W + z.pw;
        const long long first = (long long)plane * z.OH * z.OW;
        const Windows rows = windows_at(h, z.KH, z.sh, z.dh, z.OH);
        const Windows columns = windows_at(w, z.KW, z.sw, z.dw, z.OW);
        Sums<T> sum = 0;
        for (int oh = rows.last; oh >= rows.first; oh--) {
            if (tap_at(h, oh, z.sh, z.dh) < 0) continue;
            for (int ow = columns.last; ow >= columns.first; ow--)
                if (tap_at(w, ow, z.sw, z.dw) >= 0)
                    sum += scale_of(oh, ow, fixed, z) * read(g[first + oh * z.OW + ow]);
        }
        write(dx[i], ended(sum, z.function, activated, i));
    });
}

// The names that Python sees: one for each element type. Whole numbers have no gradients.

#define MAX_FORWARD(T) \
    (const T* x, T* y, int* argmax, Sums<T> lowest, Geometry z) { max_forward(x, y, argmax, lowest, z); }
#define AVG_FORWARD(T) (const T* x, T* y, Sums<T> fixed, Geometry z) { avg_forward(x, y, fixed, z); }
#define MAX_INPUT(T) \
    (const T* g, const int* argmax, const T* activated, T* dx, Geometry z) { max_input(g, argmax, activated, dx, z); }
#define AVG_INPUT(T) \
    (const T* g, const T* activated, T* dx, Sums<T> fixed, Geometry z) { avg_input(g, activated, dx, fixed, z); }

extern "C" __global__ void max_forward_float32 MAX_FORWARD(float)
extern "C" __global__ void max_forward_float64 MAX_FORWARD(double)
extern "C" __global__ void max_forward_float16 MAX_FORWARD(float16)
extern "C" __global__ void max_forward_bfloat16 MAX_FORWARD(bfloat16)
extern "C" __global__ void max_forward_int64 MAX_FORWARD(long long)
extern "C" __global__ void max_forward_int32 MAX_FORWARD(int)
extern "C" __global__ void max_forward_int16 MAX_FORWARD(short)
extern "C" __global__ void max_forward_int8 MAX_FORWARD(signed char)
extern "C" __global__ void max_forward_uint8 MAX_FORWARD(unsigned char)
extern "C" __global__ void avg_forward_float32 AVG_FORWARD(float)
extern "C" __global__ void avg_forward_float64 AVG_FORWARD(double)
extern "C" __global__ void avg_forward_float16 AVG_FORWARD(float16)
extern "C" __global__ void avg_forward_bfloat16 AVG_FORWARD(bfloat16)
extern "C" __global__ void avg_forward_int64 AVG_FORWARD(long long)
extern "C" __global__ void max_input_float32 MAX_INPUT(float)
extern "C" __global__ void max_input_float64 MAX_INPUT(double)
extern "C" __global__ void max_input_float16 MAX_INPUT(float16)
extern "C" __global__ void max_input_bfloat16 MAX_INPUT(bfloat16)
extern "C" __global__ void avg_input_float32 AVG_INPUT(float)
extern "C" __global__ void avg_input_float64 AVG_INPUT(double)
extern "C" __global__ void avg_input_float16 AVG_INPUT(float16)
extern "C" __global__ void avg_input_bfloat16 AVG_INPUT(bfloat16)
