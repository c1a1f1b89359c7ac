// What the kernels of activation.cuh and of curves.cuh have in common: how a function becomes kernels.
//
//     forward    y[i]  = F::value(x[i])
//     backward   dx[i] = F::slope(g[i], x[i])     of tanh, sigmoid and relu: F::slope(g[i], y[i])
//
// How the numbers are dealt out to the threads, and why 16 bytes at a time, is in elementwise.cuh. Each function is
// a struct with `value` and `slope` for every type of number; a, b and c are its parameters. Each function, direction
// and type is a kernel: one for all functions would have the registers of the greediest.
//
// float16 and bfloat16 are computed with as float (numbers.cuh) and rounded once.
//
// A choice (x > 0 ? … : …) is between two values that are both computed, so the threads of a warp do not part.

#pragma once

#include "elementary.cuh"
#include "elementwise.cuh"
#include "numbers.cuh"

template <template <typename> class F, typename T>
__device__ void forward(const T* x, T* y, long long size, Sums<T> a, Sums<T> b, Sums<T> c)
{
    each(size, y, [=](T v) {
        T to;
        write(to, F<Sums<T>>::value(read(v), a, b, c));
        return to;
    }, x);
}

template <template <typename> class F, typename T>
__device__ void backward(const T* g, const T* x, T* dx, long long size, Sums<T> a, Sums<T> b, Sums<T> c)
{
    each(size, dx, [=](T u, T v) {
        T to;
        write(to, F<Sums<T>>::slope(read(u), read(v), a, b, c));
        return to;
    }, g, x);
}

// The names that Python sees: activation_FUNCTION_forward_TYPE and activation_FUNCTION_backward_TYPE.

#define KERNELS(name, F, T, type)                                                                                    \
    extern "C" __global__ void activation_##name##_forward_##type(                                                   \
        const T* x, T* y, long long size, Sums<T> a, Sums<T> b, Sums<T> c)                                           \
    {                                                                                                                \
        forward<F>(x, y, size, a, b, c);                                                                             \
    }                                                                                                                \
    extern "C" __global__ void activation_##name##_backward_##type(                                                  \
        const T* g, const T* x, T* dx, long long size, Sums<T> a, Sums<T> b, Sums<T> c)                              \
    {                                                                                                                \
        backward<F>(g, x, dx, size, a, b, c);                                                                        \
    }
#define INTEGERS(name, F)                  \
    KERNELS(name, F, unsigned char, uint8) \
    KERNELS(name, F, signed char, int8)    \
    KERNELS(name, F, short, int16)         \
    KERNELS(name, F, int, int32)           \
    KERNELS(name, F, long long, int64)
