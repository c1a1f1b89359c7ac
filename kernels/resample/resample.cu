// Images whose pixels are weighted sums over a few rows and columns of others: y = A · x · Bᵀ of each plane. The
// contract is in __init__.py; the matrices, and those of the adjoint, are made by rules.py.
//
//   for each pixel (plane, i, j) of y                                     one thread each, and on by the grid
//       for each tap s of column j:  column_index[s], column_weight[s]    column_start[j] … column_start[j + 1]
//           for each tap t of row i: row_index[t], row_weight[t]          row_start[i] … row_start[i + 1]
//               inner += row weight · x[plane, row, column]
//           y[plane, i, j] += column weight · inner
//
// The adjoint of a gather is a scatter, but that of a sparse matrix is its transpose, sparse by rows again: so both
// directions are this gather, without atomics, and the sums have the order of the tables. Most rules have one or two
// taps along each axis: what lies between rows and columns is then made anew by each thread, which costs less than
// to write it and read it. Neighbouring threads read neighbouring pixels, and all of a row the same taps.

#include "each.cuh"
#include "numbers.cuh"

struct Geometry {  // filled by gpu_plan.py, in this order
    int H, W, OH, OW;
};

template <typename T>
struct Axis {  // a sparse matrix by rows
    const int *start, *index;
    const Sums<T>* weight;
};

template <typename T>
__device__ void resample(
    const T* x, T* y, const Axis<T>& rows, const Axis<T>& columns, long long count, const Geometry& z)
{
    for_each(count, [&](auto place) {
        const auto row = place / z.OW, plane = row / z.OH;
        const int j = (int)(place - row * z.OW), i = (int)(row - plane * z.OH);
        const T* image = x + (long long)plane * z.H * z.W;
        using S = Sums<T>;
        S total = 0;
        for (int s = columns.start[j]; s < columns.start[j + 1]; s++) {
            const T* column = image + columns.index[s];
            S inner = 0;
            for (int t = rows.start[i]; t < rows.start[i + 1]; t++)
                inner = S(inner + rows.weight[t] * read(column[(long long)rows.index[t] * z.W]));
            total = S(total + columns.weight[s] * inner);
        }
        write(y[place], total);
    });
}

// The names that Python sees: one for each type of number.

#define KERNEL(T, type)                                                                                              \
    extern "C" __global__ void resample_##type(                                                                      \
        const T* x, T* y, const int* row_start, const int* row_index, const Sums<T>* row_weight,                    \
        const int* column_start, const int* column_index, const Sums<T>* column_weight, long long count, Geometry z) \
    {                                                                                                                \
        const Axis<T> rows = {row_start, row_index, row_weight};                                                     \
        const Axis<T> columns = {column_start, column_index, column_weight};                                         \
        resample(x, y, rows, columns, count, z);                                                                     \
    }

KERNEL(float, float32)
KERNEL(double, float64)
KERNEL(float16, float16)
KERNEL(bfloat16, bfloat16)
KERNEL(unsigned char, uint8)
KERNEL(signed char, int8)
KERNEL(short, int16)
KERNEL(int, int32)
KERNEL(long long, int64)
