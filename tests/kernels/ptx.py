"""python tests/kernels/ptx.py ARCHITECTURE LAUNCHES.json: compiles Numba's kernels to PTX for the types listed there.

A line for each that compiled. It needs a process without Numba's simulator (see tests/simulated_gpu/simulator.py, which
notes the types), and no GPU.
"""

import ast
import importlib
import json
import sys

from simulated_gpu.ptx_machine.numba_kernels import pretend_there_is_a_gpu, ptx

from minicnn.kernels import launch


def main():
    architecture, file = int(sys.argv[1]), sys.argv[2]
    launch._numba_cuda()
    pretend_there_is_a_gpu(architecture)
    with open(file, encoding="utf-8") as opened:
        launches = json.load(opened)
    failed = 0
    for module, name, described in launches:
        kernel = getattr(importlib.import_module(module), name)
        try:
            text = ptx(kernel.function, ast.literal_eval(described), architecture)
            assert f".target sm_{architecture}" in text
            assert ".entry" in text
            print(module, name, described)
        except Exception as error:
            failed += 1
            print(f"{module}.{name} of {described}: {error}\n", file=sys.stderr)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
