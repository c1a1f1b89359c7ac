// Losses of pairs of numbers, their sum or mean, and their gradient. The contract is in __init__.py; how the numbers
// are dealt out to the threads, and why 16 bytes at a time, in elementwise.cuh.
//
//   none       losses[i] = value(a[i], b[i])
//   reduced    each thread adds up its own losses, each block its threads':
//
//                  a, b      | 16 bytes | 16 bytes | …      thread t: pieces t, t + grid, t + 2·grid, …
//                  block       s s s s …  s s s s …         the threads of a block join their sums (reduce.cuh)
//                  partial   [ S0, S1, S2, … ]              float64, one for each block
//                            finish: one block adds up those, and writes the sum or the mean
//
//              Which numbers a thread adds, and in which order, follows from the size alone (also where the arrays
//              begin in the middle of 16 bytes), and nothing is added atomically: equal losses have equal bits. A
//              grid of one block writes the result itself.
//   backward   da[i] = grad · slope(a[i], b[i]), with one grad for all, or one each
//
// float16 and bfloat16 are computed with as float (numbers.cuh). Each type of number has a file that makes kernels of
// what is here, so that those who use one wait for that one to be compiled.
//
// Sums are float64, as on the CPU: beside the memory that a loss waits for, one such addition a number is little.

#pragma once

#include "elementary.cuh"
#include "elementwise.cuh"
#include "numbers.cuh"
#include "reduce.cuh"

// --- the losses ------------------------------------------------------------------------------------

template <typename T>
struct Mse {
    static __device__ T value(T a, T b, T) { return (a - b) * (a - b); }
    static __device__ T slope(T a, T b, T) { return T(2) * (a - b); }
};

template <typename T>
struct SmoothL1 {
    static __device__ T value(T a, T b, T beta)
    {
        const T d = math::abs(a - b);
        return d < beta ? T(0.5) * d * d / beta : d - T(0.5) * beta;
    }
    static __device__ T slope(T a, T b, T beta)
    {
        const T d = a - b, sign = d > T(0) ? T(1) : d < T(0) ? T(-1) : d;  // a NaN stays one
        return math::abs(d) < beta ? d / beta : sign;
    }
};

template <typename T>
struct Huber {
    static __device__ T value(T a, T b, T delta)
    {
        const T d = math::abs(a - b);
        return d <= delta ? T(0.5) * d * d : delta * (d - T(0.5) * delta);
    }
    static __device__ T slope(T a, T b, T delta) { return math::smaller(math::larger(a - b, -delta), delta); }
};

template <typename T>
struct SoftMargin {
    static __device__ T value(T a, T b, T)
    {
        const T z = a * b;
        return math::larger(-z, T(0)) + math::log1p(math::exp(-math::abs(z)));
    }
    static __device__ T slope(T a, T b, T) { return -b * math::sigmoid(-a * b); }
};

template <typename T>
struct Bce {
    static __device__ T value(T a, T b, T)
    {
        const T yes = math::larger(math::log(a), T(-100)), no = math::larger(math::log1p(-a), T(-100));
        return (b - T(1)) * no - b * yes;
    }
    static __device__ T slope(T a, T b, T)
    {
        return (a - b) / math::larger((T(1) - a) * a, T(9.999999960041972e-13));  // 1e-12 with PyTorch's digits
    }
};

template <typename T>
struct BceWithLogits {
    static __device__ T value(T a, T b, T)
    {
        return math::larger(a, T(0)) - a * b + math::log1p(math::exp(-math::abs(a)));
    }
    static __device__ T slope(T a, T b, T) { return math::sigmoid(a) - b; }
};

// --- the kernels -----------------------------------------------------------------------------------

template <template <typename> class F, typename T>
__device__ void none(const T* a, const T* b, T* losses, long long size, Sums<T> parameter)
{
    each(size, losses, [=](T u, T v) {
        T loss;
        write(loss, F<Sums<T>>::value(read(u), read(v), parameter));
        return loss;
    }, a, b);
}

