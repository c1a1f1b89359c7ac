"""What the answers should be: the definitions, written as loops. Nothing here is shared with minicnn.

Slow on purpose, in float64 throughout; where a textbook has a sum, there is a loop.
"""

import math

import numpy as np


def window_positions(o, taps, stride, padding, dilation, length):
    """(tap, input position) of output o along one axis, for the taps that fall inside."""
    for tap in range(taps):
        position = o * stride - padding + tap * dilation
        if 0 <= position < length:
            yield tap, position


def windows(shape, kernel, out, stride, padding, dilation):
    """(oh, ow, r, s, h, w) for every output pixel and every tap that falls inside the image (H, W)."""
    for oh in range(out[0]):
        for ow in range(out[1]):
            for r, h in window_positions(oh, kernel[0], stride[0], padding[0], dilation[0], shape[0]):
                for s, w in window_positions(ow, kernel[1], stride[1], padding[1], dilation[1], shape[1]):
                    yield oh, ow, r, s, h, w


def group_slices(groups, channels):
    """The channels of each group."""
    size = channels // groups
    return [slice(g * size, (g + 1) * size) for g in range(groups)]


def conv2d(x, w, out, stride, padding, dilation, groups):
    """y (N, K, OH, OW) = x (N, C, H, W) cross-correlated with w (K, C/groups, KH, KW)."""
    x, w = x.astype(np.float64), w.astype(np.float64)
    y = np.zeros((x.shape[0], w.shape[0], *out))
    for oh, ow, r, s, h, v in windows(x.shape[2:], w.shape[2:], out, stride, padding, dilation):
        for cs, ks in zip(group_slices(groups, x.shape[1]), group_slices(groups, w.shape[0]), strict=True):
            for n in range(x.shape[0]):
                y[n, ks, oh, ow] += (w[ks, :, r, s] * x[n, cs, h, v]).sum(axis=1)
    return y


def conv2d_input(g, w, shape, stride, padding, dilation, groups):
    """The gradient of x (N, C, H, W), given g = dL/dy (N, K, OH, OW): the transposed convolution of g."""
    g, w = g.astype(np.float64), w.astype(np.float64)
    dx = np.zeros(shape)
    for oh, ow, r, s, h, v in windows(shape[2:], w.shape[2:], g.shape[2:], stride, padding, dilation):
        for cs, ks in zip(group_slices(groups, shape[1]), group_slices(groups, w.shape[0]), strict=True):
            for n in range(shape[0]):
                dx[n, cs, h, v] += (w[ks, :, r, s] * g[n, ks, oh, ow][:, None]).sum(axis=0)
    return dx


def conv2d_weight(x, g, shape, stride, padding, dilation, groups):
    """The gradient of w (K, C/groups, KH, KW), given g = dL/dy."""
    x, g = x.astype(np.float64), g.astype(np.float64)
    dw = np.zeros(shape)
    for oh, ow, r, s, h, v in windows(x.shape[2:], shape[2:], g.shape[2:], stride, padding, dilation):
        for cs, ks in zip(group_slices(groups, x.shape[1]), group_slices(groups, shape[0]), strict=True):
            for n in range(x.shape[0]):
                dw[ks, :, r, s] += np.multiply.outer(g[n, ks, oh, ow], x[n, cs, h, v])
    return dw


def im2col(x, kernel, out, stride, padding, dilation):
    """columns (N, C·KH·KW, OH·OW): the window under each output pixel, 0 beside the image."""
    N, C, H, W = x.shape
    columns = np.zeros((N, C, *kernel, *out), x.dtype)
    for oh, ow, r, s, h, w in windows((H, W), kernel, out, stride, padding, dilation):
        columns[:, :, r, s, oh, ow] = x[:, :, h, w]
    return columns.reshape(N, C * kernel[0] * kernel[1], out[0] * out[1])


def col2im(columns, shape, kernel, out, stride, padding, dilation):
    """x (N, C, H, W): each number of the columns added to the pixel it was taken from."""
    N, C, H, W = shape
    columns = columns.astype(np.float64).reshape(N, C, *kernel, *out)
    x = np.zeros(shape)
    for oh, ow, r, s, h, w in windows((H, W), kernel, out, stride, padding, dilation):
        x[:, :, h, w] += columns[:, :, r, s, oh, ow]
    return x


def max_pool2d(x, kernel, out, stride, padding, dilation):
    """(y, argmax): the first maximum of each window and where it stands, h·W + w; NaN is the largest of all, and of
    several NaN the last one counts; a window without a pixel gives -inf and -1."""
    N, C, H, W = x.shape
    y = np.full((N, C, *out), -np.inf)
    argmax = np.full((N, C, *out), -1)
    for n in range(N):
        for c in range(C):
            for oh, ow, _, _, h, w in windows((H, W), kernel, out, stride, padding, dilation):
                value, best, empty = x[n, c, h, w], y[n, c, oh, ow], argmax[n, c, oh, ow] < 0
                if empty or math.isnan(value) or value > best:
                    y[n, c, oh, ow], argmax[n, c, oh, ow] = value, h * W + w
    return y, argmax


