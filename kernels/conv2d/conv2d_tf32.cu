// conv2d of float32 whose factors may be rounded to TF32 (backends.cudnn.allow_tf32); conv2d.cuh has it all.

#include "conv2d/conv2d.cuh"
#include "conv2d/direct.cuh"

using Large = Shape<float, 128, 128, 8, 8, 8, true, true>;
using Wide = Shape<float, 64, 128, 4, 8, 8, true, true>;
using Middle = Shape<float, 64, 64, 4, 4, 16, true, true>;
using Thin = Shape<float, 32, 64, 4, 4, 16, true, true>;
using Small = Shape<float, 32, 32, 4, 4, 16, true, true>;

CONV2D(128x128, float32, float, Large)
CONV2D(64x128, float32, float, Wide)
CONV2D(64x64, float32, float, Middle)
CONV2D(32x64, float32, float, Thin)
CONV2D(32x32, float32, float, Small)
CONV2D_WEIGHT(64x64, float32, float, Middle)
CONV2D_WEIGHT(32x64, float32, float, Thin)
CONV2D_WEIGHT(32x32, float32, float, Small)
CONV2D_FINISH(float32, float)
CONV2D_POOL(float32, float)
