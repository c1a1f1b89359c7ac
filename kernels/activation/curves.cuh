// The activations whose gradient needs what came in. The contract is in __init__.py, how a function becomes kernels in
// function_kernels.cuh. Each type of number has a file that makes kernels of them, so that those who use one wait for
// that one to be compiled.

#pragma once

#include "activation/function_kernels.cuh"

using namespace math;

// --- straight, or bent once, between two corners ---------------------------------------------------

template <typename T>
struct Hardshrink {
    static __device__ T value(T x, T a, T, T) { return -a <= x && x <= a ? T(0) : x; }
    static __device__ T slope(T g, T x, T a, T, T) { return -a <= x && x <= a ? T(0) : g; }
};

template <typename T>
struct Hardsigmoid {
    static __device__ T value(T x, T, T, T) { return smaller(larger(x + T(3), T(0)), T(6)) / T(6); }
    static __device__ T slope(T g, T x, T, T, T)
    {
        return T(-3) < x && x < T(3) ? g * T(0.1666666716337204) : T(0);  // 1/6 with PyTorch's digits, those of float
    }
};

template <typename T>
struct Hardswish {
    static __device__ T value(T x, T, T, T) { return x * smaller(larger(x + T(3), T(0)), T(6)) / T(6); }
    static __device__ T slope(T g, T x, T, T, T)
    {
        const T inside = x < T(3) ? g * (x / T(3) + T(0.5)) : g;
        return x <= T(-3) ? T(0) : inside;
    }
};

template <typename T>
struct Hardtanh {
    static __device__ T value(T x, T a, T b, T) { return smaller(larger(x, a), b); }
    static __device__ T slope(T g, T x, T a, T b, T) { return x <= a || x >= b ? T(0) : g; }
};

template <typename T>
struct LeakyRelu {
    static __device__ T value(T x, T a, T, T) { return x * (x > T(0) ? T(1) : a); }
    static __device__ T slope(T g, T x, T a, T, T) { return g * (x > T(0) ? T(1) : a); }
};

template <typename T>
struct Softshrink {
    static __device__ T value(T x, T a, T, T) { return x - smaller(larger(x, -a), a); }
    static __device__ T slope(T g, T x, T a, T, T) { return -a <= x && x <= a ? T(0) : g; }
};

template <typename T>
struct Threshold {
    static __device__ T value(T x, T a, T b, T) { return x <= a ? b : x; }
    static __device__ T slope(T g, T x, T a, T, T) { return x <= a ? T(0) : g; }
};

// --- made of exponentials --------------------------------------------------------------------------

// ln(1 + e^x), large on neither side
template <typename T>
__device__ T soft(T x)
{
    return larger(x, T(0)) + math::log1p(math::exp(-math::abs(x)));
}

// Φ(x), how much of the normal distribution lies below x
template <typename T>
__device__ T normal(T x)
{
    return T(0.5) * (T(1) + math::erf(x * T(0.7071067811865476)));  // √½
}

template <typename T>
struct Elu {
    static __device__ T value(T x, T a, T b, T c) { return b * (x <= T(0) ? a * math::expm1(x * c) : x); }
    static __device__ T slope(T g, T x, T a, T b, T c) { return g * b * (x <= T(0) ? math::exp(x * c) * a * c : T(1)); }
};

template <typename T>
struct Erf {
    static __device__ T value(T x, T, T, T) { return math::erf(x); }
    static __device__ T slope(T g, T x, T, T, T) { return g * (T(1.1283791670955126) * math::exp(-x * x)); }  // 2/√π
};

template <typename T>
struct Erfc {
    static __device__ T value(T x, T, T, T) { return T(1) - math::erf(x); }
    static __device__ T slope(T g, T x, T, T, T) { return g * (T(-1.1283791670955126) * math::exp(-x * x)); }
};

template <typename T>
struct Gelu {
    static __device__ T value(T x, T, T, T) { return x * normal(x); }
    static __device__ T slope(T g, T x, T, T, T)
    {
        return g * (normal(x) + x * T(0.3989422804014327) * math::exp(T(-0.5) * x * x));  // 1/√(2π)
    }
};

template <typename T>
struct GeluTanh {
    static constexpr double SCALE = 0.7978845608028654, CUBIC = 0.044715;  // √(2/π), and the fitted weight of x³

    static __device__ T value(T x, T, T, T)
    {
        return x * T(0.5) * (T(1) + math::tanh(T(SCALE) * (x + T(CUBIC) * x * x * x)));
    }
    static __device__ T slope(T g, T x, T, T, T)
    {
        const T square = x * x;
        const T t = math::tanh(T(SCALE) * (x + T(CUBIC) * square * x));
        const T du = T(SCALE) * (T(1) + T(3 * CUBIC) * square);
        return g * T(0.5) * (T(1) + t + x * (T(1) - t * t) * du);
    }
};

template <typename T>
struct Logsigmoid {
    static __device__ T value(T x, T, T, T) { return -soft(-x); }
    static __device__ T slope(T g, T x, T, T, T) { return g * sigmoid(-x); }
};

template <typename T>
struct Mish {
    static __device__ T value(T x, T, T, T) { return x * math::tanh(soft(x)); }
    static __device__ T slope(T g, T x, T, T, T)
    {
        const T t = math::tanh(soft(x));
        return g * (t + x * (T(1) - t * t) * sigmoid(x));
    }
};

template <typename T>
struct Silu {
    static __device__ T value(T x, T, T, T) { return x * sigmoid(x); }
    static __device__ T slope(T g, T x, T, T, T)
    {
        const T s = sigmoid(x);
        return g * s * (T(1) + x * (T(1) - s));
    }
};

template <typename T>
struct Softplus {
    static __device__ T value(T x, T a, T b, T) { return x * a > b ? x : soft(x * a) / a; }
    static __device__ T slope(T g, T x, T a, T b, T) { return x * a > b ? g : g * sigmoid(x * a); }
};

#define CURVES(T, type)                        \
    KERNELS(hardshrink, Hardshrink, T, type)   \
    KERNELS(hardsigmoid, Hardsigmoid, T, type) \
    KERNELS(hardswish, Hardswish, T, type)     \
    KERNELS(hardtanh, Hardtanh, T, type)       \
    KERNELS(leaky_relu, LeakyRelu, T, type)    \
    KERNELS(softshrink, Softshrink, T, type)   \
    KERNELS(threshold, Threshold, T, type)     \
    KERNELS(elu, Elu, T, type)                 \
    KERNELS(erf, Erf, T, type)                 \
    KERNELS(erfc, Erfc, T, type)               \
    KERNELS(gelu, Gelu, T, type)               \
    KERNELS(gelu_tanh, GeluTanh, T, type)      \
    KERNELS(logsigmoid, Logsigmoid, T, type)   \
    KERNELS(mish, Mish, T, type)               \
    KERNELS(silu, Silu, T, type)               \
    KERNELS(softplus, Softplus, T, type)
