"""The contracts of all kernels once more with narrower vectors, as other processors have them.

The width is part of the compiled code: so a process and a cache of its own, and of the tests what is enough for every
kernel that has vectors of its own and for every algorithm that a plan may choose.
"""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from llvmlite import binding

from minicnn import kernels

HERE = Path(__file__).parent
KERNELS = HERE.parents[1] / "kernels"
TESTS = (
    "activation_from_output", "columns", "conv2d", "gemm", "images", "pool2d", "reorder", "resample",
    "softmax_cross_entropy", "threads", "winograd",
)  # fmt: skip
WITHOUT_VECTORS = {  # loops that the compiler turns into vectors by itself
    "optimizer_step", "dropout", "batch_norm", "elementwise_loss", "image_places", "layer_norm", "nll", "segment_sum",
    "shuffle", "softmax", "tally",
}  # fmt: skip
# Numba's backend and float32: most of the time is compiling. The adjoint test of conv2d brings float64.
CHOSEN = "not numpy and not float64 and not int64 and not uint8 and not bool and not im2col_and_col2im"
INSIDE = """
import json, sys
import pytest
from minicnn.kernels import dispatch, simd
failed = pytest.main(sys.argv[2:])
plans = {(key[0], plan.algorithm) for key, plan in dispatch._plans.items() if plan.backend == "numba"}
with open(sys.argv[1], "w") as file:
    json.dump([int(failed), simd.vector_bytes(), sorted(plans)], file)
"""


def own_width():
    """Bytes of this machine's vectors, whatever the environment says."""
    features = binding.get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx2") else 16


def algorithms():
    """(kernel, algorithm) of every Plan that a Numba backend makes, as its source says."""
    found = set()
    for file in (path for path in KERNELS.glob("*/*.py") if "gpu" not in path.stem and path.stem != "cpu_numpy"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Plan":
                texts = (part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant))
                names = [text for text in texts if isinstance(text, str)]
                found |= {(file.parent.name, name) for name in names}
    return found


@pytest.mark.slow
def test_narrower_vectors_keep_the_contracts(tmp_path):
    """Half as wide as this machine's own, with which all other tests run."""
    width = own_width() // 2
    if width < 16:
        pytest.skip(f"this machine's vectors have {own_width()} bytes: there are no narrower ones")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MINICNN", "PYTEST"))}
    environment |= {
        "MINICNN_VECTOR_BYTES": str(width), "MINICNN_CACHE": str(tmp_path / "cache"), "MINICNN_NUM_THREADS": "1",
    }  # fmt: skip
    command = [sys.executable, "-c", INSIDE, str(tmp_path / "found"), "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *(str(HERE / f"test_{name}.py") for name in TESTS), "-k", CHOSEN],
        cwd=HERE.parents[1], env=environment, capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    failed, used, ran = json.loads((tmp_path / "found").read_text(encoding="utf-8"))
    assert not failed, done.stdout
    assert used == width
    ran = {(kernel, algorithm) for kernel, algorithm in ran}
    assert {kernel for kernel, _ in ran} | WITHOUT_VECTORS == set(kernels.names())
    assert {pair for pair in algorithms() if pair[0] not in WITHOUT_VECTORS} <= ran
