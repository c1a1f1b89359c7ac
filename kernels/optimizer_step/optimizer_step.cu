// The float32 kernels of optimizer_step.cuh, which has it all.

#include "optimizer_step/optimizer_step.cuh"

RULES(float, float32)
