"""kernels/README.md says what is there, and its example runs."""

import ast
import doctest
import re
from pathlib import Path

from minicnn import kernels

FOLDER = Path(__file__).parents[2] / "kernels"
README = FOLDER / "README.md"
BACKENDS = ("cpu_numpy", "cpu_numba", "gpu_cupy", "gpu_numba")


def test_the_table_shows_the_files():
    head, *rows = re.findall(r"^\| (.*) \|$", README.read_text(encoding="utf-8"), re.M)
    assert head.split(" | ") == ["kernel", "computes", *BACKENDS]
    table = {}
    for row in rows:
        name, _, *has = (cell.strip() for cell in row.split("|"))
        table[name.strip("`")] = [cell == "yes" for cell in has]
    files = {name: [(FOLDER / name / f"{backend}.py").is_file() for backend in BACKENDS] for name in kernels.names()}
    assert table == files


def test_every_kernel_is_tested():
    """A test says `run(backend, "its name", …)`: of contract.py, which holds the general promises."""
    run = set()
    for file in Path(__file__).parent.glob("test_*.py"):
        calls = (node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
        run |= {
            argument.value
            for call in calls
            if getattr(call.func, "id", None) == "run"
            for argument in call.args[1:2]
            if isinstance(argument, ast.Constant)
        }
    assert run == set(kernels.names())


def test_what_it_names_exists():
    text = README.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:tests|minicnn|\w+)/[\w/.]*\w)/?`", text))
    named |= {name for name in re.findall(r"`(\w+\.py)`", text) if name not in {"gpu_cupy.py", "gpu_numba.py"}}
    root = FOLDER.parent
    places = (root, FOLDER, FOLDER / "im2col")
    missing = {name for name in named if not any((place / name).exists() for place in places)}
    assert missing <= {"kernels/NAME/__init__.py"}
    assert len(named) > 10


def test_its_example_runs():
    failed, tried = doctest.testfile(str(README), module_relative=False, encoding="utf-8")
    assert (failed, tried > 0) == (0, True)
