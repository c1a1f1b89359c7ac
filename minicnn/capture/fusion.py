"""Two kernels that follow each other become one: the second as an epilogue of the first.

    conv2d forward      ─ activation ─ pool2d forward 2×2        conv2d with ("bias", "tanh", "avgpool2")
    conv2d input, gemm  ─ activation's gradient                  conv2d with ("tanh_gradient",)
    pool2d input        ─ activation's gradient                  pool2d with ("tanh",)

What lies between them then never leaves the cache, and a parallel region is saved. A kernel says which epilogues it
takes by having a plan for them (kernels/dispatch.py); here stands only which pairs mean the same as an epilogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from minicnn.backend import address
from minicnn.capture.arrays import memory_id, on_gpu
from minicnn.capture.tape import Constant, Entry, Host, KernelCall
from minicnn.kernels import layout, plan
from minicnn.kernels.activation import FROM_OUTPUT


class Rule(NamedTuple):
    """`first`, directions, is followed by `second`: which epilogue of `first` that is (None: none)."""

    first: str
    second: str
    # (sizes of the first, sizes of the second) -> the step that is appended to the first one's epilogue
    step: Any
    keeps: bool = False  # whether the result of the first is still written, too


def _activation(a: Any, b: Any) -> str | None:
    """f after a product or a convolution that has no activation yet."""
    if b.direction != "forward" or getattr(a, "direction", "") == "weight" or _has_activation(a):
        return None
    return _epilogue(b)


def _slope(a: Any, b: Any) -> str | None:
    """f' after a product or the input gradient of a convolution."""
    if b.direction != "backward" or getattr(a, "direction", "input") != "input" or _has_activation(a):
        return None
    return _epilogue(b, "_gradient")


def _unpooled_slope(a: Any, b: Any) -> str | None:
    if b.direction != "backward" or a.direction != "input" or a.epilogue:
        return None
    return _epilogue(b)


def _epilogue(activation: Any, ending: str = "") -> str | None:
    """The name of an activation as an epilogue; None for one whose gradient needs what comes in."""
    return f"{activation.function}{ending}" if activation.function in FROM_OUTPUT else None


