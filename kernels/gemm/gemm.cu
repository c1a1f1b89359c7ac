// gemm of float32; gemm.cuh has it all. The other types are in files of their own, so that nobody compiles more than
// is used.

#include "gemm/gemm.cuh"

using Large = Shape<float, 128, 128, 8, 8, 8>;
using Middle = Shape<float, 64, 64, 4, 4, 16>;
using Small = Shape<float, 32, 32, 4, 4, 16>;

GEMM(128x128, float32, float, Large, false)
GEMM(64x64, float32, float, Middle, true)
GEMM(32x32, float32, float, Small, true)
GEMM_FINISH(float32, float)
