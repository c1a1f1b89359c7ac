"""Numba-CUDA: the kernels of layer_norm.cu in Python, thread for thread. Look there for the loops in plain words."""

from __future__ import annotations

import math

import numpy as np
from numba import cuda

from .. import launch
from ..dispatch import Plan
from ..gpu_channels import address, slice_of
from ..gpu_teams import MOST_THREADS, place, team_sum
from . import Sizes
from .gpu_plan import planned


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype.name not in launch.FLOATS:
        return None
    kernels = {"forward": forward, "backward": backward, "slopes": slopes, "finish": finish}
    return planned(z, lambda kernel: kernels[kernel].flat, launch.numbers)


@launch.numba_kernel
def forward(x, weight, bias, y, mean, r, eps, geometry):
    """for each row, one team: mean, variance, y"""
    rows, channels, pixels, period, weighted, biased, members, apart = geometry
    room = cuda.shared.array(MOST_THREADS, np.float64)
    of_block, my_row, member = place(members, apart)
    length = channels * pixels
    for block_row in range(cuda.blockIdx.x * of_block, rows, cuda.gridDim.x * of_block):
        row = block_row + my_row
        first, k, end = row * length, row % period * channels, length if row < rows else 0
        mine = x.dtype.type(0)
        for j in range(member, end, members):
            mine += x[first + j]
        centre = x.dtype.type(team_sum(mine, room, members, apart) / length)
        mine = x.dtype.type(0)
        for j in range(member, end, members):
            mine += (x[first + j] - centre) * (x[first + j] - centre)
        root = x.dtype.type(1 / math.sqrt(team_sum(mine, room, members, apart) / length + eps))
        if member == 0 and row < rows:
            mean[row] = centre
            r[row] = root
        for j in range(member, end, members):
            which = k + j // pixels
            scaled = (x[first + j] - centre) * (root * weight[which] if weighted else root)
            y[first + j] = scaled + bias[which] if biased else scaled


@launch.numba_kernel
def backward(g, x, mean, r, weight, dx, geometry):
    """for each row, one team: dx"""
    rows, channels, pixels, period, weighted, biased, members, apart = geometry
    room = cuda.shared.array(MOST_THREADS, np.float64)
    of_block, my_row, member = place(members, apart)
    length = channels * pixels
    for block_row in range(cuda.blockIdx.x * of_block, rows, cuda.gridDim.x * of_block):
        row = min(block_row + my_row, rows - 1)
        first, k, end = row * length, row % period * channels, length if block_row + my_row < rows else 0
        centre, root = mean[row], r[row]
        products, alone = x.dtype.type(0), x.dtype.type(0)
        for j in range(member, end, members):
            h = g[first + j] * weight[k + j // pixels] if weighted else g[first + j]
            products += h * (x[first + j] - centre)
            alone += h
        slope = x.dtype.type(team_sum(products, room, members, apart) * root * root / length)
        average = x.dtype.type(team_sum(alone, room, members, apart) / length)
        for j in range(member, end, members):
            h = g[first + j] * weight[k + j // pixels] if weighted else g[first + j]
            dx[first + j] = (h - average - (x[first + j] - centre) * slope) * root


@launch.numba_kernel
def slopes(g, x, mean, r, parts, channels, geometry):
    """for each (channel, slice), one team: Σ g·x̂, Σ g"""
    C, members, apart = channels[1], channels[5], channels[6]
    of_row, period = geometry[1], geometry[3]
    room = cuda.shared.array(MOST_THREADS, np.float64)
    channel, number, start, end, writes = slice_of(channels)
    products, alone = x.dtype.type(0), x.dtype.type(0)
    for j in range(start, end, members):
        at, i = address(j, channel, channels), j // channels[2] * period + channel // of_row
        products += g[at] * ((x[at] - mean[i]) * r[i])
        alone += g[at]
    all_products = team_sum(products, room, members, apart)
    total = team_sum(alone, room, members, apart)
    if writes:
        at = 2 * (number * C + channel)
        parts[at] = all_products
        parts[at + 1] = total


@launch.numba_kernel
def finish(parts, dweight, dbias, channels):
    """for each channel, one thread: the sums over its slices"""
    C, slices = channels[1], channels[3]
    for channel in range(cuda.grid(1), C, cuda.gridsize(1)):
        products, alone = 0.0, 0.0
        for s in range(slices):
            products += parts[2 * (s * C + channel)]
            alone += parts[2 * (s * C + channel) + 1]
        dweight[channel] = products
        dbias[channel] = alone
