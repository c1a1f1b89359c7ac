// One step of an optimiser, for all parameters of a network in one launch. The contract, with the formulas, is in
// __init__.py; the rules are in rules.cuh.
//
//   parameter 0 (10 numbers)  |=============       |      chunk 0          chunk: 4 numbers for each thread of a block
//   parameter 1 (2.5 chunks)  |====================|            1
//                             |====================|            2
//                             |==========          |            3
//   parameter 2               |====                |            4          first = 0, 1, 4, 5
//
//   for each chunk                                                a block each, and on by the size of the grid
//       which parameter?  the last one whose `first` is not beyond the chunk
//       for each of its numbers: load gradient, parameter, states -> the whole formula -> store parameter, states
//
// A small network has many small parameters, and a launch for each would take longer than their arithmetic. So the
// addresses of all of them come along with the launch, by value in `Table`: they need no memory of their own and no
// copy before the launch, and a captured graph keeps them. A launch takes 4 KB of arguments; where there are more than
// MOST parameters, a second launch takes the next ones.
//
// What a step shares (learning rate, number of the step) is read from `hyper`, in memory, so that a graph that is
// replayed steps by today's numbers. It is float64, and GPUs made for games are slow at that: one thread works out the
// coefficients for its block. Each number is read once and written once, 16 bytes at a time (elementwise.cuh); no
// number needs another, so how they are dealt out changes no result. float16 and bfloat16 are computed with as float
// (numbers.cuh).

#pragma once

#include "elementwise.cuh"
#include "numbers.cuh"
#include "optimizer_step/rules.cuh"

constexpr int MOST = 64;   // parameters of one launch
constexpr int ARRAYS = 5;  // of a parameter: itself, its gradient, three states at most

struct Table {  // filled by gpu_cupy.py, in this order
    unsigned long long address[ARRAYS][MOST];
    long long size[MOST];
    int first[MOST];
    int count, chunks, flags, unused;
};

// The numbers start … stop of one parameter, LANES at a time.
template <int LANES, int STATES, typename Rule, typename T>
__device__ void stretch(const Rule& rule, T* const (&arrays)[ARRAYS], long long start, long long stop)
{
    using Group = Lanes<T, LANES>;
    for (long long i = start + (long long)threadIdx.x * LANES; i < stop; i += (long long)blockDim.x * LANES) {
        Group group[2 + STATES];
        for (int a = 0; a < 2 + STATES; a++)
            group[a] = *reinterpret_cast<const Group*>(arrays[a] + i);
        for (int j = 0; j < LANES; j++) {
            Sums<T> param = read(group[0].lane[j]), states[3] = {};
            for (int s = 0; s < STATES; s++)
                states[s] = read(group[2 + s].lane[j]);
            rule.step(read(group[1].lane[j]), param, states);
            write(group[0].lane[j], param);
            for (int s = 0; s < STATES; s++)
                write(group[2 + s].lane[j], states[s]);
        }
        for (int a = 0; a < 2 + STATES; a++)
            if (a != 1)
                *reinterpret_cast<Group*>(arrays[a] + i) = group[a];
    }
}

template <typename Rule, typename T>
__device__ void step(const Table& table, const double* hyper)
{
    constexpr int STATES = Rule::STATES, LANES = 16 / sizeof(T);
    __shared__ Rule rule;
    if (threadIdx.x == 0)
        rule = Rule::of(hyper, table.flags);
    __syncthreads();

    const long long width = 4 * (long long)blockDim.x;
    for (int chunk = (int)blockIdx.x; chunk < table.chunks; chunk += (int)gridDim.x) {
        int parameter = 0, beyond = table.count;  // first[parameter] <= chunk < first[beyond]
        while (beyond - parameter > 1) {
            const int middle = (parameter + beyond) / 2;
            (table.first[middle] <= chunk ? parameter : beyond) = middle;
        }
        T* arrays[ARRAYS];
        bool in_line = true;
        for (int a = 0; a < 2 + STATES; a++) {
            arrays[a] = reinterpret_cast<T*>(table.address[a][parameter]);
            in_line = in_line && aligned<LANES>(arrays[a]);
        }
        const long long start = (chunk - table.first[parameter]) * width, size = table.size[parameter];
        const long long stop = start + width < size ? start + width : size;
        const long long whole = in_line ? stop / LANES * LANES : start;  // what can be done in groups
        stretch<LANES, STATES>(rule, arrays, start, whole);
        stretch<1, STATES>(rule, arrays, whole, stop);
    }
}

// The names that Python sees: optimizer_step_RULE_TYPE, RULE with the options that bring a state. Each type of number
// has a file that makes kernels of them, so that those who use one wait for that one to be compiled.

#define KERNEL(name, type, T, ...)                                                                            \
    extern "C" __global__ void optimizer_step_##name##_##type(const Table table, const double* hyper)         \
    {                                                                                                         \
        step<__VA_ARGS__, T>(table, hyper);                                                                   \
    }

#define RULES(T, type)                                                       \
    KERNEL(sgd, type, T, Sgd<Sums<T>, false>)                                \
    KERNEL(sgd_momentum, type, T, Sgd<Sums<T>, true>)                        \
    KERNEL(adam, type, T, Adam<Sums<T>, false>)                              \
    KERNEL(adam_amsgrad, type, T, Adam<Sums<T>, true>)                       \
    KERNEL(adagrad, type, T, Adagrad<Sums<T>>)                               \
    KERNEL(rmsprop, type, T, RmsProp<Sums<T>, false, false>)                 \
    KERNEL(rmsprop_centered, type, T, RmsProp<Sums<T>, false, true>)         \
    KERNEL(rmsprop_momentum, type, T, RmsProp<Sums<T>, true, false>)         \
    KERNEL(rmsprop_centered_momentum, type, T, RmsProp<Sums<T>, true, true>) \
    KERNEL(adadelta, type, T, Adadelta<Sums<T>>)                             \
    KERNEL(adamax, type, T, Adamax<Sums<T>>)                                 \
    KERNEL(nadam, type, T, NAdam<Sums<T>>)                                   \
    KERNEL(radam, type, T, RAdam<Sums<T>>)                                   \
    KERNEL(asgd, type, T, Asgd<Sums<T>>)                                     \
    KERNEL(rprop, type, T, Rprop<Sums<T>>)
