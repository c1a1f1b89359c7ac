"""Losses, as functions and as modules."""

from __future__ import annotations

from .case import Case, Draw, call, some

# name of the function, name of the module, its options
OF_PAIRS = (
    ("mse_loss", "MSELoss", {}),
    ("l1_loss", "L1Loss", {}),
    ("smooth_l1_loss", "SmoothL1Loss", {"beta": (0.0, 0.3, 1.0, 2)}),
    ("huber_loss", "HuberLoss", {"delta": (0.3, 1.0, 2)}),
)


def case(draw: Draw) -> Case:
    """One of them."""
    return draw.pick(classes, classes, nll, pairs, pairs, binary, binary, divergence, hinge, margin)(draw)


def reduction(draw: Draw, *more: str) -> dict:
    """One of the reductions, or the default."""
    return some(draw, {"reduction": draw.pick("mean", "sum", "none", *more)}, 0.8)


def either(draw: Draw, function: str, module: str, tensors: list[str], options: dict) -> str:
    """The function, or the module with those options; options that are tensors are given as `$name`."""
    text = call(f"nn.{module}", **options) + f"({', '.join(tensors)})"
    if draw.chance(0.6):
        text = call(f"F.{function}", *tensors, **options)
    for name in ("weight", "pos_weight"):
        text = text.replace(f"'${name}'", name)
    return f"y = {text}"


def logits(draw: Draw) -> tuple[tuple[int, ...], int]:
    """(N, classes, …), and the number of classes"""
    count = draw.pick(1, 2, 3, 7, 10, 40)
    batch = draw.batch() if draw.chance(0.3) else draw.pick(1, 2, 3, 8, 33)
    more = draw.ints(1, 4, draw.pick(0, 0, 0, 1, 2))
    return ((count,) if draw.chance(0.07) and not more else (batch, count, *more)), count


def weighted(draw: Draw, options: dict, count: int, dtype: str) -> dict:
    """Now and then a weight for each class."""
    if draw.chance(0.4):
        draw.input("weight", (count,), dtype, "uniform", grad=False, low=0.1, high=2.0)
        options["weight"] = "$weight"
    return options


def class_indices(draw: Draw, shape: tuple[int, ...], count: int, options: dict) -> str:
    """Targets, some of them `ignore_index`."""
    wanted = shape[:1] + shape[2:] if len(shape) > 1 else ()
    low = 0
    if draw.chance(0.4):
        options["ignore_index"] = draw.pick(draw.int(0, count - 1), -1, -100)
        low = -1 if options["ignore_index"] == -1 else 0
    return draw.input("t", wanted, "int64", "whole", low=low, high=count)


def classes(draw: Draw) -> Case:
    """cross_entropy, with classes or probabilities as target"""
    dtype = draw.pick("float32", "float64")
    shape, count = logits(draw)
    options = weighted(draw, reduction(draw), count, dtype)
    if draw.chance(0.4):
        options["label_smoothing"] = draw.pick(0.1, draw.float(0, 1), 1.0)
    x = draw.input("x", shape, dtype)
    if draw.chance(0.3):
        draw.input("q", shape, dtype)
        target = f"q.softmax({1 if len(shape) > 1 else 0})"
    else:
        target = class_indices(draw, shape, count, options)
    return draw.case(either(draw, "cross_entropy", "CrossEntropyLoss", [x, target], options))


def nll(draw: Draw) -> Case:
    """nll_loss"""
    dtype = draw.pick("float32", "float64")
    shape, count = logits(draw)
    options = weighted(draw, reduction(draw), count, dtype)
    x = draw.input("x", shape, dtype)
    target = class_indices(draw, shape, count, options)
    return draw.case(either(draw, "nll_loss", "NLLLoss", [x, target], options))


def shapes(draw: Draw) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two equal shapes, or two that broadcast."""
    shape = draw.ints(1, 5, draw.int(0, 3))
    if draw.chance(0.15):
        shape = (draw.batch(), *shape)
    other = tuple(1 if draw.chance(0.4) else n for n in shape) if draw.chance(0.15) else shape
    return (shape, other) if draw.chance(0.5) else (other, shape)


def pairs(draw: Draw) -> Case:
    """Losses of two tensors alike"""
    function, module, extra = draw.pick(*OF_PAIRS)
    options = reduction(draw) | some(draw, {key: draw.pick(*values) for key, values in extra.items()}, 0.7)
    a, b = shapes(draw)
    dtype = draw.dtype(others=0)
    x, t = draw.input("x", a, dtype), draw.input("t", b, dtype if draw.chance(0.95) else "float64")
    return draw.case(either(draw, function, module, [x, t], options))


def binary(draw: Draw) -> Case:
    """binary_cross_entropy and binary_cross_entropy_with_logits"""
    dtype = draw.pick("float32", "float64")
    shape = draw.ints(1, 5, draw.int(1, 3))
    options = reduction(draw)
    if draw.chance(0.3):
        draw.input("weight", tuple(1 if draw.chance(0.4) else n for n in shape), dtype, "uniform", grad=False)
        options["weight"] = "$weight"
    t = draw.input("t", shape, dtype, "uniform", grad=draw.chance(0.5))
    if draw.chance(0.5):
        x = draw.input("x", shape, dtype, "uniform")
        return draw.case(either(draw, "binary_cross_entropy", "BCELoss", [x, t], options))
    if draw.chance(0.3):
        draw.input("pos_weight", shape[-1:], dtype, "uniform", grad=False, low=0.5, high=3.0)
        options["pos_weight"] = "$pos_weight"
    x = draw.input("x", shape, dtype)
    names = "binary_cross_entropy_with_logits", "BCEWithLogitsLoss"
    return draw.case(either(draw, *names, [x, t], options))


def divergence(draw: Draw) -> Case:
    """kl_div"""
    options = reduction(draw, "batchmean") | some(draw, {"log_target": draw.chance(0.5)}, 0.7)
    a, b = shapes(draw)
    dtype = draw.pick("float32", "float64")
    x = draw.input("x", a, dtype)
    t = draw.input("t", b, dtype, "normal" if options.get("log_target") else "uniform")
    return draw.case(either(draw, "kl_div", "KLDivLoss", [x, t], options))


def hinge(draw: Draw) -> Case:
    """hinge_embedding_loss"""
    options = reduction(draw) | some(draw, {"margin": draw.pick(1.0, 0.5, 2)}, 0.7)
    dtype = draw.pick("float32", "float64")
    shape = draw.ints(1, 5, draw.int(1, 3))
    x, t = draw.input("x", shape, dtype, "distinct"), draw.input("t", shape, dtype, "whole", grad=False, low=0, high=2)
    return draw.case(either(draw, "hinge_embedding_loss", "HingeEmbeddingLoss", [x, f"({t} * 2 - 1)"], options))


def margin(draw: Draw) -> Case:
    """multi_margin_loss"""
    dtype = draw.pick("float32", "float64")
    count = draw.int(1, 7)
    batch = draw.pick(1, 2, 3, 8, 17, 33)  # torch's mean over none is stray memory
    shape = (batch, count) if draw.chance(0.9) else (count,)
    options = reduction(draw) | some(draw, {"p": draw.pick(1, 2), "margin": draw.pick(1.0, 0.5, 2)}, 0.6)
    x = draw.input("x", shape, dtype)
    t = draw.input("t", shape[:-1], "int64", "whole", high=count)
    return draw.case(
        either(draw, "multi_margin_loss", "MultiMarginLoss", [x, t], weighted(draw, options, count, dtype))
    )
