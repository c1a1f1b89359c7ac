"""The plan of the house, and whether the house keeps to it. The tables are meant to be read."""

import ast
import inspect
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import minicnn
from minicnn import nn, optim
from minicnn.__main__ import COMMANDS
from minicnn.autograd.register import REGISTERED

ROOT = Path(__file__).parents[1]

# --- who may import whom ---------------------------------------------------------------------------
# One way: a floor of the house stands on those above its line, and knows nothing of those below.

CORE = {"kernels", "misfit", "suggest", "dtypes", "pinned", "backend", "stream", "autograd", "functional"}
FLOORS = {
    "kernels": set(),  # a leaf: loops on arrays
    "files": set(),  # files that are whole or not there at all
    "misfit": set(),  # which argument an error means
    "suggest": {"misfit"},  # near names for misspelt ones
    "dtypes": set(),
    "rounding": set(),  # arithmetic with PyTorch's roundings
    "stream": {"rounding"},  # the random numbers of PyTorch's CPU generator
    "pinned": set(),  # memory of the host that a GPU can fetch by itself
    "backend": {"kernels", "pinned"},
    "formats": {"dtypes"},
    "cuda": {"suggest", "backend", "amp", "autograd", "functional"},
    "accelerator": {"backend", "cuda"},
    "backends": {"kernels", "backend"},  # PyTorch's switches of its libraries
    "multiprocessing": set(),  # the standard library's
    "settings": {"backend", "backends", "dtypes"},  # PyTorch's global switches
    "autograd": {"kernels", "misfit", "suggest", "dtypes", "backend"},
    "amp": {"backend", "autograd"},
    "functional": {"kernels", "misfit", "suggest", "dtypes", "pinned", "backend", "rounding", "stream", "autograd"},
    "linalg": {"functional"},
    "random": {"suggest", "functional"},
    "nn": CORE,
    "optim": CORE | {"nn"},
    "capture": CORE | {"nn"},  # a step, recorded and replayed
    "models": CORE | {"nn"},
    "utils": {"misfit", "suggest", "autograd", "functional", "nn"},  # samples to batches; summaries of models
    "transforms": {"kernels", "misfit", "suggest", "dtypes", "autograd", "functional", "nn"},  # images to Tensors
    "datasets": {"files", "suggest", "autograd", "functional", "utils", "transforms"},  # files to images
    "alias": {"suggest", "formats", "dtypes", "backend", "autograd", "functional"},  # `import torch` finds torch_alias/
    "command": set(),  # one-line errors
    "scripts": {"suggest", "alias", "command"},  # other people's PyTorch files
    "serialization": {"files", "dtypes", "backend", "autograd"},
    "training": CORE
    | {"files", "capture", "nn", "optim", "models", "utils", "transforms", "datasets", "serialization", "command"},
}
# What is not in the table is a command (python -m minicnn.train) or a door (minicnn/__init__.py): it may
# import everything, and no floor imports it.
DOORS = {"__init__", "__main__", "as_torch", *COMMANDS}

# --- which libraries, and where --------------------------------------------------------------------
# NumPy is imported at the top of any file. Every other library is imported inside the function that needs
# it, so that `import minicnn` stays light; or in a file that is itself imported at first use only.

LIBRARIES = {
    "numba": ("kernels/",),
    "llvmlite": (
        "kernels/simd.py",
        "kernels/tile.py",
        "kernels/vectors.py",
        "kernels/elementary.py",
        "kernels/*/*_transforms.py",
    ),
    "threadpoolctl": ("kernels/threads.py",),
    "cupy": (
        "minicnn/backend.py",
        "minicnn/pinned.py",
        "minicnn/cuda/",
        "kernels/cublas.py",
        "kernels/dispatch.py",
        "kernels/launch.py",
        "kernels/*/gpu_*.py",
    ),
    "cuda": ("kernels/cublas.py",),
    "cudnn": ("kernels/conv2d/gpu_cudnn.py",),
    "PIL": ("minicnn/datasets/", "minicnn/transforms/", "minicnn/training/", "minicnn/utils/vision.py"),
    "tqdm": ("minicnn/datasets/", "minicnn/training/", "minicnn/warmup.py"),
    "matplotlib": ("minicnn/training/",),
    "safetensors": ("minicnn/serialization/",),
    "ml_dtypes": ("minicnn/dtypes.py",),
}
AT_FIRST_USE = (  # dispatch imports these
    "kernels/*/*loops.py", "kernels/*/elements.py", "kernels/*/cpu_numba.py", "kernels/*/gpu_*.py",
    "kernels/elementary.py", "kernels/slices.py", "kernels/gpu_*.py",
)  # fmt: skip

