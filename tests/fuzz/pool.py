"""Poolings: max, average, adaptive and unpooling, of one and two axes, as functions and as layers."""

from __future__ import annotations

from .case import Case, Draw, call, some
from .conv import at


def case(draw: Draw) -> Case:
    """One of them."""
    return draw.pick(largest, largest, average, average, adaptive, unpool)(draw)


def image(draw: Draw, axes: int, make: str, dtype: str) -> tuple[str, tuple[int, ...]]:
    """An input, with or without a batch, and its size."""
    size = draw.ints(1, 12, axes)
    shape = (draw.batch(), draw.int(1, 4), *size)
    return draw.input("x", shape if draw.chance(0.9) else shape[1:], dtype, make), size


def named(draw: Draw, function: str, kind: str, options: dict, x: str) -> str:
    """The call of a function, or of the layer that is called alike."""
    if draw.chance(0.3):
        return f"{call(f'nn.{kind}', **options)}({x})"
    return call(f"F.{function}", x, **options)


def largest(draw: Draw) -> Case:
    """Max pooling; numbers with ties and NaN, too"""
    axes = draw.pick(1, 2, 2)
    dtype = draw.dtype()
    x, size = image(draw, axes, draw.pick("normal", "normal", "distinct", "special", "whole"), dtype)
    if dtype in ("int64", "int32", "uint8", "int8", "int16", "bool"):
        draw.inputs[0].source = draw.inputs[0].source.replace("special", "normal")  # no NaN in them
    options = {"kernel_size": draw.each(1, 5, axes)} | some(
        draw,
        {
            "stride": draw.pick(None, draw.each(1, 4, axes)), "padding": draw.each(0, 2, axes),
            "dilation": draw.each(1, 3, axes), "ceil_mode": draw.chance(0.5), "return_indices": draw.chance(0.5),
        },
        0.7,
    )  # fmt: skip
    if window_in_padding(size, options):
        options["dilation"] = 1
    return draw.case(f"y = {named(draw, f'max_pool{axes}d', f'MaxPool{axes}d', options, x)}")


def window_in_padding(size: tuple[int, ...], options: dict) -> bool:
    """Whether a window has no pixel. torch then returns an index outside the input, and corrupts its heap."""
    for axis, length in enumerate(size):
        kernel, padding = at(options["kernel_size"], axis), at(options.get("padding", 0), axis)
        dilation = at(options.get("dilation", 1), axis)
        stride = options.get("stride")
        stride = kernel if stride is None else at(stride, axis)
        for start in range(-padding, length + padding, stride):  # more windows than there are
            if not any(0 <= start + tap * dilation < length for tap in range(kernel)):
                return True
    return False


def average(draw: Draw) -> Case:
    """Average pooling"""
    axes = draw.pick(1, 2, 2)
    x, _ = image(draw, axes, "normal", draw.dtype())
    more = {"divisor_override": draw.pick(None, 3, -2)} if axes == 2 else {}
    options = {"kernel_size": draw.each(1, 5, axes)} | some(
        draw,
        {
            "stride": draw.pick(None, draw.each(1, 4, axes)), "padding": draw.each(0, 2, axes),
            "ceil_mode": draw.chance(0.5), "count_include_pad": draw.chance(0.5), **more,
        },
        0.7,
    )  # fmt: skip
    if axes == 1 and options.get("stride", 1) is None and draw.chance(0.9):
        del options["stride"]
    return draw.case(f"y = {named(draw, f'avg_pool{axes}d', f'AvgPool{axes}d', options, x)}")


def adaptive(draw: Draw) -> Case:
    """Adaptive average and max pooling"""
    axes = draw.pick(1, 2, 2)
    kind = draw.pick("avg", "max")
    dtype = draw.dtype() if kind == "max" else draw.dtype(others=0)
    x, size = image(draw, axes, draw.pick("normal", "distinct") if kind == "max" else "normal", dtype)
    wanted = draw.pick(1, draw.each(1, 8, axes), size)
    if axes == 2 and draw.chance(0.2):
        wanted = draw.pick((None, draw.int(1, 5)), (draw.int(1, 5), None), None)
    if axes == 1 and not isinstance(wanted, int) and draw.chance(0.5):
        wanted = wanted[0]
    options = {"output_size": wanted}
    if kind == "max" and draw.chance(0.5):
        options["return_indices"] = draw.chance(0.5)
    names = f"adaptive_{kind}_pool{axes}d", f"Adaptive{kind.capitalize()}Pool{axes}d"
    return draw.case(f"y = {named(draw, *names, options, x)}")


def unpool(draw: Draw) -> Case:
    """Max pooling, and its numbers put back in their places"""
    axes = draw.pick(1, 2, 2)
    x, size = image(draw, axes, "distinct", draw.pick("float32", "float64"))
    options = {"kernel_size": draw.each(1, 3, axes)}
    if draw.chance(0.4):
        options["stride"] = options["kernel_size"]  # no place twice: torch leaves open who wins
    more = {"output_size": [n + draw.int(-1, 1) for n in size]} if draw.chance(0.4) else {}
    if draw.chance(0.3):
        put_back = f"{call(f'nn.MaxUnpool{axes}d', **options)}({call('', 'p', 'i', **more)[1:]}"
    else:
        put_back = call(f"F.max_unpool{axes}d", "p", "i", **options, **more)
    pooled = call(f"F.max_pool{axes}d", x, **options, return_indices=True)
    return draw.case(f"p, i = {pooled}\ny = {put_back}")
