"""All other operations: activations, norms, resizing, reductions, indexing, arithmetic, products, shapes."""

from __future__ import annotations

from collections.abc import Callable

from .case import Case, Draw, call, some

INTEGERS = ("int64", "int32", "uint8", "int8", "int16", "bool")


def case(draw: Draw) -> Case:
    """One of them."""
    family = draw.pick(*FAMILIES)
    return family(draw)


def shape_of(draw: Draw, low: int = 0, high: int = 4, least: int = 1) -> tuple[int, ...]:
    """A shape; now and then an axis is empty, or the first one is a batch."""
    shape = draw.ints(least, 5, draw.int(low, high))
    if shape and draw.chance(0.2):
        shape = (draw.batch(), *shape[1:])
    if shape and draw.chance(0.04):
        axis = draw.int(0, len(shape) - 1)
        shape = (*shape[:axis], 0, *shape[axis + 1 :])
    return shape


def numbers(draw: Draw, name: str, shape: tuple[int, ...], make: str = "", dtype: str = "", others: float = 0.1) -> str:
    """An input of any type."""
    dtype = dtype or draw.dtype(others)
    make = make or draw.pick("normal", "normal", "distinct", "special")
    if dtype in INTEGERS or dtype == "float16":
        make = "whole" if dtype in INTEGERS else "normal"
    more = {} if make != "whole" or dtype in ("uint8", "bool") else {"low": -3}
    return draw.input(name, shape, dtype, make, **more)


# --- activations ----------------------------------------------------------------------------------

ACTIVATIONS: dict[str, dict] = {
    "relu": {}, "relu6": {}, "leaky_relu": {"negative_slope": (0.01, 0.3, -0.5, 1)}, "elu": {"alpha": (1.0, 0.4, 2)},
    "selu": {}, "celu": {"alpha": (1.0, 0.5, 2)}, "gelu": {"approximate": ("none", "tanh")}, "silu": {}, "sigmoid": {},
    "tanh": {}, "hardtanh": {"min_val": (-1.0, -0.5), "max_val": (1.0, 0.5)}, "hardshrink": {"lambd": (0.5, 0.1, 1)},
    "softplus": {"beta": (1, 2.0), "threshold": (20, 1)}, "softsign": {}, "hardsigmoid": {}, "hardswish": {},
    "logsigmoid": {}, "softshrink": {"lambd": (0.5, 0.1)}, "tanhshrink": {}, "mish": {},
}  # fmt: skip
LAYERS = {
    "relu": "ReLU", "relu6": "ReLU6", "leaky_relu": "LeakyReLU", "elu": "ELU", "selu": "SELU", "celu": "CELU",
    "gelu": "GELU", "silu": "SiLU", "sigmoid": "Sigmoid", "tanh": "Tanh", "hardtanh": "Hardtanh",
    "hardshrink": "Hardshrink", "softplus": "Softplus", "softsign": "Softsign", "hardsigmoid": "Hardsigmoid",
    "hardswish": "Hardswish", "logsigmoid": "LogSigmoid", "softshrink": "Softshrink", "tanhshrink": "Tanhshrink",
    "mish": "Mish",
}  # fmt: skip


def activation(draw: Draw) -> Case:
    """An activation, as function or layer"""
    if draw.chance(0.1):
        return prelu(draw)
    if draw.chance(0.15):
        return softmax(draw)
    name = draw.pick(*ACTIVATIONS)
    options = some(draw, {key: draw.pick(*values) for key, values in ACTIVATIONS[name].items()}, 0.6)
    # at NaN torch's gradient of the others depends on the place in the vector: that of its loops for the rest is right
    make = draw.pick("normal", "normal", "special" if name in ("relu", "tanh", "sigmoid") else "extreme")
    x = numbers(draw, "x", shape_of(draw), make, others=0.06)
    second = draw.chance(0.2) and make == "normal" and "shrink" not in name
    if draw.chance(0.4):
        return draw.case(f"y = {call(f'nn.{LAYERS[name]}', **options)}({x})", second=second)
    return draw.case(f"y = {call(f'F.{name}', x, **options)}", second=second)


