"""How fast convolution is beside PyTorch's: forward, input gradient and weight gradient on a grid of shapes.

    python benchmarks/conv_speed.py                       the whole grid on the CPU, about ten minutes
    python benchmarks/conv_speed.py --batch 32            one batch size
    python benchmarks/conv_speed.py --only lenet --rounds 3
    python benchmarks/conv_speed.py --smoke               four tiny shapes, seconds: does it work?

Every number is GFLOP/s: 2·N·K·OH·OW·(C/groups)·KH·KW operations in all three directions (taps that
fall on padding counted too) over the median time. "ratio" is minicnn's speed by torch's, torch at its
faster of 1 and all threads; "peak" is minicnn's share of the machine's own sgemm, measured in this run.

What is timed. minicnn: the operation classes that the graph is made of (Convolution, ConvolutionInput,
ConvolutionWeight) on raw arrays, the result's allocation included. torch: torch.nn.functional.conv2d or
conv_transpose2d under no_grad, and torch.ops.aten.convolution_backward with an output mask. The bias is
part of the forward pass and, as its gradient, of the weight gradient, on both sides. Both sides get the
same random float32 numbers, and their results are compared.

In which memory order. Inside a network minicnn's activations lie as its plan wants them (batch-last for
batches of at least one vector), so its arrays arrive in that order here too; the images that enter a
first layer come from the data loader, so there (marked "images") x arrives plain and the reordering is
timed. torch gets plain contiguous NCHW tensors, the order in which its own layers hand them on.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NamedTuple

import harness
import numpy as np
from harness import Prepared, WorkerError
from records import describe, geometric_mean, machine, table, write

DIRECTIONS = ("forward", "input", "weight")


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


# --- the two sides ----------------------------------------------------------------------------------

Ready = tuple[Callable[[], Any], Callable[[], None]]  # the work once, and waiting for it


def minicnn_case(shape: Shape, batch: int, direction: str, device: str) -> Ready:
    """The operation on raw arrays in the order in which a network would hand them over."""
    from minicnn import backend, kernels
    from minicnn.functional.conv import Convolution, ConvolutionInput, ConvolutionWeight, Geometry

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
    orders = kernels.plan("conv2d", sizes, "gpu" if device == "cuda" else "cpu").input_orders

    def arrive(array: Any, order: str) -> Any:
        return array if array is x and shape.images else kernels.in_order(array, order)

    if direction == "weight":
        ends = (g, x) if shape.transposed else (x, g)
        first, second = (arrive(array, order) for array, order in zip(ends, orders, strict=True))

        def weight_gradient() -> Any:
            result = ConvolutionWeight(first, second, w.shape, geometry, with_bias)
            # As the graph does it: the bias gradient of a transposed convolution is a sum of its own.
            return result if with_bias else (result, first.sum((0, 2, 3)))

        return weight_gradient, backend.synchronize
    data = arrive(data, orders[0])
    operation = Convolution if task == "forward" else ConvolutionInput
    return (lambda: operation(data, w, bias if with_bias else None, geometry)), backend.synchronize


def torch_case(shape: Shape, batch: int, direction: str, device: str) -> Ready:
    """The same with torch."""
    import torch
    from torch.nn.functional import conv2d, conv_transpose2d

    x, w, bias, g = (torch.from_numpy(a).to(device) for a in shape.arrays(batch))
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    s, p, d, extra = shape.stride, shape.padding, shape.dilation, shape.output_padding
    if direction == "forward" and shape.transposed:
        return (lambda: conv_transpose2d(x, w, bias, s, p, extra, shape.groups, d)), wait
    if direction == "forward":
        return (lambda: conv2d(x, w, bias, s, p, d, shape.groups)), wait
    back, mask = torch.ops.aten.convolution_backward, (direction == "input", *(direction == "weight",) * 2)
    rest = ([shape.K], [s, s], [p, p], [d, d], shape.transposed, [extra] * 2, shape.groups, mask)
    return (lambda: back(g, x, w, *rest)), wait


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
        step, wait = make(Shape(*shape), batch, direction, options.device)
        return Prepared(step, wait, 10 if options.device == "cuda" else 1, lambda: sample(step()))

    return harness.serve(prepare)


# --- the run ----------------------------------------------------------------------------------------


def measure(shape: Shape, batch: int, direction: str, workers: Any, options: Any) -> dict[str, Any]:
    """One row: GFLOP/s of every side, the ratio, and how far the results differ (WorkerError above 1e-3)."""
    case = {"shape": list(shape), "batch": batch, "direction": direction}
    timings = harness.alternate(workers, case, options)
    ours, theirs = timings["minicnn"], harness.best_torch(timings)
    row: dict[str, Any] = {
        "shape": " ".join(shape.name.split()), **shape._asdict(), "batch": batch, "direction": direction,
        "gflop": shape.flop(batch) / 1e9, "minicnn_gflops": shape.flop(batch) / ours.median / 1e9,
        "torch_gflops": None, "ratio": None, "error": None,
        "seconds": {label: timing._asdict() for label, timing in timings.items()},
    }  # fmt: skip
    del row["name"]
    for timing in row["seconds"].values():
        del timing["check"]
    if theirs:
        a, b = np.array(ours.check), np.array(theirs[1].check)
        row["error"] = error = float(np.abs(a - b).max() / np.abs(b).max())
        if error > 1e-3:
            raise WorkerError(f"{row['shape']}, {direction}, batch {batch}: the results differ by {error:.1e}")
        row["torch_gflops"] = shape.flop(batch) / theirs[1].median / 1e9
        row["torch_best"] = theirs[0]
        row["ratio"] = theirs[1].median / ours.median
    return row


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The geometric mean of the ratios and the worst one, of all rows and of each batch."""
    result: dict[str, Any] = {}
    for batch in (None, *sorted({row["batch"] for row in rows})):
        chosen = [row for row in rows if row["ratio"] and batch in (None, row["batch"])]
        if chosen:
            worst = min(chosen, key=lambda row: row["ratio"])
            result["all" if batch is None else str(batch)] = {
                "geometric_mean": geometric_mean(row["ratio"] for row in chosen), "rows": len(chosen),
                "worst": {key: worst[key] for key in ("ratio", "shape", "direction", "batch")},
            }  # fmt: skip
    return result


