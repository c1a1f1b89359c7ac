// gemm of integers, as NumPy's: sums that wrap around. gemm.cuh has it all. Nobody waits for these.

#include "gemm/gemm.cuh"

#define INTEGERS(type, T)                      \
    using Small_##type = Shape<T, 32, 32, 4, 4, 16>; \
    GEMM(32x32, type, T, Small_##type, true)   \
    GEMM_FINISH(type, T)

INTEGERS(int64, long long)
INTEGERS(int32, int)
INTEGERS(int16, short)
INTEGERS(int8, signed char)
INTEGERS(uint8, unsigned char)