def prelu(draw: Draw) -> Case:
    """PReLU, with one slope or one a channel"""
    shape = shape_of(draw, 1)
    channels = shape[1] if len(shape) > 1 else 1
    dtype = draw.pick("float32", "float64")
    x = draw.input("x", shape, dtype)
    count = draw.pick(1, max(channels, 1))
    if draw.chance(0.5):
        return draw.case(f"y = F.prelu({x}, {draw.input('w', (count,), dtype)})")
    return draw.case(f"layer = nn.PReLU({count}, init={draw.float(-1, 1)}).to(m.{dtype})\ny = layer({x})")


def softmax(draw: Draw) -> Case:
    """softmax, log_softmax, softmin along an axis"""
    shape = shape_of(draw, 0)
    name = draw.pick("softmax", "log_softmax", "softmax", "log_softmax", "softmin")
    x = draw.input("x", shape, draw.dtype(others=0.03))
    dim = draw.int(-max(len(shape), 1), max(len(shape), 1) - 1)
    if draw.chance(0.3):
        layer = {"softmax": "Softmax", "log_softmax": "LogSoftmax", "softmin": "Softmin"}[name]
        return draw.case(f"y = nn.{layer}(dim={dim})({x})")
    return draw.case(f"y = F.{name}({x}, {dim})")


# --- norms, resizing ------------------------------------------------------------------------------


def norm(draw: Draw) -> Case:
    """Normalisations, as layers with drawn weights, in both modes"""
    kind = draw.pick("BatchNorm1d", "BatchNorm2d", "GroupNorm", "LayerNorm", "InstanceNorm2d", "LocalResponseNorm",
                     "InstanceNorm1d")  # fmt: skip
    c = draw.int(1, 6)
    axes = {"BatchNorm1d": draw.pick(0, 1), "InstanceNorm1d": 1, "BatchNorm2d": 2, "InstanceNorm2d": 2}.get(
        kind, draw.int(0, 2)
    )
    shape = (draw.pick(1, 2, 3, 8, 17), c, *draw.ints(1, 6, axes))
    if kind.startswith("Instance") and draw.chance(0.2):
        shape = shape[1:]
    eps = {"eps": draw.pick(1e-5, 1e-3, 0.1)}
    affine = {"affine": draw.chance(0.6)}
    options = some(draw, eps, 0.4)
    if kind.startswith(("Batch", "Instance")):
        args: tuple = (c,)
        track = {"track_running_stats": draw.chance(0.5), "momentum": draw.pick(0.1, 0.3, None)}
        options |= some(draw, affine, 0.6) | some(draw, track, 0.5)
    elif kind == "GroupNorm":
        args = (draw.pick(*(g for g in range(1, c + 1) if c % g == 0)), c)
        options |= some(draw, affine, 0.6)
    elif kind == "LayerNorm":
        args = (list(shape[-draw.int(1, len(shape) - 1) :]),)
        options |= some(draw, {"elementwise_affine": draw.chance(0.5), "bias": draw.chance(0.5)}, 0.5)
    else:
        args, options = (draw.int(1, 5),), some(draw, {"alpha": 0.1, "beta": 0.5, "k": draw.pick(1.0, 2.0)}, 0.6)
    dtype = draw.pick("float32", "float64", "float64")
    x = draw.input("x", shape, dtype)
    mode = draw.pick("", ".eval()") if kind.startswith(("Batch", "Instance")) else ""
    source = [f"layer = {call(f'nn.{kind}', *args, **options)}.to(m.{dtype})"]
    source += ["with m.no_grad():", "    for k, p in enumerate(layer.parameters()):"]
    source += [
        f"        p.copy_(m.from_numpy(np.random.default_rng([{draw.seed()}, k]).standard_normal(tuple(p.shape))))"
    ]
    source += [f"first = layer({x} * 2 + 1).detach()"] if draw.chance(0.5) else []
    source += [f"layer = layer{mode}", f"y = (layer({x}), *(b.clone() for b in layer.buffers()))"]
    return draw.case("\n".join(source), looser=10, second=draw.chance(0.2) and dtype == "float64")


