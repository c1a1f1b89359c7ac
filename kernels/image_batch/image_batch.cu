// Images of bytes, from anywhere in a data set, as one batch of floating numbers. The contract is in __init__.py.
//
//   for each pixel (n, c, i, j) of the batch                              one thread each, and on by the grid
//       (m, top, left, mirrored) = places[n]
//       byte = images[m, c, top + i, left + j], or left + OW - 1 - j if mirrored; 0 beyond the image's edges
//       y[n, c, i, j] = table[c, byte]
//
// Neighbouring threads have neighbouring pixels of a row: they write whole lines of memory, and read bytes that lie
// in one line, forwards or backwards. places[n] is the same for all of a warp, mostly, and the table of a channel
// (1 KB) stays in the first cache. The table's numbers are moved and not computed with, so only their size counts.

#include "each.cuh"

struct Geometry {  // filled by gpu_plan.py, in this order; right and channel are steps in memory
    int C, H, W, OH, OW, right, channel;
};

template <typename T>
__device__ void assemble(
    const unsigned char* images, const long long* places, const T* table, T* y, long long count, const Geometry& z)
{
    for_each(count, [&](auto index) {
        const auto row = index / z.OW;  // of all rows of the batch
        const auto plane = row / z.OH, n = plane / z.C;
        const int c = (int)(plane - n * z.C), j = (int)(index - row * z.OW);
        const long long* place = places + 4 * n;
        const long long h = place[1] + (row - plane * z.OH), w = place[2] + (place[3] ? z.OW - 1 - j : j);
        unsigned char byte = 0;
        if (0 <= h && h < z.H && 0 <= w && w < z.W)
            byte = images[place[0] * z.C * z.H * z.W + (long long)c * z.channel + (h * z.W + w) * z.right];
        y[index] = table[256 * c + byte];
    });
}

// The names that Python sees: one for each size of the table's numbers, in bytes.

#define KERNEL(T, bytes)                                                                                             \
    extern "C" __global__ void image_batch_##bytes(                                                                  \
        const unsigned char* images, const long long* places, const T* table, T* y, long long count, Geometry z)     \
    {                                                                                                                \
        assemble(images, places, table, y, count, z);                                                                \
    }

KERNEL(unsigned char, 1)
KERNEL(unsigned short, 2)
KERNEL(unsigned, 4)
KERNEL(unsigned long long, 8)
