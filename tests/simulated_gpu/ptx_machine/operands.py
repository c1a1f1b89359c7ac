"""Threads, their registers, and the operands of instructions: how a group of threads gets and puts numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .arithmetic import TYPES, Array, Unknown
from .memory import Fault, Memory
from .parse import BYTES, Function

WARP, ALL_LANES = 32, np.uint32(0xFFFFFFFF)
RUNS, AT_BARRIER, AT_WARP, ENDED = range(4)  # what a thread does
SPACES = ("global", "const", "param", "shared", "local")
_ADDRESS = re.compile(r"\[\s*([%\w$]+)?\s*(?:\+?\s*(-?\w+))?\s*\]")
_SPECIAL = re.compile(r"%(tid|ntid|ctaid|nctaid)\.([xyz])")


class Group(NamedTuple):
    """Threads that do something together."""

    index: Any  # of the registers' arrays: a slice, if it is all of them
    local: Array  # their numbers
    me: Array  # their numbers in the grid

    def where(self, mask: Array) -> Group:
        return Group(self.local[mask], self.local[mask], self.me[mask])


class Register:
    """A register of every thread."""

    def __init__(self, name: str, kind: str, count: int) -> None:
        self.name = name
        self.bits = np.zeros(count, np.dtype(f"u{BYTES[kind]}") if kind != "pred" else bool)
        self.written = np.zeros(count, bool)
        self.by_all = False

    def forget(self) -> None:
        self.written.fill(False)
        self.by_all = False

    def note(self, group: Group) -> None:
        if not self.by_all:
            self.written[group.index] = True
            self.by_all = isinstance(group.index, slice)


class Operands:
    """What a machine knows of its threads (machine.py fills it in), and what operands make of it."""

    function: Function
    block: tuple[int, ...]  # threads of a block in each direction
    grid: tuple[int, ...]
    count: int  # threads
    symbols: dict[str, tuple[int, int]]  # addresses of variables: the first, and behind the last
    memory: dict[str, Memory]  # of each space
    registers: dict[str, Register]  # those that were in use so far
    here: int  # the number of the instruction that is being executed

    local: Array  # of each thread: its number, here
    in_block: Array  # … and in its block
    which_block: Array  # the number of its block, here
    block_numbers: Array  # … and in the grid
    warp: Array  # the number of its warp, here
    lane: Array  # its number in its warp
    at: Array  # the number of its next instruction
    state: Array
    barriers: Array  # how many it has passed

    def _group(self, local: Array) -> Group:
        """The threads of these numbers."""
        raise NotImplementedError

    # --- operands -----------------------------------------------------------------------------------

    def _register(self, name: str) -> Register | None:
        """The register of this name, if it is one."""
        if name not in self.registers and name in self.function.registers:
            self.registers[name] = Register(name, self.function.registers[name], self.count)
        return self.registers.get(name)

    def _read(self, text: str, kind: str) -> Callable[[Group], Any]:
        """How to get an operand of this type."""
        dtype = TYPES[kind]
        if (register := self._register(text)) is not None:
            wide = register.bits.dtype.itemsize
            if wide < dtype.itemsize or (register.bits.dtype == bool) != (kind == "pred"):
                raise Unknown(f"{text} read as .{kind}")
            narrow = wide > dtype.itemsize
            view = register.bits if narrow else register.bits.view(dtype)

            def read(group: Group) -> Array:
                if not register.by_all:
                    known = register.written[group.index]
                    if not known.all():
                        lost = int(group.me[np.flatnonzero(~known)[0]])
                        raise Fault(f"it reads {text}, which it has never written", lost)
                value = view[group.index]
                return value.astype(f"u{dtype.itemsize}").view(dtype) if narrow else value

            return read
        if special := _SPECIAL.fullmatch(text):
            name, axis = special[1], "xyz".index(special[2])
            return lambda group: self._place(name, axis, group).astype(dtype)
        if text == "%laneid":
            return lambda group: self.lane[group.index].astype(dtype)
        if text in self.symbols:
            address = dtype.type(self.symbols[text][0])
            return lambda group: address
        number = constant(text, kind)
        return lambda group: number

    def _place(self, name: str, axis: int, group: Group) -> Array:
        shape = self.block if name in ("tid", "ntid") else self.grid
        if name[0] == "n":
            return np.asarray(shape[axis])
        numbers = (self.in_block if name == "tid" else self.block_numbers)[group.index]
        return numbers // int(np.prod(shape[:axis])) % shape[axis]

    def _write(self, text: str, kind: str) -> Callable[[Group, Any], None]:
        """How to put a result of this type. A wider register gets the sign, or zeros, in front."""
        if text == "_":
            return lambda group, value: None
        register, dtype = self._register(text), TYPES[kind]
        if register is None:
            raise Unknown(f"a result in {text}")
        width = register.bits.dtype.itemsize
        if width < dtype.itemsize or (width > dtype.itemsize and dtype.kind == "f"):
            raise Unknown(f"{text} written as .{kind}")
        view = register.bits
        if kind != "pred":
            view = view.view(f"{dtype.kind}{width}")

        def write(group: Group, value: Any) -> None:
            view[group.index] = value
            register.note(group)

        return write

    def _address(self, text: str) -> Callable[[Group], Array]:
        found = _ADDRESS.fullmatch(text)
        if found is None:
            raise Unknown(f"the address {text}")
        base, offset = found[1], int(found[2] or "0", 0)
        if (register := self._register(base or "")) is not None:
            read = self._read(base, f"u{8 * register.bits.dtype.itemsize}")
        else:
            constant = self.symbols[base][0] if base in self.symbols else int(base, 0)
            read = lambda group: np.uint64(constant)  # noqa: E731
        return lambda group: np.broadcast_to(read(group), group.local.shape).astype(np.int64) + offset


def parts(text: str) -> list[str] | None:
    """The registers within braces."""
    return [part.strip() for part in text.strip("{} ").split(",")] if "{" in text else None


def constant(text: str, kind: str) -> Any:
    """A number in an instruction."""
    dtype = TYPES[kind]
    if text[:2] in ("0f", "0F", "0d", "0D"):
        bits = np.array(int(text[2:], 16), f"u{4 if text[1] in 'fF' else 8}")
        return bits.view(dtype)[()] if dtype.itemsize == bits.itemsize else dtype.type(bits.view(f"f{bits.itemsize}"))
    if kind == "pred":
        return np.bool_(int(text))
    if dtype.kind == "f":
        return dtype.type(float(text))
    return np.array(int(text.rstrip("U"), 0) % (1 << 8 * dtype.itemsize), f"u{dtype.itemsize}").view(dtype)[()]