def resize(draw: Draw) -> Case:
    """interpolate and Upsample, PixelShuffle and its inverse"""
    dtype = draw.pick("float32", "float64")
    if draw.chance(0.25):
        r, more = draw.int(1, 3), draw.ints(1, 4, 2)
        name = draw.pick("pixel_shuffle", "pixel_unshuffle")
        c = draw.int(1, 2)
        shape = (c * r * r, *more) if name == "pixel_shuffle" else (c, more[0] * r, more[1] * r)
        shape = (draw.batch(), *shape) if draw.chance(0.8) else shape
        layer = {"pixel_shuffle": "PixelShuffle", "pixel_unshuffle": "PixelUnshuffle"}[name]
        x = draw.input("x", shape, dtype)
        return draw.case(draw.pick(f"y = F.{name}({x}, {r})", f"y = nn.{layer}({r})({x})"))
    mode = draw.pick("nearest", "bilinear", "bilinear", "linear", "nearest-exact")
    axes = {"bilinear": 2, "linear": 1}.get(mode, draw.pick(1, 2))
    size = draw.ints(1, 7, axes)
    shape = (draw.pick(0, 1, 2, 8, 9), draw.int(1, 3), *size)
    options = draw.pick({"size": draw.each(1, 12, axes)}, {"scale_factor": draw.pick(2, 3, 0.5, 1.5, 2.6, 0.7)})
    if "scale_factor" in options and draw.chance(0.3):
        options["scale_factor"] = tuple(draw.pick(2.0, 0.5, 1.3, 1.0) for _ in range(axes))
    options["mode"] = mode
    layer = draw.chance(0.3)
    if mode in ("bilinear", "linear"):
        options |= some(draw, {"align_corners": draw.pick(True, False)}, 0.7)
    if "scale_factor" in options:
        options |= some(draw, {"recompute_scale_factor": draw.pick(None, True, False)}, 0.3)
    x = draw.input("x", shape, dtype)
    if layer:
        return draw.case(f"y = {call('nn.Upsample', **options)}({x})")
    return draw.case(f"y = {call('F.interpolate', x, **options)}")


# --- reductions -----------------------------------------------------------------------------------

REDUCTIONS = ("sum", "mean", "prod", "amax", "amin", "all", "any", "var", "std", "norm", "logsumexp", "cumsum", "max",
              "min", "argmax", "argmin", "median", "count_nonzero", "nansum", "cumprod")  # fmt: skip
ONE_AXIS = ("prod", "max", "min", "argmax", "argmin", "median", "cumsum", "cumprod")


def reduction(draw: Draw) -> Case:
    """A reduction over some axes"""
    name = draw.pick(*REDUCTIONS)
    shape = shape_of(draw)
    make = "distinct" if name in ("max", "min", "amax", "amin", "median", "argmax", "argmin") else "normal"
    if name in ("var", "std", "norm", "logsumexp", "mean"):
        make = "normal"
    x = numbers(draw, "x", shape, make if draw.chance(0.9) else "special", others=0.12)
    options: dict = {}
    axis = draw.int(-max(len(shape), 1), max(len(shape), 1) - 1)
    several = tuple(i for i in range(len(shape)) if draw.chance(0.5))
    if name in ("cumsum", "cumprod"):
        options["dim"] = axis
    elif name == "logsumexp" or draw.chance(0.7):
        options["dim"] = axis if name in ONE_AXIS or draw.chance(0.6) or not several else several
        if name not in ("count_nonzero",):
            options |= some(draw, {"keepdim": draw.chance(0.5)}, 0.6)
    if name in ("var", "std"):
        options |= some(draw, {"correction": draw.pick(0, 1, 2)}, 0.4)
    if name == "norm":
        options |= some(draw, {"p": draw.pick(1, 2, 3, float("inf"), 0.5, "fro")}, 0.6)
    if name in ("sum", "mean", "prod", "cumsum") and draw.chance(0.15):
        options["dtype"] = "$"
    source = call(f"m.{name}", x, **options) if draw.chance(0.5) else call(f"{x}.{name}", **options)
    source = source.replace("'$'", f"m.{draw.pick('float64', 'float32')}").replace("=inf", "=float('inf')")
    return draw.case(f"y = {source}", second=False, looser=2)


