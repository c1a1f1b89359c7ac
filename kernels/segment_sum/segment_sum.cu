// segment_sum: rows added to the rows of a table that they belong to. The contract is in __init__.py.
//
//     order    | 4  0 | 2 |      | 1  3  5 |        the rows of `values`, sorted by where they belong
//              ^      ^   ^      ^         ^
//     starts   0      2   3      3         6        row 2 of the table gets nothing
//
//   for each number (row, column) of the table         one thread each, and on by the size of the grid
//       for k from starts[row] to starts[row + 1]
//           table[row, column] += values[order[k], column]
//
// One thread adds all that belongs to its number, in the order of k: no two threads write to one place, so nothing has
// to be atomic, and the sum has one order. Neighbouring threads own neighbouring columns, so a warp reads a stretch of
// each row of `values`. Tables of one column (an index into a flat array) read wherever order[k] leads, and a long
// segment is one thread's work; both are the price of the fixed order, paid in backward passes of look-ups only.

template <typename T>
__device__ void segment_sum(
    const T* __restrict__ values, const long long* __restrict__ order, const long long* __restrict__ starts,
    T* __restrict__ table, long long numbers, long long width)
{
    const long long step = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < numbers; i += step) {
        const long long row = i / width, column = i - row * width;
        T total = table[i];
        for (long long k = starts[row]; k < starts[row + 1]; k++) total += values[order[k] * width + column];
        table[i] = total;
    }
}

// The names that Python sees: one for each element type.

#define SEGMENT_SUM(name, T)                                                                                       \
    extern "C" __global__ void segment_sum_##name(                                                                 \
        const T* values, const long long* order, const long long* starts, T* table, long long numbers,             \
        long long width)                                                                                           \
    {                                                                                                              \
        segment_sum(values, order, starts, table, numbers, width);                                                 \
    }

SEGMENT_SUM(float32, float)
SEGMENT_SUM(float64, double)
SEGMENT_SUM(int64, long long)
