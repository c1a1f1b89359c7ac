// CUDA C++ on a CPU, far enough to run a kernel and check its arithmetic: the words that a C++ compiler
// does not know, and a launch that runs every thread of every block, one after the other.
//
//     #include "cuda_shim.h"
//     #include "im2col.cu"
//     SHIM_KERNEL(im2col_float32)      // void launch_im2col_float32(unsigned blocks, unsigned threads, void** args)
//
// `args` holds the address of each argument, as for cuLaunchKernel. Kernels whose threads wait for each
// other (__syncthreads, shuffles) need more than this.

#include <cmath>
#include <cstddef>
#include <utility>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

struct Index3 {
    unsigned x = 0, y = 0, z = 0;
};
static Index3 blockIdx, threadIdx, blockDim, gridDim;

template <typename... P, std::size_t... I>
void shim_call(void (*kernel)(P...), void** args, std::index_sequence<I...>)
{
    kernel(*static_cast<std::remove_reference_t<P>*>(args[I])...);
}

template <typename... P>
void shim_launch(void (*kernel)(P...), unsigned blocks, unsigned threads, void** args)
{
    gridDim = {blocks, 1, 1};
    blockDim = {threads, 1, 1};
    for (blockIdx.x = 0; blockIdx.x < blocks; blockIdx.x++)
        for (threadIdx.x = 0; threadIdx.x < threads; threadIdx.x++)
            shim_call(kernel, args, std::index_sequence_for<P...>{});
}

#define SHIM_KERNEL(name)                                                          \
    extern "C" void launch_##name(unsigned blocks, unsigned threads, void** args) \
    {                                                                              \
        shim_launch(name, blocks, threads, args);                                  \
    }
