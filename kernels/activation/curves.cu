// The float32 kernels of curves.cuh, which has it all.

#include "activation/curves.cuh"

CURVES(float, float32)
