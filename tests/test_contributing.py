"""CONTRIBUTING.md leads to places that exist, and the operation that it adds works."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
CHECK = """
import minicnn
from minicnn.autograd import gradcheck, gradgradcheck
x = minicnn.randn(3, 4, dtype=minicnn.float64, requires_grad=True)
assert gradcheck(softsign, (x,)) and gradgradcheck(softsign, (x,))
print(minicnn.tensor([1.0, -3.0]).softsign().tolist())
"""


def test_the_operation_it_adds_works():
    (block,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    script = "import minicnn\n" + block + CHECK  # a process of its own: Tensor gets a method
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("[0.5, -0.75]", 0), done.stderr


def test_the_places_it_names_exist():
    named = set(re.findall(r"`([\w/.]+(?:\.py|/))`", GUIDE)) | set(re.findall(r"\]\(([\w/.]+)\)", GUIDE))
    assert len(named) > 25
    lost = {name for name in named if not (ROOT / name).exists() and not (ROOT / "minicnn" / name).exists()}
    assert not lost


def test_the_functions_it_names_exist():
    pairs = re.findall(r"`([\w/]+\.py)`, `(\w+)(?:\.(?!py`)(\w+))?`", GUIDE)
    assert len(pairs) >= 7
    for file, name, member in pairs:
        path = ROOT / file if (ROOT / file).exists() else ROOT / "minicnn" / file
        text = path.read_text("utf-8")
        assert re.search(rf"^(?:def|class) {name}\b", text, re.MULTILINE), (file, name)
        assert not member or f"def {member}(" in text, (file, member)
