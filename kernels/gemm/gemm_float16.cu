// gemm of float16 and bfloat16 with float32 sums, on tensor cores where there are any; gemm.cuh has it all.

#include "gemm/gemm.cuh"

using Large = Shape<float, 128, 128, 8, 8, 8, true>;
using Middle = Shape<float, 64, 64, 4, 4, 16, true>;
using Small = Shape<float, 32, 32, 4, 4, 16, true>;

GEMM(128x128, float16, float16, Large, false)
GEMM(64x64, float16, float16, Middle, true)
GEMM(32x32, float16, float16, Small, true)
GEMM_FINISH(float16, float16)

GEMM(128x128, bfloat16, bfloat16, Large, false)
GEMM(64x64, bfloat16, bfloat16, Middle, true)
GEMM(32x32, bfloat16, bfloat16, Small, true)
GEMM_FINISH(bfloat16, bfloat16)
