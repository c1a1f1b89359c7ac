"""The kernel tally: sums of loss and hits, against Python's own."""

import math

import numpy as np
from contract import SLOW, each_float, run

from minicnn.kernels.tally import Sizes


def largest(row):
    """The place of the first of the largest, a NaN being larger than all."""
    best = 0
    for place, value in enumerate(row):
        if value > row[best] or (math.isnan(value) and not math.isnan(row[best])):
            best = place
    return best


@each_float
def test_tally(backend, rng, dtype):
    for N, C in ((0, 3), (1, 1), (5, 10), (33, 4) if backend == SLOW else (700, 10)):
        scores = rng.integers(-3, 3, (N, C)).astype(dtype)  # many are equal
        if N > 1:
            scores[0, 1] = scores[0, 3] = np.nan
        labels, loss = rng.integers(0, C, N), rng.standard_normal(1).astype(dtype)
        before = rng.standard_normal(1) * 1e3, rng.integers(0, 2**40, 1)
        total, hits = run(backend, "tally", Sizes(N, C, dtype), loss, scores.reshape(-1), labels, updated=before)
        assert total.tolist() == [before[0].item() + loss.item() * N]
        right = sum(largest(row) == label for row, label in zip(scores.tolist(), labels.tolist(), strict=True))
        assert hits.tolist() == [before[1].item() + right]
