"""A machine that executes PTX: a register is a NumPy array, with a number for each thread of some blocks.

Threads run together: of those that neither have ended nor wait, the ones at the smallest instruction, until they come
to others or part at a branch. So threads that parted meet again where their ways do. At bar.sync a thread waits for
its block, at shfl.sync and mma.sync for the lanes of its warp that the mask names; where some never come, that is an
error. A register that was never written may be copied, and no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .arithmetic import TYPES, Array, Unknown, computes
from .memory import Fault, Memory
from .parse import BYTES, Function, Instruction, Variable

WARP, TOGETHER = 32, 2048  # threads of a warp; threads that the machine takes at once, at most, if a block has no more
MOST_SHARED, MOST_THREADS, MOST_GRID = 48 << 10, 1024, (2**31 - 1, 65535, 65535)
SPACES = ("global", "const", "param", "shared", "local")
ALL_LANES = np.uint32(0xFFFFFFFF)
RUNS, AT_BARRIER, AT_WARP, ENDED = range(4)
GAP = 64  # bytes between two shared arrays, which belong to nobody
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


def _address_of(array: Array) -> tuple[int, int]:
    start = array.__array_interface__["data"][0]
    return start, start + array.nbytes


class Machine:
    """One function, for blocks of one shape; `run` starts it over a grid."""

    def __init__(self, function: Function, variables: Sequence[Variable], block: Sequence[int]) -> None:
        self.function = function
        self.block = (*block, *(1,) * (3 - len(block)))
        self.threads = int(np.prod(self.block))
        if not 0 < self.threads <= (function.most_threads or MOST_THREADS):
            raise RuntimeError(f"{function.name}: a block of {tuple(block)} threads, more than it was compiled for")
        self.blocks = max(1, TOGETHER // self.threads)
        count = self.count = self.blocks * self.threads
        self.local = np.arange(count)
        self.in_block, self.which_block = self.local % self.threads, self.local // self.threads
        self.lane = self.in_block % WARP
        self.warp = self.which_block * -(-self.threads // WARP) + self.in_block // WARP
        self.registers: dict[str, Register] = {}  # those that were in use so far
        self.constants = {v.name: _filled(v) for v in variables
                          if v.space in ("global", "const") and v.name in function.words}  # fmt: skip
        self.spaces = {space: _laid_out([v for v in (*function.variables, *variables) if v.space == space and v.name in function.words], gap)
                       for space, gap in (("shared", GAP), ("local", 0))}  # fmt: skip
        self.parameters = _room(function.parameters)
        there = {name: _address_of(array) for name, array in (*self.constants.items(), *self.parameters.items())}
        self.symbols = there | self.spaces["shared"] | self.spaces["local"]
        used = sum(stop - start for start, stop in self.spaces["shared"].values())
        if used > MOST_SHARED:
            raise RuntimeError(f"{function.name}: {used} bytes of shared memory, more than {MOST_SHARED}")
        self.hits = [0] * len(function.instructions)  # how often each instruction was executed
        self.code: list[Any] = [None] * len(function.instructions)  # bound at their first execution

    # --- a launch -----------------------------------------------------------------------------------

    def run(self, grid: Sequence[int], args: Sequence[Any], order: Any = list, also: Sequence[Array] = ()) -> None:
        """Start it. Arguments are arrays (of the GPU: a pointer is passed), NumPy scalars and one-element structured
        arrays by value; `order` puts the blocks' numbers in order; kernels may access the arrays in `also`, too."""
        self.grid = (*grid, *(1,) * (3 - len(grid)))
        if not all(0 < n <= most for n, most in zip(self.grid, MOST_GRID, strict=True)):
            raise RuntimeError(f"a grid of {tuple(grid)}: CUDA takes 1 to {MOST_GRID} in each direction")
        arrays = [*self._pass(args), *also]
        cells = {space: _smallest_access(self.function, space) for space in SPACES}
        self.memory = {
            space: Memory(list(map(_address_of, its)), cells[space], self.threads)
            for space, its in (
                ("global", [*arrays, *self.constants.values()]), ("const", list(self.constants.values())),
                ("param", list(self.parameters.values())),
            )
        }  # fmt: skip
        for space, owners in (("shared", self.blocks), ("local", self.count)):
            places = list(self.spaces[space].values())
            self.memory[space] = Memory(places, cells[space], self.threads, owners)
        numbers = list(range(int(np.prod(self.grid))))
        order(numbers)
        with np.errstate(all="ignore"):
            for first in range(0, len(numbers), self.blocks):
                self._run_blocks(np.array(numbers[first : first + self.blocks]))

    def _pass(self, args: Sequence[Any]) -> list[Array]:
        """Fill the parameters; the arrays whose addresses are among them."""
        name, parameters = self.function.name, self.function.parameters
        if len(args) != len(parameters):
            raise TypeError(f"{name} takes {len(parameters)} arguments, not {len(args)}")
        arrays = []
        for i, (parameter, arg) in enumerate(zip(parameters, args, strict=True)):
            if isinstance(arg, np.ndarray) and arg.dtype.names is None:
                arrays.append(arg)
                value = np.uint64(_address_of(arg)[0]).tobytes()
            elif isinstance(arg, (np.generic, np.ndarray)) and arg.size == 1:
                value = arg.tobytes()
            else:
                raise TypeError(f"argument {i} of {name} is {type(arg).__name__}: a NumPy scalar says its type")
            if len(value) != parameter.bytes:
                raise TypeError(f"argument {i} of {name} has {len(value)} bytes, its parameter {parameter.bytes}")
            self.parameters[parameter.name][...] = np.frombuffer(value, np.uint8)
        return arrays

    def _run_blocks(self, blocks: Array) -> None:
        for register in self.registers.values():
            register.forget()
        for space in ("shared", "local"):
            self.memory[space].forget()
        missing = self.blocks - len(blocks)
        self.block_numbers = np.concatenate([blocks, np.zeros(missing, int)])[self.which_block]
        self.me = self.block_numbers * self.threads + self.in_block
        self.everyone = Group(slice(None), self.local, self.me)
        self.barriers = np.zeros(self.count, np.int64)  # that a thread has passed
        self.at = np.zeros(self.count, np.int64)
        self.state = np.where(self.which_block < len(blocks), RUNS, ENDED)
        try:
            while True:
                running = np.flatnonzero(self.state == RUNS)
                if running.size:
                    at = self.at[running]
                    first = at.min()
                    here = at == first
                    self.until = len(self.code) if here.all() else int(at[~here].min())
                    self._go(self._group(running[here]), int(first))
                elif not self._open_barriers():
                    return
        except (Fault, ArithmeticError) as error:
            raise self._explained(error) from error

    def _group(self, local: Array) -> Group:
        return self.everyone if len(local) == self.count else Group(local, local, self.me[local])

    def _go(self, group: Group, at: int) -> None:
        """The group executes from `at` on, until it comes to other threads, parts, or waits."""
        while at < self.until:
            self.here = at
            self.hits[at] += 1
            execute = self.code[at]
            if execute is None:
                execute = self.code[at] = self._bound(self.function.instructions[at])
            to = execute(group)
            if to is None:
                at += 1
            elif to < 0:  # it has parted, ended, or waits
                return
            else:
                at = to
        self.at[group.index] = at

    def _explained(self, error: Exception) -> RuntimeError:
        it = self.function.instructions[self.here]
        where = f"{self.function.name}, PTX line {it.line}: {it.text}"
        if not isinstance(error, Fault):
            return RuntimeError(f"{where}: {error}")
        block, thread = divmod(error.thread, self.threads)
        return RuntimeError(
            f"{where}: block {_coordinates(block, self.grid)}, thread {_coordinates(thread, self.block)}: {error}"
        )

    # --- waiting ------------------------------------------------------------------------------------

    def _open_barriers(self) -> bool:
        """Nobody runs: let the blocks go on that wait, all of them, at a barrier. False where all have ended."""
        waiting = self.state != ENDED
        if not waiting.any():
            return False
        if (stuck := self.state == AT_WARP).any():
            lost = int(np.flatnonzero(stuck)[0])
            self.here = int(self.at[lost])
            same = (self.warp == self.warp[lost]) & (self.state == AT_WARP) & (self.at == self.here)
            absent = sorted({*range(WARP)} - set(self.lane[same].tolist()))
            raise Fault(f"it waits for lanes of its warp that never come: {absent}", int(self.me[lost]))
        for block in np.unique(self.which_block[waiting]):
            mine = self.which_block == block
            there = int(np.flatnonzero(mine & waiting)[0])
            self.here = int(self.at[there])
            if not (mine & waiting)[mine].all():
                absent_one = int(np.flatnonzero(mine & ~waiting)[0])
                text = f"it waits at a barrier, but thread {_coordinates(self.in_block[absent_one], self.block)} has ended"
                raise Fault(text, int(self.me[there]))
            first = np.flatnonzero(mine)[self.lane[mine] == 0]
            if (self.at[mine] != self.at[first][self.in_block[mine] // WARP]).any():
                raise Fault("threads of its warp wait at another barrier", int(self.me[there]))
        self.barriers[waiting] += 1
        self.at[waiting] += 1
        self.state[waiting] = RUNS
        return True

    def _barrier(self, it: Instruction) -> Callable[[Group], int]:
        if it.how not in (("sync",), ("sync", "aligned")) or it.operands != ("0",):
            raise Unknown(it.text)

        def wait(group: Group) -> int:
            self.at[group.index] = self.here
            self.state[group.index] = AT_BARRIER
            return -1

        return wait

    def _together(self, mask: Callable[[Group], Any], work: Callable[[Group], None]) -> Callable[[Group], int | None]:
        """What the lanes named by `mask` do together, as soon as all of them are there."""

        def meet(group: Group) -> int | None:
            if self._has_whole_warps(group) and (mask(group) == ALL_LANES).all():  # the usual case
                work(group)
                return None
            at = self.here
            self.at[group.index], self.state[group.index] = at, AT_WARP
            there = self._group(np.flatnonzero((self.state == AT_WARP) & (self.at == at)))
            wanted = np.broadcast_to(np.asarray(mask(there)), there.local.shape).astype(np.uint64)
            if not (wanted >> self.lane[there.index].astype(np.uint64) & np.uint64(1)).all():
                raise Fault("a lane that its mask does not name takes part", int(there.me[0]))
            present = np.zeros(self.warp[-1] + 1, np.uint64)
            np.bitwise_or.at(present, self.warp[there.index], np.uint64(1) << self.lane[there.index].astype(np.uint64))
            whole = (wanted & ~present[self.warp[there.index]]) == 0
            ready = there if whole.all() else there.where(whole)
            if ready.local.size:
                self.state[ready.index] = RUNS
                work(ready)
                self.at[ready.index] = at + 1
            return -1

        return meet

    def _has_whole_warps(self, group: Group) -> bool:
        return group.local.size % WARP == 0 and bool(
            (self.lane[group.index].reshape(-1, WARP) == np.arange(WARP)).all()
        )

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
        constant = _constant(text, kind)
        return lambda group: constant

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

    # --- instructions -------------------------------------------------------------------------------

    def _bound(self, it: Instruction) -> Callable[[Group], int | None]:
        """The instruction as a function of the group that executes it; it gives the next one's number where that is
        not the one behind it, and -1 where the group waits or has parted."""
        try:
            if it.name == "bra":
                return self._branch(it)
            special = {"ld": self._load, "st": self._store, "bar": self._barrier, "barrier": self._barrier,
                       "shfl": self._shuffle, "mma": self._tensor_cores, "ret": self._ret, "exit": self._ret}  # fmt: skip
            if it.name == "mov":
                done = self._move(it)
            else:
                done = special.get(it.name, self._plain)(it)
        except (Unknown, KeyError, ValueError, IndexError) as error:
            return _refuse(Unknown(f"{self.function.name}, PTX line {it.line}: not known here: {it.text} ({error})"))
        if not it.guard:
            return done
        holds = self._read(it.guard.lstrip("!"), "pred")
        wanted = not it.guard.startswith("!")

        def guarded(group: Group) -> int | None:
            mask = holds(group) == wanted
            if mask.all():
                return done(group)
            if not mask.any() or done(group.where(mask)) is None:
                return None
            self.at[group.local[~mask]] = self.here + 1  # those that do it have ended, or wait
            return -1

        return guarded

    def _plain(self, it: Instruction) -> Callable[[Group], None]:
        """An instruction that computes."""
        kind = it.how[-1]
        to, *given = it.operands
        result, kinds = kind, [kind] * len(given)
        if it.name in ("shl", "shr"):
            kinds[1] = "u32"
        elif it.name == "selp":
            kinds[2] = "pred"
        elif it.name == "setp":
            result = "pred"
            to, _, inverse = to.partition("|")
            if inverse or len(given) != 2:
                raise Unknown(it.text)
        elif it.name == "cvt":
            result = it.how[-2] if it.how[-2] in TYPES else "b32"
        elif it.name == "bfi":
            kinds[2:] = ["u32", "u32"]
        elif "wide" in it.how:
            result = f"{kind[0]}{2 * int(kind[1:])}"
            kinds[2:] = [result] * (len(given) - 2)
        function, write = computes(it), self._write(to, result)
        reads = [self._read(text, kind) for text, kind in zip(given, kinds, strict=True)]

        def compute(group: Group) -> None:
            write(group, function(*[read(group) for read in reads]))

        return compute

    def _move(self, it: Instruction) -> Callable[[Group], None]:
        """mov: between registers, and numbers split into parts or made of parts; the lowest comes first."""
        kind = it.how[-1]
        to, given = it.operands
        parts = _parts(to if "{" in to else given)
        if parts is not None:
            piece = f"b{int(kind[1:]) // len(parts)}"
            count, dtype = len(parts), TYPES[piece]
            if "{" in to:
                read, writes = self._read(given, kind), [self._write(part, piece) for part in parts]

                def split(group: Group) -> None:
                    value = np.ascontiguousarray(np.broadcast_to(read(group), group.local.shape))
                    pieces = value.view(dtype).reshape(-1, count)
                    for i, write in enumerate(writes):
                        write(group, pieces[:, i])

                return split
            reads, write = [self._read(part, piece) for part in parts], self._write(to, kind)

            def joined(group: Group) -> None:
                pieces = np.empty((group.local.size, count), dtype)
                for i, read in enumerate(reads):
                    pieces[:, i] = read(group)
                write(group, pieces.view(TYPES[kind]).reshape(-1))

            return joined
        source, target = self._register(given), self._register(to)
        if source is None:
            return self._plain(it)
        if target is None or source.bits.dtype != target.bits.dtype:
            raise Unknown("registers of two widths")

        def copy(group: Group) -> None:  # what was never written may be copied
            target.bits[group.index] = source.bits[group.index]
            if source.by_all:
                target.note(group)
            else:
                target.written[group.index] = source.written[group.index]
                target.by_all = False if not target.by_all else bool(target.written.all())

        return copy

    def _branch(self, it: Instruction) -> Callable[[Group], int | None]:
        if it.how not in ((), ("uni",)):
            raise Unknown(it.text)
        to = self.function.labels[it.operands[0]]
        if not it.guard:
            return lambda group: to
        holds, wanted = self._read(it.guard.lstrip("!"), "pred"), not it.guard.startswith("!")

        def branch(group: Group) -> int | None:
            jumps = holds(group) == wanted
            if jumps.all():
                return to
            if not jumps.any():
                return None
            self.at[group.index] = np.where(jumps, to, self.here + 1)
            return -1

        return branch

    def _ret(self, it: Instruction) -> Callable[[Group], int]:
        def end(group: Group) -> int:
            self.state[group.index] = ENDED
            return -1

        return end

    # --- memory -------------------------------------------------------------------------------------

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

    def _access(self, it: Instruction) -> tuple[str, str, list[str]]:
        """(space, type, registers) of a load or a store."""
        space, *marks = it.how[:-1]
        count = {"v2": 2, "v4": 4}.get(marks[-1], 0) if marks else 0
        if not set(marks) <= {"nc", "v2", "v4", "relaxed", "weak"} or space not in SPACES:
            raise Unknown(it.text)
        registers = _parts(it.operands[0 if it.name == "ld" else 1]) or [it.operands[0 if it.name == "ld" else 1]]
        if len(registers) != max(1, count):
            raise Unknown(it.text)
        return space, it.how[-1], registers

    def _load(self, it: Instruction) -> Callable[[Group], None]:
        space, kind, registers = self._access(it)
        dtype, address = TYPES[kind], self._address(it.operands[1])
        writes = [self._write(register, kind) for register in registers]
        width = dtype.itemsize

        def load(group: Group) -> None:
            memory = self.memory[space]
            owner = (self.which_block if space == "shared" else self.local)[group.index]
            places, cells = memory.places(address(group), width * len(writes), group.me, owner)
            now, first = self.barriers[group.index], places // width
            for cell in range(max(1, width * len(writes) // memory.cell)):
                memory.note_reads(cells + cell, group.me, now)
            numbers = memory.bytes.view(dtype)
            for i, write in enumerate(writes):
                write(group, numbers[first + i])

        return load

    def _store(self, it: Instruction) -> Callable[[Group], None]:
        space, kind, registers = self._access(it)
        dtype, address = TYPES[kind], self._address(it.operands[0])
        reads, width = [self._read(register, kind) for register in registers], TYPES[kind].itemsize

        def store(group: Group) -> None:
            memory = self.memory[space]
            owner = (self.which_block if space == "shared" else self.local)[group.index]
            places, cells = memory.places(address(group), width * len(reads), group.me, owner)
            now, first = self.barriers[group.index], places // width
            for cell in range(max(1, width * len(reads) // memory.cell)):
                memory.note_writes(cells + cell, group.me, now)
            numbers = memory.bytes.view(dtype)
            for i, read in enumerate(reads):
                numbers[first + i] = read(group)

        return store

    # --- warps --------------------------------------------------------------------------------------

    def _shuffle(self, it: Instruction) -> Callable[[Group], int | None]:
        """shfl.sync: every lane gets the number of another lane, or its own where there is no such one."""
        if it.how[0] != "sync" or it.how[1] not in ("up", "down", "bfly", "idx") or it.how[2:] != ("b32",):
            raise Unknown(it.text)
        way = it.how[1]
        to, given, by, clamp, mask = it.operands
        to, _, found = to.partition("|")
        write, wrote = self._write(to, "b32"), self._write(found or "_", "pred")
        read, lanes, limits = self._read(given, "b32"), self._read(by, "s32"), self._read(clamp, "s32")

        def exchange(group: Group) -> None:
            lane, by, clamp = self.lane[group.index], lanes(group) & 31, limits(group)
            segment, limit = clamp >> 8 & 31, clamp & 31
            last = (lane & segment) | (limit & ~segment)
            other = {"up": lane - by, "down": lane + by, "bfly": lane ^ by, "idx": (lane & segment) | (by & ~segment)}[way]
            inside = other >= last if way == "up" else other <= last
            source = group.local + np.where(inside, other - lane, 0)
            absent = ~np.isin(source, group.local)
            if absent.any():
                raise Fault("it asks a lane that takes no part", int(group.me[absent][0]))
            values = read(group)
            write(group, values[np.searchsorted(group.local, source)])
            wrote(group, inside)

        return self._together(self._read(mask, "u32"), exchange)

    def _tensor_cores(self, it: Instruction) -> Callable[[Group], int | None]:
        """mma.sync.m16n8k8 on TF32: of the operands the machine reads the upper 19 bits."""
        if it.how != ("sync", "aligned", "m16n8k8", "row", "col", "f32", "tf32", "tf32", "f32"):
            raise Unknown(it.text)
        to, *given = [_parts(operand) or [] for operand in it.operands]
        writes = [self._write(register, "f32") for register in to]
        a, b, c = ([self._read(register, kind) for register in part]
                   for part, kind in zip(given, ("b32", "b32", "f32"), strict=True))  # fmt: skip
        if (len(writes), len(a), len(b), len(c)) != (4, 4, 2, 4):
            raise Unknown(it.text)
        lane = np.arange(WARP)
        of_eight, of_four = lane // 4, lane % 4

        def multiply(group: Group) -> None:
            warps = group.local.size // WARP
            A, B, C = (np.empty((warps, *shape)) for shape in ((16, 8), (8, 8), (16, 8)))

            def operand(read: Callable[[Group], Array]) -> Array:
                return (read(group) & np.uint32(0xFFFFE000)).view(np.float32).reshape(warps, WARP)

            for i, read in enumerate(a):
                A[:, of_eight + i % 2 * 8, of_four + i // 2 * 4] = operand(read)
            for i, read in enumerate(b):
                B[:, of_four + i * 4, of_eight] = operand(read)
            for i, read in enumerate(c):
                C[:, of_eight + i // 2 * 8, of_four * 2 + i % 2] = read(group).reshape(warps, WARP)
            result = (A @ B + C).astype(np.float32)
            for i, write in enumerate(writes):
                write(group, result[:, of_eight + i // 2 * 8, of_four * 2 + i % 2].reshape(-1))

        return self._together(lambda group: ALL_LANES, multiply)


def _refuse(error: Exception) -> Callable[[Group], int]:
    def refuse(group: Group) -> int:
        raise error

    return refuse


def _parts(text: str) -> list[str] | None:
    """The registers within braces."""
    return [part.strip() for part in text.strip("{} ").split(",")] if "{" in text else None


def _constant(text: str, kind: str) -> Any:
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


def _coordinates(number: int, shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(number, shape[::-1]))[::-1]


def _laid_out(variables: Sequence[Variable], gap: int) -> dict[str, tuple[int, int]]:
    """Where each variable of a space lies."""
    places, at = {}, gap
    for variable in variables:
        at = -(-at // max(16, variable.align)) * max(16, variable.align)
        places[variable.name] = (at, at + variable.bytes)
        at += variable.bytes + gap
    return places


def _room(parameters: Sequence[Variable]) -> dict[str, Array]:
    """Bytes for each parameter, at multiples of 16 and apart."""
    places = _laid_out(parameters, GAP)
    whole = np.zeros(max([stop for _, stop in places.values()] or [0]) + GAP + 16, np.uint8)
    first = -_address_of(whole)[0] % 16
    return {name: whole[first + start : first + stop] for name, (start, stop) in places.items()}


def _filled(variable: Variable) -> Array:
    """A variable of the module."""
    array = np.zeros(variable.count, TYPES[variable.type])
    if variable.values:
        array[: len(variable.values)] = [_constant(value, variable.type) for value in variable.values]
    return array


def _smallest_access(function: Function, space: str) -> int:
    """The bytes of the smallest number that the function loads from, or stores to, a space."""
    return min((BYTES[it.how[-1]] for it in function.instructions if it.name in ("ld", "st") and it.how[0] == space),
               default=1)  # fmt: skip
