// The kernels for float16 and bfloat16 of curves.cuh, which has it all.

#include "activation/curves.cuh"

CURVES(float16, float16)
CURVES(bfloat16, bfloat16)
