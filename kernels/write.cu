// A few numbers from the CPU into an array of the GPU, without waiting: they are an argument of the launch.
//
//     CPU    numbers of this step ──┐ copied when the kernel is asked for
//     GPU    … step 7 ─ step 8 ─ write ─ step 9 …       so they arrive in turn, however far ahead the CPU is
//
// An ordinary copy from the CPU's memory would make it wait for the stream, or would have to keep that memory unchanged
// until the GPU came to it. One warp is enough: thread i writes number i.

constexpr int MOST = 16;  // as in launch.py

struct Numbers {
    double number[MOST];
};

extern "C" __global__ void write_float64(double* to, Numbers numbers, int count)
{
    for (int i = threadIdx.x; i < count; i += blockDim.x)
        to[i] = numbers.number[i];
}
