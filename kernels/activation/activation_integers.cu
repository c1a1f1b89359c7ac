// The kernels for integers of activation.cuh, which has it all.

#include "activation/activation.cuh"

INTEGERS(relu, Relu)
