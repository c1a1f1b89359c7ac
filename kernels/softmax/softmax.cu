// Softmax and its logarithm along an axis, and their gradients. The contract is in __init__.py.
//
// A row is the numbers of one (o, i): class c at (o·classes + c)·inner + i. The plan gives it a team of threads
// (teams.py), which depends on how rows lie:
//
//   inner = 1    c →                            inner > 1    i →
//   row 0   x x x x x x                         c   x x x x x x x x     a column is a row;
//   row 1   x x x x x x                         ↓   x x x x x x x x     neighbouring threads have
//   row 2   x x x x x x                             x x x x x x x x     neighbouring columns
//   a thread, a warp or the block a row         a thread a column, or 8 threads (and 32 columns a block)
//
//   for each row                                one team each, and on by the size of the grid
//       forward:   best = max x,  sum = Σ e^(x - best),  y = e^(x - best) / sum  or  x - best - ln sum
//       backward:  sum = Σ g·y or Σ g,  dx = y·(g - sum)  or  g - e^y·sum
//
// A row is read three times (forward) or twice, but only the first time from memory: what a block works on at a time
// is a few thousand numbers, which stay in the first cache. e^(x - best) is computed twice, which costs less than
// writing it down and reading it again. NaN needs no care: it gets into the sum, and from there everywhere.
// float16 and bfloat16 are computed with as float (numbers.cuh).

#include "elementary.cuh"
#include "numbers.cuh"
#include "reduce.cuh"

struct Geometry {  // filled by gpu_plan.py, in this order
    int outer, classes, inner, logarithm, members, apart;
};

// body(first, row_is_there) for the rows of this block: all of its threads together, since teams wait for each other.
template <typename T, typename Body>
__device__ void for_each_row(const Team<T>& team, const Geometry& z, const Body& body)
{
    const long long rows = (long long)z.outer * z.inner, step = (long long)gridDim.x * team.rows;
    for (long long first = (long long)blockIdx.x * team.rows; first < rows; first += step) {
        const long long row = first + team.row, o = z.inner == 1 ? row : row / z.inner;
        body(o * z.classes * z.inner + (row - o * z.inner), row < rows ? z.classes : 0);
    }
}

template <typename T>
__device__ void forward(const T* __restrict__ x, T* __restrict__ y, const Geometry& z)
{
    using S = Sums<T>;
    __shared__ S room[MOST_THREADS];
    const Team<S> team(z.members, z.apart, room);
    const long long inner = z.inner;
    for_each_row(team, z, [&](long long first, int classes) {
        S best = -infinity();
        for (int c = team.member; c < classes; c += team.members) best = max(best, read(x[first + c * inner]));
        best = team.largest(best);
        S sum = 0;
        for (int c = team.member; c < classes; c += team.members)
            sum += math::exp(read(x[first + c * inner]) - best);
        sum = team.sum(sum);
        const S rest = math::log(sum);
        for (int c = team.member; c < classes; c += team.members) {
            const S here = read(x[first + c * inner]) - best;
            write(y[first + c * inner], z.logarithm ? here - rest : math::exp(here) / sum);
        }
    });
}

template <typename T>
__device__ void backward(const T* __restrict__ g, const T* __restrict__ y, T* __restrict__ dx, const Geometry& z)
{
    using S = Sums<T>;
    __shared__ S room[MOST_THREADS];
    const Team<S> team(z.members, z.apart, room);
    const long long inner = z.inner;
    for_each_row(team, z, [&](long long first, int classes) {
        S sum = 0;
        for (int c = team.member; c < classes; c += team.members) {
            const long long at = first + c * inner;
            sum += z.logarithm ? read(g[at]) : read(g[at]) * read(y[at]);
        }
        sum = team.sum(sum);
        for (int c = team.member; c < classes; c += team.members) {
            const long long at = first + c * inner;
            const S slope = read(g[at]), value = read(y[at]);
            write(dx[at], z.logarithm ? slope - math::exp(value) * sum : value * (slope - sum));
        }
    });
}

// The names that Python sees: one for each direction and element type.

#define KERNELS(T, name)                                                                                           \
    extern "C" __global__ void forward_##name(const T* x, T* y, Geometry z) { forward(x, y, z); }                  \
    extern "C" __global__ void backward_##name(const T* g, const T* y, T* dx, Geometry z) { backward(g, y, dx, z); }

KERNELS(float, float32)
KERNELS(double, float64)
KERNELS(float16, float16)
KERNELS(bfloat16, bfloat16)
