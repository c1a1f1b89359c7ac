// The kernels for float16 and bfloat16 of activation.cuh, which has it all.

#include "activation/activation.cuh"

FROM_OUTPUT(float16, float16)
FROM_OUTPUT(bfloat16, bfloat16)
