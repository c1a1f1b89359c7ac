"""Where the variables and parameters of a function lie, and what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .arithmetic import TYPES, Array
from .memory import Memory
from .operands import SPACES, constant
from .parse import BYTES, Function, Variable

MOST_SHARED = 48 << 10  # bytes that every block may have
GAP = 64  # bytes between two shared arrays, which belong to nobody


class Variables:
    """Those of a function: its own, its parameters, and what it uses of the module's."""

    def __init__(self, function: Function, of_module: Sequence[Variable]) -> None:
        self.function = function
        used = [v for v in (*function.variables, *of_module) if v.name in function.words]
        self.constants = {v.name: _filled(v) for v in used if v.space in ("global", "const")}
        self.parameters = _room(function.parameters)
        self.shared = _laid_out([v for v in used if v.space == "shared"], GAP)
        self.local = _laid_out([v for v in used if v.space == "local"], 0)
        there = {name: address_of(array) for name, array in (*self.constants.items(), *self.parameters.items())}
        self.symbols = there | self.shared | self.local
        size = sum(stop - start for start, stop in self.shared.values())
        if size > MOST_SHARED:
            raise RuntimeError(f"{function.name}: {size} bytes of shared memory, more than {MOST_SHARED}")

    def take(self, args: Sequence[Any]) -> list[Array]:
        """Fill the parameters; the arrays whose addresses are among them."""
        name, parameters = self.function.name, self.function.parameters
        if len(args) != len(parameters):
            raise TypeError(f"{name} takes {len(parameters)} arguments, not {len(args)}")
        arrays = []
        for i, (parameter, arg) in enumerate(zip(parameters, args, strict=True)):
            if isinstance(arg, np.ndarray) and arg.dtype.names is None:
                arrays.append(arg)
                value = np.uint64(address_of(arg)[0]).tobytes()
            elif isinstance(arg, (np.generic, np.ndarray)) and arg.size == 1:
                value = arg.tobytes()
            else:
                raise TypeError(f"argument {i} of {name} is {type(arg).__name__}: a NumPy scalar says its type")
            if len(value) != parameter.bytes:
                raise TypeError(f"argument {i} of {name} has {len(value)} bytes, its parameter {parameter.bytes}")
            self.parameters[parameter.name][...] = np.frombuffer(value, np.uint8)
        return arrays

    def memory(self, arrays: Sequence[Array], threads: int, blocks: int) -> dict[str, Memory]:
        """The memory of each space, for so many blocks of so many threads; `arrays` are the GPU's."""
        constants = list(self.constants.values())
        hosts = {"global": [*arrays, *constants], "const": constants, "param": list(self.parameters.values())}
        cells = {space: _smallest_access(self.function, space) for space in SPACES}
        memory = {space: Memory(list(map(address_of, its)), cells[space], threads) for space, its in hosts.items()}
        for space, places, owners in (("shared", self.shared, blocks), ("local", self.local, blocks * threads)):
            memory[space] = Memory(list(places.values()), cells[space], threads, owners)
        return memory


def address_of(array: Array) -> tuple[int, int]:
    """The first address of an array's numbers, and the one behind the last."""
    start = array.__array_interface__["data"][0]
    return start, start + array.nbytes


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
    first = -address_of(whole)[0] % 16
    return {name: whole[first + start : first + stop] for name, (start, stop) in places.items()}


def _filled(variable: Variable) -> Array:
    """A variable of the module."""
    array = np.zeros(variable.length, TYPES[variable.type])
    if variable.values:
        array[: len(variable.values)] = [constant(value, variable.type) for value in variable.values]
    return array


def _smallest_access(function: Function, space: str) -> int:
    """The bytes of the smallest number that the function loads from, or stores to, a space."""
    accesses = [it for it in function.instructions if it.name in ("ld", "st", "atom") and it.how[0] == space]
    return min((BYTES[it.how[-1]] for it in accesses), default=1)
