// Batch normalisation and its gradients. The contract is in __init__.py.
//
// Channels are cut into slices, and each (channel, slice) has a team of threads: channels.cuh has the drawing.
//
// Two launches each way, since all of a channel has to be known before any of it can be finished:
//
//   statistics   for each (channel, slice), one team     parts = Σ x, Σ (x - its own mean)²
//   normalise    for each (channel, slice), one team     mean and variance from the parts; y = (x - mean)·r·w + b
//
//   slopes       for each (channel, slice), one team     parts = Σ g·(x - mean), Σ g
//   gradient     for each (channel, slice), one team     both sums from the parts; dx
//
// float16 and bfloat16 are computed with as float, which mean and r are kept in (numbers.cuh).
//
// Why this is exact enough: a slice is read twice, for its mean and for the squares around it, so no large numbers
// are subtracted from each other as in Σ x² - m·mean². The second time it comes from the cache (8,192 numbers). The
// parts are then joined in float64 by
//
//   Σ (x - mean)² = Σ over slices of [ Σ (x - mean_s)² + n_s·(mean_s - mean)² ]
//
// (Chan, Golub & LeVeque 1979, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances").

#include "channels.cuh"
#include "numbers.cuh"

struct Options {  // filled by gpu_plan.py, in this order
    int weighted, biased, from_batch, counted;
};

template <typename T>
__device__ void statistics(const T* __restrict__ x, double* __restrict__ parts, long long* __restrict__ count,
                           const Channels& channels, const Options& z)
{
    __shared__ double room[MOST_THREADS];
    const Slice slice(channels, room);
    if (z.counted && blockIdx.x == 0 && threadIdx.x == 0) count[0]++;  // `normalise` reads it

    Sums<T> mine = 0;
    slice.for_each([&](long long at, int) { mine += read(x[at]); });
    const double sum = slice.team.sum(mine);
    const int numbers = slice.size(slice.number);
    const Sums<T> centre = Sums<T>(sum / numbers);
    mine = 0;
    slice.for_each([&](long long at, int) {
        const Sums<T> off = read(x[at]) - centre;
        mine += off * off;
    });
    const double squares = slice.team.sum(mine);

    if (slice.team.member > 0 || !slice.is_there()) return;
    const double off = sum / numbers - centre;  // by how much the centre was rounded
    parts[slice.part(slice.number)] = sum;
    parts[slice.part(slice.number) + 1] = squares - numbers * off * off;
}

template <typename T>
__device__ void normalise(const T* __restrict__ x, const T* __restrict__ weight, const T* __restrict__ bias,
                          T* __restrict__ y, Sums<T>* __restrict__ mean, Sums<T>* __restrict__ r, T* running_mean,
                          T* running_var, const long long* __restrict__ count, const double* __restrict__ parts,
                          double momentum, double eps, const Channels& channels, const Options& z)
{
    using S = Sums<T>;
    __shared__ double room[MOST_THREADS];
    const Slice slice(channels, room);
    const int c = slice.is_there() ? slice.channel : 0;  // threads without a channel have nothing to write
    double average, variance;
    if (z.from_batch) {
        average = slice.joined([&](int s) { return parts[slice.part(s)]; }) / slice.m;
        const double squares = slice.joined([&](int s) {
            const double off = parts[slice.part(s)] / slice.size(s) - average;
            return parts[slice.part(s) + 1] + slice.size(s) * off * off;
        });
        variance = squares / slice.m;
        if (slice.writes() && momentum < infinity()) {
            const double factor = momentum >= 0 ? momentum : 1.0 / (double)count[0];
            write(running_mean[c], S((1 - factor) * read(running_mean[c]) + factor * average));
            write(running_var[c], S((1 - factor) * read(running_var[c]) + factor * squares / (slice.m - 1)));
        }
    } else {
        average = read(running_mean[c]);
        variance = read(running_var[c]);
    }
    const S centre = S(average), root = S(1 / sqrt(variance + eps));
    if (slice.writes()) {
        mean[c] = centre;
        r[c] = root;
    }
    const S scale = z.weighted ? root * read(weight[c]) : root, shift = z.biased ? read(bias[c]) : S(0);
    slice.for_each([&](long long at, int) { write(y[at], (read(x[at]) - centre) * scale + shift); });
}

