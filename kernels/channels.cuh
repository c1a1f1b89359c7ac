// Sums over the channels of (N, C, pixels), cut into slices so that there is work for a whole GPU. channels.py cuts.
//
// The m = N·pixels numbers of a channel are N runs of `pixels`; they are cut into slices, and each (channel, slice)
// has a team of threads (teams.py), of some 32 numbers a thread: enough work for a block, and enough blocks for a GPU
// where there are few channels.
//
//   image 0, channel 0   image 0, channel 1   …   image 1, channel 0   …
//   [ slice 0 ......]    [ slice 0 ......]        [.. 0 ][ slice 1 ]         slices of channel 0 end where they end
//
// Images of 8 pixels and more: a block has a slice of one channel, its threads go along the pixels. Smaller ones (the
// output of a linear layer has 1): a block has 32 channels, neighbouring threads have neighbouring channels.
//
// A thread adds up its 32 numbers in their own type, all further sums are float64: one addition in 32, so it costs
// nothing on GPUs either that have few units for it.

#pragma once

#include "reduce.cuh"

struct Channels {  // filled by channels.py, in this order
    int N, C, pixels, slices, length, members, apart;
};

// The channel and the slice of a team, and its numbers.
struct Slice {
    const Channels& z;
    const Team<double> team;
    const int number, channel, m;

    __device__ Slice(const Channels& z, double* room)
        : z(z), team(z.members, z.apart, room), number((int)blockIdx.x % z.slices),
          channel((int)blockIdx.x / z.slices * team.rows + team.row), m(z.N * z.pixels)
    {
    }

    __device__ bool is_there() const { return channel < z.C; }
    // the one thread that writes what there is one of for each channel
    __device__ bool writes() const { return number == 0 && team.member == 0 && is_there(); }
    // how many numbers slice s has
    __device__ int size(int s) const { return min(z.length, m - s * z.length); }
    __device__ long long part(int s) const { return 2 * ((long long)s * z.C + channel); }

    // body(at, n) for the numbers of this thread: every members-th of the slice. Coordinates are carried along; a
    // division for each number would take longer than the rest.
    template <typename Body>
    __device__ void for_each(const Body& body) const
    {
        int j = number * z.length + team.member;
        const int end = is_there() ? number * z.length + size(number) : 0;
        if (j >= end) return;
        int n = j / z.pixels, p = j % z.pixels;
        const int images = team.members / z.pixels, rest = team.members % z.pixels;
        for (; j < end; j += team.members) {
            body(((long long)n * z.C + channel) * z.pixels + p, n);
            n += images;
            p += rest;
            if (p >= z.pixels) {
                p -= z.pixels;
                n++;
            }
        }
    }

    // The sum over slices of of(slice): all members get it.
    template <typename Of>
    __device__ double joined(const Of& of) const
    {
        double sum = 0;
        for (int s = team.member; is_there() && s < z.slices; s += team.members) sum += of(s);
        return team.sum(sum);
    }
};
