"""Numba-CUDA: the kernels of batch_norm.cu in Python, thread for thread. Look there for the drawing."""

from __future__ import annotations

import math

import numpy as np
from numba import cuda

from .. import launch
from ..dispatch import Plan
from ..gpu_channels import address, joined, slice_of
from ..gpu_teams import MOST_THREADS, place, team_sum
from . import Sizes
from .gpu_plan import planned


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype.name not in launch.FLOATS:
        return None
    kernels = {"statistics": statistics, "normalise": normalise, "slopes": slopes, "gradient": gradient}
    return planned(z, lambda kernel: kernels[kernel].flat, launch.numbers)


@launch.numba_kernel
def statistics(x, parts, count, channels, options):
    """for each (channel, slice), one team: Σ x, Σ (x - its own mean)²"""
    N, C, pixels, slices, length, members, apart = channels
    weighted, biased, from_batch, counted = options
    room = cuda.shared.array(MOST_THREADS, np.float64)
    channel, number, start, end, writes = slice_of(channels)
    if counted and cuda.blockIdx.x == 0 and cuda.threadIdx.x == 0:
        count[0] += 1  # `normalise` reads it
    numbers = min(length, N * pixels - number * length)
    mine = x.dtype.type(0)
    for j in range(start, end, members):
        mine += x[address(j, channel, channels)]
    total = team_sum(mine, room, members, apart)
    average = total / numbers if numbers > 0 else np.nan
    centre = x.dtype.type(average)
    mine = x.dtype.type(0)
    for j in range(start, end, members):
        off = x[address(j, channel, channels)] - centre
        mine += off * off
    squares = team_sum(mine, room, members, apart)
    if writes:
        at = 2 * (number * C + channel)
        parts[at] = total
        parts[at + 1] = squares - numbers * (average - centre) * (average - centre)


@launch.numba_kernel
def normalise(x, weight, bias, y, mean, r, running_mean, running_var, count, parts, momentum, eps, channels, options):
    """for each (channel, slice), one team: mean and variance from the parts; y"""
    N, C, pixels, slices, length, members, apart = channels
    weighted, biased, from_batch, counted = options
    room = cuda.shared.array(MOST_THREADS, np.float64)
    channel, number, start, end, writes = slice_of(channels)
    m = N * pixels
    if from_batch:
        average = joined(parts, 0, channel, room, channels) / m if m > 0 else np.nan
        squares = 0.0
        for s in range(place(members, apart)[2], slices, members):
            at, numbers = 2 * (s * C + channel), min(length, m - s * length)
            off = parts[at] / numbers - average if numbers > 0 else np.nan
            squares += parts[at + 1] + numbers * off * off
        squares = team_sum(squares, room, members, apart)
        variance = squares / m if m > 0 else np.nan
        if writes and number == 0 and momentum < np.inf:
            factor = momentum if momentum >= 0 else 1.0 / count[0]
            unbiased = squares / (m - 1) if m != 1 else np.nan
            running_mean[channel] = (1 - factor) * running_mean[channel] + factor * average
            running_var[channel] = (1 - factor) * running_var[channel] + factor * unbiased
    else:
        average, variance = np.float64(running_mean[channel]), np.float64(running_var[channel])
    centre, root = x.dtype.type(average), x.dtype.type(1 / math.sqrt(variance + eps))
    if writes and number == 0:
        mean[channel] = centre
        r[channel] = root
    scale = root * weight[channel] if weighted else root
    shift = bias[channel] if biased else x.dtype.type(0)
    for j in range(start, end, members):
        at = address(j, channel, channels)
        y[at] = (x[at] - centre) * scale + shift


@launch.numba_kernel
def slopes(g, x, mean, parts, channels):
    """for each (channel, slice), one team: Σ g·(x - mean), Σ g"""
    N, C, pixels, slices, length, members, apart = channels
    room = cuda.shared.array(MOST_THREADS, np.float64)
    channel, number, start, end, writes = slice_of(channels)
    centre = mean[channel]
    products, alone = x.dtype.type(0), x.dtype.type(0)
    for j in range(start, end, members):
        at = address(j, channel, channels)
        products += g[at] * (x[at] - centre)
        alone += g[at]
    all_products = team_sum(products, room, members, apart)
    total = team_sum(alone, room, members, apart)
    if writes:
        at = 2 * (number * C + channel)
        parts[at] = all_products
        parts[at + 1] = total


@launch.numba_kernel
def gradient(g, x, mean, r, weight, dx, dweight, dbias, parts, channels, options):
    """for each (channel, slice), one team: both sums from the parts; dx"""
    N, C, pixels, slices, length, members, apart = channels
    weighted, biased, from_batch, counted = options
    room = cuda.shared.array(MOST_THREADS, np.float64)
    channel, number, start, end, writes = slice_of(channels)
    m = N * pixels
    products = joined(parts, 0, channel, room, channels)
    total = joined(parts, 1, channel, room, channels)
    root = np.float64(r[channel])
    if writes and number == 0:
        dweight[channel] = products * root if m > 0 else 0.0
        dbias[channel] = total
    centre, scale = mean[channel], r[channel] * weight[channel] if weighted else r[channel]
    slope, average = x.dtype.type(0), x.dtype.type(0)
    if from_batch and m > 0:
        slope, average = x.dtype.type(products * root * root / m), x.dtype.type(total / m)
    for j in range(start, end, members):
        at = address(j, channel, channels)
        dx[at] = (g[at] - average - (x[at] - centre) * slope) * scale