template <typename T>
__device__ void slopes(const T* __restrict__ g, const T* __restrict__ x, const Sums<T>* __restrict__ mean,
                       double* __restrict__ parts, const Channels& channels)
{
    __shared__ double room[MOST_THREADS];
    const Slice slice(channels, room);
    const Sums<T> centre = mean[slice.is_there() ? slice.channel : 0];
    Sums<T> products = 0, alone = 0;
    slice.for_each([&](long long at, int) {
        products += read(g[at]) * (read(x[at]) - centre);
        alone += read(g[at]);
    });
    const double both[] = {slice.team.sum(products), slice.team.sum(alone)};
    if (slice.team.member > 0 || !slice.is_there()) return;
    parts[slice.part(slice.number)] = both[0];
    parts[slice.part(slice.number) + 1] = both[1];
}

template <typename T>
__device__ void gradient(const T* __restrict__ g, const T* __restrict__ x, const Sums<T>* __restrict__ mean,
                         const Sums<T>* __restrict__ r, const T* __restrict__ weight, T* __restrict__ dx,
                         T* __restrict__ dweight, T* __restrict__ dbias, const double* __restrict__ parts,
                         const Channels& channels, const Options& z)
{
    using S = Sums<T>;
    __shared__ double room[MOST_THREADS];
    const Slice slice(channels, room);
    const int c = slice.is_there() ? slice.channel : 0;
    const double products = slice.joined([&](int s) { return parts[slice.part(s)]; });
    const double sum = slice.joined([&](int s) { return parts[slice.part(s) + 1]; });
    const double root = r[c];
    if (slice.writes()) {
        write(dweight[c], S(slice.m > 0 ? products * root : 0));
        write(dbias[c], S(sum));
    }
    const S centre = mean[c], scale = z.weighted ? r[c] * read(weight[c]) : r[c];
    const S slope = z.from_batch ? S(products * root * root / slice.m) : S(0);
    const S average = z.from_batch ? S(sum / slice.m) : S(0);
    slice.for_each([&](long long at, int) {
        write(dx[at], (read(g[at]) - average - (read(x[at]) - centre) * slope) * scale);
    });
}

// The names that Python sees: one for each element type.

#define KERNELS(T, name)                                                                                           \
    extern "C" __global__ void statistics_##name(const T* x, double* parts, long long* count, Channels channels,   \
                                                 Options z)                                                        \
    {                                                                                                              \
        statistics(x, parts, count, channels, z);                                                                  \
    }                                                                                                              \
    extern "C" __global__ void normalise_##name(                                                                   \
        const T* x, const T* weight, const T* bias, T* y, Sums<T>* mean, Sums<T>* r, T* running_mean,              \
        T* running_var, const long long* count, const double* parts, double momentum, double eps,                  \
        Channels channels, Options z)                                                                              \
    {                                                                                                              \
        normalise(x, weight, bias, y, mean, r, running_mean, running_var, count, parts, momentum, eps, channels,   \
                  z);                                                                                              \
    }                                                                                                              \
    extern "C" __global__ void slopes_##name(const T* g, const T* x, const Sums<T>* mean, double* parts,           \
                                             Channels channels)                                                    \
    {                                                                                                              \
        slopes(g, x, mean, parts, channels);                                                                       \
    }                                                                                                              \
    extern "C" __global__ void gradient_##name(                                                                    \
        const T* g, const T* x, const Sums<T>* mean, const Sums<T>* r, const T* weight, T* dx, T* dweight,         \
        T* dbias, const double* parts, Channels channels, Options z)                                               \
    {                                                                                                              \
        gradient(g, x, mean, r, weight, dx, dweight, dbias, parts, channels, z);                                   \
    }

KERNELS(float, float32)
KERNELS(double, float64)
KERNELS(float16, float16)
KERNELS(bfloat16, bfloat16)
