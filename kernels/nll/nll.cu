// The negative log-likelihood of class numbers and its gradient. The contract is in __init__.py.
//
//   forward   for each row n                      one thread each; with smoothed labels, which need all classes of
//                 loss[n] = -hard·w[t]·x[n, t] - soft·Σ w[c]·x[n, c]             the row, one team (teams.py)
//             and the total of the losses (losses.cuh); its divisor is Σ w[t]
//
//   input     for each number of dx               one thread each: neighbours write neighbours
//                 dx[n, c] = -(soft·w[c] + (c is the target)·hard·w[c]) · grad · factor
//
// hard is 1 - smoothing, soft smoothing / classes; w is 1 where there are no weights. A target that is ignore_index
// has loss and gradient 0. One that is no class has NaN: a captured step has targets that nobody checked, and no
// number outside the arrays is read, whatever they are. float16 and bfloat16 are computed with as float (numbers.cuh).

#include "each.cuh"
#include "losses.cuh"

struct Geometry {  // filled by gpu_plan.py, in this order
    int N, classes, reduction, weighted, members, apart;
};

template <typename T>
__device__ void forward(const T* __restrict__ x, const long long* __restrict__ target, const T* __restrict__ weight,
                        T* __restrict__ loss, T* __restrict__ total, double* __restrict__ parts, Sums<T> hard,
                        Sums<T> soft, long long ignore_index, const Geometry& z)
{
    using S = Sums<T>;
    __shared__ S room[MOST_THREADS];
    const Team<S> team(z.members, z.apart, room);
    const long long step = (long long)gridDim.x * team.rows;
    double added = 0, divisor = 0;

    for (long long first = (long long)blockIdx.x * team.rows; first < z.N; first += step) {
        const long long n = first + team.row;
        const T* scores = x + n * z.classes;
        S smooth = 0;
        if (soft != 0) {
            const int classes = n < z.N ? z.classes : 0;  // beyond the last row there is only waiting for the others
            for (int c = team.member; c < classes; c += team.members)
                smooth += z.weighted ? read(weight[c]) * read(scores[c]) : read(scores[c]);
            smooth = soft * team.sum(smooth);
        }
        if (team.member > 0 || n >= z.N) continue;

        const long long t = target[n];
        S mine = 0;
        if (t != ignore_index && z.classes > 0) {
            const bool is_class = 0 <= t && t < z.classes;
            const S w = !is_class ? S(0) : z.weighted ? read(weight[t]) : S(1);
            mine = is_class ? -hard * w * read(scores[t]) - smooth : S(not_a_number());
            divisor += w;
        }
        write(loss[n], mine);
        added += mine;
    }
    reduce_losses(added, divisor, z.reduction, parts, total);
}

template <typename T>
__device__ void input(const T* __restrict__ grad, const long long* __restrict__ target, const T* __restrict__ total,
                      const T* __restrict__ weight, T* __restrict__ dx, Sums<T> hard, Sums<T> soft,
                      long long ignore_index, const Geometry& z)
{
    using S = Sums<T>;
    for_each((long long)z.N * z.classes, [&](auto i) {
        const auto n = i / z.classes;
        const long long c = i - n * z.classes, t = target[n];
        if (t == ignore_index) {
            write(dx[i], S(0));
        } else if (t < 0 || t >= z.classes) {
            write(dx[i], S(not_a_number()));
        } else {
            const S share = c == t ? soft + hard : soft;
            const S w = z.weighted ? read(weight[c]) : S(1);
            write(dx[i], S(0) - read(total[1]) * read(grad[z.reduction == NONE ? n : 0]) * share * w);  // 0, not -0
        }
    });
}

// The names that Python sees: one for each element type.

#define KERNELS(T, name)                                                                                           \
    extern "C" __global__ void forward_##name(                                                                     \
        const T* x, const long long* target, const T* weight, T* loss, T* total, double* parts, Sums<T> hard,      \
        Sums<T> soft, long long ignore_index, Geometry z)                                                          \
    {                                                                                                              \
        forward(x, target, weight, loss, total, parts, hard, soft, ignore_index, z);                               \
    }                                                                                                              \
    extern "C" __global__ void finish_##name(const double* parts, int count, int reduction, T* total)              \
    {                                                                                                              \
        finish_losses(parts, count, reduction, total);                                                             \
    }                                                                                                              \
    extern "C" __global__ void input_##name(                                                                       \
        const T* grad, const long long* target, const T* total, const T* weight, T* dx, Sums<T> hard,              \
        Sums<T> soft, long long ignore_index, Geometry z)                                                          \
    {                                                                                                              \
        input(grad, target, total, weight, dx, hard, soft, ignore_index, z);                                       \
    }

KERNELS(float, float32)
KERNELS(double, float64)
KERNELS(float16, float16)
KERNELS(bfloat16, bfloat16)
