"""python tests/kernels/ptx.py ARCHITECTURE LAUNCHES.json: compiles Numba's kernels to PTX for the types listed there.

A line for each that compiled. It needs a process without Numba's simulator (see tests/simulated_gpu/simulator.py, which
notes the types), and no GPU.
"""

import ast
import importlib
import json
import sys
from types import SimpleNamespace

from numba import cuda, types

from minicnn.kernels import launch


def numba_type(description):
    """The type that simulator.type_of described."""
    if isinstance(description, str):
        return getattr(types, description)
    kind, *rest = description
    if kind == "array":
        dtype, ndim = rest
        return types.Array(getattr(types, dtype), ndim, "C")
    return types.Tuple([numba_type(part) for part in rest[0]])


def pretend_there_is_a_gpu(architecture):
    """A function that a kernel calls is compiled for the current GPU, whatever `compile_ptx` was asked for."""
    dispatcher = importlib.import_module("numba.cuda.dispatcher")
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=divmod(architecture, 10))


def main():
    architecture, file = int(sys.argv[1]), sys.argv[2]
    launch._numba_cuda()
    pretend_there_is_a_gpu(architecture)
    with open(file, encoding="utf-8") as opened:
        launches = json.load(opened)
    failed = 0
    for module, name, described in launches:
        kernel = getattr(importlib.import_module(module), name)
        arguments = [numba_type(part) for part in ast.literal_eval(described)]
        try:
            ptx, _ = cuda.compile_ptx(kernel.function, types.void(*arguments), cc=divmod(architecture, 10))
            assert f".target sm_{architecture}" in ptx
            assert ".entry" in ptx
            print(module, name, described)
        except Exception as error:
            failed += 1
            print(f"{module}.{name} of {described}: {error}\n", file=sys.stderr)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
