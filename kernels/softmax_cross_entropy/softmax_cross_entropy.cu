// Softmax and cross-entropy of rows of class scores, and the gradient of the scores. The contract is in __init__.py.
//
//   forward   for each row n                      one team of threads each (teams.py): with ten classes a thread
//                 best = max x[n],  sum = Σ e^(x[n] - best)
//                 p[n] = e^(x[n] - best) / sum
//                 loss[n] = ln sum - (x[n, target] - best)             0 for ignore_index, NaN for no class
//             and the total of the losses (losses.cuh)
//
//   input     for each number of dx               one thread each: neighbours write neighbours
//                 dx[n, c] = (p[n, c] - (c is the target)) · grad · factor
//
// A captured step has targets that nobody checked: no number outside the arrays is read, whatever they are.
// float16 and bfloat16 are computed with as float (numbers.cuh).

#include "each.cuh"
#include "elementary.cuh"
#include "losses.cuh"

struct Geometry {  // filled by gpu_plan.py, in this order
    int N, classes, reduction, members, apart;
};

template <typename T>
__device__ void forward(const T* __restrict__ x, const long long* __restrict__ target, T* __restrict__ loss,
                        T* __restrict__ p, T* __restrict__ total, double* __restrict__ parts, long long ignore_index,
                        const Geometry& z)
{
    using S = Sums<T>;
    __shared__ S room[MOST_THREADS];
    const Team<S> team(z.members, z.apart, room);
    const long long step = (long long)gridDim.x * team.rows;
    double added = 0, count = 0;

    for (long long first = (long long)blockIdx.x * team.rows; first < z.N; first += step) {
        const long long n = first + team.row;
        const int classes = n < z.N ? z.classes : 0;  // beyond the last row there is only waiting for the others
        const T* scores = x + n * z.classes;

        S best = -infinity();
        for (int c = team.member; c < classes; c += team.members) best = max(best, read(scores[c]));
        best = team.largest(best);
        S sum = 0;
        for (int c = team.member; c < classes; c += team.members) sum += math::exp(read(scores[c]) - best);
        sum = team.sum(sum);
        for (int c = team.member; c < classes; c += team.members)
            write(p[n * z.classes + c], math::exp(read(scores[c]) - best) / sum);

        if (team.member > 0 || n >= z.N) continue;
        const long long t = target[n];
        const bool counts = t != ignore_index, is_class = 0 <= t && t < z.classes;
        const S mine =
            !counts ? S(0) : is_class ? math::log(sum) - (read(scores[t]) - best) : S(not_a_number());
        write(loss[n], mine);
        added += mine;
        count += counts;
    }
    reduce_losses(added, count, z.reduction, parts, total);
}

template <typename T>
__device__ void input(const T* __restrict__ p, const long long* __restrict__ target, const T* __restrict__ grad,
                      const T* __restrict__ total, T* __restrict__ dx, long long ignore_index, const Geometry& z)
{
    using S = Sums<T>;
    for_each((long long)z.N * z.classes, [&](auto i) {
        const auto n = i / z.classes;
        const long long c = i - n * z.classes, t = target[n];
        if (t == ignore_index)
            write(dx[i], S(0));
        else if (t < 0 || t >= z.classes)
            write(dx[i], S(not_a_number()));
        else
            write(dx[i], (read(p[i]) - S(c == t)) * (read(total[1]) * read(grad[z.reduction == NONE ? n : 0])));
    });
}

// The names that Python sees: one for each element type.

#define KERNELS(T, name)                                                                                           \
    extern "C" __global__ void forward_##name(const T* x, const long long* target, T* loss, T* p, T* total,        \
                                              double* parts, long long ignore_index, Geometry z)                   \
    {                                                                                                              \
        forward(x, target, loss, p, total, parts, ignore_index, z);                                                \
    }                                                                                                              \
    extern "C" __global__ void finish_##name(const double* parts, int count, int reduction, T* total)              \
    {                                                                                                              \
        finish_losses(parts, count, reduction, total);                                                             \
    }                                                                                                              \
    extern "C" __global__ void input_##name(const T* p, const long long* target, const T* grad, const T* total,    \
                                            T* dx, long long ignore_index, Geometry z)                             \
    {                                                                                                              \
        input(p, target, grad, total, dx, ignore_index, z);                                                        \
    }

KERNELS(float, float32)
KERNELS(double, float64)
KERNELS(float16, float16)
KERNELS(bfloat16, bfloat16)
