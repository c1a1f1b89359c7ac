// The kernels for float16 and bfloat16 of optimizer_step.cuh, which has it all.

#include "optimizer_step/optimizer_step.cuh"

RULES(float16, float16)
RULES(bfloat16, bfloat16)
