// Dropout with a counter-based generator. The contract is in __init__.py, the generator in philox.cuh.
//
//   element  0 1 2 3 | 4 5 6 7 | 8 …           forward     the four words of a block decide about four numbers
//            block 0 | block 1 | …             of keep: a thread makes a block, and four numbers of y with it
//            thread 0  thread 1
//
//   the same with `features`: keep has a number for each channel of each image
//       draw            keep, by the threads of one block of threads (there are few channels)
//       apply_planes    y = x · keep[channel]
//
// Where a mask's words begin stands in `state`, in memory, and every draw moves it on, so a graph that is replayed
// draws a new mask each time. No thread may move it while another has yet to read it: so `forward` is followed by a
// launch of a single thread, `advance`, and `draw`, which is one block, has a barrier between the two.

#include "each.cuh"
#include "elementwise.cuh"
#include "numbers.cuh"
#include "philox.cuh"

constexpr int WORDS = 4;  // of a block of the generator

// x, or 0·x, scaled
template <typename T>
__device__ inline T dropped(T x, bool kept, Sums<T> scale)
{
    T y;
    write(y, read(x) * (kept ? scale : Sums<T>(0)));
    return y;
}

// Numbers i … i + 3 of keep, as far as there are so many, by the words of `drawn`.
template <typename T>
__device__ void apply_block(
    const Four& drawn, unsigned long long threshold, Sums<T> scale, long long i, long long size, bool in_line,
    const T* x, T* y, unsigned char* keep)
{
    if (in_line && i + WORDS <= size) {
        const Lanes<T, WORDS> before = *reinterpret_cast<const Lanes<T, WORDS>*>(x + i);
        Lanes<T, WORDS> after;
        Lanes<unsigned char, WORDS> kept;
        for (int j = 0; j < WORDS; j++) {
            kept.lane[j] = drawn.word[j] < threshold;
            after.lane[j] = dropped(before.lane[j], kept.lane[j], scale);
        }
        *reinterpret_cast<Lanes<T, WORDS>*>(y + i) = after;
        *reinterpret_cast<Lanes<unsigned char, WORDS>*>(keep + i) = kept;
        return;
    }
    for (int j = 0; j < WORDS && i + j < size; j++) {
        keep[i + j] = drawn.word[j] < threshold;
        y[i + j] = dropped(x[i + j], keep[i + j], scale);
    }
}

template <typename T>
__device__ void forward(
    const T* x, T* y, unsigned char* keep, const unsigned long long* state, long long size,
    unsigned long long threshold, Sums<T> scale)
{
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    const long long step = (long long)gridDim.x * blockDim.x;
    const unsigned long long seed = state[0], offset = state[1];
    const bool in_line = aligned<WORDS>(x, y, keep);
    for (long long block = thread; block * WORDS < size; block += step)
        apply_block(philox(seed, offset + block), threshold, scale, block * WORDS, size, in_line, x, y, keep);
}

template <typename T>
__device__ void apply(const T* x, const unsigned char* keep, T* y, long long size, Sums<T> scale)
{
    each(size, y, [=](T v, unsigned char kept) { return dropped(v, kept, scale); }, x, keep);
}

// y[plane, pixel] = x[plane, pixel] · keep[plane], a number a thread
template <typename T>
__device__ void apply_planes(
    const T* x, const unsigned char* keep, T* y, long long size, long long pixels, Sums<T> scale)
{
    for_each(size, [&](auto i) { y[i] = dropped(x[i], keep[i / (decltype(i))pixels], scale); });
}

extern "C" __global__ void dropout_advance(unsigned long long* state, unsigned long long blocks)
{
    if (blockIdx.x == 0 && threadIdx.x == 0)
        state[1] += blocks;
}

extern "C" __global__ void dropout_draw(
    unsigned char* keep, unsigned long long* state, long long size, unsigned long long threshold)
{
    const unsigned long long seed = state[0], offset = state[1];
    for (long long i = (long long)threadIdx.x * WORDS; i < size; i += (long long)blockDim.x * WORDS) {
        const Four drawn = philox(seed, offset + i / WORDS);
        for (int j = 0; j < WORDS && i + j < size; j++)
            keep[i + j] = drawn.word[j] < threshold;
    }
    __syncthreads();
    if (threadIdx.x == 0)
        state[1] = offset + (size + WORDS - 1) / WORDS;
}

// The names that Python sees: dropout_DIRECTION_TYPE.

#define KERNELS(T, type)                                                                                             \
    extern "C" __global__ void dropout_forward_##type(                                                               \
        const T* x, T* y, unsigned char* keep, const unsigned long long* state, long long size,                      \
        unsigned long long threshold, Sums<T> scale)                                                                 \
    {                                                                                                                \
        forward(x, y, keep, state, size, threshold, scale);                                                          \
    }                                                                                                                \
    extern "C" __global__ void dropout_apply_##type(                                                                 \
        const T* x, const unsigned char* keep, T* y, long long size, Sums<T> scale)                                  \
    {                                                                                                                \
        apply(x, keep, y, size, scale);                                                                              \
    }                                                                                                                \
    extern "C" __global__ void dropout_apply_planes_##type(                                                          \
        const T* x, const unsigned char* keep, T* y, long long size, long long pixels, Sums<T> scale)                \
    {                                                                                                                \
        apply_planes(x, keep, y, size, pixels, scale);                                                               \
    }

KERNELS(float, float32)
KERNELS(double, float64)
KERNELS(float16, float16)
KERNELS(bfloat16, bfloat16)
