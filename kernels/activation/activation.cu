// ReLU, tanh and sigmoid, whose gradient is known from their output. The contract is in __init__.py, how a function
// becomes kernels in function_kernels.cuh. They stand apart from the others (curves.cu) because nearly every network
// has one of them, and compiling all takes some seconds.

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

FLOATS(relu, Relu)
INTEGERS(relu, Relu)
FLOATS(tanh, Tanh)
FLOATS(sigmoid, Sigmoid)
