"""Write minicnn/autograd/tensor.pyi: what editors and type checkers know about Tensor.

    python -m tests.make_tensor_stub

Tensor gets its methods in two places: those about memory and the graph stand in tensor.py, those that
compute are registered by `@operation(...)` in functional/. A type checker sees only the first, so this
script writes both down: the classes of tensor.py as they stand, then every registered method with the
signature of its function. `tests/test_tensor_stub.py` fails when the file is out of date.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from minicnn import functional  # registers the methods
from minicnn.autograd import tensor as module
from minicnn.autograd.tensor import Tensor

SOURCE = Path(module.__file__)
STUB = SOURCE.with_suffix(".pyi")
CLASSES = [node for node in ast.parse(SOURCE.read_text("utf-8")).body if isinstance(node, ast.ClassDef)]
WIDTH = 120
NOT_OPERATORS = ("__getitem__", "__setitem__")  # registered as they are, with all their arguments
OTHER_THAN_OBJECT = ("__eq__", "__ne__")  # object's own say bool; ours compare element by element
Row = tuple[str, "str | None", str]  # a parameter: name with its stars, annotation, default


def stub() -> str:
    """The text of tensor.pyi."""
    assert functional.relu is Tensor.relu, "the operations register themselves when functional/ is imported"
    imports: set[tuple[str, str, str]] = set()
    bodies = []
    for node in CLASSES:
        names = Names(imports, {name for name in dir(getattr(module, node.name)) if not name.startswith("_")})
        lines = list(own_members(node, names))
        if node.name == "Tensor":
            lines += registered_members(node, names)
        bodies.append("\n".join(lines))
    head = '"""Written by `python -m tests.make_tensor_stub`, from tensor.py and the operations: not by hand."""'
    return "\n".join((head, "", *import_lines(imports), "", "\n\n".join(bodies), ""))


class Names(ast.NodeTransformer):
    """Rewrites annotations so that they mean inside the class what they meant in their own file.

    Where the class has a method of that name (`bool`, `float`, `int`), the annotation `bool` would
    mean the method; it becomes `_bool`, imported under that name.
    """

    def __init__(self, imports: set[tuple[str, str, str]], members: set[str]) -> None:
        self.imports = imports  # (module, name there or "", name here)
        self.members = members
        self.source = ""  # the module whose annotations are being rewritten

    def here(self, annotation: str, source: str) -> str:
        """The annotation, found in module `source`, as it has to stand in the stub."""
        self.source = source
        return ast.unparse(self.visit(ast.parse(annotation, mode="eval")))

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """Import what the name stands for; rename it if a member of the class hides it."""
        name = f"_{node.id}" if node.id in self.members else node.id
        if node.id in (c.name for c in CLASSES):
            return node
        if hasattr(builtins, node.id):
            if name != node.id:
                self.imports.add(("builtins", node.id, name))
        else:
            self.imports.add((*origin(node.id, self.source), name))
        return ast.Name(name, node.ctx)


def origin(name: str, source: str) -> tuple[str, str]:
    """Where module `source` has `name` from: (module, name there), or (module, "") for a module."""
    for node in ast.parse(inspect.getsource(sys.modules[source])).body:
        if isinstance(node, ast.ImportFrom | ast.Import):
            for item in node.names:
                if name == (item.asname or item.name):
                    return (str(node.module), item.name) if isinstance(node, ast.ImportFrom) else (item.name, "")
    return source, name


def import_lines(imports: set[tuple[str, str, str]]) -> Iterator[str]:
    """Import statements as Ruff sorts them: the standard library, NumPy, minicnn."""
    lines: dict[int, set[tuple[bool, str, str]]] = defaultdict(set)
    plain: dict[str, list[str]] = defaultdict(list)
    for origin_, name, here in imports:
        root = origin_.split(".")[0]
        group = 0 if root in sys.stdlib_module_names else 2 if root == "minicnn" else 1
        if not name:
            lines[group].add((False, origin_, f"import {origin_}" + (f" as {here}" if here != origin_ else "")))
        elif name != here:
            lines[group].add((True, origin_, f"from {origin_} import {name} as {here}"))
        else:
            plain[origin_].append(name)
            joined = f"from {origin_} import {', '.join(sorted(plain[origin_]))}"
            lines[group] = {line for line in lines[group] if line[:2] != (True, origin_)} | {(True, origin_, joined)}
    yield "\n\n".join("\n".join(text for *_, text in sorted(lines[group])) for group in sorted(lines))


def own_members(node: ast.ClassDef, names: Names) -> Iterator[str]:
    """A class as tensor.py has it: what `__init__` sets on self, then its methods."""
    bases = ", ".join(names.here(ast.unparse(base), module.__name__) for base in node.bases)
    yield f"class {node.name}({bases}):" if bases else f"class {node.name}:"
    yield f"    {first_line(ast.get_docstring(node))}\n"
    for name, annotation in attributes(node):
        yield f"    {name}: {names.here(annotation, module.__name__)}"
    members = vars(getattr(module, node.name))
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.name != "__getattr__":  # only for what there is not
            member = members[item.name]
            setter = any(ast.unparse(d).endswith(".setter") for d in item.decorator_list)
            yield from (f"    @{ast.unparse(decorator)}" for decorator in item.decorator_list)
            if isinstance(member, property):
                member = member.fset if setter else member.fget
            yield method(item.name, member, names)
        elif isinstance(item, ast.Assign) and ast.unparse(item) == "__hash__ = object.__hash__":
            yield "    def __hash__(self) -> " + names.here("int", module.__name__) + ": ..."
        elif isinstance(item, ast.Assign) and isinstance(item.value, ast.Name):
            yield f"    {ast.unparse(item)}"


def attributes(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """The attributes of an instance and their types: annotated, or those of the constants assigned."""
    for item in ast.walk(node):
        if isinstance(item, ast.AnnAssign):
            target, annotation = item.target, ast.unparse(item.annotation)
        elif isinstance(item, ast.Assign) and isinstance(item.value, ast.Constant):
            target, annotation = item.targets[0], type(item.value.value).__name__
        elif isinstance(item, ast.Assign) and isinstance(item.value, ast.Call):
            target, annotation = item.targets[0], ast.unparse(item.value.func)
        else:
            continue
        in_init = isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self"
        if item in node.body or (in_init and item in initialiser(node)):
            yield ast.unparse(target).removeprefix("self."), annotation


def initialiser(node: ast.ClassDef) -> list[ast.stmt]:
    """The statements of `__init__`."""
    return next((f.body for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"), [])


def registered_members(node: ast.ClassDef, names: Names) -> Iterator[str]:
    """What `@operation` added to Tensor: operators first, then by name."""
    own = {item.name for item in node.body if isinstance(item, ast.FunctionDef)} | {"nelement", "__hash__"}
    registered = {
        name: value
        for name, value in vars(Tensor).items()
        if name not in own and (inspect.isfunction(value) or isinstance(value, property))
    }
    yield "\n    # --- registered by @operation in functional/\n"
    for name in sorted(registered, key=lambda name: (not name.startswith("__"), name)):
        value = registered[name]
        if isinstance(value, property):
            yield "    @property"
        yield method(name, value.fget if isinstance(value, property) else value, names)


def method(name: str, function: Callable[..., Any], names: Names) -> str:
    """One method, its signature and the first sentence of its docstring."""
    original = inspect.unwrap(function)
    rows = parameters(original)
    returns = original.__annotations__.get("return", "None")
    if function is not original and name.startswith("__") and name not in NOT_OPERATORS:
        rows = [rows[0], ("other", rows[1][1], "")]
    shown = []
    for parameter, annotation, default in rows:
        text = parameter if annotation is None else f"{parameter}: {names.here(annotation, original.__module__)}"
        shown.append(text + (default and (f"={default}" if annotation is None else f" = {default}")))
    head, tail = f"    def {name}(", f") -> {names.here(returns, original.__module__)}:"
    line = head + ", ".join(shown) + tail
    if len(line) > WIDTH:
        line = f"{head}\n        {', '.join(shown)}\n    {tail}"
    if max(map(len, line.splitlines())) > WIDTH:
        line = head + "".join(f"\n        {text}," for text in shown) + f"\n    {tail}"
    if name in OTHER_THAN_OBJECT:
        line += "  # type: ignore[override]"
    return f"{line}\n        {first_line(function.__doc__)}" if function.__doc__ else f"{line} ..."


def parameters(function: Callable[..., Any]) -> list[Row]:
    """The parameters of a method; the first one is self."""
    rows: list[Row] = []
    keyword_only = False
    for index, p in enumerate(inspect.signature(function).parameters.values()):
        if p.kind is p.KEYWORD_ONLY and not keyword_only:
            rows.append(("*", None, ""))
        keyword_only = keyword_only or p.kind in (p.VAR_POSITIONAL, p.KEYWORD_ONLY)
        stars = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        rows.append(("self", None, "") if index == 0 else (stars + p.name, p.annotation, default_of(p)))
    return rows


def default_of(parameter: inspect.Parameter) -> str:
    """The default as code: simple ones as they are, others as `...`."""
    value = parameter.default
    if value is parameter.empty:
        return ""
    if isinstance(value, str):
        return f'"{value}"'
    return repr(value) if value is None or isinstance(value, bool | int | float) or value == () else "..."


def first_line(docstring: str | None) -> str:
    """The first paragraph of a docstring as a docstring of one line, shortened where it is too long."""
    text = " ".join(inspect.cleandoc(docstring or "").split("\n\n")[0].split())
    room = WIDTH - 14
    if len(text) > room:
        text = text[: room - 2].rsplit(" ", 1)[0] + " …"
    return f'"""{text}"""'


if __name__ == "__main__":
    STUB.write_text(stub(), "utf-8")
    print(f"wrote {STUB.name}")
