// The float64 kernels of curves.cuh, which has it all.

#include "activation/curves.cuh"

CURVES(double, float64)
