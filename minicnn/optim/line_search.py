"""How far to go along a direction: a line search for the strong Wolfe conditions.

Nocedal & Wright, Numerical Optimization (2006), algorithms 3.5 and 3.6: steps get longer until an interval must hold
a good one (it brackets a minimum), then the interval gets shorter. New steps are minima of the cubic through two ends.
The limits on how near to an old end a new step may be are those of M. Schmidt's minFunc, which PyTorch's LBFGS has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from minicnn.autograd.tensor import Tensor

SUFFICIENT = 1e-4  # c₁: the decrease that counts, as a share of what the first slope promises
FLAT = 0.9  # c₂: the slope that counts as flat, as a share of the first


class Point(NamedTuple):
    """A step that was tried: its length t, and there the loss, the gradient and the slope along the direction."""

    t: Any
    loss: float
    gradient: Tensor
    slope: Any


def strong_wolfe(
    evaluate: Callable[[Any], tuple[float, Tensor]],
    direction: Tensor,
    t: Any,
    loss: float,
    gradient: Tensor,
    slope: Any,
    most: int = 25,
    smallest: float = 1e-9,
) -> tuple[float, Tensor, Any, int]:
    """(loss, gradient, t, number of evaluations) of a step that satisfies the strong Wolfe conditions:

        loss(t) ≤ loss(0) + c₁·t·slope(0)    and    |slope(t)| ≤ c₂·|slope(0)|

    or the best one that was found. `evaluate(t)` gives loss and gradient after a step `t`, which is also the first one
    tried; `loss`, `gradient` and `slope` are those at 0. After `most` more steps, and at an interval shorter than
    `smallest`, the search ends.
    """
    first = Point(0, loss, gradient.clone(), slope)
    evaluations = 0

    def tried(t: Any) -> Point:
        nonlocal evaluations
        evaluations += 1
        new_loss, new_gradient = evaluate(t)
        return Point(t, new_loss, new_gradient, new_gradient.dot(direction))

    def too_high(point: Point) -> bool:
        return bool(point.loss > loss + SUFFICIENT * point.t * slope)

    def flat(point: Point) -> bool:
        return bool(abs(point.slope) <= -FLAT * slope)

    # longer and longer, until a minimum is behind
    before, point, done, steps = first, tried(t), False, 0
    ends = [first, point]
    while steps < most:
        if too_high(point) or (steps > 1 and point.loss >= before.loss):
            ends = [before, point]
            break
        if flat(point):
            return point.loss, point.gradient, point.t, evaluations
        if point.slope >= 0:
            ends = [before, point]
            break
        bounds = point.t + 0.01 * (point.t - before.t), point.t * 10
        before, point = point, tried(_cubic_minimum(before, point, bounds))
        steps += 1
    else:
        ends = [first, point]

    # shorter and shorter, with the lower end at `low`
    low, high = _ordered(ends)
    stuck = False
    longest = direction.abs().max()
    while not done and steps < most:
        left, right = min(ends[0].t, ends[1].t), max(ends[0].t, ends[1].t)
        if abs(right - left) * longest < smallest:
            break
        t = _cubic_minimum(ends[0], ends[1])
        margin = 0.1 * (right - left)
        if min(right - t, t - left) < margin:  # near an end twice, or beyond it: keep a tenth away
            if stuck or t >= right or t <= left:
                t = right - margin if abs(t - right) < abs(t - left) else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        point = tried(t)
        steps += 1
        if too_high(point) or point.loss >= ends[low].loss:
            ends[high] = point
            low, high = _ordered(ends)
        else:
            if flat(point):
                done = True
            elif point.slope * (ends[high].t - ends[low].t) >= 0:
                ends[high] = ends[low]
            ends[low] = point
    best = ends[low]
    return best.loss, best.gradient, best.t, evaluations


def _ordered(ends: list[Point]) -> tuple[int, int]:
    return (0, 1) if ends[0].loss <= ends[1].loss else (1, 0)


def _cubic_minimum(a: Point, b: Point, bounds: tuple[Any, Any] | None = None) -> Any:
    """Where the cubic with the losses and slopes of both points is lowest, within `bounds` or between the points; the
    middle where it has no minimum. (Nocedal & Wright 2006, equation 3.59)"""
    left, right = bounds or (min(a.t, b.t), max(a.t, b.t))
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1**2 - a.slope * b.slope
    if not square >= 0:
        return (left + right) / 2.0
    d2 = square.sqrt()
    if a.t <= b.t:
        lowest = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    else:
        lowest = a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2))
    return min(max(lowest, left), right)
