// col2im: columns added back to the pixels they came from, the adjoint of im2col. The contract is in __init__.py.
//
// Written as a scatter ("for each number of the columns, add it to its pixel"), several threads would add to one
// pixel at once. So a thread has a pixel, and gathers what came from it:
//
//   columns of a plane (KH·KW × OH·OW)           plane of the image (H × W)
//
//       . . a . .   row (r, s) = (0, 0)          . . . . .
//       . b . . .       (0, 1)                   . . p . .   p = a + b + c + …, one number of each row (r, s) whose
//       . . . . .        :                       . . . . .   tap can see p at all, r ascending, then s
//       c . . . .
//
//   for each pixel (plane, h, w)                 one thread each, and on by the size of the grid
//       for each window (oh, ow) that looks at it, the last one first (windows.cuh)
//           + columns[plane, r, s, oh, ow], (r, s) the tap under which the window has it
//
// With stride 1 the thread next door reads, of the same row, the number next door: a warp reads one stretch of memory
// for every tap, and writes one.

#include "each.cuh"
#include "numbers.cuh"
#include "windows.cuh"

struct Geometry {  // filled by gpu_plan.py, in this order
    int planes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw;
};

template <typename T>
__device__ void col2im(const T* __restrict__ columns, T* __restrict__ x, const Geometry& z)
{
    const int pixels = z.H * z.W, windows = z.OH * z.OW;
    for_each((long long)z.planes * pixels, [&](auto i) {
        const auto plane = i / pixels;
        const int place = (int)(i - plane * pixels);
        const int h = place / z.W + z.ph, w = place % z.W + z.pw;  // counted from the border of the padding
        const Windows rows = windows_at(h, z.KH, z.sh, z.dh, z.OH);
        const Windows across = windows_at(w, z.KW, z.sw, z.dw, z.OW);
        Sums<T> sum = 0;
        for (int oh = rows.last; oh >= rows.first; oh--) {
            const int r = tap_at(h, oh, z.sh, z.dh);
            if (r < 0) continue;
            for (int ow = across.last; ow >= across.first; ow--) {
                const int s = tap_at(w, ow, z.sw, z.dw);
                if (s < 0) continue;
                sum += read(columns[((plane * (long long)z.KH + r) * z.KW + s) * windows + oh * z.OW + ow]);
            }
        }
        write(x[i], sum);
    });
}

// The names that Python sees: one for each element type.

#define KERNEL(T, name) \
    extern "C" __global__ void col2im_##name(const T* columns, T* x, Geometry z) { col2im(columns, x, z); }

KERNEL(float, float32)
KERNEL(double, float64)
KERNEL(float16, float16)
KERNEL(bfloat16, bfloat16)
