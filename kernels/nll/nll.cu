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
// number outside the arrays is read, whatever they are.

#include "each.cuh"
#include "losses.cuh"

struct Geometry {  // filled by gpu_plan.py, in this order
    int N, classes, reduction, weighted, members, apart;
};

template <typename T>
__device__ void forward(const T* __restrict__ x, const long long* __restrict__ target, const T* __restrict__ weight,
                        T* __restrict__ loss, T* __restrict__ total, double* __restrict__ parts, T hard, T soft,
                        long long ignore_index, const Geometry& z)
{
    __shared__ T room[MOST_THREADS];
    const Team<T> team(z.members, z.apart, room);
    const long long step = (long long)gridDim.x * team.rows;
    double added = 0, divisor = 0;

    for (long long first = (long long)blockIdx.x * team.rows; first < z.N; first += step) {
        const long long n = first + team.row;
        const T* scores = x + n * z.classes;
        T smooth = 0;
        if (soft != 0) {
            const int classes = n < z.N ? z.classes : 0;  // beyond the last row there is only waiting for the others
            for (int c = team.member; c < classes; c += team.members)
                smooth += z.weighted ? weight[c] * scores[c] : scores[c];
            smooth = soft * team.sum(smooth);
        }
        if (team.member > 0 || n >= z.N) continue;

        const long long t = target[n];
        T mine = 0;
        if (t != ignore_index && z.classes > 0) {
            const bool is_class = 0 <= t && t < z.classes;
            const T w = !is_class ? T(0) : z.weighted ? weight[t] : T(1);
            mine = is_class ? -hard * w * scores[t] - smooth : T(not_a_number());
            divisor += w;
        }
        loss[n] = mine;
        added += mine;
    }
    reduce_losses(added, divisor, z.reduction, parts, total);
}

template <typename T>
__device__ void input(const T* __restrict__ grad, const long long* __restrict__ target, const T* __restrict__ total,
                      const T* __restrict__ weight, T* __restrict__ dx, T hard, T soft, long long ignore_index,
                      const Geometry& z)
{
    for_each((long long)z.N * z.classes, [&](auto i) {
        const auto n = i / z.classes;
        const long long c = i - n * z.classes, t = target[n];
        if (t == ignore_index) {
            dx[i] = 0;
        } else if (t < 0 || t >= z.classes) {
            dx[i] = T(not_a_number());
        } else {
            const T share = c == t ? soft + hard : soft;
            const T w = z.weighted ? weight[c] : T(1);
            dx[i] = T(0) - total[1] * grad[z.reduction == NONE ? n : 0] * share * w;  // 0, not -0
        }
    });
}

// The names that Python sees: one for each element type.

extern "C" __global__ void forward_float32(const float* x, const long long* target, const float* weight, float* loss,
                                           float* total, double* parts, float hard, float soft,
                                           long long ignore_index, Geometry z)
{
    forward(x, target, weight, loss, total, parts, hard, soft, ignore_index, z);
}

extern "C" __global__ void forward_float64(const double* x, const long long* target, const double* weight,
                                           double* loss, double* total, double* parts, double hard, double soft,
                                           long long ignore_index, Geometry z)
{
    forward(x, target, weight, loss, total, parts, hard, soft, ignore_index, z);
}

extern "C" __global__ void finish_float32(const double* parts, int count, int reduction, float* total)
{
    finish_losses(parts, count, reduction, total);
}

extern "C" __global__ void finish_float64(const double* parts, int count, int reduction, double* total)
{
    finish_losses(parts, count, reduction, total);
}

extern "C" __global__ void input_float32(const float* grad, const long long* target, const float* total,
                                         const float* weight, float* dx, float hard, float soft,
                                         long long ignore_index, Geometry z)
{
    input(grad, target, total, weight, dx, hard, soft, ignore_index, z);
}

extern "C" __global__ void input_float64(const double* grad, const long long* target, const double* total,
                                         const double* weight, double* dx, double hard, double soft,
                                         long long ignore_index, Geometry z)
{
    input(grad, target, total, weight, dx, hard, soft, ignore_index, z);
}
