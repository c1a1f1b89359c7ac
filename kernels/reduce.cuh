// Sums and maxima over the threads of a block, in an order that depends on its shape only. teams.py has the table
// of teams: `members` threads, `apart` of each other, share a row.
//
//   members 32, apart 1: a warp                    members 256, apart 1: the block
//
//     lane  0   1  …  15  16 … 31                    warp 0     warp 1   …   warp 7
//           └───┼──────────┘   │  16 lanes away        each as on the left, and leaves its result in `room`;
//               └──────────────┘                       then every thread goes through room[0], room[32], …
//     then 8, 4, 2, 1 lanes away: every
//     lane has the same sum of the same            members 8, apart 32: row t % 32
//     pairs, to the last bit
//                                                      every thread leaves its number in `room` and goes
//   __shfl_xor_sync swaps registers: no memory,        through room[t % 32], room[t % 32 + 32], …
//   no barrier.
//
// The walk through `room` takes eight steps at most. All threads of a warp read the same word, or 32 neighbouring
// ones: one access of shared memory each, without a conflict of banks. It ends with the same bits in all members, so
// nobody has to be told the result.

#pragma once

// Both are exact as float32, too.
__device__ inline double infinity() { return __longlong_as_double(0x7ff0000000000000LL); }
__device__ inline double not_a_number() { return __longlong_as_double(0x7ff8000000000000LL); }

constexpr int MOST_THREADS = 256;  // of a block, launch.THREADS: so long are the arrays in shared memory

template <typename T>
struct Sum {
    __device__ T operator()(T a, T b) const { return a + b; }
};

template <typename T>
struct Largest {
    __device__ T operator()(T a, T b) const { return max(a, b); }  // NaN is passed over
};

// This thread's place in its team. Blocks have a power of two of threads, 32 or more.
template <typename T>
struct Team {
    const int members, apart;
    const int rows;    // of the block
    const int row;     // of those, mine
    const int member;  // who I am in my team
    T* const room;     // MOST_THREADS numbers of shared memory

    __device__ Team(int members, int apart, T* room)
        : members(members), apart(apart), rows((int)blockDim.x / members),
          row(apart == 1 ? (int)threadIdx.x / members : (int)threadIdx.x % apart),
          member(apart == 1 ? (int)threadIdx.x % members : (int)threadIdx.x / apart), room(room)
    {
    }

    // What the team's numbers come to: all threads of the block call it, and all get their team's result.
    template <typename Join>
    __device__ T joined(T mine, Join join) const
    {
        if (apart == 1)
            for (int half = (members < 32 ? members : 32) / 2; half > 0; half /= 2)
                mine = join(mine, __shfl_xor_sync(0xffffffffu, mine, half));
        if (members * apart > 32) {
            __syncthreads();  // the results of before have been read
            room[threadIdx.x] = mine;
            __syncthreads();
            const int first = apart == 1 ? 0 : row;
            mine = room[first];
            for (int other = first + 32; other < (int)blockDim.x; other += 32) mine = join(mine, room[other]);
        }
        return mine;
    }

    __device__ T sum(T mine) const { return joined(mine, Sum<T>()); }
    __device__ T largest(T mine) const { return joined(mine, Largest<T>()); }
};