# --- what stands in one place only -----------------------------------------------------------------

COMPILERS = {"njit": "kernels/compiled.py", "jit": "kernels/launch.py"}  # jit is numba.cuda.jit
CHOOSERS = ("kernels/dispatch.py", "kernels/launch.py", "minicnn/backend.py")  # know backends by their names
METHODS_OF_TENSOR = "minicnn/autograd/register.py"  # its `operation` alone puts methods on Tensor

# Which device an array is on is for dispatch and backend to know: `array_module(x)` gives what computes on
# it. A file that asks for NumPy's arrays all the same says why.
ASKS_FOR_NUMPY = {
    "minicnn/autograd/tensor.py": "the constructor tells an array from a shape or a list",
    "minicnn/autograd/engine.py": "only the CPU has batch-last arrays",
    "minicnn/capture/arrays.py": "what copies from one device to the other has to know both",
    "minicnn/functional/common.py": "only the CPU has batch-last arrays",
    "minicnn/functional/joining.py": "only the CPU has batch-last arrays",
    "minicnn/functional/pad.py": "only the CPU has batch-last arrays",
    "minicnn/functional/power.py": "bases of 0 are looked for on the CPU only: on the GPU it would mean waiting",
    "minicnn/functional/selection.py": "only the CPU has batch-last arrays",
    "minicnn/functional/reduce.py": "NumPy adds up large float32 arrays with a float32 carry",
    "minicnn/functional/creation.py": "the user's data: arrays are taken over as they are",
    "minicnn/functional/gathering.py": "indices are checked on the CPU only: on the GPU it would mean waiting",
    "minicnn/functional/sorting.py": "classes are checked on the CPU only: on the GPU it would mean waiting",
    "kernels/optimizer_step/__init__.py": "addresses: arrays of CuPy tell theirs otherwise",
    "minicnn/pinned.py": "memory of the host, which NumPy's arrays lie in",
    "minicnn/functional/index.py": "indices are checked on the CPU only: on the GPU it would mean waiting",
    "minicnn/functional/strided.py": "addresses: where a memory begins is told of NumPy's arrays only",
    "minicnn/transforms/convert.py": "the user's images",
    "minicnn/transforms/v2/convert.py": "the user's images",
    "minicnn/utils/data/collate.py": "the user's samples",
}

# Methods whose base class says what they do.
OVERRIDES = {"forward", "backward", "name", "extra_repr", "get_lr", "choose", "reads", "writes", "run"}

# --- size ------------------------------------------------------------------------------------------

LONGEST = 450  # lines of a file: past about 300, ask whether it is two
LONGER = {
    "minicnn/__init__.py": (560, "a list of public names, a line each"),
}

# --- what `import minicnn` loads -------------------------------------------------------------------

LIGHT = {"minicnn", "numpy"}  # beside the standard library, without its heavy parts:
HEAVY = {"asyncio", "concurrent", "email", "http", "logging", "multiprocessing", "sqlite3", "ssl", "subprocess"}


# ===================================================================================================


def files():
    """Every Python file of the project, as a path from the root."""
    found = [path for path in (ROOT / "minicnn").rglob("*.py") if "torch_alias" not in path.parts]
    found = [path for path in found if not path.is_relative_to(ROOT / "minicnn" / "kernels")]
    return sorted(path.relative_to(ROOT).as_posix() for path in [*found, *(ROOT / "kernels").rglob("*.py")])


@cache
def tree(file):
    return ast.parse((ROOT / file).read_text("utf-8"))


def matches(file, patterns):
    return any(file.startswith(p) if p.endswith("/") else Path(file).match(p) for p in patterns)


def floor_of(file):
    parts = Path(file).parts
    return "kernels" if parts[0] == "kernels" else Path(parts[1]).stem


def package_of(file):
    """The import name of the package that relative imports in `file` start from."""
    parts = Path(file).parent.parts
    return ["minicnn", *parts] if parts[0] == "kernels" else list(parts)