# --- indexing -------------------------------------------------------------------------------------


def index_of(draw: Draw, shape: tuple[int, ...]) -> str:
    """The source of an index."""
    parts = []
    for length in shape:
        kind = draw.pick("int", "slice", "slice", "none", "all", "list", "mask", "tensor")
        if kind == "int" and length:
            parts.append(str(draw.int(-length, length - 1)))
        elif kind == "slice":
            low, high = sorted(draw.ints(-length, length, 2))
            parts.append(draw.pick(f"{low}:{high}", f"{low}:", f":{high}", f"{low}:{high}:2", "::3"))
        elif kind == "none":
            parts += ["None", ":"]
        elif kind == "list" and length:
            parts.append(str([draw.int(-length, length - 1) for _ in range(draw.pick(2, 2, 1, 3))]))
        elif kind == "tensor" and length:
            rows = [draw.int(-length, length - 1) for _ in range(2)]
            parts.append(f"m.tensor({rows if draw.chance(0.5) else [[r] for r in rows]})")
        elif kind == "mask" and length:
            parts.append(f"m.tensor({[draw.chance(0.5) for _ in range(length)]})")
        else:
            parts.append(":")
        if draw.chance(0.15):
            break
    if draw.chance(0.15) and len(parts) < len(shape):
        parts.append("...")
    return ", ".join(parts) or "..."


def index(draw: Draw) -> Case:
    """Reading and writing by index"""
    shape = shape_of(draw, 1)
    x = numbers(draw, "x", shape, "normal")
    where = index_of(draw, shape)
    if draw.chance(0.7):
        return draw.case(f"y = {x}[{where}]")
    value = draw.pick("2", "z.sum() * 0 + 1", f"{x}[{where}] * 2", "True")
    return draw.case(f"z = {x} * 1\nz[{where}] = {value.replace('z.sum() * 0 + 1', 'z.sum()')}\ny = z", second=False)


