"""PTX's text, taken apart: functions with their parameters, registers, variables and instructions.

add.ftz.f32   %f3, %f1, %f2;          Instruction("add", ("ftz", "f32"), ("%f3", "%f1", "%f2"))
@!%p1 bra     $L__BB0_2;              … its guard is "!%p1"
ld.v2.f32     {%f1, %f2}, [%rd1+8];   … its operands are "{%f1, %f2}" and "[%rd1+8]"
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import NamedTuple

_STATEMENT = re.compile(r"\s*(?:([\w$%.]+):(?!:)|([{}])|([^;{}]*(?:\{[^{}]*\}[^;{}]*)*);)")
_INSTRUCTION = re.compile(r"(?:@(!?%[\w$]+)\s+)?([a-z][\w.:]*)\s*(.*)", re.S)
_REGISTERS = re.compile(r"\.reg\s+\.(\w+)\s+(.*)", re.S)
_VARIABLE = re.compile(
    r"\.(global|const|shared|local)\s+(?:\.align\s+(\d+)\s+)?\.(\w+)\s+([\w$]+)(?:\[(\d*)\])?(?:\s*=\s*([^;]*))?"
)
_PARAMETER = re.compile(r"\.param\s+(?:\.align\s+(\d+)\s+)?\.(\w+)\s+(?:\.ptr\s[^,\[]*)?([\w$]+)(?:\[(\d+)\])?")
_ENTRY = re.compile(r"\.entry\s+([\w$]+)\s*\(([^)]*)\)([^{;]*)\{")
BYTES = {"b8": 1, "u8": 1, "s8": 1, "b16": 2, "u16": 2, "s16": 2, "f16": 2, "b32": 4, "u32": 4, "s32": 4, "f32": 4,
         "b64": 8, "u64": 8, "s64": 8, "f64": 8, "pred": 1}  # fmt: skip


class Instruction(NamedTuple):
    """One instruction, and where it stands."""

    name: str
    how: tuple[str, ...]  # what follows the name, between dots; the type comes last
    operands: tuple[str, ...]
    guard: str
    line: int
    text: str


class Variable(NamedTuple):
    """An array of a module or of a function, or a parameter (its space is "param")."""

    space: str
    name: str
    type: str
    length: int
    align: int
    values: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        return BYTES[self.type] * self.length


class Function(NamedTuple):
    """An .entry: what Python starts."""

    name: str
    parameters: list[Variable]
    registers: dict[str, str]  # type of each
    variables: list[Variable]
    instructions: list[Instruction]
    labels: dict[str, int]  # the number of the instruction behind each
    most_threads: int  # .maxntid; 0 where it does not say
    words: frozenset[str]  # every name in its text


class Module(NamedTuple):
    """A file."""

    target: str
    functions: dict[str, Callable[[], Function]]  # taken apart when it is asked for
    variables: list[Variable]  # .global and .const


def parse(text: str) -> Module:
    """The module of a PTX file's text."""
    text = re.sub(r"//[^\n]*", "", text)
    target = re.search(r"\.target\s+(\w+)", text)
    functions, rest, last = {}, [], 0
    for entry in _ENTRY.finditer(text):
        end = _closing(text, entry.end())
        line = text.count("\n", 0, entry.end()) + 1
        functions[entry[1]] = functools.cache(functools.partial(_function, entry, text[entry.end() : end], line))
        rest.append(text[last : entry.start()])
        last = end
    rest.append(text[last:])
    if re.search(r"\.func\b", "".join(rest)):
        raise NotImplementedError("a .func: calls of functions are not known here")
    variables = [_variable(found) for found in _VARIABLE.finditer("".join(rest).replace(";", "\n;"))]
    return Module(target[1] if target else "", functions, variables)


def _closing(text: str, start: int) -> int:
    """Where the brace closes that was opened before `start`."""
    depth = 1
    for brace in re.finditer(r"[{}]", text[start:]):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return start + brace.start()
    raise ValueError("a brace is never closed")


def _variable(found: re.Match[str]) -> Variable:
    space, align, kind, name, count, values = found.groups()
    given = tuple(re.findall(r"[\w.-]+", values or ""))
    length = int(count) if count else max(1, len(given))
    return Variable(space, name, kind, length, int(align or BYTES[kind]), given)


def _parameter(found: re.Match[str]) -> Variable:
    align, kind, name, count = found.groups()
    return Variable("param", name, kind, int(count or 1), int(align or BYTES[kind]))


def _function(entry: re.Match[str], body: str, line: int) -> Function:
    name, parameters, tuning = entry.groups()
    most = re.search(r"\.maxntid\s+(\d+)(?:,\s*(\d+))?(?:,\s*(\d+))?", tuning)
    threads = 1
    for number in most.groups() if most else ("0",):
        threads *= int(number or 1)
    function = Function(name, [_parameter(p) for p in _PARAMETER.finditer(parameters)], {}, [], [], {}, threads,
                        frozenset(re.findall(r"[\w$]+", body)))  # fmt: skip
    at = counted = 0
    while found := _STATEMENT.match(body, at):
        label, _, statement = found.groups()
        start = found.start() + len(found[0]) - len(found[0].lstrip())
        if label:
            function.labels[label] = len(function.instructions)
        elif statement and not _declared(function, statement.strip()):
            line += body.count("\n", counted, start)
            counted = start
            function.instructions.append(_instruction(statement.strip(), line))
        at = found.end()
    if body[at:].strip():
        raise ValueError(f"not understood: {body[at:].strip()[:80]!r}")
    return function


def _declared(function: Function, statement: str) -> bool:
    """Whether it declares something, which it does then."""
    if not statement.startswith("."):
        return False
    if registers := _REGISTERS.fullmatch(statement):
        for register in registers[2].split(","):
            name, _, count = register.strip().rstrip(">").partition("<")
            names = [f"{name}{i}" for i in range(int(count))] if count else [name]
            function.registers.update(dict.fromkeys(names, registers[1]))
    elif variable := _VARIABLE.fullmatch(statement):
        function.variables.append(_variable(variable))
    elif not statement.startswith((".pragma", ".loc")):
        raise NotImplementedError(f"a directive that is not known here: {statement}")
    return True


def _instruction(statement: str, line: int) -> Instruction:
    found = _INSTRUCTION.fullmatch(statement)
    if found is None:
        raise ValueError(f"line {line}: not understood: {statement!r}")
    guard, opcode, operands = found.groups()
    name, *how = opcode.split(".")
    split = re.findall(r"(?:\{[^}]*\}|\[[^\]]*\]|[^,{}\[\]])+", operands)
    return Instruction(
        name, tuple(how), tuple(part.strip() for part in split), guard or "", line, " ".join(statement.split())
    )
