"""The instructions of a function, each as a Python function of the threads that execute it together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .arithmetic import TYPES, Array, Unknown, computes
from .memory import Fault
from .operands import ALL_LANES, AT_BARRIER, AT_WARP, ENDED, RUNS, SPACES, WARP, Group, Operands, parts
from .parse import Instruction


class Instructions(Operands):
    """What instructions do: they compute, move numbers, branch, load and store, and wait for each other."""

    def _bound(self, it: Instruction) -> Callable[[Group], int | None]:
        """The instruction as a function of the group that executes it; it gives the next one's number where that is
        not the one behind it, and -1 where the group waits or has parted."""
        try:
            if it.name == "bra":
                return self._branch(it)
            special: dict[str, Callable[[Instruction], Any]] = {
                "ld": self._load, "st": self._store, "bar": self._barrier, "barrier": self._barrier,
                "shfl": self._shuffle, "mma": self._tensor_cores, "ret": self._ret, "exit": self._ret,
                "mov": self._move, "atom": self._add_atomically,
            }  # fmt: skip
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
        pieces = parts(to if "{" in to else given)
        if pieces is not None:
            piece = f"b{int(kind[1:]) // len(pieces)}"
            count, dtype = len(pieces), TYPES[piece]
            if "{" in to:
                read, writes = self._read(given, kind), [self._write(part, piece) for part in pieces]

                def split(group: Group) -> None:
                    value = np.ascontiguousarray(np.broadcast_to(read(group), group.local.shape))
                    pieces = value.view(dtype).reshape(-1, count)
                    for i, write in enumerate(writes):
                        write(group, pieces[:, i])

                return split
            reads, write = [self._read(part, piece) for part in pieces], self._write(to, kind)

            def joined(group: Group) -> None:
                numbers = np.empty((group.local.size, count), dtype)
                for i, read in enumerate(reads):
                    numbers[:, i] = read(group)
                write(group, numbers.view(TYPES[kind]).reshape(-1))

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

    def _access(self, it: Instruction) -> tuple[str, str, list[str]]:
        """(space, type, registers) of a load or a store."""
        space, *marks = it.how[:-1]
        count = {"v2": 2, "v4": 4}.get(marks[-1], 0) if marks else 0
        if not set(marks) <= {"nc", "v2", "v4", "relaxed", "weak"} or space not in SPACES:
            raise Unknown(it.text)
        registers = parts(it.operands[0 if it.name == "ld" else 1]) or [it.operands[0 if it.name == "ld" else 1]]
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
            by_index = (lane & segment) | (by & ~segment)
            other = {"up": lane - by, "down": lane + by, "bfly": lane ^ by, "idx": by_index}[way]
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
        to, *given = [parts(operand) or [] for operand in it.operands]
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

    def _add_atomically(self, it: Instruction) -> Callable[[Group], None]:
        """atom.add of whole numbers, one thread after the other; floats would add up in an order that nobody knows."""
        space, kind = it.how[0], it.how[-1]
        if it.how != (space, "add", kind) or space not in ("shared", "global") or kind[0] not in "us":
            raise Unknown(it.text)
        to, place, given = it.operands
        address, read, write, dtype = self._address(place), self._read(given, kind), self._write(to, kind), TYPES[kind]

        def add(group: Group) -> None:
            memory = self.memory[space]
            places, cells = memory.places(address(group), dtype.itemsize, group.me, self.which_block[group.index])
            for cell in range(dtype.itemsize // memory.cell):
                memory.note_additions(cells + cell, group.me, self.barriers[group.index])
            numbers, terms = memory.bytes.view(dtype), np.broadcast_to(read(group), places.shape)
            before = np.empty_like(terms)
            for i, (at, term) in enumerate(zip(places // dtype.itemsize, terms, strict=True)):
                before[i] = numbers[at]
                numbers[at] += term
            write(group, before)

        return add

    # --- waiting for each other ---------------------------------------------------------------------

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


def _refuse(error: Exception) -> Callable[[Group], int]:
    def refuse(group: Group) -> int:
        raise error

    return refuse
