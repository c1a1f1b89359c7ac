"""The compiled loop behind cpu_numba.py."""

from __future__ import annotations

from ..compiled import compiled


@compiled()
def shuffle(partners, order):
    """order = 0 … n-1, and then order[i] and order[partners[i]] exchanged, one i after the other."""
    for i in range(order.size):
        order[i] = i
    for i in range(partners.size):
        other = partners[i]
        order[i], order[other] = order[other], order[i]
