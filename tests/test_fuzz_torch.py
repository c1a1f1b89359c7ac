"""Random configurations against torch: the verdict, the values, every gradient.

A case is drawn from a seed, which a failure prints with the configuration. MINICNN_FUZZ_CASES (default 100) sets the
number of cases of each kind, MINICNN_FUZZ_SEED repeats a run. Three faults of torch 2.13 are stepped around: max
pooling with dilation and a window wholly in the padding, circular padding with a negative width, and one seen here:
the gradient of reflect padding of three axes with a negative width holds stray memory.
"""

from __future__ import annotations

import os
import warnings

import numpy as np
import pytest

import minicnn
from minicnn import kernels
from minicnn.autograd.tensor import Tensor
from minicnn.kernels import layout

torch = pytest.importorskip("torch", reason="torch is the oracle of this file")

CASES = int(os.environ.get("MINICNN_FUZZ_CASES") or 100)
SEED = int(os.environ.get("MINICNN_FUZZ_SEED") or np.random.SeedSequence().generate_state(1)[0])
BATCHES = [0, 1, 2, 3, 5, 8, 9, 16, 17, 33]
CHUNK = 25  # cases of one test


def pick(random, *choices):
    """One of these."""
    return choices[random.integers(len(choices))]


def either(random, low, high):
    """One number for both axes, or two."""
    if random.random() < 0.5:
        return int(random.integers(low, high))
    return tuple(int(n) for n in random.integers(low, high, 2))