def as_cells(row: dict[str, Any], peak: float) -> list[Any]:
    """A row of the printed table."""
    torch, ratio = row["torch_gflops"], row["ratio"]
    return [
        row["shape"], row["direction"], row["batch"], f"{row['minicnn_gflops']:.1f}",
        torch and f"{torch:.1f}", f"{row['minicnn_gflops'] / peak:.0%}", ratio and f"{ratio:.2f}",
        row.get("torch_best"),
    ]  # fmt: skip


def draw(results: dict[str, Any]) -> Any:
    """Ratios of all rows as dots, one line a shape; GFLOP/s where torch is missing."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullLocator

    rows, key = results["rows"], "ratio" if results["summary"] else "minicnn_gflops"
    names = list(dict.fromkeys(row["shape"] for row in rows))
    batches = sorted({row["batch"] for row in rows})
    figure, axes = plt.subplots(
        1, 3, figsize=(13, 1.5 + 0.3 * len(names)), sharey=True, sharex=True, layout="constrained"
    )
    for axis, direction in zip(axes, DIRECTIONS, strict=True):
        for batch, marker in zip(batches, "os^vD" * len(batches), strict=False):
            chosen = [row for row in rows if (row["direction"], row["batch"]) == (direction, batch)]
            heights = [names.index(row["shape"]) for row in chosen]
            axis.plot([row[key] for row in chosen], heights, marker, label=f"batch {batch}")
        axis.set(title=direction, xscale="log", xlabel="times torch's speed" if key == "ratio" else "GFLOP/s")
        axis.grid(alpha=0.3)
        if key == "ratio":
            axis.axvline(1, color="black", linewidth=1)
    axes[0].set_yticks(range(len(names)), names)
    axes[0].invert_yaxis()
    axes[0].xaxis.set_major_locator(LogLocator(2))
    axes[0].xaxis.set_major_formatter("{x:g}")
    axes[0].xaxis.set_minor_locator(NullLocator())
    axes[0].legend()
    figure.suptitle(f"Convolution, more is faster ({describe(results['machine'])})", fontsize=9)
    return figure


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = harness.parser(__doc__ or "", "1 32 128")
    parser.add_argument("--only", metavar="TEXT", default="", help="only shapes whose name contains TEXT")
    options = parser.parse_args(arguments)
    if options.worker:
        return worker(options)
    shapes = [s for s in (SMOKE if options.smoke else GRID) if options.only.lower() in s.name.lower()]
    if not shapes:
        parser.error(f"--only {options.only!r} fits no shape; try LeNet-5, MNIST, CIFAR, 1x1")
    options.batch = options.batch or ([1, 16] if options.smoke else [1, 32, 128])
    harness.settle_options(options)
    print(describe(machine(options)))
    cases = [(shape, batch, way) for shape in shapes for batch in options.batch for way in DIRECTIONS]
    rows: list[dict[str, Any]] = []
    workers = [harness.Worker(__file__, side, options) for side in harness.sides(options)]
    try:
        peak = harness.peak(__file__, options)
        for case in cases:
            harness.progress(len(rows), len(cases), f"{case[0].name}, batch {case[1]}, {case[2]}")
            rows.append(measure(*case, workers, options))
        peak = max(peak, harness.peak(__file__, options))  # the first may have met other work on the machine
        idle = harness.idle_share(workers)
    except WorkerError as error:
        harness.fail(str(error))
    finally:
        for each in workers:
            each.close()
    print(f"GFLOP/s; sgemm's peak is {peak:.0f}. minicnn's arrays lie in its plan's order, torch's in NCHW")
    headers = ["shape", "direction", "batch", "minicnn", "torch", "peak", "ratio", "torch's best"]
    print(table(headers, [as_cells(row, peak) for row in rows], left=2))
    found = summary(rows)
    for name, s in found.items():
        worst = s["worst"]
        print(
            f"{'all batches' if name == 'all' else 'batch ' + name:>12}: "
            f"geometric mean {s['geometric_mean']:.2f} of {s['rows']}, "
            f"worst {worst['ratio']:.2f} ({worst['shape']}, {worst['direction']}, batch {worst['batch']})"
        )
    content = {"sgemm_gflops": peak, "idle_cpu_share": idle, "rows": rows, "summary": found}
    write("conv", options, content, draw)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
