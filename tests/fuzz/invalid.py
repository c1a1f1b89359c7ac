"""Calls with one argument made wrong: both sides must accept or refuse them alike, and our text must teach.

Of a call of the table `calls.py` one thing is made wrong: a number becomes another or something else, a tensor gets
another shape, axis or type, an argument is left out or misspelt.
"""

from __future__ import annotations

import re
from typing import Any

from .calls import CALLS, Call, Tensor
from .case import Case, Draw

VALUES = (
    "None", "'x'", "-1", "0", "1.5", "True", "(1, 2, 3)", "[]", "()", "100", "[1.5, 2]", "(2,)",
    "(2, 2)", "{}", "-100", "b'x'", "2", "3", "-2", "1", "(0, 1)", "(-1, 1)", "2.0",
    "np.ones(2)", "m.float32", "(1, None)", "('a', 'b')", "object()",
)  # fmt: skip
TYPES = ("float32", "float32", "float64", "int64", "bool", "uint8", "int32")
NO_TENSORS = ("None", "1.0", "[1.0, 2.0]", "'x'", "np.ones((2, 3))", "(1, 2)", "[[1.0]]")


# Where minicnn takes more than torch: what torch refuses only since its parser has no such overload, or trips over.
KNOWN = (
    r"m\.(sum|mean|var|max|min)\(.*keepdim=True\)$",  # torch wants a dim beside it
    r"(dim|m)=None",  # where leaving it out says the same
    r"requires_grad=None",
    r"max_unpool2d\(.*(kernel_size=(True|0\b)|stride=|padding=)",  # it checks none of them
    r"m\.topk\(.*%",  # which of equal ones it takes
    r"m\.where\(.*input=-?[\d.]+\b",  # a number has the name `self` there
    r"(num_parameters|padding_idx|scale_factor|dim)=True",
    r"hinge_embedding_loss\(.*(int|bool)",  # of whole numbers
    r"RandomHorizontalFlip\(p=None",  # an error only when it draws
    r"interpolate\(input=\S+\.reshape\(\(\d+, \d+, \d+, \d+, \d+",  # volumes
    r"logsumexp\(.*dim=(\(\)|\[\])",
    r"\.\.\., \.\.\.",
    r"amsgrad=np\.ones",  # whose truth NumPy does not tell
    r"huber_loss\(.*int32.*float32",  # of whole numbers
    r"Normalize\(.*=None",
    r"nn\.BatchNorm[12]d\(\d\)\(\(m.arange\(0\)",  # no channels at all, where five are expected
)


def case(draw: Draw) -> Case:
    """A call of the table made wrong, and none of those that are known to differ."""
    while True:
        made = wrong_call(draw)
        if not any(re.search(pattern, made.source) for pattern in KNOWN):
            return made


def wrong_call(draw: Draw) -> Case:
    """A call of the table with one argument made wrong, and some of its options."""
    chosen = draw.pick(*CALLS)
    if chosen.function == "X.view":
        return viewed(draw)
    if draw.chance(0.06):
        return indexed(draw)
    arguments: dict[str, Any] = dict(chosen.required)
    arguments |= {key: value for key, value in chosen.options.items() if draw.chance(0.4)}
    names = [*arguments, *(key for key in chosen.options if key not in arguments)]
    how, name = "", ""
    if not names or draw.chance(0.06):
        how, name = draw.pick(left_out, misspelt, surplus)(draw, arguments, chosen)
    else:
        name = draw.pick(*names)
        given = chosen.required.get(name, chosen.options.get(name))
        how = wrong_tensor(draw, given) if isinstance(given, Tensor) else draw.pick(*VALUES)
        arguments[name] = how
    text = ", ".join(f"{key}={a.source() if isinstance(a, Tensor) else a}" for key, a in arguments.items())
    variadic = ("nn.Sequential", "D.TensorDataset", ".expand", ".repeat", "_submodule")  # by position, not by name
    if chosen.function.endswith(variadic) or ("(" in chosen.function and "input" in chosen.required):
        text = ", ".join(a.source() if isinstance(a, Tensor) else a for a in arguments.values())
    before = f"{chosen.before}\n" if chosen.before else ""
    return draw.case(
        f"{before}y = {chosen.function}({text}){chosen.then}", second=False, changed={"argument": name, "value": how}
    )