def max_pool2d_input(g, argmax, shape):
    """The gradient of x: every g goes to the pixel that was the maximum of its window."""
    dx = np.zeros(shape)
    for n, c, oh, ow in np.ndindex(g.shape):
        place = argmax[n, c, oh, ow]
        if place >= 0:
            dx[n, c, place // shape[3], place % shape[3]] += g[n, c, oh, ow]
    return dx


def sum_pool2d(x, kernel, out, stride, padding, dilation):
    """y (N, C, OH, OW): the sum of each window."""
    y = np.zeros((*x.shape[:2], *out))
    for oh, ow, _, _, h, w in windows(x.shape[2:], kernel, out, stride, padding, dilation):
        y[:, :, oh, ow] += x[:, :, h, w]
    return y


def sum_pool2d_input(g, shape, kernel, stride, padding, dilation):
    """The gradient of x: every g goes to all pixels of its window."""
    dx = np.zeros(shape)
    for oh, ow, _, _, h, w in windows(shape[2:], kernel, g.shape[2:], stride, padding, dilation):
        dx[:, :, h, w] += g[:, :, oh, ow]
    return dx


def matmul(a, b):
    """(M, K) times (K, N), one outer product after the other."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    c = np.zeros((a.shape[0], b.shape[1]))
    for k in range(a.shape[1]):
        for m in range(a.shape[0]):
            c[m] += a[m, k] * b[k]
    return c


def elementwise(function, *arrays):
    """A function of numbers, number by number, in float64."""
    values = [function(*map(float, numbers)) for numbers in zip(*(a.ravel() for a in arrays), strict=True)]
    return np.array(values, np.float64).reshape(arrays[0].shape)


def sigmoid(x):
    """1 / (1 + e^-x) of one number, without overflow."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def relu(x):
    """max(x, 0) of one number; NaN stays NaN."""
    return x if x > 0 or math.isnan(x) else 0.0


def softmax_cross_entropy(x, target, ignore_index):
    """(loss (N,), p (N, classes)), row by row."""
    loss, p = np.zeros(x.shape[0]), np.zeros(x.shape)
    for n, row in enumerate(x.astype(np.float64).tolist()):
        largest = max(row)
        exponentials = [math.exp(value - largest) for value in row]
        total = math.fsum(exponentials)
        p[n] = [e / total for e in exponentials]
        if target[n] != ignore_index:
            loss[n] = math.log(total) - (row[target[n]] - largest)
    return loss, p


def image_batch(images, places, table, window):
    """y (N, C, OH, OW) of images (count, C, H, W): every pixel of every window looked up, one after another."""
    (OH, OW), C = window, images.shape[1]
    y = np.zeros((len(places), C, OH, OW), table.dtype)
    for n, (number, top, left, mirrored) in enumerate(places.tolist()):
        for c in range(C):
            for i in range(OH):
                row = [pixel_at(images[number, c], top + i, left + j) for j in range(OW)]
                y[n, c, i] = [table[c, pixel] for pixel in (reversed(row) if mirrored else row)]
    return y


def pixel_at(plane, i, j):
    """One pixel, 0 beyond the edges."""
    return int(plane[i, j]) if 0 <= i < plane.shape[0] and 0 <= j < plane.shape[1] else 0


def image_resize(images, window):
    """y (N, C, OH, OW), float64, unrounded: each pixel the mean of those around it, weighted by a triangle."""

    def along(line, new_length):
        scale, result = len(line) / new_length, []
        for j in range(new_length):
            distances = [abs(i + 0.5 - scale * (j + 0.5)) / max(scale, 1) for i in range(len(line))]
            weights = [max(0.0, 1 - distance) for distance in distances]
            result.append(math.fsum(w * x for w, x in zip(weights, line, strict=True)) / math.fsum(weights))
        return result

    wide = np.apply_along_axis(along, 3, images.astype(np.float64), window[1])
    return np.apply_along_axis(along, 2, wide, window[0])


def resampling(rule, length, new_length, *numbers):
    """(new_length, length), float64: how much of each number before is in each number after."""
    matrix = np.zeros((new_length, length))
    line = list(range(length))
    for j in range(new_length):
        if rule == "same":
            shares = {j: 1.0}
        elif rule == "nearest":
            shares = {min(math.floor((j + numbers[1]) * numbers[0]), length - 1): 1.0}
        elif rule in ("linear", "cubic"):
            place = numbers[0] * j if numbers[1] else numbers[0] * (j + 0.5) - 0.5
            shares = hats(place, length) if rule == "linear" else keys(place, length)
        elif rule == "mean":
            part = line[j * length // new_length : math.ceil((j + 1) * length / new_length)]
            shares = {i: 1 / len(part) for i in part}
        elif rule == "windows":
            longest = new_length // numbers[0]
            part = line[j // longest * length // numbers[0] : math.ceil((j // longest + 1) * length / numbers[0])]
            shares = {part[min(j % longest, len(part) - 1)]: 1.0}
        else:
            around = {"reflect": line[:-1] + line[:0:-1], "circular": line}.get(rule, line) or line
            place = j - numbers[0]
            shares = {min(max(place, 0), length - 1) if rule == "replicate" else around[place % len(around)]: 1.0}
        for i, share in shares.items():
            matrix[j, i] = share
    return matrix


def hats(place, length):
    """Linear interpolation at a place: each pixel's share falls from 1 to 0 within a distance of 1."""
    place = min(max(place, 0), length - 1)
    return {i: 1 - abs(place - i) for i in range(length) if abs(place - i) < 1}


def keys(place, length):
    """Cubic interpolation with a = -3/4; pixels beside the image count for the one at its edge."""
    shares, a = {}, -0.75
    for i in range(math.floor(place) - 1, math.floor(place) + 3):
        d = abs(place - i)
        share = (a + 2) * d**3 - (a + 3) * d**2 + 1 if d <= 1 else a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
        edge = min(max(i, 0), length - 1)
        shares[edge] = shares.get(edge, 0) + share
    return shares


def ulps(values, exact):
    """The largest error of float32 `values` in units of the last place of the `exact` float64 ones."""
    spacing = np.spacing(np.abs(exact).astype(values.dtype)).astype(np.float64)
    return float((np.abs(values.astype(np.float64) - exact) / spacing).max())
