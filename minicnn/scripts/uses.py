"""`--check`: which names of torch and torchvision a script uses, and which of them are missing, without running it."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from minicnn import alias, suggest
from minicnn.command import Wrong
from minicnn.scripts.cells import read_cells

ROOTS = ("torch", "torchvision", "torchsummary")
_GUARDS = {"ImportError", "ModuleNotFoundError", "AttributeError", "Exception", "BaseException"}


@dataclass(frozen=True)
class Use:
    """One place where the script uses a name: `guarded` if it is prepared for the name to be missing."""

    place: str
    name: str
    guarded: bool


def check(script: str) -> int:
    """Print what `script` uses and lacks; the exit code, 1 if a name is missing. Wrong if it cannot be read."""
    alias.activate()
    uses = find_uses(script)
    known = {name: lookup(name) for name in sorted({use.name for use in uses})}
    there = [name for name, hint in known.items() if hint is None]
    absent = [use for use in uses if known[use.name] is not None]
    serious = [use for use in absent if not use.guarded]
    print(f"{script} uses {len(known)} names of torch, {len(there)} of which minicnn has:")
    for name in there:
        print(f"  {name}")
    for use in absent:
        excuse = "; the script is prepared for that" if use.guarded else ""
        print(f"{use.place}: {use.name} is missing{known[use.name]}{excuse}")
    if not serious:
        print("Nothing that it needs is missing." if absent else "Nothing is missing.")
    return 1 if serious else 0


def find_uses(script: str) -> list[Use]:
    """Every use of a name of torch in the file (a script or a notebook), in the order of its lines."""
    try:
        if script.endswith(".ipynb"):
            pieces = [(cell.name(script), cell.source) for cell in read_cells(script)]
        else:
            with open(script, "rb") as file:
                pieces = [(script, file.read())]  # type: ignore[list-item]
        trees = [(name, ast.parse(source, name)) for name, source in pieces]
    except SyntaxError as error:
        raise Wrong(f"{error.filename}, line {error.lineno}: {error.msg}") from None
    except ValueError as error:
        raise Wrong(str(error)) from None
    visitor = _Visitor()
    for _, tree in trees:
        visitor.bind(tree)
    for name, tree in trees:
        visitor.separator = ", line " if script.endswith(".ipynb") else ":"
        visitor.file = name
        visitor.visit(tree)
    return list(dict.fromkeys(visitor.uses))


def lookup(name: str) -> str | None:
    """None if the dotted `name` is there, else what there is instead of its first part that is missing."""
    parts = name.split(".")
    value: Any = importlib.import_module(parts[0])
    for part in parts[1:]:
        if not isinstance(value, ModuleType | type):  # what a function or a constant has is no name of torch's
            return None
        try:
            value = getattr(value, part)
        except AttributeError:
            return suggest.hint(part, [near for near in dir(value) if not near.startswith("_")])
        except ImportError as error:
            return f" ({error})"
    return None


class _Visitor(ast.NodeVisitor):
    """Walks through a script; `bound` says which of its names stand for what of torch."""

    def __init__(self) -> None:
        self.bound: dict[str, str] = {}
        self.uses: list[Use] = []
        self.file = ""
        self.separator = ":"
        self.guards = 0

    def bind(self, tree: ast.AST) -> None:
        """Learn what the imports anywhere in `tree` call the names of torch."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for item in node.names:
                    if _is_ours(item.name):
                        self.bound[item.asname or item.name.partition(".")[0]] = (
                            item.name if item.asname else item.name.partition(".")[0]
                        )
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and _is_ours(node.module or ""):
                for item in node.names:
                    if item.name == "*":
                        self._bind_all(str(node.module))
                    else:
                        self.bound[item.asname or item.name] = f"{node.module}.{item.name}"
        for name in _own_names(tree):  # what it then stands for, nobody can know without running the script
            self.bound.pop(name, None)

    def _bind_all(self, module: str) -> None:
        if lookup(module) is None:
            for name in importlib.import_module(module).__all__:
                self.bound.setdefault(name, f"{module}.{name}")

    def _note(self, node: ast.AST, name: str, guarded: bool = False) -> None:
        place = f"{self.file}{self.separator}{getattr(node, 'lineno', 0)}"
        self.uses.append(Use(place, name, guarded or self.guards > 0))

    def visit_Import(self, node: ast.Import) -> None:
        """import torch.nn as nn"""
        for item in node.names:
            if _is_ours(item.name):
                self._note(node, item.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """from torch import nn"""
        if node.level == 0 and _is_ours(node.module or ""):
            for item in node.names:
                self._note(node, str(node.module) if item.name == "*" else f"{node.module}.{item.name}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """torch.nn.functional.relu"""
        chain = _dotted(node)
        if chain is not None and chain[0] in self.bound:
            self._note(node, ".".join([self.bound[chain[0]], *chain[1:]]))
        else:
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        """A name that was imported by `from torch.nn import Linear` or `*`."""
        if isinstance(node.ctx, ast.Load) and node.id in self.bound:
            self._note(node, self.bound[node.id])

    def visit_Call(self, node: ast.Call) -> None:
        """hasattr(torch, "compile"), getattr(torch, "compile", None)"""
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        asks = called == "hasattr" or (called == "getattr" and len(node.args) == 3)
        owner = _dotted(node.args[0]) if asks and len(node.args) > 1 else None
        if owner is not None and owner[0] in self.bound and isinstance(node.args[1], ast.Constant):
            self._note(node, ".".join([self.bound[owner[0]], *owner[1:], str(node.args[1].value)]), guarded=True)
        else:
            self.generic_visit(node)

    def visit_Try(self, node: ast.Try) -> None:
        """What stands in a `try` whose handlers catch a missing name is guarded."""
        caught = {name for handler in node.handlers for name in _caught(handler)}
        guard = 1 if caught & _GUARDS else 0
        self.guards += guard
        for statement in node.body:
            self.visit(statement)
        self.guards -= guard
        for other in (*node.handlers, *node.orelse, *node.finalbody):
            self.visit(other)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in ROOTS


def _dotted(node: ast.AST) -> list[str] | None:
    """["torch", "nn", "Linear"] for torch.nn.Linear; None for what does not begin with a name."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        start = _dotted(node.value)
        return None if start is None else [*start, node.attr]
    return None


def _own_names(tree: ast.AST) -> Iterator[str]:
    """The names that the script itself gives to something: variables, arguments, functions, classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name


def _caught(handler: ast.ExceptHandler) -> Iterator[str]:
    if handler.type is None:
        yield "BaseException"
    for node in ast.walk(handler.type) if handler.type is not None else ():
        if isinstance(node, ast.Name):
            yield node.id
