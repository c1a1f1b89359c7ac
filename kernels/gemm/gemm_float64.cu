// gemm of float64; gemm.cuh has it all. A tile of 128 × 128 would not fit into the registers.

#include "gemm/gemm.cuh"

using Middle = Shape<double, 64, 64, 4, 4, 16>;
using Small = Shape<double, 32, 32, 4, 4, 16>;

GEMM(64x64, float64, double, Middle, true)
GEMM(32x32, float64, double, Small, true)
GEMM_FINISH(float64, double)
