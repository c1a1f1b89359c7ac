// Images of bytes in another size, pixel for pixel as Pillow makes them. The contract is in __init__.py.
//
//   rows      wide[n, c, h, j] = Σ over t of across[t, j] · image n [c, h, first[j] + t]      to bytes
//   columns   y[n, c, i, j]    = Σ over t of down[i, t] · wide[n, c, first[i] + t, j]         to bytes
//
//   for each pixel of wide, then of y: one thread each, and on by the size of the grid
//
// Two launches: rounded rows are read again by every output row above them, and a pixel that is made of 3 × 3 others
// takes 3 + 3 products instead of 9, one of 17 × 17 takes 34 instead of 289. What lies between them is a byte a pixel.
// Neighbouring threads have neighbouring columns, whose pixels and weights are neighbours too. All sums are of 32
// bits: weights are not negative and sum to about 2^22.

#include "each.cuh"

constexpr int HALF = 1 << 21, BITS = 22;  // a weight 1 is 2^22

struct Geometry {  // filled by gpu_plan.py, in this order; right and channel are steps in memory
    int C, H, W, OH, OW, across, down, right, channel;  // across, down: pixels that one is made of
};

__device__ inline unsigned char rounded(int total)
{
    const int byte = total >> BITS;
    return (unsigned char)(byte < 255 ? byte : 255);
}

extern "C" __global__ void image_resize_rows(
    const unsigned char* images, const long long* numbers, const int* first, const int* weights, unsigned char* wide,
    long long count, Geometry z)
{
    for_each(count, [&](auto index) {
        const auto row = index / z.OW, plane = row / z.H, n = plane / z.C;
        const int j = (int)(index - row * z.OW), h = (int)(row - plane * z.H), c = (int)(plane - n * z.C);
        const unsigned char* image = images + numbers[n] * z.C * z.H * z.W + (long long)c * z.channel;
        const unsigned char* pixel = image + ((long long)h * z.W + first[j]) * z.right;
        int total = HALF;
        for (int t = 0; t < z.across; t++)
            total += weights[t * z.OW + j] * pixel[(long long)t * z.right];
        wide[index] = rounded(total);
    });
}

extern "C" __global__ void image_resize_columns(
    const unsigned char* wide, const int* first, const int* weights, unsigned char* y, long long count, Geometry z)
{
    for_each(count, [&](auto index) {
        const auto row = index / z.OW, plane = row / z.OH;
        const int j = (int)(index - row * z.OW), i = (int)(row - plane * z.OH);
        const unsigned char* pixel = wide + ((long long)plane * z.H + first[i]) * z.OW + j;
        int total = HALF;
        for (int t = 0; t < z.down; t++)
            total += weights[i * z.down + t] * pixel[(long long)t * z.OW];
        y[index] = rounded(total);
    });
}
