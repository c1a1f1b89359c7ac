// The float64 kernels of activation.cuh, which has it all.

#include "activation/activation.cuh"

FROM_OUTPUT(double, float64)
