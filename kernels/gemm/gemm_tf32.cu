// gemm of float32 whose factors may be rounded to TF32 (backends.cuda.matmul.allow_tf32); gemm.cuh has it all.

#include "gemm/gemm.cuh"

using Large = Shape<float, 128, 128, 8, 8, 8, true, true>;
using Middle = Shape<float, 64, 64, 4, 4, 16, true, true>;
using Small = Shape<float, 32, 32, 4, 4, 16, true, true>;

GEMM(128x128, float32, float, Large, false)
GEMM(64x64, float32, float, Middle, true)
GEMM(32x32, float32, float, Small, true)
GEMM_FINISH(float32, float)