def imports(file):
    """(module, at the top of the file) for each import, relative ones made absolute."""
    top = set(tree(file).body)
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from ((name.name, node in top) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = package_of(file)
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            if module in ("minicnn", "minicnn.kernels") or (ROOT / module.replace(".", "/")).is_dir():
                yield from ((f"{module}.{name.name}", node in top) for name in node.names)
            else:
                yield module, node in top


def test_imports_point_one_way():
    wrong = []
    for file in files():
        floor = floor_of(file)
        if floor in DOORS:
            continue
        assert floor in FLOORS, f"{file}: give {floor!r} a place in FLOORS (or among the DOORS)"
        for module, _ in imports(file):
            root, _, rest = module.partition(".")
            other = rest.split(".")[0]
            if root == "minicnn" and other != floor and other not in FLOORS[floor]:
                wrong.append(f"{file} imports {module}, but {floor} stands on {sorted(FLOORS[floor])}")
    assert not wrong, "\n".join(wrong)


def test_floors_stand_on_one_another_without_a_circle():
    standing = set()
    while len(standing) < len(FLOORS):
        ready = {name for name, below in FLOORS.items() if name not in standing and below <= standing}
        assert ready, f"a circle among {sorted(set(FLOORS) - standing)}"
        standing |= ready


def module_name(file):
    parts = list(Path(file).with_suffix("").parts)
    parts = ["minicnn", *parts] if parts[0] == "kernels" else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_files_do_not_import_each_other_in_a_circle():
    names = {module_name(file): file for file in files()}
    needs = {}
    for name, file in names.items():
        found = {module for module, at_top in imports(file) if at_top}
        found = {m if m in names else m.rpartition(".")[0] for m in found}
        needs[name] = {m for m in found if m in names} - {name, "minicnn"}
    while needs:
        ready = {name for name, below in needs.items() if not below & set(needs)}
        if not ready:
            break
        needs = {name: below for name, below in needs.items() if name not in ready}
    packages = {name for name in needs if names[name].endswith("__init__.py")}
    assert not set(needs) - packages, f"a circle among {sorted(needs)}"


def test_libraries_stand_where_the_table_says():
    wrong = []
    for file in files():
        for module, at_top in imports(file):
            library = module.split(".")[0]
            if library in sys.stdlib_module_names or library in ("minicnn", "numpy"):
                continue
            if not matches(file, LIBRARIES.get(library, ())):
                wrong.append(f"{file} imports {library}; the table LIBRARIES does not say so")
            elif at_top and not matches(file, AT_FIRST_USE):
                wrong.append(f"{file} imports {library} at its top: move it into the function that needs it")
    assert not wrong, "\n".join(wrong)


def test_compilers_are_called_in_one_place():
    for file in files():
        for node in ast.walk(tree(file)):
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            assert name not in COMPILERS or COMPILERS[name] == file, f"{file}:{node.lineno}: {name}"
            assert name not in ("vectorize", "guvectorize", "stencil"), f"{file}:{node.lineno}: {name}"


def test_backends_are_chosen_in_one_place():
    wrong = []
    for file in files():
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Compare | ast.Call) and not matches(file, CHOOSERS):
                inner = [*ast.iter_child_nodes(node)]
                named = {n.value for n in inner if isinstance(n, ast.Constant)} & {"numba", "cupy"}
                if named:
                    wrong.append(f"{file}:{node.lineno}: {ast.unparse(node)}")
            asks = isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance"
            if asks and "np.ndarray" in ast.unparse(node.args[1]) and not matches(file, (*CHOOSERS, *ASKS_FOR_NUMPY)):
                wrong.append(f"{file}:{node.lineno}: {ast.unparse(node)}: why? Say it in ASKS_FOR_NUMPY")
    assert not wrong, "\n".join(wrong)


def test_who_asks_for_numpy_still_does():
    for file in ASKS_FOR_NUMPY:
        assert "np.ndarray" in (ROOT / file).read_text("utf-8"), f"{file} asks no more: take it off the table"


def registrations():
    """(file, function, option, name) of everything that `@operation(...)` puts on Tensor."""
    for file in files():
        for node in ast.walk(tree(file)):
            decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else ()
            for call in decorators:
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "operation":
                    given = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
                    named = [given[key] for key in ("method", "prop") if key in given]
                    named += list(given.get("operators", ()))
                    named += [f"{given['method']}_"] if given.get("inplace") else []
                    yield from ((file, node.name, name) for name in named)


