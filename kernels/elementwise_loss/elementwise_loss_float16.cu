// The kernels for float16 and bfloat16 of elementwise_loss.cuh, which has it all.

#include "elementwise_loss/elementwise_loss.cuh"

LOSSES(float16, float16)
LOSSES(bfloat16, bfloat16)
