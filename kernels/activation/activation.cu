// The float32 kernels of activation.cuh, which has it all.

#include "activation/activation.cuh"

FROM_OUTPUT(float, float32)
