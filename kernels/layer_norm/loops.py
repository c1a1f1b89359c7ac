"""The compiled loops behind cpu_numba.py: memory as (rows, channels, pixels).

Sums over a row are made as in batch_norm/loops.py. Where pixels is 1, loops go along the channels, else along pixels.
"""

from __future__ import annotations

import math

from numba import prange

from ..batch_norm.loops import PART, products_of, squares_of, sum_of
from ..compiled import compiled, inner
from ..slices import copy, fill

_sum, _squares, _products = sum_of.dispatcher, squares_of.dispatcher, products_of.dispatcher


@compiled(parallel=True)
def forward(x, weight, bias, y, mean, r, eps, geometry):
    """y of each row, its mean and 1 / √(var + eps)."""
    rows, channels, pixels, period, _ = geometry
    length = channels * pixels
    for row in prange(rows):
        first = row * length
        total = 0.0
        for start in range(first, first + length, PART):
            total += _sum(x[start : min(start + PART, first + length)])
        mean[row] = total / length
        total = 0.0
        for start in range(first, first + length, PART):
            total += _squares(x[start : min(start + PART, first + length)], mean[row])
        r[row] = 1 / math.sqrt(total / length + eps)
        centre, root, k = mean[row], r[row], row % period * channels
        if pixels == 1:
            here, out = x[first : first + length], y[first : first + length]
            if weight is not None and bias is not None:
                scale, shift = weight[k : k + channels], bias[k : k + channels]
                for c in range(channels):
                    out[c] = (here[c] - centre) * root * scale[c] + shift[c]
            elif weight is not None:
                scale = weight[k : k + channels]
                for c in range(channels):
                    out[c] = (here[c] - centre) * root * scale[c]
            elif bias is not None:
                shift = bias[k : k + channels]
                for c in range(channels):
                    out[c] = (here[c] - centre) * root + shift[c]
            else:
                for c in range(channels):
                    out[c] = (here[c] - centre) * root
            continue
        for c in range(channels):
            scale, shift = root, root - root
            if weight is not None:
                scale *= weight[k + c]
            if bias is not None:
                shift = bias[k + c]
            start = first + c * pixels
            here, out = x[start : start + pixels], y[start : start + pixels]
            for p in range(pixels):
                out[p] = (here[p] - centre) * scale + shift


@inner
def weighted(g, weight, h, first, k, channels, pixels):
    """h = g · weight of one row, without a weight g."""
    if pixels == 1:
        given = g[first : first + channels]
        if weight is None:
            for c in range(channels):
                h[c] = given[c]
        else:
            scale = weight[k : k + channels]
            for c in range(channels):
                h[c] = given[c] * scale[c]
        return
    for c in range(channels):
        start = first + c * pixels
        given, out = g[start : start + pixels], h[c * pixels : (c + 1) * pixels]
        scale = g.dtype.type(1)
        if weight is not None:
            scale = weight[k + c]
        for p in range(pixels):
            out[p] = given[p] * scale


@inner
def add_to_sums(g, x, centre, root, dweight, dbias, first, channels, pixels):
    """dweight += g·x̂, dbias += g of one row."""
    if pixels == 1:
        given, here = g[first : first + channels], x[first : first + channels]
        for c in range(channels):
            dweight[c] += given[c] * ((here[c] - centre) * root)
            dbias[c] += given[c]
        return
    for c in range(channels):
        products = total = 0.0
        for start in range(first + c * pixels, first + (c + 1) * pixels, PART):
            end = min(start + PART, first + (c + 1) * pixels)
            product, alone = _products(g[start:end], x[start:end], centre)
            products += product
            total += alone
        dweight[c] += products * root
        dbias[c] += total


@inner
def sum_of_blocks(parts, step, blocks, total):
    """total = the sum of as many numbers of each block; blocks are `step` apart."""
    copy(parts[: total.size], total)
    for block in range(1, blocks):
        part = parts[block * step : block * step + total.size]
        for i in range(total.size):
            total[i] += part[i]


@compiled(parallel=True)
def backward(g, x, mean, r, weight, dx, dweight, dbias, room, summed, geometry):
    """The gradients of x, and if `summed` of weight and bias; room is that of each block for a row and two sums."""
    rows, channels, pixels, period, of_block = geometry
    length, weights = channels * pixels, period * channels
    blocks = (rows + of_block - 1) // of_block
    step = length + 2 * weights * summed
    for block in prange(blocks):
        mine = room[block * step : (block + 1) * step]
        h = mine[:length]
        fill(mine[length:], 0)
        for row in range(block * of_block, min(rows, (block + 1) * of_block)):
            first, k = row * length, row % period * channels
            centre, root = mean[row], r[row]
            weighted(g, weight, h, first, k, channels, pixels)
            here, out = x[first : first + length], dx[first : first + length]
            products = total = 0.0
            for start in range(0, length, PART):
                end = min(start + PART, length)
                product, alone = _products(h[start:end], here[start:end], centre)
                products += product
                total += alone
            average, slope = h.dtype.type(total / length), h.dtype.type(products * root * root / length)
            for i in range(length):
                out[i] = (h[i] - average - (here[i] - centre) * slope) * root
            if summed:
                at = length + k
                add_to_sums(
                    g, x, centre, root, mine[at : at + channels], mine[at + weights : at + weights + channels], first,
                    channels, pixels,
                )  # fmt: skip
    if summed:
        for part in prange((weights + PART - 1) // PART):
            first, last = part * PART, min(part * PART + PART, weights)
            sum_of_blocks(room[length + first :], step, blocks, dweight[first:last])
            sum_of_blocks(room[length + weights + first :], step, blocks, dbias[first:last])
