"""The two sides of conv_speed.py: the grid of layer shapes, and one convolution of each as minicnn and torch do it.

What is timed. minicnn: the operation classes that the graph is made of (Convolution, ConvolutionInput,
ConvolutionWeight) on raw arrays, the result's allocation included. torch: torch.nn.functional.conv2d or
conv_transpose2d under no_grad, and torch.ops.aten.convolution_backward with an output mask. The bias is part of the
forward pass and, as its gradient, of the weight gradient, on both sides. Both sides get the same random float32
numbers, and their results are compared.

In which memory order. Inside a network minicnn's activations lie as its plan wants them (batch-last for batches of at
least one vector), so its arrays arrive in that order here too; the images that enter a first layer come from the data
loader, so there (marked "images") x arrives plain in the forward pass, and the reordering is timed; the weight
gradient gets what the forward pass has reordered, as in the graph. torch gets plain contiguous NCHW tensors, the
order in which its own layers hand them on.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NamedTuple

import harness
import numpy as np
from harness import Prepared

RUNS = 10  # of the work in a CUDA graph: its launch then costs little beside it


class Shape(NamedTuple):
    """One layer of the grid; for a transposed convolution C and H are its input's, as in conv_transpose2d."""

    name: str
    C: int
    H: int
    K: int
    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1
    transposed: bool = False
    output_padding: int = 0
    images: bool = False  # a first layer: its x comes from the data loader

    @property
    def OH(self) -> int:
        """Rows of the output; the images are square."""
        span = self.dilation * (self.kernel - 1)
        if self.transposed:
            return (self.H - 1) * self.stride - 2 * self.padding + span + self.output_padding + 1
        return (self.H + 2 * self.padding - span - 1) // self.stride + 1

    def arrays(self, batch: int) -> tuple[np.ndarray, ...]:
        """x, w, bias and the gradient of y: the same random numbers on every side."""
        rng = np.random.default_rng([batch, self.C, self.K, self.H])
        channels = (self.C, self.K // self.groups) if self.transposed else (self.K, self.C // self.groups)
        shapes = [
            (batch, self.C, self.H, self.H), (*channels, self.kernel, self.kernel), (self.K,),
            (batch, self.K, self.OH, self.OH),
        ]  # fmt: skip
        return tuple(rng.standard_normal(shape, dtype=np.float32) for shape in shapes)

    def flop(self, batch: int) -> float:
        """Multiplications and additions of one direction."""
        pixels = self.H if self.transposed else self.OH
        return 2.0 * batch * pixels**2 * self.K * self.C // self.groups * self.kernel**2


GRID = (
    Shape("LeNet-5 C1   1>6   5x5 @32 images", 1, 32, 6, 5, images=True),
    Shape("LeNet-5 C3   6>16  5x5 @14", 6, 14, 16, 5),
    Shape("LeNet-5 C5  16>120 5x5 @5", 16, 5, 120, 5),
    Shape("MNIST        1>32  3x3 @28 images", 1, 28, 32, 3, padding=1, images=True),
    Shape("MNIST       32>64  3x3 @28", 32, 28, 64, 3, padding=1),
    Shape("CIFAR        3>32  3x3 @32 images", 3, 32, 32, 3, padding=1, images=True),
    Shape("CIFAR       32>32  3x3 @32", 32, 32, 32, 3, padding=1),
    Shape("CIFAR       32>64  3x3 @32", 32, 32, 64, 3, padding=1),
    Shape("CIFAR       64>64  3x3 @32", 64, 32, 64, 3, padding=1),
    Shape("large       64>64  3x3 @56", 64, 56, 64, 3, padding=1),
    Shape("deep       256>256 3x3 @14", 256, 14, 256, 3, padding=1),
    Shape("1x1         64>128 1x1 @28", 64, 28, 128, 1),
    Shape("stride 2    64>128 3x3 @28", 64, 28, 128, 3, stride=2, padding=1),
    Shape("dilation 2  64>64  3x3 @28", 64, 28, 64, 3, padding=2, dilation=2),
    Shape("depthwise   64>64  3x3 @28", 64, 28, 64, 3, padding=1, groups=64),
    Shape("transposed  64>32  2x2 @14 x2", 64, 14, 32, 2, stride=2, transposed=True),
)
SMOKE = (
    Shape("smoke        1>6   5x5 @12 images", 1, 12, 6, 5, images=True),
    Shape("smoke        4>8   3x3 @8 stride 2", 4, 8, 8, 3, stride=2, padding=1),
    Shape("smoke        8>8   3x3 @8 depthwise", 8, 8, 8, 3, padding=1, groups=8),
    Shape(
        "smoke        4>3   3x3 @5 transposed",
        4,
        5,
        3,
        3,
        stride=2,
        padding=1,
        transposed=True,
        output_padding=1,
    ),
)


Ready = tuple[Callable[[], Any], Callable[[], None]]  # the work once, and waiting for it


def minicnn_case(shape: Shape, batch: int, direction: str, options: argparse.Namespace) -> Ready:
    """The operation on raw arrays in the order in which a network would hand them over; on a GPU its kernels in a CUDA
    graph, unless it is to be eager."""
    from minicnn import backend, backends, kernels
    from minicnn.functional.conv import Convolution, ConvolutionInput, ConvolutionWeight, Geometry

    device = options.device
    if options.tf32:
        backends.cudnn.allow_tf32 = backends.cuda.matmul.allow_tf32 = True
    x, w, bias, g = (backend.to_device(a, device) for a in shape.arrays(batch))
    stride, padding, dilation, H, OH = (
        (n, n) for n in (shape.stride, shape.padding, shape.dilation, shape.H, shape.OH)
    )
    geometry = Geometry(stride, padding, dilation, shape.groups, *((OH, H) if shape.transposed else (H, OH)))
    task = direction
    if shape.transposed:  # it goes forward by the convolution's adjoint, and back by the convolution
        task = {"forward": "input", "input": "forward", "weight": "weight"}[direction]
    data = {"forward": x, "input": g}.get(direction)
    with_bias = direction == "forward" or (direction == "weight" and not shape.transposed)
    sizes = geometry.sizes(task, batch, w.shape, x.dtype, with_bias)
    where = "gpu" if device == "cuda" else "cpu"
    orders = kernels.plan("conv2d", sizes, where).input_orders

    if direction == "weight":
        ends = (g, x) if shape.transposed else (x, g)
        if not shape.transposed:  # x as the forward pass has left it
            before = geometry.sizes("forward", batch, w.shape, x.dtype, True)
            orders = (kernels.plan("conv2d", before, where).input_orders[0], orders[1])
        first, second = (kernels.in_order(array, order) for array, order in zip(ends, orders, strict=True))
        if device == "cuda" and not options.eager:
            return in_a_graph(sizes, first, second)

        def weight_gradient() -> Any:
            result = ConvolutionWeight(first, second, w.shape, geometry, with_bias)
            # As the graph does it: the bias gradient of a transposed convolution is a sum of its own.
            return result if with_bias or device == "cuda" else (result, first.sum((0, 2, 3)))

        return weight_gradient, backend.synchronize
    if not (data is x and shape.images):
        data = kernels.in_order(data, orders[0])
    if device == "cuda" and not options.eager:
        return in_a_graph(sizes, data, w, *([bias] if with_bias else []))
    operation = Convolution if task == "forward" else ConvolutionInput
    return (lambda: operation(data, w, bias if with_bias else None, geometry)), backend.synchronize


def in_a_graph(sizes: Any, *ins: Any) -> Ready:
    """minicnn's kernels RUNS times in a CUDA graph, on buffers of their own."""
    import cupy

    from minicnn import kernels

    plan = kernels.plan("conv2d", sizes, "gpu")
    outs = [cupy.empty(out.shape, out.dtype) for out in plan.outputs]
    scratch = cupy.empty(plan.scratch_bytes, np.uint8)
    stream = cupy.cuda.Stream(non_blocking=True)
    cupy.cuda.get_current_stream().synchronize()  # what fills the inputs
    with stream:
        plan.run(outs, ins, scratch)  # compiles, which may not happen while a graph is recorded
        stream.synchronize()
        stream.begin_capture()
        for _ in range(RUNS):
            plan.run(outs, ins, scratch)
        graph = stream.end_capture()

    def replay() -> Any:
        graph.launch(stream)
        return outs[0]

    return replay, stream.synchronize


def torch_case(shape: Shape, batch: int, direction: str, options: argparse.Namespace) -> Ready:
    """The same with torch."""
    import torch

    if options.tf32:
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
    arrays = [torch.from_numpy(a).to(options.device) for a in shape.arrays(batch)]
    if options.channels_last:
        arrays = [a.to(memory_format=torch.channels_last) if a.ndim == 4 else a for a in arrays]
    step = torch_step(shape, direction, options.device, *arrays)
    if options.device == "cpu":
        return step, lambda: None
    if not options.graphs:
        return step, torch.cuda.synchronize
    other = torch.cuda.Stream()
    other.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(other):  # cuDNN searches for its fastest algorithm, which may not happen in a graph
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(other)
    graph, results = torch.cuda.CUDAGraph(), []
    with torch.cuda.graph(graph):
        for _ in range(RUNS):
            results.append(step())

    def replay() -> Any:
        graph.replay()
        return results[-1]

    return replay, torch.cuda.synchronize


def torch_step(shape: Shape, direction: str, device: str, x: Any, w: Any, bias: Any, g: Any) -> Callable[[], Any]:
    """torch's function on its tensors."""
    import torch
    from torch.nn.functional import conv2d, conv_transpose2d

    s, p, d, extra = shape.stride, shape.padding, shape.dilation, shape.output_padding
    if direction == "forward" and shape.transposed:
        return lambda: conv_transpose2d(x, w, bias, s, p, extra, shape.groups, d)
    if direction == "forward":
        return lambda: conv2d(x, w, bias, s, p, d, shape.groups)
    with_bias = direction == "weight" and not (shape.transposed and device == "cuda")
    back, mask = torch.ops.aten.convolution_backward, (direction == "input", direction == "weight", with_bias)
    rest = ([shape.K], [s, s], [p, p], [d, d], shape.transposed, [extra] * 2, shape.groups, mask)
    return lambda: back(g, x, w, *rest)


def sample(result: Any) -> list[float]:
    """Sixteen numbers of a result in logical order, for comparing the sides."""
    while isinstance(result, tuple):
        result = next(part for part in result if part is not None)
    for name in ("cpu", "get"):  # torch's and CuPy's way to the CPU
        result = getattr(result, name)() if hasattr(result, name) else result
    flat = np.ascontiguousarray(result).reshape(-1)
    return [float(v) for v in flat[np.linspace(0, flat.size - 1, 16).astype(int)]]


def worker(options: argparse.Namespace) -> int:
    """Serve one side."""
    if options.worker == "peak":
        return harness.serve(lambda: Prepared(lambda: None), {"sgemm": harness.sgemm})
    if options.worker == "torch":
        harness.prepare_torch(options)

    def prepare(shape: list[Any], batch: int, direction: str) -> Prepared:
        make = torch_case if options.worker == "torch" else minicnn_case
        step, wait = make(Shape(*shape), batch, direction, options)
        recorded = options.graphs if options.worker == "torch" else not options.eager
        runs = RUNS if options.device == "cuda" and recorded else 1

        def check() -> list[float]:
            result = step()
            wait()  # what a graph computes is on a stream of its own
            return sample(result)

        return Prepared(step, wait, 10 if options.device == "cuda" else 1, check, runs)

    return harness.serve(prepare)
