// The float64 kernels of optimizer_step.cuh, which has it all.

#include "optimizer_step/optimizer_step.cuh"

RULES(double, float64)
