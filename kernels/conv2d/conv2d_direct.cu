// conv2d of float32 in thin layers; direct.cuh has it all.

#include "conv2d/direct.cuh"

CONV2D_DIRECT(1, float32, float)
CONV2D_DIRECT(4, float32, float)
CONV2D_DIRECT_WEIGHT(float32, float)
CONV2D_FINISH(float32, float)
CONV2D_POOL(float32, float)
