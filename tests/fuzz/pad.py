"""Padding: F.pad in every mode, and the padding layers."""

from __future__ import annotations

from .case import Case, Draw, call

MODES = ("constant", "reflect", "replicate", "circular")
LAYERS = {"ZeroPad": (), "ConstantPad": (0.5,), "ReflectionPad": (), "ReplicationPad": (), "CircularPad": ()}


def case(draw: Draw) -> Case:
    """One of them."""
    return draw.pick(function, function, function, layer)(draw)


def widths_of(draw: Draw, mode: str, axes: int) -> tuple[int, ...]:
    """Before and after each axis; negative ones cut off.

    torch reads stray memory for a negative width in circular mode, and in the gradient of reflect mode with three
    axes: none there.
    """
    low = 0 if mode == "circular" or (mode == "reflect" and axes == 3) else draw.pick(0, -2)
    return tuple(draw.int(low, 3) for _ in range(2 * axes))


def function(draw: Draw) -> Case:
    """F.pad"""
    axes, mode = draw.int(1, 3), draw.pick(*MODES)
    shape = (draw.batch(), *draw.ints(1, 6, axes + draw.pick(0, 1)))
    if draw.chance(0.02):
        shape = (*shape[:-1], 0)
    dtype = draw.dtype(others=0.15)
    x = draw.input("x", shape, dtype, "normal" if dtype != "float64" else draw.pick("normal", "special"))
    options = {"mode": mode}
    if mode == "constant":
        options = draw.pick({}, options)
        if draw.chance(0.6):
            options["value"] = draw.pick(None, 0.5, 2, float("inf"), -1, True)
        if draw.chance(0.2):
            axes = draw.int(0, len(shape))
    source = f"y = {call('F.pad', x, widths_of(draw, mode, axes), **options)}"
    return draw.case(source.replace("=inf", "=float('inf')"))


def layer(draw: Draw) -> Case:
    """nn.ZeroPad2d and its like"""
    kind, axes = draw.pick(*LAYERS), draw.int(1, 2)
    mode = {"ReflectionPad": "reflect", "CircularPad": "circular"}.get(kind, "")
    widths = draw.pick(draw.int(0, 3), widths_of(draw, mode, axes))
    shape = (draw.batch(), *draw.ints(1, 6, axes + draw.pick(0, 1)))
    x = draw.input("x", shape, draw.dtype())
    return draw.case(f"y = {call(f'nn.{kind}{axes}d', widths, *LAYERS[kind])}({x})")
