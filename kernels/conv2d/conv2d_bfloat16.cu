// conv2d of bfloat16 with float32 sums, in tiles on tensor cores where there are any; conv2d.cuh and direct.cuh have it
// all.

#include "conv2d/conv2d.cuh"
#include "conv2d/direct.cuh"

using Large = Shape<float, 128, 128, 8, 8, 8, true>;
using Middle = Shape<float, 64, 64, 4, 4, 16, true>;
using Small = Shape<float, 32, 32, 4, 4, 16, true>;

CONV2D(128x128, bfloat16, bfloat16, Large)
CONV2D(64x64, bfloat16, bfloat16, Middle)
CONV2D(32x32, bfloat16, bfloat16, Small)
CONV2D_WEIGHT(64x64, bfloat16, bfloat16, Middle)
CONV2D_WEIGHT(32x32, bfloat16, bfloat16, Small)
CONV2D_DIRECT(1, bfloat16, bfloat16)
CONV2D_DIRECT(4, bfloat16, bfloat16)
CONV2D_DIRECT_WEIGHT(bfloat16, bfloat16)
CONV2D_FINISH(bfloat16, bfloat16)
CONV2D_POOL(bfloat16, bfloat16)
