// conv2d of float64; conv2d.cuh and direct.cuh have it all.

#include "conv2d/conv2d.cuh"
#include "conv2d/direct.cuh"

using Middle = Shape<double, 64, 64, 4, 4, 16>;
using Small = Shape<double, 32, 32, 4, 4, 16>;

CONV2D(64x64, float64, double, Middle)
CONV2D(32x32, float64, double, Small)
CONV2D_WEIGHT(64x64, float64, double, Middle)
CONV2D_WEIGHT(32x32, float64, double, Small)
CONV2D_DIRECT(1, float64, double)
CONV2D_DIRECT(4, float64, double)
CONV2D_DIRECT_WEIGHT(float64, double)
CONV2D_FINISH(float64, double)
CONV2D_POOL(float64, double)
