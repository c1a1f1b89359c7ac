// The functions that kernels compute with, under one name for float and for double (math::exp calls expf or exp:
// without an f the compiler would take the double one, which most GPUs have few units for), and a few made of them.
//
// CUDA's own are within 2 units of the last place. `larger` and `smaller` are NaN if one of the two is NaN, as in
// NumPy and PyTorch; CUDA's fmax is not.

#pragma once

namespace math {

__device__ inline float exp(float x) { return ::expf(x); }
__device__ inline double exp(double x) { return ::exp(x); }
__device__ inline float expm1(float x) { return ::expm1f(x); }
__device__ inline double expm1(double x) { return ::expm1(x); }
__device__ inline float log(float x) { return ::logf(x); }
__device__ inline double log(double x) { return ::log(x); }
__device__ inline float log1p(float x) { return ::log1pf(x); }
__device__ inline double log1p(double x) { return ::log1p(x); }
__device__ inline float tanh(float x) { return ::tanhf(x); }
__device__ inline double tanh(double x) { return ::tanh(x); }
__device__ inline float erf(float x) { return ::erff(x); }
__device__ inline double erf(double x) { return ::erf(x); }
__device__ inline float sqrt(float x) { return ::sqrtf(x); }
__device__ inline double sqrt(double x) { return ::sqrt(x); }
__device__ inline float abs(float x) { return ::fabsf(x); }
__device__ inline double abs(double x) { return ::fabs(x); }

// x·y + z, rounded once.
__device__ inline float fma(float x, float y, float z) { return ::fmaf(x, y, z); }
__device__ inline double fma(double x, double y, double z) { return ::fma(x, y, z); }

// x·y, rounded, also where a sum follows: what the CPU computes in two steps should not become one here.
#ifdef __CUDA_ARCH__
__device__ inline float product(float x, float y) { return __fmul_rn(x, y); }
__device__ inline double product(double x, double y) { return __dmul_rn(x, y); }
#else
__device__ inline float product(float x, float y) { return x * y; }
__device__ inline double product(double x, double y) { return x * y; }
#endif

template <typename T>
__device__ inline T larger(T x, T y)
{
    return x > y || x != x ? x : y;
}

template <typename T>
__device__ inline T smaller(T x, T y)
{
    return x < y || x != x ? x : y;
}

// 1 / (1 + e^-x); e^-|x| is not above 1, so that small results keep their digits.
template <typename T>
__device__ inline T sigmoid(T x)
{
    const T e = exp(-abs(x));
    return (x >= T(0) ? T(1) : e) / (T(1) + e);
}

}  // namespace math
