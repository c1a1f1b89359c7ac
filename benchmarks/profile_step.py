"""Where the time of a training step goes: its kernels one by one, and what is left for Python.

    python benchmarks/profile_step.py                               LeNet-5 at batch 32 and 128
    python benchmarks/profile_step.py --models cnn-mnist --threads 1
    python benchmarks/profile_step.py --eager                       without minicnn.compile
    python benchmarks/profile_step.py --smoke                       does it work?

A line for each kernel, piece of work and algorithm: calls and microseconds in a step (the median of all steps),
GFLOP/s where it is a convolution or a matrix product, its share of the step. "elsewhere" is the step less its kernels:
of a recorded step the copies and Python's loop over the calls, of an eager one Python and NumPy. The step itself is
timed without a clock inside it.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import engines
import harness
import networks
from records import describe, machine, table, write
from report import profile_rows


class Part(NamedTuple):
    """A piece of the step, as the table shows it."""

    kernel: str
    work: str
    algorithm: str
    flop: float


def part_of(plan: Any) -> Part:
    """What a kernel's plan computes."""
    z, work, flop = plan.sizes, "", 0.0
    if plan.kernel == "conv2d":
        flop = 2.0 * z.N * z.K * z.OH * z.OW * (z.C // z.groups) * z.KH * z.KW
        work = f"{z.direction} {z.C}>{z.K} {z.KH}x{z.KW} @{z.H}"
    elif plan.kernel == "gemm":
        flop, work = 2.0 * z.M * z.N * z.K, f"{z.M}x{z.K} @ {z.K}x{z.N}"
    else:
        names = [value for value in z if isinstance(value, str) and value not in ("plain", "batch_last")]
        largest = max((out.shape for out in plan.outputs), key=math.prod)
        work = " ".join([*names, "x".join(map(str, largest))])
    work = " + ".join([work, *getattr(z, "epilogue", ())])
    return Part(plan.kernel, work, plan.algorithm, flop)


Times = dict[Part, list[float]]  # seconds of each step, its calls added up


def eager_times(step: Callable[[], Any], seconds: float) -> tuple[Times, dict[Part, int]]:
    """Steps with a clock around every kernel."""
    from minicnn import kernels

    times: Times = defaultdict(list)
    calls: dict[Part, int] = {}
    end = time.perf_counter() + seconds
    with timed_kernels(kernels) as ran:
        while not times or time.perf_counter() < end:
            ran.clear()
            step()
            found: dict[Part, list[float]] = defaultdict(list)
            for plan, took in ran:
                found[part_of(plan)].append(took)
            for part, taken in found.items():
                times[part].append(sum(taken))
                calls[part] = len(taken)
    return times, calls


@contextmanager
def timed_kernels(kernels: Any) -> Iterator[list[tuple[Any, float]]]:
    """A list of the plans that are executed and their seconds."""
    ran: list[tuple[Any, float]] = []
    execute = kernels.dispatch.execute

    def timed(kernel: str, plan: Any, outs: Any, ins: Any) -> None:
        before = time.perf_counter()
        execute(kernel, plan, outs, ins)
        ran.append((plan, time.perf_counter() - before))

    kernels.dispatch.execute = kernels.execute = timed
    try:
        yield ran
    finally:
        kernels.dispatch.execute = kernels.execute = execute


def recorded_times(replay: Any, seconds: float) -> tuple[Times, dict[Part, int]]:
    """Replays with a clock around every entry of the tape."""
    import numpy as np

    from minicnn.capture.calls import bound
    from minicnn.capture.tape import KernelCall

    entries = []
    for entry in replay.entries:
        name = getattr(getattr(entry, "cls", type(entry)), "__name__", "")
        part = part_of(entry.plan) if isinstance(entry, KernelCall) else Part("in Python", name, "", 0.0)
        entries.append((part, bound([entry])))
    times: Times = defaultdict(list)
    calls: dict[Part, int] = defaultdict(int)
    for part, _ in entries:
        calls[part] += 1
    end = time.perf_counter() + seconds
    with np.errstate(all="ignore"):
        while not times or time.perf_counter() < end:
            found: dict[Part, float] = defaultdict(float)
            for part, functions in entries:
                before = time.perf_counter()
                for function, arguments in functions:
                    function(*arguments)
                found[part] += time.perf_counter() - before
            for part, took in found.items():
                times[part].append(took)
    return times, calls


def profile(engine: engines.Engine, model: str, batch: int, seconds: float) -> dict[str, Any]:
    """The rows of one network and batch size, the largest first."""
    x, y = engine.batch(model, batch)
    network, optimizer, plain = engine.trainer(model)
    step = engine.fast(plain, network, optimizer, x, y)
    whole: list[float] = []
    for _ in range(4):  # compiling, recording
        step(x, y)
    end = time.perf_counter() + seconds
    while not whole or time.perf_counter() < end:
        before = time.perf_counter()
        step(x, y)
        whole.append(time.perf_counter() - before)
    recorded = getattr(step, "steps", [])
    if recorded:
        times, calls = recorded_times(recorded[0]._replay, seconds)
    else:
        times, calls = eager_times(lambda: step(x, y), seconds)
    total = statistics.median(whole)
    rows = [
        {
            **part._asdict(), "calls": calls[part], "seconds": (took := statistics.median(values)),
            "gflops": part.flop * calls[part] / took / 1e9 if part.flop else None, "share": took / total,
        }
        for part, values in times.items()
    ]  # fmt: skip
    rows.sort(key=lambda row: -row["seconds"])
    return {
        "model": model, "batch": batch, "seconds": total, "recorded": bool(recorded),
        "gflops": networks.flop(model) * batch / total / 1e9, "rows": rows,
        "elsewhere": total - sum(row["seconds"] for row in rows),
    }  # fmt: skip


def draw(results: dict[str, Any]) -> Any:
    """The share of every part, a panel for each network and batch size."""
    import matplotlib.pyplot as plt

    steps = results["steps"]
    most = max(len(step["rows"]) for step in steps)
    figure, axes = plt.subplots(
        1, len(steps), figsize=(7 * len(steps), 1.6 + 0.24 * most), squeeze=False, layout="constrained"
    )
    for axis, step in zip(axes[0], steps, strict=True):
        rows = [*step["rows"], {"kernel": "elsewhere", "work": "", "seconds": step["elsewhere"], "gflops": None}]
        bars = axis.barh(range(len(rows)), [row["seconds"] * 1e6 for row in rows])
        axis.bar_label(bars, [f"{row['gflops']:.0f} GFLOP/s" if row["gflops"] else "" for row in rows], fontsize=7)
        axis.set_yticks(range(len(rows)), [f"{row['kernel']} {row['work']}" for row in rows], fontsize=7)
        axis.invert_yaxis()
        axis.margins(x=0.3)
        axis.set_xlabel("µs of a step")
        axis.set_title(f"{step['model']}, batch {step['batch']}: {step['seconds'] * 1e3:.2f} ms", fontsize=9)
    figure.suptitle(f"{describe(results['machine'])}; sgemm's peak {results['sgemm_gflops']:.0f} GFLOP/s", fontsize=8)
    return figure


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = harness.parser(__doc__ or "", "32 128")
    parser.add_argument("--models", nargs="+", choices=list(networks.NETWORKS), default=["lenet5"], help="which")
    parser.add_argument("--eager", action="store_true", help="without minicnn.compile")
    options = parser.parse_args(arguments)
    if options.worker:
        return engines.serve(options)
    options.batch = options.batch or ([8] if options.smoke else [32, 128])
    harness.settle_options(options)
    if options.device != "cpu":
        parser.error("--device cuda: a GPU's kernels run on after they were started; its own profiler sees them")
    print(describe(machine(options)))
    import minicnn

    try:
        peak = harness.peak(__file__, options)
        minicnn.set_num_threads(options.threads)
        options.worker, options.compile = "minicnn", False
        engine = engines.Engine(options)
        steps = [profile(engine, m, batch, 10 * options.seconds) for m in options.models for batch in options.batch]
    except harness.WorkerError as error:
        harness.fail(str(error))
    for step in steps:
        way = "recorded" if step["recorded"] else "eager"
        share = f"{step['gflops'] / peak:.0%} of sgemm's peak, {peak:.0f} GFLOP/s"
        print(f"\n{step['model']}, batch {step['batch']}: {step['seconds'] * 1e3:.3f} ms a step, {way}; {share}")
        print(table(*profile_rows(step), left=3))
    write("profile", options, {"sgemm_gflops": peak, "steps": steps}, draw)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
