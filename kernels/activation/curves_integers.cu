// The kernels for integers, of the two functions of curves.cuh that make integers of them.

#include "activation/curves.cuh"

INTEGERS(hardtanh, Hardtanh)
INTEGERS(threshold, Threshold)
