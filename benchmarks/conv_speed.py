"""How fast convolution is beside PyTorch's: forward, input gradient and weight gradient on a grid of shapes.

    python benchmarks/conv_speed.py                       the whole grid on the CPU, eight to ten minutes
    python benchmarks/conv_speed.py --batch 32            one batch size
    python benchmarks/conv_speed.py --only lenet --rounds 3
    python benchmarks/conv_speed.py --smoke               four tiny shapes, seconds: does it work?
    python benchmarks/conv_speed.py --device cuda         on a GPU; --tf32 lets both sides use TF32
    python benchmarks/conv_speed.py --device cuda --backend cudnn      minicnn with cuDNN (or cublas) for its kernels

Every number is GFLOP/s: 2·N·K·OH·OW·(C/groups)·KH·KW operations in all three directions (taps that
fall on padding counted too) over the median time of seven turns of short blocks. "ratio" is minicnn's speed
by torch's, torch at its faster of 1 and all threads; "peak" is minicnn's share of the machine's own sgemm,
measured in this run.

What exactly is timed, and in which memory order the arrays lie, is told at the head of conv_cases.py.

On a GPU one convolution may take less time than Python needs to start it. So each side's work is recorded RUNS times
in a CUDA graph, and "ratio" compares the replays: minicnn's by torch's, plain or channels_last, whichever is faster.
Beside it "eager" compares the calls as they are. Both sides have no TF32, or with --tf32 both may use it. The gradient
of a transposed convolution's bias is left out on both sides there.
"""

from __future__ import annotations

import argparse
from typing import Any

import harness
import numpy as np
from conv_cases import GRID, RUNS, SMOKE, Shape, worker
from harness import WorkerError
from records import describe, geometric_mean, machine, table, write

DIRECTIONS = ("forward", "input", "weight")
GRAPHS, CHANNELS_LAST = "torch.cuda.graph", "torch.channels_last"  # sides on a GPU


def measure(shape: Shape, batch: int, direction: str, workers: Any, options: Any) -> dict[str, Any]:
    """One row: GFLOP/s of every side, the ratio, and how far the results differ (WorkerError above 1e-3)."""
    case = {"shape": list(shape), "batch": batch, "direction": direction}
    timings = harness.alternate(workers, case, options)
    ours, theirs = timings["minicnn"], best_torch(timings, options)
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
        if error > (2e-2 if options.tf32 else 1e-3):
            raise WorkerError(f"{row['shape']}, {direction}, batch {batch}: the results differ by {error:.1e}")
        row["torch_gflops"] = shape.flop(batch) / theirs[1].median / 1e9
        row["torch_best"] = theirs[0]
        row["ratio"] = theirs[1].median / ours.median
    eager = harness.best_torch(timings)
    if options.device == "cuda" and eager and "minicnn eager" in timings:
        row["eager_ratio"] = eager[1].median / timings["minicnn eager"].median
    return row


def best_torch(timings: dict[str, Any], options: Any) -> tuple[str, Any] | None:
    """What minicnn is compared with: torch's best number of threads, or on a GPU its best graph (without graphs on our
    side, its calls)."""
    graphs = {label: timings[label] for label in (GRAPHS, CHANNELS_LAST) if label in timings}
    if options.device == "cpu" or options.eager or not graphs:
        return harness.best_torch(timings)
    return min(graphs.items(), key=lambda item: item[1].median)


def sides(options: Any) -> list[harness.Side]:
    """Who is measured; on a GPU each engine as it is and in a CUDA graph, and torch with channels_last, too."""
    options.graphs = options.device == "cuda"
    found = harness.sides(options)
    if options.graphs and any(side.engine == "torch" for side in found):
        found.append(harness.Side(CHANNELS_LAST, "torch", options.threads, ("--graphs", "--channels-last")))
    return [side._replace(flags=(*side.flags, "--tf32")) if options.tf32 else side for side in found]


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
        row.get("torch_best"), *([f"{row['eager_ratio']:.2f}"] if "eager_ratio" in row else []),
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
    parser.add_argument("--tf32", action="store_true", help="both sides may use TF32; otherwise neither")
    parser.add_argument("--eager", action="store_true", help="on a GPU: no CUDA graphs on minicnn's side")
    parser.add_argument("--graphs", action="store_true", help=argparse.SUPPRESS)  # of a worker of torch
    parser.add_argument("--channels-last", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        return worker(options)
    shapes = [s for s in (SMOKE if options.smoke else GRID) if options.only.lower() in s.name.lower()]
    if not shapes:
        parser.error(f"--only {options.only!r} fits no shape; try LeNet-5, MNIST, CIFAR, 1x1")
    options.batch = options.batch or ([1, 16] if options.smoke else [1, 32, 128])
    harness.settle_options(options)
    options.seconds = min(options.seconds, 0.06)  # 144 cases
    print(describe(machine(options)))
    cases = [(shape, batch, way) for shape in shapes for batch in options.batch for way in DIRECTIONS]
    rows: list[dict[str, Any]] = []
    workers = [harness.Worker(__file__, side, options) for side in sides(options)]
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
    headers += ["eager"] * any("eager_ratio" in row for row in rows)
    print(table(headers, [as_cells(row, peak) for row in rows], left=2))
    found = summary(rows)
    for name, s in found.items():
        worst = s["worst"]
        print(
            f"{'all batches' if name == 'all' else 'batch ' + name:>12}: "
            f"geometric mean {s['geometric_mean']:.2f} of {s['rows']}, "
            f"worst {worst['ratio']:.2f} ({worst['shape']}, {worst['direction']}, batch {worst['batch']})"
        )
    how = f"CUDA graphs of {RUNS} runs, and the calls themselves (eager)" if options.device == "cuda" else "calls"
    content = {"timed": how, "sgemm_gflops": peak, "idle_cpu_share": idle, "rows": rows, "summary": found}
    write("conv", options, content, draw)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
