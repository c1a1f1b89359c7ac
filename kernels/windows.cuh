// The windows of an axis that look at one position, for kernels that gather: window.py seen from the other end.
//
//   position - padding           -2 -1  0  1  2  3  4  5
//   window 0, 3 taps, stride 2    x  x  x
//   window 1                            x  x  x              `at` = position + padding = 4 (position 2, say) lies in
//   window 2                                  x  x  x        windows 2 and 1, under their taps 0 and 2
//
// Window o begins at o·stride, its tap j looks at o·stride + j·dilation. From the last window back to the first the
// taps ascend, so a sum in that order is the sum over taps in theirs.

#pragma once

struct Windows {
    int last, first;
};

// The windows whose first tap is not beyond `at`, and whose last one not before. None: last < first.
__device__ inline Windows windows_at(int at, int taps, int stride, int dilation, int windows)
{
    const int beginning = at - (taps - 1) * dilation;  // so far ahead may a window begin
    const int last = at / stride;
    return {last < windows ? last : windows - 1, beginning <= 0 ? 0 : (beginning + stride - 1) / stride};
}

// Which tap of `window` looks at `at`; -1 if `at` lies between two of them.
__device__ inline int tap_at(int at, int window, int stride, int dilation)
{
    const int distance = at - window * stride;
    if (dilation == 1) return distance;
    return distance % dilation == 0 ? distance / dilation : -1;
}
