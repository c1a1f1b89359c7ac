// conv2d of float32 in tiles; conv2d.cuh has it all. Thin layers (conv2d_direct.cu) and the other types are in files
// of their own, so that nobody compiles more than is used.

#include "conv2d/conv2d.cuh"
#include "conv2d/direct.cuh"

using Large = Shape<float, 128, 128, 8, 8, 8>;
using Wide = Shape<float, 64, 128, 4, 8, 8>;
using Middle = Shape<float, 64, 64, 4, 4, 16>;
using Thin = Shape<float, 32, 64, 4, 4, 16>;
using Small = Shape<float, 32, 32, 4, 4, 16>;

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
