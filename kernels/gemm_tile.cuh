// One tile of a matrix product C = A · B, computed by one block of threads: the core of gemm.cuh and of conv2d.cuh.
//
//              COLUMNS                     A and B pass by in slices of DEPTH along the sum. Each number of a slice
//            ┌─────────┐  ┐                is fetched from far memory once, by one thread, and lies in shared memory
//            │    b    │  │ DEPTH          until the whole block has used it:
//            └─────────┘  ┘
//    ┌───┐   ┌─────────┐  ┐                for each slice
//    │   │   │ · · · · │  │                    fetch the numbers of the next slice into registers   (they are on the
//    │ a │   │ ·┌──┐ · │  │ ROWS           ┌─> multiply this slice, from shared memory             <─ way meanwhile)
//    │   │   │ ·└──┘ · │  │                │   put the next one into the other half of shared memory
//    └───┘   └─────────┘  ┘                └── wait for each other: once for each slice
//    DEPTH        a thread: TM × TN sums, in registers
//
// A thread reads TM numbers of a and TN of b for TM·TN multiply-adds: 16 for 64 in the largest tile, four at a time
// (128 bits); with so many sums in registers there is room for the numbers on their way only if DEPTH is 8, while small
// tiles take 16 and wait for each other half as often. Its rows are `down`, in groups of four that lie ROWS / (TM/4)
// apart, so that the 16-byte words that a quarter of a warp reads are neighbours: every bank of shared memory is asked
// once. The rows of shared memory are four numbers longer than the tile, so that threads which put a column (numbers
// DEPTH apart in far memory, neighbours along the sum) meet in a bank no more than by two.
//
// With tensor cores (TENSOR; TF32 from compute capability 8.0 on) the sums are those of `mma.m16n8k8`: eight lanes
// hold a row and four the sum's direction, rows of shared memory are eight longer, and then 32 lanes read 32 banks.
// float16 and bfloat16 come as floats into shared memory, and TF32 holds either of them exactly; so one kernel serves
// all three, and the products are exact. Elsewhere the same sums are formed by multiply-adds of the rounded numbers.
//
// In which order a sum is formed follows from TENSOR alone, not from the shape of the tile (that of the sums of rows of
// A also from DEPTH).
//
// In the end the sums go through shared memory once more, some rows at a time, so that neighbouring threads write
// neighbouring numbers, and what is done to a number on its way out (bias, activation) stands in one loop.
#pragma once

#include "numbers.cuh"

template <typename S> struct alignas(16) Four {
    S v[4];
};

template <typename S_, int ROWS_, int COLUMNS_, int TM_, int TN_, int DEPTH_, bool TENSOR_ = false, bool ROUND_ = false>
struct Shape {
    using S = S_;
    static constexpr int ROWS = ROWS_, COLUMNS = COLUMNS_, TM = TM_, TN = TN_, DEPTH = DEPTH_;
    static constexpr bool TENSOR = TENSOR_;
    static constexpr bool ROUND = ROUND_;  // to TF32: floats are; float16 and bfloat16 need no rounding
    static constexpr int THREADS = ROWS * COLUMNS / (TM * TN);
    static constexpr int BLOCKS = THREADS == 64 ? 4 : sizeof(S) == 4 && TM == 4 ? 2 : 1;  // of a multiprocessor, at least
    static constexpr int PAD = TENSOR ? 8 : 4;
    static constexpr int ROUNDS = TM;            // of writing out
    static constexpr int SLOTS = ROWS / ROUNDS;  // rows written in a round
};

// --- shared memory ------------------------------------------------------------------------------------------

template <class Z> struct Slices {
    Four<typename Z::S> a[2][Z::DEPTH][(Z::ROWS + Z::PAD) / 4];
    Four<typename Z::S> b[2][Z::DEPTH][(Z::COLUMNS + Z::PAD) / 4];
};

template <class Z> union Room {  // one after the other
    Slices<Z> slices;
    typename Z::S row_sums[Z::ROWS][Z::DEPTH + 1];
    Four<typename Z::S> out[Z::SLOTS][Z::COLUMNS / 4];
};

// --- the numbers of a slice that a thread brings -------------------------------------------------------------

template <int LINES, int DEPTH, int THREADS> struct Share {
    static constexpr int COUNT = LINES * DEPTH / THREADS;
    int line, k, line_step, k_step;

    // Neighbouring threads bring neighbours along the sum, or along the lines: whatever lies together in memory.
    __device__ explicit Share(bool along_k)
    {
        const int t = threadIdx.x;
        line = along_k ? t / DEPTH : t % LINES;
        k = along_k ? t % DEPTH : t / LINES;
        line_step = along_k ? THREADS / DEPTH : 0;
        k_step = along_k ? 0 : THREADS / LINES;
    }
};

// --- the sums of a tile --------------------------------------------------------------------------------------

