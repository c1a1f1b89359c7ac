// A transpose of the matrix (rows, columns): y[c, r] = x[r, c]. The contract is in __init__.py.
//
//        x                          tile in shared memory               y
//     . . . . . .    a warp reads      +-----------+    a warp reads    . . | . .
//     . .+---+. .    a row of 32       | a b c d ……|    a column        . . | . .
//     . .| T |. .  --------------->    | e f g h ……|  --------------->  +---+ . .
//     . .+---+. .    numbers           | :         |    and writes a    | T'| . .
//     . . . . . .                      +-----------+    row of y        +---+ . .
//
//   for each tile of 32 × 32 numbers                                     a block each, and on by the size of the grid
//       for each of its rows: a warp reads 32 neighbours of x            whole lines of memory
//       barrier
//       for each of its columns: a warp writes 32 neighbours of y        whole lines of memory
//
// Read or written directly, one of the two would go through memory in steps of a whole row, a line for each number.
// A row of the tile is one number longer than needed: so the 32 numbers of a column lie in 32 different banks, and
// are read at once.
//
// What the numbers mean does not matter, only how many bytes they have.

constexpr int SIDE = 32;

template <typename T>
__device__ void transpose(const T* x, T* y, long long rows, long long columns)
{
    __shared__ T tile[SIDE][SIDE + 1];
    const int lane = (int)threadIdx.x % SIDE, warp = (int)threadIdx.x / SIDE, warps = (int)blockDim.x / SIDE;
    const long long across = (columns + SIDE - 1) / SIDE, tiles = (rows + SIDE - 1) / SIDE * across;

    for (long long number = blockIdx.x; number < tiles; number += gridDim.x) {
        const long long r0 = number / across * SIDE, c0 = number % across * SIDE;
        for (int r = warp; r < SIDE; r += warps)
            if (r0 + r < rows && c0 + lane < columns)
                tile[r][lane] = x[(r0 + r) * columns + c0 + lane];
        __syncthreads();
        for (int c = warp; c < SIDE; c += warps)
            if (c0 + c < columns && r0 + lane < rows)
                y[(c0 + c) * rows + r0 + lane] = tile[lane][c];
        __syncthreads();  // the next tile takes the same place
    }
}

// The names that Python sees: one for each size of number, in bytes.

#define KERNEL(T, bytes)                                                                                             \
    extern "C" __global__ void reorder_##bytes(const T* x, T* y, long long rows, long long columns)                  \
    {                                                                                                                \
        transpose(x, y, rows, columns);                                                                              \
    }

KERNEL(unsigned char, 1)
KERNEL(unsigned short, 2)
KERNEL(unsigned, 4)
KERNEL(unsigned long long, 8)