def _pooling(a: Any, b: Any) -> str | None:
    """Pooling of 2×2 with stride 2."""
    if a.direction != "forward" or b.direction != "forward" or any("pool" in step for step in a.epilogue):
        return None
    plain = (b.KH, b.KW, *b.stride, *b.padding, *b.dilation) == (2, 2, 2, 2, 0, 0, 1, 1)
    if not plain or (b.OH, b.OW) != (a.OH // 2, a.OW // 2) or not _is_mean(b):
        return None
    return f"{b.kind}pool2"


def _is_mean(sizes: Any) -> bool:
    """Whether an average divides by the number of pixels."""
    return sizes.kind == "max" or getattr(sizes, "divisor", None) in (None, 4)


def _has_activation(sizes: Any) -> bool:
    return any(step not in ("bias", "row_sums") for step in sizes.epilogue)


RULES = (
    Rule("conv2d", "activation", _activation),
    Rule("gemm", "activation", _activation),
    Rule("conv2d", "activation", _slope),
    Rule("gemm", "activation", _slope),
    Rule("pool2d", "activation", _unpooled_slope),
    Rule("conv2d", "pool2d", _pooling, keeps=True),
)


def fused(entries: Sequence[Entry], keep: Sequence[Any]) -> list[Entry]:
    """The entries with every pair that a rule fits made one; `keep` are arrays that must be filled."""
    found = list(entries)
    kept = {memory_id(array) for array in keep}
    for rule in RULES:
        place = 0
        while place < len(found):
            made = _fuse_at(found, place, rule, kept)
            if made is None:
                place += 1
            else:
                partner, entry = made
                found[place] = entry
                del found[partner]
    return found


def _fuse_at(entries: list[Entry], place: int, rule: Rule, kept: set[int]) -> tuple[int, KernelCall] | None:
    """What the kernel at `place` becomes together with a later one, and where that stands."""
    first = entries[place]
    if not isinstance(first, KernelCall) or first.plan.kernel != rule.first:
        return None
    result = first.outs[0]
    memory = memory_id(result)
    users = [
        i for i, entry in enumerate(entries)
        if i != place and any(memory_id(a) == memory for a in (*entry.reads(), *entry.writes()))
    ]  # fmt: skip
    if not rule.keeps and (memory in kept or len(users) != 1):
        return None
    for partner in users:
        second = entries[partner]
        if partner < place or not isinstance(second, KernelCall) or second.plan.kernel != rule.second:
            continue
        entry = _together(first, second, rule)
        if entry is not None and _is_free(entries, place, partner, second):
            return partner, entry
    return None


def _together(first: KernelCall, second: KernelCall, rule: Rule) -> KernelCall | None:
    """The first kernel with the second as its epilogue; None where no backend of the first one's takes it."""
    step = rule.step(first.plan.sizes, second.plan.sizes)
    result = first.outs[0]
    if step is None or not _same_memory(second.ins[0], result):
        return None
    sizes = first.plan.sizes._replace(epilogue=(*first.plan.sizes.epilogue, step))
    try:
        wanted = plan(first.plan.kernel, sizes, "gpu" if on_gpu(result) else "cpu")
    except LookupError:
        return None
    if {wanted.backend, first.plan.backend} != {second.plan.backend}:  # another one's rounding may be another
        return None
    more = [a for a in second.ins[1:] if a.size == result.size]  # the activated values whose slope is wanted
    ins = [*first.ins, *(_as(a, result) for a in more)]
    outs = [*first.outs, *second.outs] if rule.keeps else [_as(second.outs[0], result), *first.outs[1:]]
    orders = zip((*ins, *outs), (*wanted.input_orders, *(out.order for out in wanted.outputs)), strict=True)
    if any(order not in (layout.ANY, layout.order_of(array)) for array, order in orders if array.ndim > 1):
        return None
    return KernelCall(wanted, outs, ins)


def _is_free(entries: list[Entry], place: int, partner: int, second: KernelCall) -> bool:
    """Whether the second kernel may be done at the place of the first: what it reads is there by then, and nobody in
    between touches what it writes."""
    reads = {memory_id(a) for a in second.ins}  # its first one, too: an in-place activation changes it in between
    writes = {memory_id(a) for a in second.outs}
    for entry in entries[place + 1 : partner]:
        if reads & {memory_id(a) for a in entry.writes()}:
            return False
        if writes & {memory_id(a) for a in (*entry.reads(), *entry.writes())}:
            return False
    return True


def _same_memory(a: Any, b: Any) -> bool:
    """Whether two dense arrays are the same numbers in memory."""
    return bool(a.size == b.size and address(a) == address(b))


def _as(array: Any, like: Any) -> Any:
    """A dense array seen with the shape and the memory order of `like`."""
    order = layout.order_of(like)
    return layout.as_order(layout.memory(array), like.shape, order)


def without_fixed(entries: Sequence[Entry]) -> list[Entry]:
    """Without the filling of arrays that nothing else writes to: they hold their numbers already."""
    written = {memory_id(a) for entry in entries if not isinstance(entry, Constant) for a in entry.writes()}
    return [e for e in entries if not isinstance(e, Constant) or memory_id(e.target) in written]


def without_dead(entries: Sequence[Entry], keep: Sequence[Any], persists: set[int]) -> list[Entry]:
    """The entries whose results somebody reads: a later entry, `keep`, or the world outside (`persists`)."""
    wanted = {memory_id(array) for array in keep} | persists
    found: list[Entry] = []
    for entry in reversed(entries):
        written = [memory_id(a) for a in entry.writes()]
        if isinstance(entry, Host) or any(memory in wanted for memory in written):
            found.append(entry)
            wanted |= {memory_id(a) for a in entry.reads()}
    return found[::-1]
