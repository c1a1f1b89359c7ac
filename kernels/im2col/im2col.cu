// im2col: the windows of an image, written as columns. The contract is in __init__.py.
//
//   columns[plane, r, s, oh, ow] = x[plane, oh*sh - ph + r*dh, ow*sw - pw + s*dw]      (0 outside)
//
// A plane is one channel of one image (n*C + c). One thread copies one window:
//
//     plane of the image (H x W)            columns of that plane (KH*KW x OH*OW)
//
//     . . . . . . .                         . . a . . .   row (r, s) = (0, 0)
//     . . a b c . .    thread (oh, ow)      . . b . . .       (0, 1)
//     . . d e f . .   ----------------->    . . c . . .       (0, 2)
//     . . g h i . .                         . . d . . .       (1, 0)
//     . . . . . . .                         . . : . . .         :
//                                               ^ column oh*OW + ow
//
//   for each window (plane, oh, ow)                one thread each, and on by the size of the grid
//       for r < KH, for s < KW
//           columns[plane, r, s, oh, ow] = the pixel under tap (r, s), or 0 beside the image
//
// The thread next door owns the column next door, so what a warp writes for one tap is one stretch of
// memory, and with stride 1 so is what it reads.

struct Geometry {  // filled by gpu_cupy.py, in this order
    int planes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw;
};

template <typename T>
__device__ void im2col(const T* __restrict__ x, T* __restrict__ columns, const Geometry& z)
{
    const int pixels = z.OH * z.OW;
    const long long windows = (long long)z.planes * pixels;  // may exceed 2^31
    const long long step = (long long)gridDim.x * blockDim.x;

    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < windows; i += step) {
        const long long plane = i / pixels;
        const int pixel = (int)(i - plane * pixels);
        const int h0 = pixel / z.OW * z.sh - z.ph;  // the window's first row and column in the image
        const int w0 = pixel % z.OW * z.sw - z.pw;
        const T* image = x + plane * z.H * z.W;
        T* column = columns + plane * z.KH * z.KW * pixels + pixel;

        for (int r = 0; r < z.KH; r++) {
            const int h = h0 + r * z.dh;
            for (int s = 0; s < z.KW; s++) {
                const int w = w0 + s * z.dw;
                const bool inside = 0 <= h && h < z.H && 0 <= w && w < z.W;
                *column = inside ? image[(long long)h * z.W + w] : T(0);
                column += pixels;
            }
        }
    }
}

// The names that Python sees: one for each size of element. The numbers are only moved, and 0 has no bit set in any
// type.

extern "C" __global__ void im2col_1(const unsigned char* x, unsigned char* to, Geometry z) { im2col(x, to, z); }

extern "C" __global__ void im2col_2(const unsigned short* x, unsigned short* to, Geometry z) { im2col(x, to, z); }

extern "C" __global__ void im2col_4(const unsigned* x, unsigned* to, Geometry z) { im2col(x, to, z); }

extern "C" __global__ void im2col_8(const unsigned long long* x, unsigned long long* to, Geometry z)
{
    im2col(x, to, z);
}
