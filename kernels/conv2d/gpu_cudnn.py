"""cuDNN, through NVIDIA's nvidia-cudnn-frontend. Only taken when asked for, by `kernels.use("cudnn")`.

It is a yardstick, and for those who have it an algorithm more; minicnn needs neither it nor its hundreds of megabytes.
A convolution is a graph of one node, for which cuDNN's heuristics choose an engine when the plan is made. Engines whose
results differ from run to run are left out, and for float32 those on tensor cores, unless TF32 is allowed.

The calls are those of version 1.32, checked against its Python code. They have not been run: that takes a GPU.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from .. import precision
from ..dispatch import Plan
from . import Sizes
from .gpu_follow import what_follows
from .gpu_plan import inputs, is_small_enough, outputs

TYPES = {"float32": "FLOAT", "float64": "DOUBLE", "float16": "HALF", "bfloat16": "BFLOAT16"}
FIRST, SECOND, RESULT = 1, 2, 3  # the tensors of a graph by number: the two inputs and the output
LARGEST = 1 << 30  # bytes of workspace that an engine may ask for

_here = threading.local()


def plan(z: Sizes) -> Plan | None:
    """float32 and float64, and float16 and bfloat16 with nothing behind the sum, where no rows are left out at the
    bottom, and cuDNN has an engine. What is left goes to our own kernels. A plan is made for the current GPU, and runs
    on others of the same model."""
    kind = z.dtype.name
    after = padding_after(z)
    if kind not in TYPES or after is None or not is_small_enough(z) or 0 in z.x_shape + z.y_shape + z.w_shape:
        return None
    if z.epilogue and kind not in ("float32", "float64"):
        return None
    import cudnn

    try:
        graph = graph_of(cudnn, z, after, _handle(cudnn))
    except cudnn.cudnnGraphNotSupportedError:
        return None
    workspace_bytes = -(-int(graph.get_workspace_size()) // 256) * 256
    more, follow = what_follows(z) if z.epilogue else (0, lambda outs, ins, scratch: None)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        import cupy

        handle = _handle(cudnn)
        cudnn.set_stream(handle, cupy.cuda.get_current_stream().ptr)
        arrays = {FIRST: ins[0].data.ptr, SECOND: ins[1].data.ptr, RESULT: outs[0].data.ptr}
        graph.execute(arrays, scratch.data.ptr, handle=handle)
        follow(outs, ins, scratch[workspace_bytes:])

    algorithm = "cuDNN" + " on TF32" * (kind == "float32" and precision.tf32("conv2d"))
    return Plan(algorithm, inputs(z), outputs(z), workspace_bytes + more, run)


def graph_of(cudnn: Any, z: Sizes, after: tuple[int, int], handle: Any) -> Any:
    """The graph of a convolution, built for the handle's GPU."""
    kind, sums = (getattr(cudnn.data_type, name) for name in (TYPES[z.dtype.name], _sums(z)))
    graph = cudnn.pygraph(io_data_type=kind, intermediate_data_type=sums, compute_data_type=sums, handle=handle)
    operation, first, second, result = {
        "forward": (graph.conv_fprop, ("image", z.x_shape), ("weight", z.w_shape), z.y_shape),
        "input": (graph.conv_dgrad, ("loss", z.y_shape), ("filter", z.w_shape), z.x_shape),
        "weight": (graph.conv_wgrad, ("image", z.x_shape), ("loss", z.y_shape), z.w_shape),
    }[z.direction]
    tensors = {
        name: graph.tensor(dim=list(shape), stride=strides(shape), data_type=kind, name=name, uid=uid)
        for uid, (name, shape) in ((FIRST, first), (SECOND, second))
    }
    out = operation(
        **tensors, pre_padding=list(z.padding), post_padding=list(after), stride=list(z.stride),
        dilation=list(z.dilation),
    )  # fmt: skip
    out.set_output(True).set_uid(RESULT).set_dim(list(result)).set_stride(strides(result)).set_data_type(kind)
    notes = cudnn.numerical_note
    without = [notes.NONDETERMINISTIC]
    if z.dtype.name == "float32" and not precision.tf32("conv2d"):
        without += [notes.TENSOR_CORE, notes.DOWN_CONVERT_INPUTS]
    graph.validate()
    graph.build_operation_graph()
    graph.create_execution_plans([cudnn.heur_mode.A, cudnn.heur_mode.FALLBACK])
    graph.deselect_numeric_notes(without)  # marks plans, so there have to be some
    graph.deselect_workspace_greater_than(LARGEST)
    graph.check_support()
    graph.build_plans()
    return graph


def _sums(z: Sizes) -> str:
    return "DOUBLE" if z.dtype.name == "float64" else "FLOAT"


def strides(shape: Sequence[int]) -> list[int]:
    """Those of an array in plain order, in elements.

    >>> strides((2, 3, 4, 5))
    [60, 20, 5, 1]
    """
    result = [1]
    for length in reversed(shape[1:]):
        result.insert(0, result[0] * length)
    return result


def padding_after(z: Sizes) -> tuple[int, int] | None:
    """What lies behind the last row and column; None where cuDNN would compute more outputs than are wanted."""
    after = []
    lengths = zip((z.H, z.W), (z.OH, z.OW), (z.KH, z.KW), z.stride, z.padding, z.dilation, strict=True)
    for length, out, taps, stride, before, dilation in lengths:
        span = (taps - 1) * dilation + 1
        behind = max(0, (out - 1) * stride + span - length - before)
        if (length + before + behind - span) // stride + 1 != out:
            return None
        after.append(behind)
    return after[0], after[1]


def _handle(cudnn: Any) -> Any:
    """This thread's handle on the current GPU."""
    import cupy

    handles = _here.__dict__.setdefault("handles", {})
    device = cupy.cuda.runtime.getDevice()
    if device not in handles:
        handles[device] = cudnn.create_handle()
    return handles[device]
