// Rows with mean 0 and variance 1, and the gradients. The contract is in __init__.py.
//
//   forward    for each row, one team of threads (teams.py)      mean, then Σ (x - mean)², then y
//   backward   for each row, one team                            Σ h and Σ h·(x - mean), then dx
//
// A row is read three times, from memory only the first time; no large numbers are subtracted from each other.
// float16 and bfloat16 are computed with as float, which mean and r are kept in (numbers.cuh).
//
// The gradients of weight and bias are sums over other numbers than those of a row. The memory of (rows, channels,
// pixels) is that of (N, C, pixels) with C = period·channels as well, and they are the sums of its channels
// (channels.cuh):
//
//   slopes     for each (channel, slice), one team               parts = Σ g·x̂, Σ g
//   finish     for each channel, one thread                      the sums over its slices, the first one first

#include "channels.cuh"
#include "each.cuh"
#include "numbers.cuh"

struct Rows {  // filled by gpu_plan.py, in this order
    int rows, channels, pixels, period, weighted, biased, members, apart;
};

// body(row, first, length) for the rows of this block, where rows end with length 0: all of its threads together,
// since teams wait for each other.
template <typename Body>
__device__ void for_each_row(const Team<double>& team, const Rows& z, const Body& body)
{
    const int length = z.channels * z.pixels;
    const long long step = (long long)gridDim.x * team.rows;
    for (long long first = (long long)blockIdx.x * team.rows; first < z.rows; first += step) {
        const long long row = first + team.row;
        body(row, row * length, row < z.rows ? length : 0);
    }
}

// The number of the weight that goes with number j of a row, whose first one is k.
__device__ inline int weight_of(int k, int j, const Rows& z) { return k + (z.pixels == 1 ? j : j / z.pixels); }

template <typename T>
__device__ void forward(const T* __restrict__ x, const T* __restrict__ weight, const T* __restrict__ bias,
                        T* __restrict__ y, Sums<T>* __restrict__ mean, Sums<T>* __restrict__ r, double eps,
                        const Rows& z)
{
    using S = Sums<T>;
    __shared__ double room[MOST_THREADS];
    const Team<double> team(z.members, z.apart, room);
    for_each_row(team, z, [&](long long row, long long first, int length) {
        S mine = 0;
        for (int j = team.member; j < length; j += team.members) mine += read(x[first + j]);
        const S centre = S(team.sum(mine) / length);
        mine = 0;
        for (int j = team.member; j < length; j += team.members) {
            const S off = read(x[first + j]) - centre;
            mine += off * off;
        }
        const S root = S(1 / sqrt(team.sum(mine) / length + eps));
        if (team.member == 0 && length > 0) {
            mean[row] = centre;
            r[row] = root;
        }
        const int k = (int)(row % z.period) * z.channels;
        for (int j = team.member; j < length; j += team.members) {
            const int which = weight_of(k, j, z);
            const S scaled = (read(x[first + j]) - centre) * (z.weighted ? root * read(weight[which]) : root);
            write(y[first + j], z.biased ? scaled + read(bias[which]) : scaled);
        }
    });
}

template <typename T>
__device__ void backward(const T* __restrict__ g, const T* __restrict__ x, const Sums<T>* __restrict__ mean,
                         const Sums<T>* __restrict__ r, const T* __restrict__ weight, T* __restrict__ dx,
                         const Rows& z)
{
    using S = Sums<T>;
    __shared__ double room[MOST_THREADS];
    const Team<double> team(z.members, z.apart, room);
    for_each_row(team, z, [&](long long row, long long first, int length) {
        const S centre = length > 0 ? mean[row] : S(0), root = length > 0 ? r[row] : S(0);
        const int k = (int)(row % z.period) * z.channels;
        const auto h = [&](int j) {
            return z.weighted ? read(g[first + j]) * read(weight[weight_of(k, j, z)]) : read(g[first + j]);
        };
        S products = 0, alone = 0;
        for (int j = team.member; j < length; j += team.members) {
            products += h(j) * (read(x[first + j]) - centre);
            alone += h(j);
        }
        const S slope = S(team.sum(products) * root * root / length);
        const S average = S(team.sum(alone) / length);
        for (int j = team.member; j < length; j += team.members)
            write(dx[first + j], (h(j) - average - (read(x[first + j]) - centre) * slope) * root);
    });
}

template <typename T>
__device__ void slopes(const T* __restrict__ g, const T* __restrict__ x, const Sums<T>* __restrict__ mean,
                       const Sums<T>* __restrict__ r, double* __restrict__ parts, const Channels& channels,
                       const Rows& z)
{
    __shared__ double room[MOST_THREADS];
    const Slice slice(channels, room);
    const int row = slice.channel / z.channels;  // of those of sample 0
    Sums<T> products = 0, alone = 0;
    slice.for_each([&](long long at, int n) {
        const long long i = (long long)n * z.period + row;
        products += read(g[at]) * ((read(x[at]) - mean[i]) * r[i]);
        alone += read(g[at]);
    });
    const double both[] = {slice.team.sum(products), slice.team.sum(alone)};
    if (slice.team.member > 0 || !slice.is_there()) return;
    parts[slice.part(slice.number)] = both[0];
    parts[slice.part(slice.number) + 1] = both[1];
}

template <typename T>
__device__ void finish(const double* __restrict__ parts, T* __restrict__ dweight, T* __restrict__ dbias,
                       const Channels& z)
{
    for_each(z.C, [&](auto channel) {
        double products = 0, alone = 0;
        for (int s = 0; s < z.slices; s++) {
            products += parts[2 * ((long long)s * z.C + channel)];
            alone += parts[2 * ((long long)s * z.C + channel) + 1];
        }
        write(dweight[channel], Sums<T>(products));
        write(dbias[channel], Sums<T>(alone));
    });
}

// The names that Python sees: one for each element type.

#define KERNELS(T, name)                                                                                           \
    extern "C" __global__ void forward_##name(const T* x, const T* weight, const T* bias, T* y, Sums<T>* mean,     \
                                              Sums<T>* r, double eps, Rows z)                                      \
    {                                                                                                              \
        forward(x, weight, bias, y, mean, r, eps, z);                                                              \
    }                                                                                                              \
    extern "C" __global__ void backward_##name(const T* g, const T* x, const Sums<T>* mean, const Sums<T>* r,      \
                                               const T* weight, T* dx, Rows z)                                     \
    {                                                                                                              \
        backward(g, x, mean, r, weight, dx, z);                                                                    \
    }                                                                                                              \
    extern "C" __global__ void slopes_##name(const T* g, const T* x, const Sums<T>* mean, const Sums<T>* r,        \
                                             double* parts, Channels channels, Rows z)                             \
    {                                                                                                              \
        slopes(g, x, mean, r, parts, channels, z);                                                                 \
    }                                                                                                              \
    extern "C" __global__ void finish_##name(const double* parts, T* dweight, T* dbias, Channels channels)         \
    {                                                                                                              \
        finish(parts, dweight, dbias, channels);                                                                   \
    }

KERNELS(float, float32)
KERNELS(double, float64)
KERNELS(float16, float16)
KERNELS(bfloat16, bfloat16)
