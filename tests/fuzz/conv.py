"""Convolutions: of one and two axes, transposed ones, as functions and as layers, and their columns."""

from __future__ import annotations

from .case import Case, Draw, call, some


def case(draw: Draw) -> Case:
    """One of them."""
    return draw.pick(convolution, convolution, transposed, transposed, layer, transposed_layer, columns)(draw)


def filters(draw: Draw, axes: int) -> tuple[int, int, int, tuple[int, ...], tuple[int, ...]]:
    """(batch, channels, filters of each group, image, kernel): small ones, or some that fill vectors."""
    batch = draw.batch()
    if draw.chance(0.6):
        return batch, draw.int(1, 3), draw.int(1, 3), draw.ints(1, 9, axes), draw.ints(1, 4, axes)
    kernel = draw.pick((3,) * axes, (5,) * axes, (1,) * axes, draw.ints(1, 7, axes))
    image = tuple(max(n, k) for n, k in zip(draw.ints(4, 14, axes), kernel, strict=True))
    return batch, draw.pick(1, 3, 4, 6, 8, 16, 20), draw.pick(1, 2, 6, 8, 16, 24), image, kernel


def options_of(draw: Draw, axes: int, dense: bool) -> dict:
    """stride, padding, dilation; `dense`: as in most networks."""
    if dense:
        return {"padding": draw.int(0, 3)}
    stride, dilation = draw.each(1, 3, axes), draw.each(1, 3, axes)
    return some(draw, {"stride": stride, "padding": draw.each(0, 3, axes), "dilation": dilation}, 0.8)


def type_of(draw: Draw) -> str:
    """Whole numbers now and then: PyTorch convolves them, too."""
    return draw.dtype(others=0.04)


def convolution(draw: Draw) -> Case:
    """F.conv1d, F.conv2d"""
    axes = draw.pick(1, 2, 2)
    batch, c, k, image, kernel = filters(draw, axes)
    groups = draw.pick(1, 1, 1, 2, 3)
    options = options_of(draw, axes, dense=kernel[0] in (3, 5) and draw.chance(0.5))
    if draw.chance(0.15):
        options |= {"padding": draw.pick("same", "valid"), "stride": 1}
    if groups > 1:
        options["groups"] = groups
    dtype = type_of(draw) if "dilation" not in options else draw.pick("float32", "float64")  # torch dilates no ints
    shape = (batch, c * groups, *image)
    args = [
        draw.input("x", shape if draw.chance(0.9) else shape[1:], dtype),
        draw.input("w", (k * groups, c, *kernel), dtype),
        draw.input("b", (k * groups,), dtype) if draw.chance(0.5) else "None",
    ]
    return draw.case(f"y = {call(f'F.conv{axes}d', *args, **options)}", looser=2)


def transposed(draw: Draw) -> Case:
    """F.conv_transpose1d, F.conv_transpose2d"""
    axes = draw.pick(1, 2, 2)
    batch, c, k, image, kernel = filters(draw, axes)
    image = tuple(min(n, 7) for n in image)
    groups = draw.pick(1, 1, 2, 3)
    options = options_of(draw, axes, dense=draw.chance(0.2))
    if draw.chance(0.5):
        options["output_padding"] = draw.each(0, 2, axes)
    if groups > 1:
        options["groups"] = groups
    dtype = type_of(draw)
    shape = (batch, c * groups, *image)
    args = [
        draw.input("x", shape if draw.chance(0.9) else shape[1:], dtype),
        draw.input("w", (c * groups, k, *kernel), dtype),
        draw.input("b", (k * groups,), dtype) if draw.chance(0.5) else "None",
    ]
    return draw.case(f"y = {call(f'F.conv_transpose{axes}d', *args, **options)}", looser=2, faults=True)


def layer(draw: Draw) -> Case:
    """nn.Conv1d, nn.Conv2d, with every padding_mode, from the weights that a seed gives"""
    axes = draw.pick(1, 2, 2)
    batch, c, k, image, kernel = filters(draw, axes)
    groups = draw.pick(1, 1, 2)
    options = options_of(draw, axes, dense=False)
    if draw.chance(0.2):
        options |= {"padding": draw.pick("same", "valid"), "stride": 1}
    options["padding_mode"] = draw.pick("zeros", "reflect", "replicate", "circular")
    options |= some(draw, {"bias": draw.chance(0.5), "groups": groups}, 0.8)
    dtype = draw.pick("float32", "float64")
    shape = (batch, c * groups, *image)
    x = draw.input("x", shape if draw.chance(0.9) else shape[1:], dtype)
    made = call(f"nn.Conv{axes}d", c * groups, k * groups, kernel if draw.chance(0.7) else kernel[0], **options)
    source = f"m.manual_seed({draw.int(0, 9)})\nlayer = {made}.to(m.{dtype})\ny = layer({x})"
    return draw.case(source, looser=2)


def transposed_layer(draw: Draw) -> Case:
    """nn.ConvTranspose1d, nn.ConvTranspose2d, also with output_size"""
    axes = draw.pick(1, 2, 2)
    batch, c, k, image, kernel = filters(draw, axes)
    image = tuple(min(n, 7) for n in image)
    groups = draw.pick(1, 1, 2)
    options = options_of(draw, axes, dense=False) | some(draw, {"bias": draw.chance(0.5), "groups": groups}, 0.8)
    more = ""
    if draw.chance(0.3):  # the smallest size, and somewhat more
        least = [
            (image[i] - 1) * at(options.get("stride", 1), i) - 2 * at(options.get("padding", 0), i)
            + at(options.get("dilation", 1), i) * (kernel[i] - 1) + 1
            for i in range(axes)
        ]  # fmt: skip
        more = f", output_size={[max(n, 0) + draw.int(0, 2) for n in least]}"
    elif draw.chance(0.5):
        options["output_padding"] = draw.each(0, 2, axes)
    dtype = draw.pick("float32", "float64")
    shape = (batch, c * groups, *image)
    x = draw.input("x", shape if draw.chance(0.9) else shape[1:], dtype)
    made = call(f"nn.ConvTranspose{axes}d", c * groups, k * groups, kernel, **options)
    source = f"m.manual_seed({draw.int(0, 9)})\nlayer = {made}.to(m.{dtype})\ny = layer({x}{more})"
    return draw.case(source, looser=2, faults=True)


def at(value, axis: int) -> int:
    """The number for an axis of an argument that is one number or several."""
    return value if isinstance(value, int) else value[axis]


def columns(draw: Draw) -> Case:
    """F.unfold and F.fold"""
    options = {
        "kernel_size": draw.each(1, 3, 2), "dilation": draw.each(1, 2, 2), "padding": draw.each(0, 2, 2),
        "stride": draw.each(1, 3, 2),
    }  # fmt: skip
    image = draw.ints(1, 8, 2)
    shape = (draw.batch(), draw.int(1, 3), *image)
    shape = shape if draw.chance(0.9) else shape[1:]
    x = draw.input("x", shape, draw.pick("float32", "float64"))
    if draw.chance(0.5):
        return draw.case(f"y = {call('F.unfold', x, **options)}")
    return draw.case(f"y = F.fold({call('F.unfold', x, **options)} * 2, {image}, **{options})")
