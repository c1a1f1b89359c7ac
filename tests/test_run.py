"""`python -m minicnn.run`: as `python script.py`, with torch found in minicnn; --check; notebooks; the torch names."""

import json
import os
import pkgutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import minicnn

ROOT = Path(__file__).parents[1]
VARIABLES = ("MINICNN_DEVICE", "MINICNN_SAMPLE", "PYTHONSTARTUP")


def python(*arguments, cwd, **options):
    """Python in a process of its own that finds this minicnn, or any other, through PYTHONPATH alone."""
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, **options)


@pytest.fixture
def write(tmp_path):
    """A function that writes a file below tmp_path and gives its path."""

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(textwrap.dedent(text))
        return path

    return write


# --- as python script.py ------------------------------------------------------------------------------


REPORT = """
    import sys
    import neighbour

    def report():
        print(__name__, __file__, sys.argv, sys.path[0], __spec__, __package__, __loader__ is None, sorted(globals()))
        print(sys.modules["__main__"].report is report, neighbour.here, open("data.txt").read())

    if __name__ == "__main__":
        report()
        exec(sys.argv[1])
"""
ENDINGS = {
    "nothing": "pass",
    "code": "sys.exit(3)",
    "text": "sys.exit('a last word')",
    "error": "raise ValueError('a fault')",
    "chained": "exec('try: 1 / 0\\nexcept ZeroDivisionError: [][0]')",
    "typo": "neighbour.hera",
    "own hook": "sys.excepthook = lambda *e: print(e[0], e[2].tb_lineno, e[2].tb_next.tb_next); {}[1]",
    "interrupt": "raise KeyboardInterrupt",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_all_is_as_under_python(write, tmp_path, ending):
    write("folder/script.py", REPORT)
    write("folder/neighbour.py", "here = 'beside the script'")
    write("data.txt", "in the working folder")
    words = (Path("folder", "script.py"), ENDINGS[ending], "--device", "x", "--", "-v")
    plain = python(*words, cwd=tmp_path)
    ours = python("-m", "minicnn.run", *words, cwd=tmp_path)
    assert "beside the script" in ours.stdout
    assert (ours.stdout, ours.stderr, ours.returncode) == (plain.stdout, plain.stderr, plain.returncode)
    if ending == "interrupt" and os.name == "posix":
        assert ours.returncode == -signal.SIGINT


def test_a_syntax_error_is_as_under_python(write, tmp_path):
    script = write("script.py", "print('never')\nx = = 1\n")
    plain, ours = python(script, cwd=tmp_path), python("-m", "minicnn", "run", script, cwd=tmp_path)
    assert "SyntaxError" in ours.stderr
    assert (ours.stdout, ours.stderr, ours.returncode) == (plain.stdout, plain.stderr, plain.returncode)


def test_torch_is_found_by_processes_of_every_kind(write, tmp_path):
    script = write(
        "script.py",
        """
        import multiprocessing, subprocess, sys
        import torch
        from torch.utils.data import DataLoader, Dataset

        class Squares(Dataset):
            def __len__(self):
                return 4
            def __getitem__(self, i):
                return torch.tensor(i * i, dtype=torch.float64)

        def work(x):
            return torch.__version__, x * 2, type(x)

        if __name__ == "__main__":
            for method in ("spawn", "forkserver") if sys.platform != "win32" else ("spawn",):
                with multiprocessing.get_context(method).Pool(1) as pool:
                    print(pool.map(work, [torch.ones(2)]))
            print([batch.tolist() for batch in DataLoader(Squares(), batch_size=2, num_workers=1)])
            sys.stdout.flush()
            subprocess.run([sys.executable, "-c", "import torch; print(torch.int32)"])
        """,
    )
    done = python("-m", "minicnn.run", script, cwd=tmp_path)
    line = "[('2.13.0+minicnn', tensor([2., 2.]), <class 'torch.Tensor'>)]\n"
    methods = 1 if sys.platform == "win32" else 2
    assert done.stdout == line * methods + "[[0.0, 1.0], [4.0, 9.0]]\ntorch.int32\n", done.stderr


def test_it_runs_from_a_checkout_that_is_not_installed(write, tmp_path):
    script = write(
        "script.py",
        """
        import multiprocessing, minicnn

        def where(_):
            return minicnn.__file__

        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.map(where, [0]) == [minicnn.__file__], minicnn.__file__)
        """,
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "minicnn.run", script]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == f"True {ROOT / 'minicnn' / '__init__.py'}\n", done.stderr


# --- devices and samples --------------------------------------------------------------------------------

CUDA = """
    import torch
    print(torch.cuda.is_available(), torch.ones(1).cuda().device, torch.nn.Linear(1, 1).to("cuda").weight.device)
    print(torch.zeros(1, device="cuda:0").to(torch.device("cuda")).device, torch.device("cuda"))
"""


def test_cuda_stays_on_the_cpu_with_one_notice(write, tmp_path):
    script = write("script.py", CUDA)
    done = python("-m", "minicnn.run", "--device", "cpu", script, cwd=tmp_path)
    assert done.stdout == "False cpu cpu\ncpu cuda\n"
    assert done.stderr == "minicnn: what the script sends to cuda stays on the CPU here (MINICNN_DEVICE=cpu).\n"


def test_without_a_gpu_that_is_the_default(write, tmp_path):
    import minicnn

    if minicnn.backend.has_gpu():
        pytest.skip("there is a GPU")
    done = python("-m", "minicnn.run", write("script.py", CUDA), cwd=tmp_path)
    assert done.stdout == "False cpu cpu\ncpu cuda\n"
    assert done.stderr == "minicnn: what the script sends to cuda stays on the CPU here (no GPU).\n"
    done = python("-m", "minicnn.run", "--device", "cuda", tmp_path / "script.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("python -m minicnn.run: --device cuda: ")
    with pytest.raises(RuntimeError, match="cuda"):  # `import minicnn` alone behaves as PyTorch
        minicnn.ones(1).cuda()


def test_sample(write, tmp_path):
    script = write(
        "script.py",
        """
        from torchvision import datasets
        print(len(datasets.MNIST("nowhere", train=True, download=True)), len(datasets.FashionMNIST("nowhere")))
        """,
    )
    done = python("-m", "minicnn.run", "--sample", script, cwd=tmp_path)
    assert done.stdout == "4000 1600\n", done.stderr
    assert done.stderr.count("embedded sample") == 2


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((), "which script? (see --help)"),
        (("nix.py",), "nix.py is not a file that can be read"),
        (("--chek", "script.py"), "unrecognized arguments: --chek (see --help)"),
        (("--device", "tpu", "script.py"), "argument --device: invalid choice: 'tpu'"),
        (("broken.ipynb",), "broken.ipynb is not a notebook (nbformat 4): "),
        (("--check", "broken.py"), "broken.py, line 2: "),
    ],
)
def test_wrong_arguments_get_one_line(write, tmp_path, words, text):
    write("broken.ipynb", "{}")
    write("broken.py", "\nx = = 1")
    done = python("-m", "minicnn.run", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"python -m minicnn.run: {text}")
    assert done.stderr.count("\n") == 1