def wrong_tensor(draw: Draw, given: Tensor) -> str:
    """Another shape, another type, or no tensor."""
    shape = given.shape
    kind = draw.pick("shape", "shape", "shape", "type", "type", "none")
    if kind == "none":
        return draw.pick(*NO_TENSORS)
    if kind == "type":
        return Tensor(shape, draw.pick(*TYPES), draw.pick(given.high, 100)).source()
    axis = draw.int(0, len(shape) - 1)
    lengths = list(shape)
    lengths[axis] = draw.pick(0, 1, 2, 3, 7, shape[axis] + 1)
    other = draw.pick(shape[1:], (1, *shape), tuple(lengths), tuple(lengths), (), shape[:-1], shape[::-1])
    return Tensor(other, given.dtype, given.high).source()


def left_out(draw: Draw, arguments: dict[str, Any], chosen: Call) -> tuple[str, str]:
    """Without an argument that is needed."""
    if not chosen.required:
        return surplus(draw, arguments, chosen)
    name = draw.pick(*chosen.required)
    del arguments[name]
    return "", name


def misspelt(draw: Draw, arguments: dict[str, Any], chosen: Call) -> tuple[str, str]:
    """A name with a letter too few."""
    if not arguments:
        return surplus(draw, arguments, chosen)
    name = draw.pick(*arguments)
    wrong = name[: len(name) // 2] + name[len(name) // 2 + 1 :] or "q"
    arguments[wrong] = arguments.pop(name)
    return "", wrong


def surplus(draw: Draw, arguments: dict[str, Any], chosen: Call) -> tuple[str, str]:
    """A keyword that there is not."""
    arguments["colour"] = "1"
    return "", "colour"


def viewed(draw: Draw) -> Case:
    """view and reshape to shapes that may not fit."""
    shape = tuple(draw.pick(-1, 1, 3, 5, 15, 0, 2, -2) for _ in range(draw.int(0, 3)))
    before = draw.pick("X = m.ones(3, 5)", "X = m.ones(5, 3).t()", "X = m.ones(3, 0)", "X = m.ones(6, 5)[::2]")
    argument = draw.pick(str(shape), str(list(shape)), ", ".join(map(str, shape)), draw.pick(*VALUES))
    return draw.case(f"{before}\ny = X.{draw.pick('view', 'view', 'reshape')}({argument})", second=False,
                     changed={"argument": "shape", "value": argument})  # fmt: skip


def indexed(draw: Draw) -> Case:
    """Indices that may be out of range or of a wrong kind."""
    parts = (
        "0", "5", "-4", "'x'", "1.5", "None", ":", "...", "[0, 1]", "[0, 5]", "m.tensor([0, 9])",
        "m.tensor([True, False])", "m.tensor([True, False, True])", "m.ones(3, 5) > 0", "m.tensor([0.5])", "True",
        "::-1", "::0", "m.tensor(1)", "()", "[]", "{}", "np.array([0, 1])", "slice(None)", "1:9", "(0, 1)",
        "[[0], [1, 2]]",
    )  # fmt: skip
    where = ", ".join(draw.pick(*parts) for _ in range(draw.int(1, 3)))
    write = draw.chance(0.3)
    values = ("1", "m.ones(2)", "m.ones(7)", "'x'", "None", "[1.0, 2.0]", "m.ones(3, 5)", "np.ones(5)", "True", "1.5")
    line = f"X[{where}] = {draw.pick(*values)}\ny = X" if write else f"y = X[{where}]"
    return draw.case(f"X = m.zeros(3, 5)\n{line}", second=False, changed={"argument": "index", "value": where})
