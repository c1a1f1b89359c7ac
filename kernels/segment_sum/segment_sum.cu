// segment_sum: rows added to the rows of a table that they belong to. The contract is in __init__.py.
//
// Which rows of `values` belong to row r of the table? Those that stand together when their numbers are sorted by
// `index`, and a sort that is stable leaves them in their order. So: sort, then let one thread add up what stands
// together. No two threads write to one place, nothing floating is added atomically, and a sum has one order.
//
//     index    2 0 0 7 2 …        order    1 2 | 0 4 | 3 …        table[0] += values[1], values[2]
//                                          ^ row 0 ^ row 2        table[2] += values[0], values[4]
//
// The sort goes digit by digit, the lowest first (eight bits each; two digits for a table of fewer than 65,536 rows),
// and each of these passes keeps the order that it finds among equal digits. The list is cut into tiles, a block each:
//
//     count    how often each digit occurs in each tile       whole numbers, so the order of atomic additions is free
//     sort     digit d of tile t goes behind all smaller digits, and behind those d of the tiles before:
//
//                  tile 0    tile 1    tile 2
//                | 0 1 0 1 | 1 0 1 1 | …                      256 numbers at a time: each thread counts the same
//                    ╲ ╲       ╲                              digits before its own, which all lie in shared memory
//                | 0 0 … 0 … | 1 1 1 1 1 …
//
// Nothing is waited for and nothing depends on how many digits there turn out to be, so a CUDA graph may hold it. A
// number outside of the table counts as `rows`: it is sorted behind the others, and added nowhere.

constexpr int BITS = 8, DIGITS = 1 << BITS, MOST_THREADS = 256;

__device__ inline long long place_of(const long long* index, long long term, long long rows)
{
    const long long place = index[term];
    return 0 <= place && place < rows ? place : rows;
}

__device__ inline int digit_of(const long long* index, long long term, long long rows, long long shift)
{
    return (int)(place_of(index, term, rows) >> shift & (DIGITS - 1));
}

// Where this block's tile of the list begins; that of the next block is its end.
__device__ inline long long beginning(long long terms, unsigned block) { return terms * block / gridDim.x; }

// counts[tile, digit] of the list `from`; of 0 … terms-1 in the first pass.
extern "C" __global__ void segment_sum_count(
    const long long* __restrict__ index, const long long* __restrict__ from, int* __restrict__ counts,
    long long terms, long long rows, long long shift)
{
    __shared__ int found[DIGITS];
    for (int d = (int)threadIdx.x; d < DIGITS; d += (int)blockDim.x) found[d] = 0;
    __syncthreads();
    const long long end = beginning(terms, blockIdx.x + 1);
    for (long long k = beginning(terms, blockIdx.x) + threadIdx.x; k < end; k += blockDim.x)
        atomicAdd(&found[digit_of(index, shift == 0 ? k : from[k], rows, shift)], 1);
    __syncthreads();
    for (int d = (int)threadIdx.x; d < DIGITS; d += (int)blockDim.x) counts[blockIdx.x * DIGITS + d] = found[d];
}

// The list `from` in the order of one digit, as `to`.
extern "C" __global__ void segment_sum_sort(
    const long long* __restrict__ index, const long long* __restrict__ from, const int* __restrict__ counts,
    long long* __restrict__ to, long long terms, long long rows, long long shift)
{
    __shared__ long long next[DIGITS], sums[2][DIGITS];  // of a digit: where the next one goes; how many up to it
    __shared__ int digits[MOST_THREADS];
    const int me = (int)threadIdx.x, threads = (int)blockDim.x;

    for (int d = me; d < DIGITS; d += threads) {
        long long before = 0, total = 0;
        for (unsigned tile = 0; tile < gridDim.x; tile++) {
            if (tile == blockIdx.x) before = total;
            total += counts[tile * DIGITS + d];
        }
        sums[0][d] = total;
        next[d] = before - total;
    }
    __syncthreads();
    for (int bit = 0; bit < BITS; bit++) {  // each adds what lies 1, 2, 4, … digits before it
        for (int d = me; d < DIGITS; d += threads)
            sums[(bit + 1) & 1][d] = sums[bit & 1][d] + (d >> bit ? sums[bit & 1][d - (1 << bit)] : 0);
        __syncthreads();
    }
    for (int d = me; d < DIGITS; d += threads) next[d] += sums[BITS & 1][d];

    const long long end = beginning(terms, blockIdx.x + 1);
    for (long long first = beginning(terms, blockIdx.x); first < end; first += threads) {
        const bool there = first + me < end;
        const long long term = !there ? 0 : shift == 0 ? first + me : from[first + me];
        const int mine = there ? digit_of(index, term, rows, shift) : DIGITS;
        digits[me] = mine;
        __syncthreads();
        int before = 0, same = 0;
        for (int other = 0; other < threads; other++) {
            if (other == me) before = same;
            same += digits[other] == mine;
        }
        if (there) to[next[mine] + before] = term;
        __syncthreads();
        if (there && before == 0) next[mine] += same;
    }
}

// A thread for each column of each place in the list; those where another row of the table begins have work.
template <typename T>
__device__ void segment_sum(
    const T* __restrict__ values, const long long* __restrict__ index, const long long* __restrict__ order,
    T* __restrict__ table, long long terms, long long width, long long rows)
{
    const long long step = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < terms * width; i += step) {
        const long long first = i / width, column = i - first * width;
        const long long row = place_of(index, order[first], rows);
        if (row == rows || (first > 0 && place_of(index, order[first - 1], rows) == row)) continue;
        T total = table[row * width + column];
        for (long long k = first; k < terms && place_of(index, order[k], rows) == row; k++)
            total += values[order[k] * width + column];
        table[row * width + column] = total;
    }
}

// The names that Python sees: one for each element type.

#define SEGMENT_SUM(name, T)                                                                                       \
    extern "C" __global__ void segment_sum_##name(                                                                 \
        const T* values, const long long* index, const long long* order, T* table, long long terms,                \
        long long width, long long rows)                                                                           \
    {                                                                                                              \
        segment_sum(values, index, order, table, terms, width, rows);                                              \
    }

SEGMENT_SUM(float32, float)
SEGMENT_SUM(float64, double)
SEGMENT_SUM(int64, long long)