def conv2d(random):
    """Arguments of conv2d."""
    groups = pick(random, 1, 1, 1, 2, 3)
    c, k = groups * random.integers(1, 4), groups * random.integers(1, 4)
    x = (pick(random, *BATCHES), c, *random.integers(1, 10, 2))
    w = (k, c // groups, *random.integers(1, 5, 2))
    options = {"stride": either(random, 1, 4), "padding": either(random, 0, 4), "dilation": either(random, 1, 4)}
    if random.random() < 0.15:
        options |= {"padding": pick(random, "same", "valid"), "stride": 1}
    shapes = [x if random.random() < 0.9 else x[1:], w] + [(k,)] * pick(random, 0, 1)
    return shapes, lambda m, *a: m.nn.functional.conv2d(*a, **options, groups=groups), options | {"groups": groups}


def conv_transpose2d(random):
    """Arguments of conv_transpose2d."""
    groups = pick(random, 1, 1, 2, 3)
    c, k = groups * random.integers(1, 4), groups * random.integers(1, 4)
    x = (pick(random, *BATCHES), c, *random.integers(1, 6, 2))
    w = (c, k // groups, *random.integers(1, 5, 2))
    options = {
        "stride": either(random, 1, 4), "padding": either(random, 0, 3), "dilation": either(random, 1, 4),
        "output_padding": either(random, 0, 3), "groups": groups,
    }  # fmt: skip
    shapes = [x if random.random() < 0.9 else x[1:], w] + [(k,)] * pick(random, 0, 1)
    return shapes, lambda m, *a: m.nn.functional.conv_transpose2d(*a, **options), options


def pool(random):
    """Arguments of max_pool2d, avg_pool2d, adaptive_avg_pool2d."""
    x = (pick(random, *BATCHES), random.integers(1, 4), *random.integers(1, 12, 2))
    shapes = [x if random.random() < 0.9 else x[1:]]
    kind = pick(random, "max", "avg", "adaptive")
    if kind == "adaptive":
        size = pick(random, 1, either(random, 1, 8), (None, int(random.integers(1, 5))))
        return shapes, lambda m, a: m.nn.functional.adaptive_avg_pool2d(a, size), {"output_size": size}
    kernel = either(random, 1, 5)
    options = {
        "kernel_size": kernel, "stride": pick(random, None, either(random, 1, 4)), "padding": either(random, 0, 3),
        "ceil_mode": pick(random, False, True),
    }  # fmt: skip
    if kind == "avg":
        options |= {"count_include_pad": pick(random, False, True), "divisor_override": pick(random, None, None, 3, -2)}
        return shapes, lambda m, a: m.nn.functional.avg_pool2d(a, **options), options
    options |= {"return_indices": pick(random, False, True)}
    if options["padding"] == 0:  # with padding torch may read a window that holds nothing
        options |= {"dilation": either(random, 1, 4)}
    return shapes, lambda m, a: m.nn.functional.max_pool2d(a, **options), options


def pad(random):
    """Arguments of pad."""
    axes = int(random.integers(1, 4))
    mode = pick(random, "constant", "reflect", "replicate", "circular")
    shape = (pick(random, *BATCHES), *random.integers(1, 6, axes + pick(random, 0, 1)))
    low = 0 if mode == "circular" or (mode == "reflect" and axes == 3) else -2
    widths = tuple(int(n) for n in random.integers(low, 4, 2 * axes))
    options = {"pad": widths, "mode": mode}
    if mode == "constant":
        options["value"] = pick(random, None, 0.5, 2, float("inf"))
    return [shape], lambda m, a: m.nn.functional.pad(a, **options), options


def loss(random):
    """Arguments of cross_entropy, nll_loss, mse_loss; targets are made from the seed."""
    classes = int(random.integers(1, 8))
    batch = pick(random, *BATCHES[1:])
    more = tuple(int(n) for n in random.integers(1, 4, pick(random, 0, 0, 0, 1, 2)))
    shape = (batch, classes, *more)
    options = {"reduction": pick(random, "mean", "sum", "none")}
    kind = pick(random, "cross_entropy", "cross_entropy", "probabilities", "nll_loss", "mse_loss")
    if kind == "mse_loss":
        return [shape, shape], lambda m, a, b: m.nn.functional.mse_loss(a, b, **options), options
    weight = random.uniform(0.1, 2, classes) if random.random() < 0.4 else None
    if kind != "nll_loss" and random.random() < 0.4:
        options["label_smoothing"] = float(random.uniform(0, 1))

    def weights(m, a):
        return None if weight is None else m.tensor(weight, dtype=a.dtype)

    if kind == "probabilities":
        return (
            [shape, shape],
            lambda m, a, b: m.nn.functional.cross_entropy(a, b.softmax(1), weights(m, a), **options),
            options | {"target": kind, "weight": weight},
        )
    target = random.integers(0, classes, (batch, *more))
    if random.random() < 0.5:
        options["ignore_index"] = int(random.integers(-1, classes))
        if options["ignore_index"] < 0:
            target[random.random(target.shape) < 0.3] = -1
    return (
        [shape],
        lambda m, a: getattr(m.nn.functional, kind)(a, m.tensor(target), weights(m, a), **options),
        options | {"kind": kind, "weight": weight},
    )


def arranged(array, memory):
    """A leaf with these numbers, lying in memory in one of four ways."""
    if memory == "batch_last" and array.ndim >= 2:
        array, plain = layout.empty(array.shape, array.dtype, layout.BATCH_LAST), array
        array[...] = plain
        tensor = Tensor(array)
        tensor._batch_last = not array.flags.c_contiguous
    elif memory == "transposed":
        tensor = Tensor(np.asarray(array.T.copy().T))
    elif memory == "sliced" and array.ndim:
        wide = np.zeros(tuple(2 * n + 1 for n in array.shape), array.dtype)
        view = wide[tuple(slice(1, None, 2) for _ in array.shape)]
        view[...] = array
        tensor = Tensor(view)
    else:
        tensor = Tensor(array.copy())
    tensor.requires_grad = True
    return tensor


def outcome(module, call, leaves, make):
    """Outputs and gradients for a random cotangent, or the class of the error."""
    try:
        results = call(module, *leaves)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        return error, []
    results = list(results) if isinstance(results, tuple) else [results]
    random = np.random.default_rng(1)
    first = results[0]
    if min(first.shape, default=0) < 0:
        return RuntimeError("torch's pad made a tensor of a negative length"), []
    if first.requires_grad:
        first.backward(make(np.asarray(random.standard_normal(tuple(first.shape)), dtype=str(first.dtype)[-7:])))
    return results, [leaf.grad for leaf in leaves]


def compare(ours, theirs, what, dtype):
    """Equal within 1e-9 (float64) or 3e-5 (float32) of the largest magnitude; None counts as zeros."""
    if ours is None or theirs is None:
        present = [x for x in (ours, theirs) if x is not None]
        assert not any(x.detach().numpy().any() for x in present), what
        return
    a, b = ours.detach().numpy(), theirs.detach().numpy()
    assert a.shape == b.shape, what
    assert a.dtype == b.dtype, what
    finite = np.isfinite(b)
    scale = max(1.0, float(np.abs(b[finite]).max(initial=0)))
    tolerance = {"float64": 1e-9, "float32": 3e-5}.get(a.dtype.name, 0) * scale
    np.testing.assert_allclose(a, b, rtol=0, atol=tolerance, err_msg=what)


GENERATORS = {f.__name__: f for f in (conv2d, conv_transpose2d, pool, pad, loss)}
TESTS = [(name, start) for name in GENERATORS for start in range(0, CASES, CHUNK)]


@pytest.mark.parametrize(("name", "start"), TESTS)
def test_as_torch(name, start):
    refused = 0
    for case in range(start, min(start + CHUNK, CASES)):
        random = np.random.default_rng([SEED, sorted(GENERATORS).index(name), case])
        shapes, call, options = GENERATORS[name](random)
        dtype = pick(random, np.float64, np.float32)
        memory = pick(random, "plain", "batch_last", "transposed", "sliced", "mixed")
        backend = pick(random, "numpy", "numba", "numba")
        arrays = [random.standard_normal(tuple(map(int, shape))).astype(dtype) for shape in shapes]
        kinds = ["batch_last", "plain", "plain"] if memory == "mixed" else [memory] * 3
        what = (
            f"MINICNN_FUZZ_SEED={SEED}, {name} case {case}: shapes {[a.shape for a in arrays]}, {options}, "
            f"{np.dtype(dtype)}, {memory} memory, {backend}"
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's, about 'same' with even kernels
            theirs, their_grads = outcome(
                torch, call, [torch.tensor(a, requires_grad=True) for a in arrays], torch.tensor
            )
        with kernels.use(backend):
            ours, our_grads = outcome(
                minicnn, call, [arranged(a, k) for a, k in zip(arrays, kinds, strict=False)], minicnn.tensor
            )
        if isinstance(ours, Exception) and name == "conv_transpose2d" and not isinstance(theirs, Exception):
            # torch makes an output without pixels on some of its paths, and checks nothing for an empty batch
            assert theirs[0].numel() == 0, f"{what}: ours refuses: {ours!r}"
            theirs = ours
        if isinstance(theirs, Exception) or isinstance(ours, Exception):
            assert isinstance(theirs, Exception), f"{what}: ours refuses: {ours!r}"
            assert isinstance(ours, Exception), f"{what}: torch refuses: {theirs!r}"
            assert len(str(ours)) > 20, what
            refused += 1
            continue
        assert len(ours) == len(theirs), what
        for a, b in zip([*ours, *our_grads], [*theirs, *their_grads], strict=True):
            compare(a, b, what, dtype)
    assert refused < CHUNK, f"every case from {start} was refused: the generator makes no valid ones"