def gathering(draw: Draw) -> Case:
    """gather, scatter, index_select, take_along_dim, sort, topk, masked_fill, where, one_hot, unique …"""
    shape = shape_of(draw, 1, 3)
    dim = draw.int(-len(shape), len(shape) - 1)
    length = shape[dim]
    x = numbers(draw, "x", shape, "distinct", others=0.1)
    wide = list(shape)
    wide[dim] = draw.int(1, 4)
    if length == 0:
        return draw.case(f"y = m.sort({x}, {dim})", second=False)
    name = draw.pick("gather", "index_select", "take_along_dim", "sort", "argsort", "topk", "masked_fill", "where",
                     "scatter", "scatter_add", "index_add", "masked_select", "flip", "roll", "unique", "nonzero",
                     "bincount", "one_hot", "kthvalue", "index_fill")  # fmt: skip
    if name in ("gather", "take_along_dim"):
        i = draw.input("i", wide, "int64", "whole", high=length)
        args = (x, dim, i) if name == "gather" else (x, i, dim)
        return draw.case(f"y = {call(f'm.{name}', *args)}")
    if name == "index_select":
        i = draw.input("i", (draw.int(0, 5),), "int64", "whole", high=length)
        return draw.case(f"y = m.index_select({x}, {dim}, {i})")
    if name in ("scatter", "scatter_add"):
        wide[dim] = draw.int(1, length)
        make = "whole"
        i = draw.input("i", wide, "int64", make, high=length)
        s = draw.input("s", wide, draw.inputs[0].dtype, "normal")
        once = f"m.argsort(m.rand({shape}), {dim})" if name == "scatter" else ""
        if once:  # a place written twice may hold either
            draw.inputs = [n for n in draw.inputs if n.name not in ("i", "s")]
            s = draw.input("s", shape, draw.inputs[0].dtype, "normal")
            draw.input("k", shape, "float64", "distinct", grad=False)
            i = f"m.argsort(k, {dim})"
        return draw.case(f"y = m.{name}({x}, {dim}, {i}, {s})")
    if name == "index_add":
        i = draw.input("i", (wide[dim],), "int64", "whole", high=length)
        s = draw.input("s", wide, draw.inputs[0].dtype, "normal")
        return draw.case(f"y = m.index_add({x}, {dim}, {i}, {s})")
    if name in ("sort", "argsort"):
        return draw.case(f"y = m.{name}({x}, dim={dim}, descending={draw.chance(0.5)})", second=False)
    if name in ("topk", "kthvalue"):  # which of equal ones is left open
        more = f", largest={draw.chance(0.5)}" if name == "topk" else ""
        return draw.case(f"y = m.{name}({x}, {draw.int(1, length)}, {dim}{more})[0]", second=False)
    if name in ("masked_fill", "masked_select", "where"):
        c = draw.input("c", draw.pick(shape, shape[-1:]), "bool", "whole", high=2)
        more = {"masked_fill": f"m.masked_fill({x}, {c}, {draw.pick('2', '0.5', '-1')})",
                "masked_select": f"m.masked_select({x}, {c})",
                "where": f"m.where({c}, {x}, {draw.pick('2', '0.5', f'{x} * 3')})"}  # fmt: skip
        return draw.case(f"y = {more[name]}")
    if name in ("flip", "roll"):
        return draw.case(
            f"y = m.flip({x}, [{dim}])" if name == "flip" else f"y = m.roll({x}, {draw.int(-7, 7)}, {dim})"
        )
    if name == "index_fill":
        i = draw.input("i", (2,), "int64", "whole", high=length)
        return draw.case(f"y = {x}.index_fill({dim}, {i}, 2)")
    draw.inputs.clear()
    n = draw.input("n", shape if name != "bincount" else (draw.int(0, 9),), "int64", "whole")
    source = {"unique": f"m.unique({n}, return_inverse={draw.chance(0.5)}, return_counts={draw.chance(0.5)})",
              "nonzero": f"m.nonzero({n})", "bincount": f"m.bincount({n}, minlength={draw.int(0, 9)})",
              "one_hot": f"F.one_hot({n}, {draw.pick(-1, 5, 7, 3)})"}  # fmt: skip
    return draw.case(f"y = {source[name]}")


# --- arithmetic -----------------------------------------------------------------------------------

UNARY = ("abs", "neg", "exp", "log", "sqrt", "square", "sin", "cos", "sigmoid", "tanh", "relu", "reciprocal", "rsqrt",
         "sign", "floor", "ceil", "round", "trunc", "log1p", "log2", "isnan", "isinf", "isfinite", "logical_not",
         "bitwise_not", "log10", "expm1", "erf", "tan", "frac", "exp2", "asin", "acos", "atan", "sinh", "cosh",
         "positive")  # fmt: skip
BINARY = ("add", "sub", "mul", "div", "pow", "maximum", "minimum", "eq", "ne", "lt", "le", "gt", "ge", "remainder",
          "floor_divide", "logical_and", "logical_or", "logical_xor", "bitwise_and", "bitwise_or", "bitwise_xor",
          "fmod", "atan2")  # fmt: skip
OPERATORS = ("+", "-", "*", "/", "**", "//", "%", "==", "!=", "<", "<=", ">", ">=", "&", "|", "^")