template <class Z> struct PlainSums {
    using S = typename Z::S;
    static constexpr int DOWN = Z::ROWS / Z::TM, ACROSS = Z::COLUMNS / Z::TN;
    S sum[Z::TM][Z::TN];
    int down, across;

    __device__ PlainSums()
    {
        down = threadIdx.x / ACROSS;
        across = threadIdx.x % ACROSS;
        UNROLL
        for (int i = 0; i < Z::TM; i++)
            UNROLL
            for (int j = 0; j < Z::TN; j++)
                sum[i][j] = 0;
    }

    __device__ static Four<S> rounded(Four<S> x)
    {
        if (Z::ROUND)
            UNROLL
            for (S& number : x.v)
                number = round_to_tf32(number);
        return x;
    }

    __device__ void add(const Slices<Z>& slices, int half)
    {
        UNROLL
        for (int k = 0; k < Z::DEPTH; k++) {
            Four<S> x[Z::TM / 4], y[Z::TN / 4];
            UNROLL
            for (int i = 0; i < Z::TM / 4; i++)
                x[i] = rounded(slices.a[half][k][i * DOWN + down]);
            UNROLL
            for (int j = 0; j < Z::TN / 4; j++)
                y[j] = rounded(slices.b[half][k][j * ACROSS + across]);
            UNROLL
            for (int i = 0; i < Z::TM; i++)
                UNROLL
                for (int j = 0; j < Z::TN; j++)
                    sum[i][j] += x[i / 4].v[i % 4] * y[j / 4].v[j % 4];
        }
    }

    // One row of each thread; the loop over all of them keeps `sum` in registers, which have no addresses.
    __device__ void put_out(Room<Z>& room, int round)
    {
        UNROLL
        for (int i = 0; i < Z::TM; i++)
            if (i == round)
                UNROLL
                for (int j = 0; j < Z::TN; j += 4)
                    room.out[down][j / 4 * ACROSS + across] = {{sum[i][j], sum[i][j + 1], sum[i][j + 2], sum[i][j + 3]}};
    }

    // Which row of the tile lies in a slot
    __device__ static int row_of(int round, int slot) { return (round / 4 * DOWN + slot) * 4 + round % 4; }
};

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800

template <class Z> struct TensorSums {
    static constexpr int WARP_ROWS = Z::TM * 8, DOWN = Z::ROWS / WARP_ROWS, ACROSS = Z::THREADS / 32 / DOWN;
    static constexpr int WARP_COLUMNS = Z::COLUMNS / ACROSS;
    float sum[WARP_ROWS / 16][WARP_COLUMNS / 8][4];
    int down, across, group, lane;  // the warp's place in the tile; a lane's among eight rows, and among four

    __device__ TensorSums()
    {
        const int warp = threadIdx.x / 32;
        down = warp / ACROSS;
        across = warp % ACROSS;
        group = threadIdx.x % 32 / 4;
        lane = threadIdx.x % 4;
        UNROLL
        for (int i = 0; i < WARP_ROWS / 16; i++)
            UNROLL
            for (int j = 0; j < WARP_COLUMNS / 8; j++)
                UNROLL
                for (int c = 0; c < 4; c++)
                    sum[i][j][c] = 0;
    }

    template <int LENGTH> __device__ static unsigned operand(const Four<float> (&line)[LENGTH], int at)
    {
        Word word;
        word.number = line[at / 4].v[at % 4];
        if (Z::ROUND)
            word.number = round_to_tf32(word.number);
        return word.bits;
    }

    __device__ void add(const Slices<Z>& slices, int half)
    {
        UNROLL
        for (int k = 0; k < Z::DEPTH; k += 8) {
            unsigned x[WARP_ROWS / 16][4], y[WARP_COLUMNS / 8][2];
            UNROLL
            for (int i = 0; i < WARP_ROWS / 16; i++)
                UNROLL
                for (int c = 0; c < 4; c++)
                    x[i][c] = operand(
                        slices.a[half][k + lane + c / 2 * 4], down * WARP_ROWS + i * 16 + c % 2 * 8 + group);
            UNROLL
            for (int j = 0; j < WARP_COLUMNS / 8; j++)
                UNROLL
                for (int c = 0; c < 2; c++)
                    y[j][c] = operand(slices.b[half][k + lane + c * 4], across * WARP_COLUMNS + j * 8 + group);
            UNROLL
            for (int i = 0; i < WARP_ROWS / 16; i++)
                UNROLL
                for (int j = 0; j < WARP_COLUMNS / 8; j++)
                    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
                                 "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                                 : "+f"(sum[i][j][0]), "+f"(sum[i][j][1]), "+f"(sum[i][j][2]), "+f"(sum[i][j][3])
                                 : "r"(x[i][0]), "r"(x[i][1]), "r"(x[i][2]), "r"(x[i][3]), "r"(y[j][0]), "r"(y[j][1]));
        }
    }

    __device__ void put_out(Room<Z>& room, int round)
    {
        UNROLL
        for (int i = 0; i < Z::ROUNDS; i++)
            if (i == round)
                UNROLL
                for (int j = 0; j < WARP_COLUMNS / 8; j++)
                    UNROLL
                    for (int c = 0; c < 2; c++) {
                        const int column = across * WARP_COLUMNS + j * 8 + lane * 2 + c;
                        room.out[down * 8 + group][column / 4].v[column % 4] = sum[i / 2][j][i % 2 * 2 + c];
                    }
    }

    __device__ static int row_of(int round, int slot) { return slot / 8 * WARP_ROWS + round * 8 + slot % 8; }
};