def test_every_operation_is_registered_once():
    rows = Counter((function.__module__, function.__name__) for function in REGISTERED)
    assert [row for row, times in rows.items() if times > 1] == []
    names = Counter(name for _, _, name in registrations())
    assert len(names) > 100
    assert [name for name, times in names.items() if times > 1] == []


def test_tensor_gets_its_methods_from_operation_alone():
    own = set(ast.parse(inspect.getsource(minicnn.autograd.tensor.Tensor)).body[0].body)
    own = {item.name for item in own if isinstance(item, ast.FunctionDef)}
    taken = {name for _, _, name in registrations()} & own
    assert not taken, f"both in tensor.py and registered: {sorted(taken)}"
    for file in files():
        for node in ast.walk(tree(file)):
            targets = node.targets if isinstance(node, ast.Assign) else ()
            set_here = [t for t in targets if isinstance(t, ast.Attribute) and ast.unparse(t.value) == "Tensor"]
            by_name = isinstance(node, ast.Call) and ast.unparse(node.func) == "setattr"
            if by_name and ast.unparse(node.args[0]) == "Tensor":
                assert file == METHODS_OF_TENSOR, f"{file}:{node.lineno}"
            # `_legacy` is the constructor's second half, which needs the operations
            assert all(t.attr == "_legacy" for t in set_here), f"{file}:{node.lineno}"


def test_every_public_function_and_class_says_what_it_is():
    kinds = (ast.FunctionDef, ast.ClassDef)
    mute = [file for file in files() if not ast.get_docstring(tree(file)) and (ROOT / file).read_text("utf-8").strip()]
    for file in files():
        for node in tree(file).body:
            inside = node.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_") else ()
            setters = {n for n in inside if isinstance(n, ast.FunctionDef) and n.decorator_list}
            methods = [n for n in inside if isinstance(n, kinds) and n.name not in OVERRIDES and n not in setters]
            for item in (node, *methods):
                if isinstance(item, kinds) and not item.name.startswith("_") and not ast.get_docstring(item):
                    mute.append(f"{file}:{item.lineno} {item.name}")
    assert not mute, "\n".join(mute)


@pytest.mark.parametrize("module", [minicnn, nn, nn.functional, nn.init, optim, optim.lr_scheduler])
def test_every_public_name_is_documented(module):
    mute = []
    for name, value in vars(module).items():
        if name.startswith("_") or not (callable(value) or inspect.ismodule(value)):
            continue
        if not inspect.getdoc(value):
            mute.append(name)
    assert not mute, f"{module.__name__}: {sorted(mute)}"


def test_a_file_is_a_room():
    lines = {file: len((ROOT / file).read_text("utf-8").splitlines()) for file in files()}
    for path in (ROOT / "kernels").rglob("*.cu"):
        lines[path.relative_to(ROOT).as_posix()] = len(path.read_text("utf-8").splitlines())
    too_long = {file: n for file, n in lines.items() if n > LONGER.get(file, (LONGEST, ""))[0]}
    assert not too_long, f"is it two? {too_long}"
    short = {file for file in LONGER if lines.get(file, 0) <= LONGEST}
    assert not short, f"no exception any more: {short}"


def test_import_is_light():
    script = (
        "import sys, time, numpy, numpy.random, numpy.typing; before = set(sys.modules); start = time.perf_counter()\n"
        "import minicnn; took = time.perf_counter() - start\n"
        "print(f'{1000 * took:.0f} ms after NumPy', *{m.split('.')[0] for m in set(sys.modules) - before}, sep='\\n')"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSTARTUP"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    cost, *loaded = done.stdout.split("\n")
    print("import minicnn:", cost)
    foreign = {name for name in loaded if name and name not in sys.stdlib_module_names} - LIGHT
    assert not foreign, f"import minicnn loads {sorted(foreign)}"
    assert not HEAVY & set(loaded), f"import minicnn loads {sorted(HEAVY & set(loaded))}"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows checks links out as text")
def test_kernels_is_a_link():
    link = ROOT / "minicnn" / "kernels"
    assert os.readlink(link) == "../kernels"
    assert link.resolve() == (ROOT / "kernels").resolve()