def unary(draw: Draw) -> Case:
    """A function of every element"""
    name = draw.pick(*UNARY)
    positive = name in ("log", "sqrt", "rsqrt", "log2", "log10", "pow")
    x = numbers(draw, "x", shape_of(draw), "uniform" if positive and draw.chance(0.7) else "", others=0.25)
    if draw.chance(0.1):
        bounds = {"min": draw.pick(-0.5, 0, None), "max": draw.pick(0.5, 1, None)}
        return draw.case(f"y = {call('m.clamp', x, **bounds)}", second=False)
    source = draw.pick(
        f"m.{name}({x})", f"{x}.{name}()", f"({x} * 1).{name}_()" if not name.startswith("is") else f"m.{name}({x})"
    )
    return draw.case(f"y = {source}", second=False, looser=4)


def binary(draw: Draw) -> Case:
    """Arithmetic and comparison of two, with broadcasting, promotion and Python numbers"""
    shape = shape_of(draw, 0, 3)
    other = tuple(1 if draw.chance(0.3) else n for n in shape)[draw.int(0, len(shape)) if draw.chance(0.3) else 0 :]
    same = draw.dtype(others=0.3)
    make = draw.pick("uniform", "normal", "normal", "special")
    a = numbers(draw, "a", shape, make, same)
    b = numbers(draw, "b", other, make, same if draw.chance(0.6) else draw.dtype(others=0.5))
    if draw.chance(0.2):
        b = draw.pick("2", "0.5", "-3", "True", "2.0", "0")
    if draw.chance(0.3):
        a, b = b, a
    name = draw.pick(*BINARY)
    source = f"{a} {draw.pick(*OPERATORS)} {b}" if draw.chance(0.4) else f"m.{name}({a}, {b})"
    if name == "div" and draw.chance(0.5):
        source = f"m.div({a}, {b}, rounding_mode={draw.pick('None', repr('floor'), repr('trunc'))})"
    if draw.chance(0.1) and a == "a":
        source = f"({a} * 1).{draw.pick('add_', 'mul_', 'sub_', 'div_')}({b})"
    number_first = "% a" in source or "% b" in source or "remainder(" in source
    if "//" in source or "floor" in source or number_first:  # torch has no derivative, and says so in backward
        for given in draw.inputs:
            given.grad = False
    return draw.case(f"y = {source}", second=False, looser=4)


# --- products, shapes -----------------------------------------------------------------------------


def product(draw: Draw) -> Case:
    """matmul and its like, linear, einsum"""
    i, j, k, n = draw.ints(1, 9, 4)
    j = draw.pick(j, 17, 40)
    dtype = draw.dtype(others=0.06)
    name = draw.pick(
        "matmul", "matmul", "mm", "bmm", "mv", "dot", "outer", "addmm", "linear", "linear", "einsum", "bilinear"
    )
    if name == "matmul":
        left = draw.pick((j,), (i, j), (n, i, j), (1, n, i, j), (draw.batch(), 1, i, j))
        right = draw.pick((j,), (j, k), (n, j, k), (2, 1, j, k))
        a, b = numbers(draw, "a", left, "normal", dtype), numbers(draw, "b", right, "normal", dtype)
        return draw.case(draw.pick(f"y = m.matmul({a}, {b})", f"y = {a} @ {b}"), looser=2)
    if name in ("linear", "bilinear"):
        lead = shape_of(draw, 0, 3)
        x, w = draw.input("x", (*lead, j), dtype), draw.input("w", (k, j), dtype)
        b = draw.input("b", (k,), dtype) if draw.chance(0.6) else "None"
        if draw.chance(0.3) and dtype in ("float32", "float64"):
            made = f"nn.Linear({j}, {k}, bias={draw.chance(0.7)})"
            return draw.case(f"m.manual_seed(1)\nlayer = {made}.to(m.{dtype})\ny = layer({x})", looser=2)
        return draw.case(f"y = F.linear({x}, {w}, {b})", looser=2)
    shapes = {
        "mm": ((i, j), (j, k)), "bmm": ((n, i, j), (n, j, k)), "mv": ((i, j), (j,)), "dot": ((j,), (j,)),
        "outer": ((i,), (j,)), "addmm": ((i, k), (i, j), (j, k)), "einsum": ((n, i, j), (n, j, k)),
    }[name]  # fmt: skip
    names = [numbers(draw, "abc"[index], shape, "normal", dtype) for index, shape in enumerate(shapes)]
    if name == "einsum":
        rule = draw.pick("nij,njk->nik", "nij,njk->ik", "nij,njk->", "nij,njk", "nij,njk->kin")
        return draw.case(f"y = m.einsum({rule!r}, {', '.join(names)})", looser=2)
    scaled = name == "addmm" and dtype in ("float32", "float64") and draw.chance(0.5)
    more = f", beta={draw.float(-1, 1)}, alpha={draw.float(-1, 2)}" if scaled else ""
    return draw.case(f"y = m.{name}({', '.join(names)}{more})", looser=2)


