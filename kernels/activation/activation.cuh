// ReLU, tanh and sigmoid, whose gradient is known from their output. The contract is in __init__.py, how a function
// becomes kernels in function_kernels.cuh. They stand apart from the others (curves.cuh), and each type of
// number has a file that makes kernels of them: nearly every network has one of the three, and compiling all functions
// for all types takes some seconds.

#pragma once

#include "activation/function_kernels.cuh"

template <typename T>
struct Relu {
    static __device__ T value(T x, T, T, T) { return x <= T(0) ? T(0) : x; }  // NaN stays NaN
    static __device__ T slope(T g, T y, T, T, T) { return y <= T(0) ? T(0) : g; }
};

template <typename T>
struct Tanh {
    static __device__ T value(T x, T, T, T) { return math::tanh(x); }
    static __device__ T slope(T g, T y, T, T, T) { return g * (T(1) - y * y); }
};

template <typename T>
struct Sigmoid {
    static __device__ T value(T x, T, T, T) { return math::sigmoid(x); }
    static __device__ T slope(T g, T y, T, T, T) { return g * y * (T(1) - y); }
};

#define FROM_OUTPUT(T, type)        \
    KERNELS(relu, Relu, T, type)    \
    KERNELS(tanh, Tanh, T, type)    \
    KERNELS(sigmoid, Sigmoid, T, type)
