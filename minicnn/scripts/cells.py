"""The code cells of a notebook as Python: IPython's own lines are left out, and every line keeps its number."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field

TIMERS = ("%%time", "%%timeit", "%%capture", "%%prun")  # cell magics whose cell is Python all the same
_ASSIGNED = re.compile(r"[\w\s,.\[\]]+=\s*[%!]\w")  # files = !ls


@dataclass
class Cell:
    """One code cell: its number among the code cells, its Python, and the lines that were left out."""

    number: int
    source: str
    left_out: list[tuple[int, str]] = field(default_factory=list)

    def name(self, notebook: str) -> str:
        """What a traceback calls the cell."""
        return f"{notebook}, code cell {self.number}"


def read_cells(path: str) -> list[Cell]:
    """The code cells of the notebook at `path`, in order; ValueError if it is not a notebook."""
    with open(path, encoding="utf-8") as file:
        try:
            found = json.load(file)["cells"]
            sources = ["".join(cell["source"]) for cell in found if cell["cell_type"] == "code"]
        except (ValueError, KeyError, TypeError) as error:
            kind = type(error).__name__
            raise ValueError(f"{path} is not a notebook (nbformat 4): {kind}: {error}") from None
    return [python_of(number, source) for number, source in enumerate(sources, 1)]


def python_of(number: int, source: str) -> Cell:
    """A cell with IPython's lines replaced by ones that do nothing.

    >>> cell = python_of(1, "%matplotlib inline\\nx = 7\\nfor i in range(2):\\n    !pip list\\n")
    >>> print(cell.source)
    pass
    x = 7
    for i in range(2):
        pass
    >>> cell.left_out
    [(1, '%matplotlib inline'), (4, '!pip list')]
    """
    cell = Cell(number, source)
    if _is_python(source):
        return cell
    lines = source.splitlines()
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines and lines[first].startswith("%%"):
        cell.left_out.append((first + 1, lines[first]))
        timed = lines[first].split()[0] in TIMERS
        lines = ["" if i <= first or not timed else line for i, line in enumerate(lines)]
    for start, stop in _statements(lines):
        text = lines[start].strip()
        if text.startswith(("%", "!", "?")) or text.endswith("?") or _ASSIGNED.match(text):
            cell.left_out.append((start + 1, text))
            indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
            lines[start:stop] = [f"{indent}pass", *[""] * (stop - start - 1)]
    cell.source = "\n".join(lines)
    return cell


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _statements(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Where each logical line begins and ends: only at its beginning do % and ! mean IPython."""
    start = 0
    while start < len(lines):
        stop = start + 1
        while stop < len(lines) and not _is_whole("\n".join(lines[start:stop])):
            stop += 1
        yield start, stop
        start = stop


def _is_whole(text: str) -> bool:
    """Whether no bracket, string or backslash goes on to the next line."""
    if text.endswith("\\"):
        return False
    try:
        list(tokenize.generate_tokens(io.StringIO(text.strip() + "\n").readline))
    except tokenize.TokenError:
        return False
    except (IndentationError, SyntaxError):
        pass
    return True
