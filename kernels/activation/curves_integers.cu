// The kernels for integers, of the two functions that make integers of them, of curves.cuh, which has it all.

#include "activation/curves.cuh"

INTEGERS(hardtanh, Hardtanh)
INTEGERS(threshold, Threshold)