# --- missing names --------------------------------------------------------------------------------------


def test_a_missing_name_is_reported_where_it_is_used(write, tmp_path):
    script = write(
        "script.py",
        """
        import torch, torch.nn as nn
        print(hasattr(torch, "spectral"), getattr(nn, "LSTM", None), hasattr(torch.backends, "mps"))
        try:
            from torch.distributions import Normal
        except ImportError as error:
            print(error)
        try:
            from torch.nn import Lineer
        except ImportError as error:
            print(error)
        layer = nn.Conv2D(1, 6, 5)
        """,
    )
    done = python("-m", "minicnn.run", script, cwd=tmp_path)
    assert done.stdout.splitlines() == [
        "False None True",
        "No module named 'torch.distributions'",
        "cannot import name 'Lineer' from 'torch.nn' (minicnn does not have it); did you mean 'Linear'?",
    ]
    *_, where, line, _, error = done.stderr.splitlines()
    assert where == f'  File "{script}", line 12, in <module>'
    assert line == "    layer = nn.Conv2D(1, 6, 5)"
    near = "(minicnn does not have it); did you mean 'Conv2d'?"
    assert error == f"AttributeError: module 'torch.nn' has no attribute 'Conv2D' {near}"


def test_a_missing_module_is_reported_with_the_nearest(write, tmp_path):
    done = python("-m", "minicnn.run", write("script.py", "import torch.optimm"), cwd=tmp_path)
    line = "No module named 'torch.optimm' (minicnn does not have it); did you mean 'optim'?"
    assert done.stderr.splitlines()[-1] == f"ModuleNotFoundError: {line}"


SCRIPT = """
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
    from torch.nn import *
    from torch.jit import script
    from torchvision import ops, transforms as T
    try:
        from torch.distributed import launch
    except ImportError:
        launch = None
    raise SystemExit("never run")
    class Net(Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2D(1, 2, 3)
            self.fc = Linear(2, 3)
        def forward(self, x):
            return F.reluu(self.fc(x)).softmax(-1)
    if hasattr(torch, "sparse"):
        torch.nn.Module.aply
    T.Compose([T.ToTensor()])
"""


