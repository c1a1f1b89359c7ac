// conv2d of integers, as NumPy's: sums that wrap around. conv2d.cuh has it all. Nobody waits for these.

#include "conv2d/conv2d.cuh"
#include "conv2d/direct.cuh"

#define INTEGERS(type, T)                            \
    using Small_##type = Shape<T, 32, 32, 4, 4, 16>; \
    CONV2D(32x32, type, T, Small_##type)             \
    CONV2D_WEIGHT(32x32, type, T, Small_##type)      \
    CONV2D_FINISH(type, T)

INTEGERS(int64, long long)
INTEGERS(int32, int)
INTEGERS(int16, short)
INTEGERS(int8, signed char)
INTEGERS(uint8, unsigned char)
