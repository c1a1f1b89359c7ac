// Rows with mean 0 and variance 1, and the gradients. The contract is in __init__.py.
//
//   forward    for each row, one team of threads (teams.py)      mean, then Σ (x - mean)², then y
//   backward   for each row, one team                            Σ h and Σ h·(x - mean), then dx
//
// A row is read three times, from memory only the first time; no large numbers are subtracted from each other.
//
// The gradients of weight and bias are sums over other numbers than those of a row. The memory of (rows, channels,
// pixels) is that of (N, C, pixels) with C = period·channels as well, and they are the sums of its channels
// (channels.cuh):
//
//   slopes     for each (channel, slice), one team               parts = Σ g·x̂, Σ g
//   finish     for each channel, one thread                      the sums over its slices, the first one first

#include "channels.cuh"
#include "each.cuh"

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
                        T* __restrict__ y, T* __restrict__ mean, T* __restrict__ r, double eps, const Rows& z)
{
    __shared__ double room[MOST_THREADS];
    const Team<double> team(z.members, z.apart, room);
    for_each_row(team, z, [&](long long row, long long first, int length) {
        T mine = 0;
        for (int j = team.member; j < length; j += team.members) mine += x[first + j];
        const T centre = T(team.sum(mine) / length);
        mine = 0;
        for (int j = team.member; j < length; j += team.members)
            mine += (x[first + j] - centre) * (x[first + j] - centre);
        const T root = T(1 / sqrt(team.sum(mine) / length + eps));
        if (team.member == 0 && length > 0) {
            mean[row] = centre;
            r[row] = root;
        }
        const int k = (int)(row % z.period) * z.channels;
        for (int j = team.member; j < length; j += team.members) {
            const int which = weight_of(k, j, z);
            const T scaled = (x[first + j] - centre) * (z.weighted ? root * weight[which] : root);
            y[first + j] = z.biased ? scaled + bias[which] : scaled;
        }
    });
}

template <typename T>
__device__ void backward(const T* __restrict__ g, const T* __restrict__ x, const T* __restrict__ mean,
                         const T* __restrict__ r, const T* __restrict__ weight, T* __restrict__ dx, const Rows& z)
{
    __shared__ double room[MOST_THREADS];
    const Team<double> team(z.members, z.apart, room);
    for_each_row(team, z, [&](long long row, long long first, int length) {
        const T centre = length > 0 ? mean[row] : T(0), root = length > 0 ? r[row] : T(0);
        const int k = (int)(row % z.period) * z.channels;
        T products = 0, alone = 0;
        for (int j = team.member; j < length; j += team.members) {
            const T h = z.weighted ? g[first + j] * weight[weight_of(k, j, z)] : g[first + j];
            products += h * (x[first + j] - centre);
            alone += h;
        }
        const T slope = T(team.sum(products) * root * root / length);
        const T average = T(team.sum(alone) / length);
        for (int j = team.member; j < length; j += team.members) {
            const T h = z.weighted ? g[first + j] * weight[weight_of(k, j, z)] : g[first + j];
            dx[first + j] = (h - average - (x[first + j] - centre) * slope) * root;
        }
    });
}

template <typename T>
__device__ void slopes(const T* __restrict__ g, const T* __restrict__ x, const T* __restrict__ mean,
                       const T* __restrict__ r, double* __restrict__ parts, const Channels& channels, const Rows& z)
{
    __shared__ double room[MOST_THREADS];
    const Slice slice(channels, room);
    const int row = slice.channel / z.channels;  // of those of sample 0
    T products = 0, alone = 0;
    slice.for_each([&](long long at, int n) {
        const long long i = (long long)n * z.period + row;
        products += g[at] * ((x[at] - mean[i]) * r[i]);
        alone += g[at];
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
        dweight[channel] = T(products);
        dbias[channel] = T(alone);
    });
}

// The names that Python sees: one for each element type.

extern "C" __global__ void forward_float32(const float* x, const float* weight, const float* bias, float* y,
                                           float* mean, float* r, double eps, Rows z)
{
    forward(x, weight, bias, y, mean, r, eps, z);
}

extern "C" __global__ void forward_float64(const double* x, const double* weight, const double* bias, double* y,
                                           double* mean, double* r, double eps, Rows z)
{
    forward(x, weight, bias, y, mean, r, eps, z);
}

extern "C" __global__ void backward_float32(const float* g, const float* x, const float* mean, const float* r,
                                            const float* weight, float* dx, Rows z)
{
    backward(g, x, mean, r, weight, dx, z);
}

extern "C" __global__ void backward_float64(const double* g, const double* x, const double* mean, const double* r,
                                            const double* weight, double* dx, Rows z)
{
    backward(g, x, mean, r, weight, dx, z);
}

extern "C" __global__ void slopes_float32(const float* g, const float* x, const float* mean, const float* r,
                                          double* parts, Channels channels, Rows z)
{
    slopes(g, x, mean, r, parts, channels, z);
}

extern "C" __global__ void slopes_float64(const double* g, const double* x, const double* mean, const double* r,
                                          double* parts, Channels channels, Rows z)
{
    slopes(g, x, mean, r, parts, channels, z);
}

extern "C" __global__ void finish_float32(const double* parts, float* dweight, float* dbias, Channels channels)
{
    finish(parts, dweight, dbias, channels);
}

extern "C" __global__ void finish_float64(const double* parts, double* dweight, double* dbias, Channels channels)
{
    finish(parts, dweight, dbias, channels);
}