def test_check_lists_what_is_there_and_what_is_missing(write, tmp_path):
    done = python("-m", "minicnn.run", "--check", write("script.py", SCRIPT).name, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    first, *there = [line for line in done.stdout.splitlines() if "missing" not in line]
    assert first == f"script.py uses {len(there) + 7} names of torch, {len(there)} of which minicnn has:"
    assert there == [
        f"  {name}"
        for name in (
            "torch", "torch.nn", "torch.nn.Linear", "torch.nn.Module", "torch.nn.functional",
            "torchvision.transforms", "torchvision.transforms.Compose", "torchvision.transforms.ToTensor",
        )
    ]  # fmt: skip
    absent = [line.partition(" is missing") for line in done.stdout.splitlines() if " is missing" in line]
    assert [start for start, _, _ in absent] == [
        "script.py:6: torch.jit.script",
        "script.py:7: torchvision.ops",
        "script.py:9: torch.distributed.launch",
        "script.py:16: torch.nn.Conv2D",
        "script.py:19: torch.nn.functional.reluu",
        "script.py:20: torch.sparse",
        "script.py:21: torch.nn.Module.aply",
    ]
    prepared = "; the script is prepared for that"
    assert [end for _, _, end in absent] == [
        "", "", prepared, "; did you mean 'Conv2d'?", "; did you mean 'relu'?", prepared, "; did you mean 'apply'?"
    ]  # fmt: skip


def test_check_of_a_script_without_a_fault(write, tmp_path):
    script = write("script.py", "import torch\ntry:\n    torch.jit\nexcept AttributeError:\n    x = torch.ones(2)\n")
    done = python("-m", "minicnn", "run", "--check", script, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "Nothing that it needs is missing."


# --- notebooks ------------------------------------------------------------------------------------------


def notebook(path, *cells):
    texts = [{"cell_type": "markdown", "source": ["# %words"]}]
    codes = [{"cell_type": "code", "source": textwrap.dedent(cell).strip().splitlines(True)} for cell in cells]
    path.write_text(json.dumps({"cells": [*texts, *codes], "nbformat": 4}))
    return path


CELLS = (
    "%matplotlib inline\nimport torch\nx = torch.arange(4)\n!pip install torch",
    "%%bash\nrm -rf /never",
    "%%time\nif True:\n    y = (x\n  % 3)\n    %timeit y\nfiles = !ls\ny",
    "def twice(t):\n    return t * 2\n\ntwice(y);",
    "print(__name__, '''a\n%s''' % 1)\ndisplay(twice(y))\ntorch.ones?",
    "def fail():\n    return x @ torch.ones(3, 4, 5)\n\nfail()",
    "print('never')",
)


def test_a_notebook_runs_cell_by_cell(tmp_path):
    path = notebook(tmp_path / "lecture.ipynb", *CELLS)
    done = python("-m", "minicnn.run", path.name, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == "tensor([0, 1, 2, 0])\n__main__ a\n1\ntensor([0, 2, 4, 0])\n"
    notice, first, *trace, _ = done.stderr.splitlines()
    assert first == "Traceback (most recent call last):"
    assert notice == (
        "minicnn: left out, for they are IPython's: cell 1 line 1: %matplotlib inline; cell 1 line 4: !pip install "
        "torch; cell 2 line 1: %%bash; cell 3 line 1: %%time; cell 3 line 5: %timeit y; cell 3 line 6: files = !ls; "
        "cell 5 line 4: torch.ones?"
    )
    shown = [line for line in trace if not set(line) <= set(" ^~")]
    assert shown[:4] == [
        '  File "lecture.ipynb, code cell 6", line 4, in <module>',
        "    fail()",
        '  File "lecture.ipynb, code cell 6", line 2, in fail',
        "    return x @ torch.ones(3, 4, 5)",
    ]


def test_check_reads_notebooks(tmp_path):
    path = notebook(tmp_path / "lecture.ipynb", "import torch\n%time", "\ntorch.nn.Lineer")
    done = python("-m", "minicnn.run", "--check", path.name, cwd=tmp_path)
    assert done.returncode == 1
    place = "lecture.ipynb, code cell 2, line 1"
    assert f"{place}: torch.nn.Lineer is missing; did you mean 'Linear'?" in done.stdout


def test_every_module_that_pytorch_has_too_is_found_under_torch():
    ours = {name for name in minicnn._LAZY if "." not in name} - {"datasets", "kernels", "models", "transforms"}
    names = {info.name for info in pkgutil.iter_modules([str(ROOT / "minicnn" / "torch_alias" / "torch")])}
    assert ours - names == set()


def test_as_torch(write, tmp_path):
    script = write(
        "cell.py",
        """
        import minicnn.as_torch
        import torch, torchvision, minicnn
        print(torch.__version__, torch.nn.Linear is minicnn.nn.Linear, torch.ones(1).cuda())
        """,
    )
    done = python(script, cwd=tmp_path)
    assert done.stdout == "2.13.0+minicnn True tensor([1.])\n", done.stderr
    late = "import sys, types; sys.modules['torch'] = types.ModuleType('torch'); import minicnn.as_torch"
    late = write("late.py", late)
    done = python(late, cwd=tmp_path)
    assert done.stderr.splitlines()[-1].startswith("ImportError: PyTorch has been imported already")
