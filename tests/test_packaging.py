"""What is built holds what it should, and runs however it was installed.

Nothing here needs the network: the environments that minicnn is installed into see the libraries of the
running Python through a .pth file, and minicnn itself only if pip put it there.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
MODULES = "minicnn, minicnn.kernels.conv2d, minicnn.train"
IMPORT = f"""
import {MODULES}
from minicnn.datasets import sample
from minicnn.kernels import names
x = minicnn.ones(2, requires_grad=True)
(x * 3).sum().backward()
print(x.grad.tolist(), len(sample("mnist")[0]), len(names()) > 5, minicnn.__file__)
"""


def run(*command, cwd, **environment):
    """Run a command without the variables that would let it find the checkout by itself."""
    keep = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    keep |= {"PYTHONDONTWRITEBYTECODE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INDEX": "1", **environment}
    done = subprocess.run([str(word) for word in command], cwd=cwd, env=keep, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def checkout(tmp_path):
    """A clean copy of the tree: what Git knows or would add, links as links."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a Git checkout")
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT)
    copy = tmp_path / "checkout"
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, copy / name
        if source.is_symlink() or source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    readme = copy / "README.md"
    if not readme.exists():
        readme.write_text("minicnn\n")
    return copy


@pytest.fixture
def python(tmp_path):
    """The Python of a fresh environment that has the libraries, and no minicnn."""
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv", cwd=tmp_path)
    scripts = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    program = scripts / ("python.exe" if sys.platform == "win32" else "python")
    paths = run(program, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path)
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(paths.strip(), "libraries.pth").write_text("\n".join(sorted(libraries)) + "\n")
    return program


def install(python, *what, cwd):
    """pip install without the network and without dependencies."""
    flags = ("--no-deps", "--no-build-isolation", "--ignore-installed", "--quiet")
    run(sys.executable, "-m", "pip", "--python", python, "install", *flags, *what, cwd=cwd)


def check_import(python, cwd):
    """minicnn can be imported, computes, has its data, and its command runs; the folder it was found in."""
    answer = run(python, "-c", IMPORT, cwd=cwd).strip()
    assert answer.startswith("[3.0, 3.0] 4000 True "), answer
    assert "Train a convolutional network" in run(python, "-m", "minicnn.train", "--help", cwd=cwd)
    script = Path(python).with_name("script.py")
    script.write_text("import torch.nn, torchvision.transforms\nprint(torch.nn.Linear(2, 1))\n")
    ran = run(python, "-m", "minicnn.run", script, cwd=cwd)
    assert ran == "Linear(in_features=2, out_features=1, bias=True)\n"
    return Path(answer.split(" ")[-1]).resolve().parent


def build(checkout, tmp_path):
    """The wheel and the sdist."""
    command = ("-m", "build", "--no-isolation", "--outdir", tmp_path / "dist")
    run(sys.executable, *command, checkout, cwd=tmp_path)
    (wheel,), (sdist,) = (tmp_path / "dist").glob("*.whl"), (tmp_path / "dist").glob("*.tar.gz")
    return wheel, sdist


def folders_on_disk(checkout):
    """The packages there are: every folder with Python files, by import name."""
    inside = {path.parent for path in (checkout / "minicnn").rglob("*.py")}
    names = {".".join(path.relative_to(checkout).parts) for path in inside if "torch_alias" not in path.parts}
    kernels = {path.parent.relative_to(checkout) for path in (checkout / "kernels").rglob("*.py")}
    return names | {".".join(("minicnn", *path.parts)) for path in kernels}


def test_pyproject_names_every_package(checkout):
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has none")
    listed = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    assert folders_on_disk(checkout) == {name for name in listed if "torch_alias" not in name}


def test_what_is_built(checkout, tmp_path, python):
    wheel, sdist = build(checkout, tmp_path)
    assert wheel.stat().st_size < 3e6
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    tops = {name.split("/")[0] for name in inside}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"minicnn"}

    def expected(root, target, *patterns):
        files = {path for pattern in patterns for path in (checkout / root).rglob(pattern) if path.is_file()}
        return {f"{target}/{path.relative_to(checkout / root).as_posix()}" for path in files}

    every = expected("minicnn", "minicnn", "*.py", "*.pyi", "py.typed", "*.gz", "samples/README.md")
    every |= expected("kernels", "minicnn/kernels", "*.py", "*.cu", "*.cuh", "README.md")
    assert inside >= every, sorted(every - inside)
    assert {name for name in inside - every if ".dist-info/" not in name} == set()
    assert any(name.endswith(".cu") for name in inside)
    assert {"minicnn/py.typed", "minicnn/autograd/tensor.pyi"} <= inside
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in inside)

    with tarfile.open(sdist) as archive:
        members = {member.name.partition("/")[2]: member for member in archive}
    assert {name.replace("minicnn/kernels/", "kernels/") for name in every} <= set(members)
    assert {"pyproject.toml", "README.md", "LICENSE"} <= set(members)

    install(python, wheel, cwd=tmp_path)
    assert check_import(python, tmp_path).is_relative_to(tmp_path / "venv")
    assert check_import(python, checkout) == checkout / "minicnn"  # `python -m` looks in its folder first


def test_pip_install(checkout, tmp_path, python):
    install(python, ".", cwd=checkout)
    assert check_import(python, tmp_path).is_relative_to(tmp_path / "venv")
    assert check_import(python, checkout) == checkout / "minicnn"


def test_pip_install_editable(checkout, tmp_path, python):
    install(python, "-e", ".", cwd=checkout)
    assert check_import(python, tmp_path) == checkout / "minicnn"
    assert check_import(python, checkout) == checkout / "minicnn"


def test_uninstalled_checkout(checkout, python):
    assert check_import(python, checkout) == checkout / "minicnn"


def without_links(checkout):
    """What Git makes of a link where the file system has none (Windows): a text file with its target."""
    link = checkout / "minicnn" / "kernels"
    target = os.readlink(link)
    link.unlink()
    link.write_text(target)


def test_pip_install_without_links(checkout, tmp_path, python):
    without_links(checkout)
    install(python, ".", cwd=checkout)
    assert check_import(python, tmp_path).is_relative_to(tmp_path / "venv")


def test_pip_install_editable_without_links(checkout, tmp_path, python):
    without_links(checkout)
    install(python, "-e", ".", cwd=checkout)
    assert check_import(python, tmp_path) == checkout / "minicnn"
    assert check_import(python, checkout) == checkout / "minicnn"
