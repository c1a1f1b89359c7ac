// The numbers that arrays are made of, and the wider ones in which sums are kept.
//
//   array      sums      what happens between
//   float      float     nothing
//   double     double    nothing
//   float16    float     exact on the way in, rounded to the nearest (ties to even) on the way out
//   bfloat16   float     the same
//   integers   the same  nothing: they wrap around, as NumPy's
//
// float16 and bfloat16 are two bytes here and no more: NVIDIA's own types would need its headers when a kernel is
// compiled, and a kernel only ever reads one and writes one.
#pragma once

#ifdef __CUDACC_RTC__  // other compilers do not know the words, or warn of them
#define UNROLL _Pragma("unroll")
#define NO_UNROLL _Pragma("unroll 1")
#else
#define UNROLL
#define NO_UNROLL
#endif

struct float16 {
    unsigned short bits;
};

struct bfloat16 {
    unsigned short bits;
};

union Word {
    float number;
    unsigned bits;
};

template <typename T> struct SumsOf { using type = T; };
template <> struct SumsOf<float16> { using type = float; };
template <> struct SumsOf<bfloat16> { using type = float; };
template <typename T> using Sums = typename SumsOf<T>::type;

// --- reading ------------------------------------------------------------------------------------------------

template <typename T> __device__ inline T read(T x) { return x; }

__device__ inline float read(bfloat16 x)  // the upper half of a float
{
    Word word;
    word.bits = (unsigned)x.bits << 16;
    return word.number;
}

__device__ inline float read(float16 x)
{
#ifdef __CUDA_ARCH__
    float number;
    asm("cvt.f32.f16 %0, %1;" : "=f"(number) : "h"(x.bits));
    return number;
#else
    const unsigned sign = (unsigned)(x.bits & 0x8000u) << 16, magnitude = x.bits & 0x7fffu;
    Word word;
    word.bits = magnitude << 13;
    if (magnitude >= 0x7c00u)
        word.bits |= 0x7f800000u;  // infinity and NaN
    else
        word.number *= 0x1p112f;  // the exponents of the two types begin 112 apart; subnormal ones come out right
    word.bits |= sign;
    return word.number;
#endif
}

// --- writing ------------------------------------------------------------------------------------------------

template <typename T> __device__ inline void write(T& to, T x) { to = x; }

__device__ inline void write(bfloat16& to, float x)
{
    Word word;
    word.number = x;
    if (x != x)
        to.bits = 0x7fc0u;
    else
        to.bits = (unsigned short)((word.bits + 0x7fffu + (word.bits >> 16 & 1u)) >> 16);
}

__device__ inline void write(float16& to, float x)
{
#ifdef __CUDA_ARCH__
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(to.bits) : "f"(x));
#else
    Word word;
    word.number = x;
    const unsigned sign = word.bits >> 16 & 0x8000u;
    word.bits &= 0x7fffffffu;
    unsigned magnitude;
    if (word.bits > 0x7f800000u) {  // NaN
        magnitude = 0x7fffu;
    } else if (word.bits >= 0x47800000u) {  // 2^16: infinity
        magnitude = 0x7c00u;
    } else if (word.bits < 0x38800000u) {  // below 2^-14 the steps are 2^-24, which are those of a float near 1/2
        word.number += 0.5f;
        magnitude = word.bits - 0x3f000000u;
    } else {
        magnitude = (word.bits + 0xfffu + (word.bits >> 13 & 1u) - 0x38000000u) >> 13;
    }
    to.bits = (unsigned short)(sign | magnitude);
#endif
}

// --- TF32 ---------------------------------------------------------------------------------------------------

// A float rounded to the ten bits behind the point that tensor cores read (ties away from zero).
__device__ inline float round_to_tf32(float x)
{
    Word word;
    word.number = x;
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(word.bits) : "f"(x));
#else
    if ((word.bits & 0x7f800000u) != 0x7f800000u)  // infinity and NaN have nothing to round
        word.bits = (word.bits + 0x1000u) & ~0x1fffu;
#endif
    return word.number;
}

template <typename T> __device__ inline T round_to_tf32(T x) { return x; }  // of no use to other types