template <class Z, bool TENSOR = Z::TENSOR> struct Chosen { using Type = PlainSums<Z>; };
template <class Z> struct Chosen<Z, true> { using Type = TensorSums<Z>; };
template <class Z> using TileSums = typename Chosen<Z>::Type;

#else

template <class Z> using TileSums = PlainSums<Z>;

#endif

// --- the loop over the slices --------------------------------------------------------------------------------

// `source` knows where the numbers are:
//     A_ALONG_K, B_ALONG_K           what Share is told
//     look(slice)                    work out what all threads need to know of a slice, into shared memory
//     a(slice, i, line, k), b(…)     a number of A (its row `line`) and of B (its column `line`), 0 beside them; it is
//                                    the i-th of those that the thread brings
// ROW_SUMS: also add up the rows of A; the sum of row threadIdx.x is what comes back.
template <bool ROW_SUMS, class Z, class Source>
__device__ typename Z::S add_up(Room<Z>& room, TileSums<Z>& sums, Source& source, int slices)
{
    using S = typename Z::S;
    const Share<Z::ROWS, Z::DEPTH, Z::THREADS> a(source.a_along_k());
    const Share<Z::COLUMNS, Z::DEPTH, Z::THREADS> b(source.b_along_k());
    S next_a[a.COUNT], next_b[b.COUNT], rows[ROW_SUMS ? a.COUNT : 1];
    UNROLL
    for (S& row : rows)
        row = 0;

    source.look(0);
    __syncthreads();
    for (int slice = -1; slice < slices; slice++) {
        if (slice + 1 < slices) {
            UNROLL
            for (int i = 0; i < a.COUNT; i++)
                next_a[i] = source.a(slice + 1, i, a.line + i * a.line_step, a.k + i * a.k_step);
            UNROLL
            for (int i = 0; i < b.COUNT; i++)
                next_b[i] = source.b(slice + 1, i, b.line + i * b.line_step, b.k + i * b.k_step);
        }
        if (slice >= 0)
            sums.add(room.slices, slice & 1);
        if (slice + 1 < slices) {
            const int half = (slice + 1) & 1;
            UNROLL
            for (int i = 0; i < a.COUNT; i++) {
                const int line = a.line + i * a.line_step;
                room.slices.a[half][a.k + i * a.k_step][line / 4].v[line % 4] = next_a[i];
                if (ROW_SUMS)
                    rows[ROW_SUMS ? i : 0] += next_a[i];
            }
            UNROLL
            for (int i = 0; i < b.COUNT; i++) {
                const int line = b.line + i * b.line_step;
                room.slices.b[half][b.k + i * b.k_step][line / 4].v[line % 4] = next_b[i];
            }
        }
        if (slice + 2 < slices)
            source.look(slice + 2);
        __syncthreads();
    }
    S sum = 0;
    if (ROW_SUMS) {
        UNROLL
        for (int i = 0; i < a.COUNT; i++)
            room.row_sums[a.line + i * a.line_step][a.k + i * a.k_step] = rows[ROW_SUMS ? i : 0];
        __syncthreads();
        if (threadIdx.x < Z::ROWS)
            for (int k = 0; k < Z::DEPTH; k++)
                sum += room.row_sums[threadIdx.x][k];
        __syncthreads();
    }
    return sum;
}

// Every sum of the tile to `store(row, number)`, called by the thread of that column: column threadIdx.x % COLUMNS.
template <class Z, class Store> __device__ void write_out(Room<Z>& room, TileSums<Z>& sums, Store store)
{
    const int column = threadIdx.x % Z::COLUMNS;
    NO_UNROLL
    for (int round = 0; round < Z::ROUNDS; round++) {
        sums.put_out(room, round);
        __syncthreads();
        NO_UNROLL
        for (int slot = threadIdx.x / Z::COLUMNS; slot < Z::SLOTS; slot += Z::THREADS / Z::COLUMNS)
            store(sums.row_of(round, slot), room.out[slot][column / 4].v[column % 4]);
        __syncthreads();
    }
}
