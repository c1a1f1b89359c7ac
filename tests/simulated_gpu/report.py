"""How much GPU code tests have compiled and run without a GPU.

With MINICNN_GPU_REPORT=FOLDER each test process leaves there what it did; then

    python tests/simulated_gpu/report.py FOLDER

prints the numbers, and tests/kernels/test_gpu_without_gpu.py takes from there what Numba has to compile.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from pathlib import Path

FOLDER = "MINICNN_GPU_REPORT"
KINDS = {
    "nvrtc": "CUDA kernels compiled by NVRTC, over all architectures",
    "shim": "CUDA kernels run on the CPU, through cuda_shim.h",
    "executed": "kernels of either language executed as PTX",
    "ptx": "Numba kernels compiled to PTX, over all types",
    "simulated": "Numba kernels run in the simulator, over all types",
}

done: dict[str, set[tuple[str, ...]]] = {kind: set() for kind in KINDS}


def write() -> None:
    """Leave what this process did in the folder, if there is one."""
    for module in (sys.modules.get("shim"), sys.modules.get("simulated_gpu.shim")):  # the stand-in for CuPy has its own
        done["shim"] |= {(name,) for name in getattr(module, "launches", ())}
    done["executed"] |= {(name,) for name in getattr(sys.modules.get("ptx_machine"), "launches", ())}
    done["simulated"] |= getattr(sys.modules.get("simulated_gpu.simulator"), "launches", set())
    folder = os.environ.get(FOLDER)
    if folder and any(done.values()):
        Path(folder).mkdir(parents=True, exist_ok=True)
        text = json.dumps({kind: sorted(found) for kind, found in done.items()})
        (Path(folder) / f"{uuid.uuid4().hex}.json").write_text(text, encoding="utf-8")


def read(folder: str | Path) -> dict[str, set[tuple[str, ...]]]:
    """What all processes did."""
    found: dict[str, set[tuple[str, ...]]] = {kind: set() for kind in KINDS}
    for file in Path(folder).glob("*.json"):
        for kind, names in json.loads(file.read_text(encoding="utf-8")).items():
            found[kind] |= {tuple(name) for name in names}
    return found


if __name__ == "__main__":
    for kind, names in read(sys.argv[1]).items():
        print(f"{len(names):6}  {KINDS[kind]}")
