// One function of numbers that lie at the same place of several arrays: y[i] = f(a[i], b[i], …) for i < size.
//
//     a  | 0 1 2 3 | 4 5 6 7 | 8 …        16 bytes of y are one piece of work: thread t makes numbers 4t … 4t+3 of
//     b  | 0 1 2 3 | 4 5 6 7 | 8 …        float, 2t and 2t+1 of double, and goes on by the size of the grid
//     y  | 0 1 2 3 | 4 5 6 7 | 8 …
//        thread 0  thread 1   …
//
// Such a kernel waits for memory and for nothing else. A thread that asks for 16 bytes at once has four times as
// many on their way as one that asks for 4, with a quarter of the instructions; a warp's 512 bytes are four whole
// lines of memory. Arrays that do not begin at a multiple of 16 bytes (a view from the middle of another) are done
// number by number, and so are the last few numbers.

#pragma once

template <typename T, int LANES>
struct alignas(LANES * sizeof(T)) Lanes {  // what one load or store moves
    T lane[LANES];
};

// Whether each of these addresses may be read and written in `Lanes`.
template <int LANES, typename... P>
__device__ inline bool aligned(const P*... addresses)
{
    return ((reinterpret_cast<unsigned long long>(addresses) % (LANES * sizeof(P)) == 0) && ...);
}

template <typename T, int LANES, typename F, typename... In>
__device__ inline Lanes<T, LANES> lanes_of(F f, Lanes<In, LANES>... in)
{
    Lanes<T, LANES> y;
    for (int j = 0; j < LANES; j++)
        y.lane[j] = f(in.lane[j]...);
    return y;
}

template <typename T, typename F, typename... In>
__device__ inline void each(long long size, T* y, F f, const In*... in)
{
    constexpr int LANES = 16 / sizeof(T);
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    const long long step = (long long)gridDim.x * blockDim.x;
    const long long pieces = aligned<LANES>(y, in...) ? size / LANES : 0;

    for (long long i = thread; i < pieces; i += step)
        reinterpret_cast<Lanes<T, LANES>*>(y)[i] =
            lanes_of<T, LANES>(f, reinterpret_cast<const Lanes<In, LANES>*>(in)[i]...);
    for (long long i = pieces * LANES + thread; i < size; i += step)
        y[i] = f(in[i]...);
}
