// The float64 kernels of elementwise_loss.cuh, which has it all.

#include "elementwise_loss/elementwise_loss.cuh"

LOSSES(double, float64)