template <template <typename> class F, typename T>
__device__ void reduced(
    const T* a, const T* b, double* partial, T* out, long long size, Sums<T> parameter, double divisor)
{
    constexpr int LANES = 16 / sizeof(T);
    using Group = Lanes<T, LANES>;
    __shared__ double room[MOST_THREADS];
    const long long step = (long long)gridDim.x * blockDim.x * LANES;
    const bool in_line = aligned<LANES>(a, b);
    double sum = 0;
    for (long long i = ((long long)blockIdx.x * blockDim.x + threadIdx.x) * LANES; i < size; i += step) {
        if (in_line && i + LANES <= size) {
            const Group u = *reinterpret_cast<const Group*>(a + i), v = *reinterpret_cast<const Group*>(b + i);
            for (int j = 0; j < LANES; j++)
                sum += F<Sums<T>>::value(read(u.lane[j]), read(v.lane[j]), parameter);
        } else {
            for (int j = 0; j < LANES && i + j < size; j++)
                sum += F<Sums<T>>::value(read(a[i + j]), read(b[i + j]), parameter);
        }
    }
    sum = Team<double>((int)blockDim.x, 1, room).sum(sum);
    if (threadIdx.x == 0) {
        if (gridDim.x == 1)
            write(*out, Sums<T>(sum / divisor));
        else
            partial[blockIdx.x] = sum;
    }
}

// One block adds up what the others left.
template <typename T>
__device__ void finish(const double* partial, T* out, int count, double divisor)
{
    __shared__ double room[MOST_THREADS];
    double sum = 0;
    for (int i = (int)threadIdx.x; i < count; i += (int)blockDim.x)
        sum += partial[i];
    sum = Team<double>((int)blockDim.x, 1, room).sum(sum);
    if (threadIdx.x == 0)
        write(*out, Sums<T>(sum / divisor));
}

template <template <typename> class F, typename T>
__device__ void backward(
    const T* grad, const T* a, const T* b, T* da, long long size, Sums<T> parameter, Sums<T> factor, int grad_each)
{
    const auto slope = [=](T u, T v, Sums<T> scale) {
        T to;
        write(to, F<Sums<T>>::slope(read(u), read(v), parameter) * scale);
        return to;
    };
    if (grad_each) {
        each(size, da, [=](T g, T u, T v) { return slope(u, v, read(g)); }, grad, a, b);
    } else {
        const Sums<T> scale = read(*grad) * factor;
        each(size, da, [=](T u, T v) { return slope(u, v, scale); }, a, b);
    }
}

// The names that Python sees: elementwise_loss_FUNCTION_WHAT_TYPE, WHAT being none, reduced or backward; and
// elementwise_loss_finish_TYPE.

#define FINISH(T, type)                                                                                              \
    extern "C" __global__ void elementwise_loss_finish_##type(                                                       \
        const double* partial, T* out, int count, double divisor)                                                    \
    {                                                                                                                \
        finish(partial, out, count, divisor);                                                                        \
    }
#define KERNELS(name, F, T, type)                                                                                    \
    extern "C" __global__ void elementwise_loss_##name##_none_##type(                                                \
        const T* a, const T* b, T* losses, long long size, Sums<T> parameter)                                              \
    {                                                                                                                \
        none<F>(a, b, losses, size, parameter);                                                                      \
    }                                                                                                                \
    extern "C" __global__ void elementwise_loss_##name##_reduced_##type(                                             \
        const T* a, const T* b, double* partial, T* out, long long size, Sums<T> parameter, double divisor)                \
    {                                                                                                                \
        reduced<F>(a, b, partial, out, size, parameter, divisor);                                                    \
    }                                                                                                                \
    extern "C" __global__ void elementwise_loss_##name##_backward_##type(                                            \
        const T* grad, const T* a, const T* b, T* da, long long size, Sums<T> parameter, Sums<T> factor, int grad_each)          \
    {                                                                                                                \
        backward<F>(grad, a, b, da, size, parameter, factor, grad_each);                                             \
    }
#define LOSSES(T, type)                              \
    FINISH(T, type)                                  \
    KERNELS(mse, Mse, T, type)                       \
    KERNELS(smooth_l1, SmoothL1, T, type)            \
    KERNELS(huber, Huber, T, type)                   \
    KERNELS(soft_margin, SoftMargin, T, type)        \
    KERNELS(bce, Bce, T, type)                       \
    KERNELS(bce_with_logits, BceWithLogits, T, type)
