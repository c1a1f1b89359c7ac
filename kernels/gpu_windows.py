"""windows.cuh for Numba-CUDA: the windows of an axis that look at one position."""

from __future__ import annotations

from . import launch


@launch.numba_device
def windows_at(at, taps, stride, dilation, windows):
    """The last and the first window whose taps reach `at` = position + padding."""
    first = max(0, (at - (taps - 1) * dilation + stride - 1) // stride)
    return min(at // stride, windows - 1), first


@launch.numba_device
def tap_at(at, window, stride, dilation):
    """Which tap of `window` looks at `at`; -1 if `at` lies between two of them."""
    distance = at - window * stride
    return distance // dilation if distance % dilation == 0 else -1