def shape(draw: Draw) -> Case:
    """Views, joins and splits"""
    lengths = shape_of(draw, 1, 4)
    x = numbers(draw, "x", lengths, "normal")
    axes = len(lengths)
    dim, other = draw.ints(-axes, axes - 1, 2)
    order = tuple(int(n) for n in draw.random.permutation(axes))
    size = 1
    for length in lengths:
        size *= length
    cut = draw.int(0, axes)
    target = draw.pick((size,), (-1,), (*lengths[:cut], -1), (*lengths[:cut], *lengths[cut:][::-1]), (lengths[0], -1))
    source = draw.pick(
        f"{x}.view({target})", f"{x}.reshape({target})", f"m.reshape({x}, {target})", f"{x}.permute({order})",
        f"{x}.transpose({dim}, {other})", f"m.flatten({x}, {draw.int(0, axes - 1)}, {draw.int(-1, axes - 1)})",
        f"{x}.unsqueeze({draw.int(-axes - 1, axes)})", f"{x}.squeeze()", f"{x}.squeeze({dim})",
        f"{x}.expand(2, {', '.join(['-1'] * axes)})", f"{x}.repeat({', '.join(['2'] * axes)})", f"m.tile({x}, (2,))",
        f"m.cat([{x}, {x} * 2], {dim})", f"m.stack([{x}, {x} * 2], {dim})", f"m.split({x}, {draw.int(1, 3)}, {dim})",
        f"m.chunk({x}, {draw.int(1, 4)}, {dim})", f"m.unbind({x}, {dim})", f"{x}.contiguous().view(-1)",
        f"m.movedim({x}, {dim}, {other})", f"{x}.narrow({dim}, 0, {max(0, lengths[dim] - 1)})",
        f"{x}.select({dim}, {draw.int(0, max(0, lengths[dim] - 1))})", f"m.tril({x}, {draw.int(-2, 2)})",
        f"m.triu({x}, {draw.int(-2, 2)})", f"m.diagonal({x}, {draw.int(-1, 1)}, {dim}, {other})", f"{x}.T",
        f"{x}.view({lengths[0]}, -1)", f"{x}.mT", f"{x}.repeat_interleave({draw.int(1, 3)}, {dim})",
        f"{x}.unfold({dim}, {max(1, lengths[dim] - 1)}, 1)", f"{x}.swapaxes({dim}, {other})", f"{x}.flatten(1)",
        f"m.hstack([{x}, {x}])", f"m.vstack([{x}, {x}])", f"m.rot90({x})", f"m.fliplr({x})", f"{x}.sum_to_size(1)",
    )  # fmt: skip
    return draw.case(f"y = {source}")


FAMILIES: tuple[Callable[[Draw], Case], ...] = (
    activation, activation, norm, norm, resize, reduction, reduction, index, gathering, unary, binary, binary, product,
    shape,
)  # fmt: skip
