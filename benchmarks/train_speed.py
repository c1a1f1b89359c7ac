"""How fast the networks of the course train beside PyTorch, and what surrounds the training: start, memory, data.

    python benchmarks/train_speed.py                            everything but --accuracy, about eight minutes
    python benchmarks/train_speed.py --models lenet5 --batch 32 --skip epoch start import
    python benchmarks/train_speed.py --compile                  torch.compile as one more competitor
    python benchmarks/train_speed.py --compare jax tinygrad dezero --models lenet5     and these (LeNet-5 only)
    python benchmarks/train_speed.py --device cuda              on a GPU: both engines with and without CUDA graphs
    MINICNN_DATA=folder python benchmarks/train_speed.py --models lenet5 --accuracy --skip steps epoch start import
    python benchmarks/train_speed.py --smoke                    does it work? the numbers mean nothing

The parts, each of which --skip can leave out:

    losses   the same seed must give the same first 5 losses on all sides, to 1e-3: else nothing is measured
             (later ones of a large network differ by more, between torch on one thread and on two, too)
    steps    training steps (zero_grad, forward, loss, backward, optimiser) on one resident random batch
    epoch    whole epochs of random data through TensorDataset and DataLoader (shuffled), of 1,000, 10,000 and
             60,000 samples: the growth of the time per sample; of the first network only
    start    fresh processes: the time from their start to the end of the first step, with an empty and with
             a filled kernel cache, and the peak memory (resident set) after 50 steps
    import   fresh processes: `import minicnn`, `import torch`, `import numpy`

All sides train the same network (networks.py) from the same initial weights on the same float32 data, dropout
active, each in a process of its own, taking turns. minicnn steps through `minicnn.compile` (--eager: without), torch
eagerly; torch counts at the faster of 1 and all threads. With --device cuda there are four sides: minicnn through
`minicnn.compile`, which makes CUDA graphs, and eagerly; torch eagerly, and with a torch.cuda.CUDAGraph of the whole
step. TF32 is off on all of them, a look at the clock waits for the GPU, and the data of "epoch" lie on the GPU
(cuda_steps.py); the losses are compared without dropout, since each engine's masks are its own there.

"peak" is the share of the machine's own sgemm (measured in this run) that 3 matrix products a layer would reach: for
lenet5 2.264 MFLOP a sample, activations, pooling and the optimiser not counted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import competitors
import engines
import harness
import networks
import numpy as np
from harness import Worker, WorkerError
from records import ON_A_GPU, OTHERS, TIMES, describe, machine, table, version, write
from report import train_tables

PARTS = ("losses", "steps", "epoch", "start", "import")
BATCHES = {"lenet5": [32, 128, 512]}  # others: that of their recipe
COMPARED = ("lenet5", 128)  # what competitors.py has, and the largest batch that they are given
STEPS = 5  # whose losses are compared; rounding alone takes those of cnn-cifar10 1e-3 apart after seven to ten
GRAPHS = "torch.cuda.graph"  # a side of --device cuda
EPOCHS, LR, TARGET = 10, 4e-3, 0.99  # of --accuracy: one-cycle Adam


# --- the parts ----------------------------------------------------------------------------------------


def same_losses(workers: list[Worker], options: argparse.Namespace) -> list[dict[str, Any]]:
    """Whether both sides compute the same thing."""
    rows = []
    for model in options.models:
        found = {w.side.label: w.ask("losses", model=model, steps=STEPS) for w in able(workers, model)}
        ours = found.pop("minicnn")
        off = {side: max(map(abs, np.subtract(ours, theirs))) for side, theirs in found.items() if theirs}
        torch = max((value for side, value in off.items() if side.startswith("torch")), default=None)
        rows.append({"model": model, "first": ours[0], "last": ours[-1], "difference": torch, "differences": off})
        distances = ", ".join(f"{value:.1e} from {side}'s" for side, value in off.items())
        text = f"{model}: losses {ours[0]:.4f} to {ours[-1]:.4f} in {STEPS} steps"
        print(f"{text}, at most {distances}" if off else text)
        for side, value in off.items():
            if not value < 1e-3:
                raise WorkerError(f"{model}: the first {STEPS} losses are {value:.1e} from {side}'s, more than 1e-3")
    return rows


def able(workers: list[Worker], model: str, batch: int = 1) -> list[Worker]:
    """Those who can train `model`."""
    for_all = (model, batch) == (COMPARED[0], min(batch, COMPARED[1]))
    return [w for w in workers if for_all or w.side.engine not in competitors.NAMES]


def batches(model: str, options: argparse.Namespace) -> list[int]:
    """The batch sizes asked for, or those of the course."""
    return options.batch or BATCHES.get(model, [networks.NETWORKS[model].batch])


def steps(workers: list[Worker], options: argparse.Namespace) -> list[dict[str, Any]]:
    """Milliseconds of a step."""
    rows = []
    for model in options.models:
        cost = networks.flop(model)
        for batch in batches(model, options):
            case = {"model": model, "batch": batch}
            timings = harness.alternate(able(workers, model, batch), case, options)
            ours, theirs = timings["minicnn"].median, harness.best_torch(timings)
            compiled, eager, graphs = map(timings.get, ("torch.compile", "minicnn eager", GRAPHS))
            rows.append({
                **case, "seconds": ours, "samples_per_second": batch / ours,
                "gflops": cost * batch / ours / 1e9,
                "torch_best": theirs and theirs[0], "torch_seconds": theirs and theirs[1].median,
                "torch_samples_per_second": theirs and batch / theirs[1].median,
                "ratio": theirs and theirs[1].median / ours,
                "compile_seconds": compiled and compiled.median,
                "eager_seconds": eager and eager.median, "graphs_seconds": graphs and graphs.median,
                "graphs_ratio": graphs and graphs.median / ours,
                "others": {name: timings[name].median for name in competitors.NAMES if name in timings},
                "all": {label: timing._asdict() for label, timing in timings.items()},
            })  # fmt: skip
    return rows


def epochs(workers: list[Worker], rows: list[dict[str, Any]], options: argparse.Namespace) -> list[dict[str, Any]]:
    """Seconds of whole epochs of the first network, torch on its better number of threads."""
    model = options.models[0]
    batch = 128 if 128 in batches(model, options) else batches(model, options)[-1]
    best = {(row["model"], row["batch"]): row["torch_best"] for row in rows}
    wanted = best.get((model, batch)) or f"torch {options.threads}t"
    names = {"minicnn": "minicnn", wanted: "torch", "minicnn eager": "minicnn eager", GRAPHS: GRAPHS}
    those = {names[w.side.label]: w for w in workers if w.side.label in names}
    found = []
    for samples in options.samples:
        times: dict[str, list[float]] = {"minicnn": [], "torch": [], **{name: [] for name in those}}
        for _ in range(min(options.rounds, 3)):
            for name, w in those.items():
                time.sleep(harness.SETTLE)
                took = w.ask("epoch", model=model, batch=batch, samples=samples)
                times[name] += [] if took is None else [took]
        medians = {side: statistics.median(values) if values else None for side, values in times.items()}
        found.append({"model": model, "batch": batch, "samples": samples, **medians})
    return found


def start(options: argparse.Namespace) -> dict[str, Any]:
    """Fresh processes up to the first step."""
    model, more = options.models[0], 3 if options.smoke else 50
    batch = batches(model, options)[0]
    found: dict[str, Any] = {"model": model, "batch": batch}
    with tempfile.TemporaryDirectory(prefix="minicnn-cache-") as cache:
        own_cache = {} if options.smoke else {"MINICNN_CACHE": cache}  # compiling anew takes long
        for side in harness.sides(options, quiet=True):
            if side.label not in ("minicnn", f"torch {options.threads}t"):
                continue
            runs = []
            for _ in range(2 if options.smoke else 4):
                began = time.time()
                with Worker(__file__, side, options, **own_cache) as fresh:
                    answer = fresh.ask("first", model=model, batch=batch, steps=more)
                if answer:
                    runs.append((answer["done"] - began, answer["memory"]))
                    gpu_memory = answer["gpu_memory"]
                time.sleep(harness.SETTLE)
            if not runs:
                continue
            cold, *warm = runs  # torch has no cache: its first run only fills the system's file cache
            memory = None if warm[0][1] is None else max(memory for _, memory in warm)
            found[side.engine] = {
                "cold": cold[0], "warm": statistics.median(seconds for seconds, _ in warm), "memory": memory,
                "cold_memory": cold[1], "gpu_memory": gpu_memory,
            }  # fmt: skip
    return found


def imports(options: argparse.Namespace) -> dict[str, float]:
    """Seconds of `import X` in a fresh interpreter."""
    times: dict[str, list[float]] = {"numpy": [], "minicnn": [], "torch": []}
    code = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(harness.ROOT), os.getenv("PYTHONPATH"))))}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # else every import compiles anew, which no installed package does
    for turn in range(2 if options.smoke else 6):
        for name in times:
            if name == "torch" and not version("torch"):
                continue
            command = [sys.executable, "-c", code.format(name)]
            took = float(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)
            times[name] += [took] * (turn > 0)  # the first turn fills the file cache
    return {name: statistics.median(values) for name, values in times.items() if values}


def accuracy(workers: list[Worker], options: argparse.Namespace) -> list[dict[str, Any]]:
    """Training seconds to 99.0 % on MNIST."""
    from minicnn import datasets

    if options.smoke:
        train, test = datasets.sample("mnist")
    else:
        try:
            train, test, _ = datasets.load("mnist", download=False)
        except (RuntimeError, ValueError) as error:
            harness.fail(f"--accuracy needs MNIST (set MINICNN_DATA): {str(error).splitlines()[0]}")
    rows = []
    for model in options.models[:1]:
        pad = (networks.NETWORKS[model].image[1] - 28) // 2
        arrays: dict[str, Any] = {}
        for part, prefix in ((train, ""), (test, "test_")):
            images = np.pad(part.data.numpy(), ((0, 0), (pad, pad), (pad, pad))).astype(np.float32)
            arrays[prefix + "x"] = ((images / 255 - 0.1307) / 0.3081)[:, None]
            arrays[prefix + "y"] = part.targets.numpy()
        target, most = (0.5, 1) if options.smoke else (TARGET, EPOCHS)
        row: dict[str, Any] = {"model": model, "target": target, "epochs": most, "max_lr": LR, "batch": 128}
        with tempfile.TemporaryDirectory() as folder:
            np.savez(Path(folder) / "mnist.npz", **arrays)
            arguments = {"file": str(Path(folder) / "mnist.npz"), "target": target, "epochs": most, "lr": LR}
            for w in workers:
                if w.side.label in ("minicnn", f"torch {options.threads}t"):
                    row[w.side.engine] = w.ask("accuracy", model=model, **arguments)
                    time.sleep(harness.SETTLE)
        rows.append(row)
    return rows


# --- the run ------------------------------------------------------------------------------------------


def draw(results: dict[str, Any]) -> Any:
    """How many times torch's speed, network by network, with the other engines as marks on the same scale."""
    import matplotlib.pyplot as plt

    rows = results["steps"][::-1]
    figure, axis = plt.subplots(figsize=(9, 1.4 + 0.36 * max(3, len(rows))), layout="constrained")
    unit = "torch_seconds" if any(row["ratio"] for row in rows) else "seconds"  # without torch minicnn is the unit
    bars = axis.barh(range(len(rows)), [(row[unit] or 0) / row["seconds"] for row in rows], 0.6, label="minicnn")
    texts = [
        (f"{row['ratio']:.1f}{TIMES}, " if row["ratio"] else "")
        + f"{row['samples_per_second']:,.0f} samples/s, {row['peak_share']:.0%} of sgemm's peak"
        for row in rows
    ]
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    axis.bar_label(bars, texts, padding=6, fontsize=8, bbox=box)
    others = {"torch.compile": [row["compile_seconds"] for row in rows]}
    others |= {title: [row.get(key) for row in rows] for title, key in ON_A_GPU.items()}
    others |= {title: [row["others"].get(name) for row in rows] for name, title in OTHERS.items()}
    furthest = max([1.0, *((row[unit] or 0) / row["seconds"] for row in rows)])
    for (title, times), marker in zip(others.items(), "DPX^sv", strict=True):
        points = [(row[unit] / time, i) for i, (row, time) in enumerate(zip(rows, times, strict=True)) if time]
        if points:
            axis.plot(*zip(*points, strict=True), marker, color="black", markerfacecolor="white", label=title)
            furthest = max(furthest, *(speed for speed, _ in points))
    axis.axvline(1, color="black", linewidth=1, label="torch" if unit == "torch_seconds" else None)
    axis.set_yticks(range(len(rows)), [f"{row['model']}, batch {row['batch']}" for row in rows])
    axis.set_xlim(0, 1.6 * furthest)  # room for the texts
    axis.set_ylim(-0.6, max(3, len(rows)) - 0.4)
    axis.set(xlabel="training speed, times torch's" if unit == "torch_seconds" else "training speed, times minicnn's")
    axis.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=6, fontsize=8, frameon=False)
    axis.set_title(describe(results["machine"]), fontsize=8)
    return figure


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = harness.parser(__doc__ or "", "32, 128, 512 for lenet5, else the recipe's")
    names = list(networks.NETWORKS)
    parser.add_argument("--models", nargs="+", choices=names, help="otherwise all of them")
    parser.add_argument("--eager", action="store_true", help="minicnn without minicnn.compile")
    parser.add_argument(
        "--compare", nargs="+", choices=competitors.NAMES, default=[], help="more engines, where they are installed"
    )
    parser.add_argument("--compile", action="store_true", help="measure torch.compile too")
    parser.add_argument(
        "--accuracy", action="store_true", help="seconds of the first network to 99.0 %% on MNIST (needs MINICNN_DATA)"
    )
    parser.add_argument("--graphs", action="store_true", help=argparse.SUPPRESS)  # for the process of such a side
    parser.add_argument("--skip", nargs="+", choices=PARTS, default=[], help="parts to leave out")
    options = parser.parse_args(arguments)
    if options.worker:
        return engines.serve(options)
    options.batch = options.batch or ([8] if options.smoke else None)
    options.samples = [32, 100] if options.smoke else [1_000, 10_000, 60_000]
    harness.settle_options(options)
    options.seconds *= 3
    options.graphs = options.device == "cuda"
    options.models = options.models or (["lenet5", "cnn-dropout2d"] if options.smoke else names)
    wanted = [part for part in PARTS if part not in options.skip]
    print(describe(machine(options)))
    workers = [Worker(__file__, side, options) for side in harness.sides(options)]
    results: dict[str, Any] = {
        "device": options.device,
        "losses": [],
        "steps": [],
        "epochs": [],
        "accuracy": [],
        "start": {},
        "imports": {},
    }
    try:
        peak = harness.peak(__file__, options)
        if "losses" in wanted:
            results["losses"] = same_losses(workers, options)
        if "steps" in wanted:
            results["steps"] = steps(workers, options)
        if "epoch" in wanted:
            results["epochs"] = epochs(workers, results["steps"], options)
        if options.accuracy:
            results["accuracy"] = accuracy(workers, options)
        peak = results["sgemm_gflops"] = max(peak, harness.peak(__file__, options))
        for row in results["steps"]:
            row["peak_share"] = row["gflops"] / peak
        results["idle_cpu_share"] = harness.idle_share(workers)
        for each in workers:
            each.close()
        if "start" in wanted:
            results["start"] = start(options)
        if "import" in wanted:
            results["imports"] = imports(options)
    except WorkerError as error:
        harness.fail(str(error))
    finally:
        for each in workers:
            each.close()
    for headers, rows in train_tables(results):
        print("\n" + table(headers, rows))
    write("train", options, results, draw)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
