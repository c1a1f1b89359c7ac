"""A notebook run like a script: its code cells in order, with errors that name the cell and the line."""

from __future__ import annotations

import ast
import linecache
import sys
from typing import Any

from minicnn.command import Wrong
from minicnn.scripts.cells import Cell, read_cells
from minicnn.scripts.execute import enter, with_own_lines


def run_notebook(notebook: str, arguments: list[str]) -> None:
    """Run the code cells of the file `notebook` as the main program of this process.

    The value of a cell's last expression is printed, as a notebook shows it. IPython's magics and shell lines are
    left out, with one notice on stderr. Exceptions go through. Wrong if the file is not a notebook.
    """
    try:
        cells = read_cells(notebook)
    except ValueError as error:
        raise Wrong(str(error)) from None
    _say_what_is_left_out(cells)
    main = enter(notebook, arguments)  # without a __file__, as in a notebook
    space = vars(main)
    space["display"] = _display
    for cell in cells:  # where tracebacks look for source lines
        lines = [f"{line}\n" for line in cell.source.splitlines()]
        linecache.cache[cell.name(notebook)] = (len(cell.source), None, lines, cell.name(notebook))

    def run() -> None:
        for cell in cells:
            _run_cell(cell, cell.name(notebook), space)

    with_own_lines(run, *[cell.name(notebook) for cell in cells])


def _run_cell(cell: Cell, name: str, space: dict[str, Any]) -> None:
    tree = ast.parse(cell.source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec", dont_inherit=True), space)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), name, "eval", dont_inherit=True), space)
        if value is not None and not cell.source.rstrip().endswith(";"):
            print(repr(value))


def _display(*objects: Any) -> None:
    """IPython's display, on a terminal."""
    for value in objects:
        print(repr(value))


def _say_what_is_left_out(cells: list[Cell]) -> None:
    lines = [f"cell {cell.number} line {at}: {text}" for cell in cells for at, text in cell.left_out]
    if lines:
        print(f"minicnn: left out, for they are IPython's: {'; '.join(lines)}", file=sys.stderr)
