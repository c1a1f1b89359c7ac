"""The compiled loops behind cpu_numba.py.

A sum of many numbers is one of sums: PART numbers in vectors, of their own type, and these sums in float64. Where
each begins depends on the sizes alone.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from ..compiled import compiled, inner

PART = 1024
SUMS = frozenset({"contract", "nsz", "reassoc"})  # lane by lane


@compiled(fastmath=SUMS)
def sum_of(x):
    """Σ x"""
    total = x.dtype.type(0)
    for i in range(x.size):
        total += x[i]
    return total


@compiled(fastmath=SUMS)
def squares_of(x, mean):
    """Σ (x - mean)²"""
    total = x.dtype.type(0)
    for i in range(x.size):
        total += (x[i] - mean) * (x[i] - mean)
    return total


@compiled(fastmath=SUMS)
def products_of(g, x, mean):
    """Σ g·(x - mean), Σ g"""
    total, alone = x.dtype.type(0), x.dtype.type(0)
    for i in range(x.size):
        total += g[i] * (x[i] - mean)
        alone += g[i]
    return total, alone


_sum, _squares, _products = sum_of.dispatcher, squares_of.dispatcher, products_of.dispatcher


@inner
def normalise(x, weight, bias, y, mean, r, channel, geometry):
    """y = (x - mean) · r · weight + bias of one channel."""
    C, pieces, run, step = geometry
    scale, centre = r[channel], mean[channel]
    if weight is not None:
        scale *= weight[channel]
    shift = scale - scale
    if bias is not None:
        shift = bias[channel]
    for piece in range(pieces):
        first = piece * step + channel * run
        here, out = x[first : first + run], y[first : first + run]
        for i in range(run):
            out[i] = (here[i] - centre) * scale + shift


@compiled(parallel=True)
def forward_batch(
    x, weight, bias, y, mean, r, running_mean, running_var, count, counted, momentum, eps, geometry
):  # fmt: skip
    """y, with mean and variance of the batch; the running ones, unless momentum is infinite."""
    C, pieces, run, step = geometry
    if counted:
        count[0] += 1
    factor = momentum if momentum >= 0 else 1.0 / count[0]
    for channel in prange(C):
        total = 0.0
        for piece in range(pieces):
            first = piece * step + channel * run
            for start in range(first, first + run, PART):
                total += _sum(x[start : min(start + PART, first + run)])
        average = total / (pieces * run)
        mean[channel] = average
        total = 0.0
        for piece in range(pieces):
            first = piece * step + channel * run
            for start in range(first, first + run, PART):
                total += _squares(x[start : min(start + PART, first + run)], mean[channel])
        m = pieces * run
        variance = total / m
        r[channel] = 1 / math.sqrt(variance + eps)
        normalise(x, weight, bias, y, mean, r, channel, geometry)
        if factor < np.inf:
            running_mean[channel] = (1 - factor) * running_mean[channel] + factor * average
            running_var[channel] = (1 - factor) * running_var[channel] + factor * total / (m - 1)


@compiled(parallel=True)
def forward_running(x, weight, bias, running_mean, running_var, y, mean, r, eps, geometry):
    """y, with the running mean and variance."""
    for channel in prange(geometry[0]):
        mean[channel] = running_mean[channel]
        r[channel] = 1 / math.sqrt(running_var[channel] + eps)
        normalise(x, weight, bias, y, mean, r, channel, geometry)


@compiled(parallel=True)
def backward(g, x, mean, r, weight, dx, dweight, dbias, from_batch, geometry):
    """The gradients of x, weight and bias."""
    C, pieces, run, step = geometry
    for channel in prange(C):
        products = total = 0.0
        for piece in range(pieces):
            first = piece * step + channel * run
            for start in range(first, first + run, PART):
                end = min(start + PART, first + run)
                product, alone = _products(g[start:end], x[start:end], mean[channel])
                products += product
                total += alone
        dweight[channel] = products * r[channel]
        dbias[channel] = total
        scale, centre = r[channel], mean[channel]
        slope, average = scale - scale, scale - scale
        if from_batch:
            m = pieces * run
            slope, average = x.dtype.type(products * r[channel] * r[channel] / m), x.dtype.type(total / m)
        if weight is not None:
            scale *= weight[channel]
        for piece in range(pieces):
            first = piece * step + channel * run
            grad, here, out = g[first : first + run], x[first : first + run], dx[first : first + run]
            for i in range(run):
                out[i] = (grad[i] - average - (here[i] - centre) * slope) * scale
