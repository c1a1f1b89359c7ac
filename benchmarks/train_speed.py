"""How fast LeNet-5 trains beside PyTorch, and what surrounds the training: start, memory, data loading.

    python benchmarks/train_speed.py                            everything but --accuracy, about ten minutes
    python benchmarks/train_speed.py --models lenet5 --batch 32 --skip epoch start import
    python benchmarks/train_speed.py --compile                  torch.compile as one more competitor
    MINICNN_DATA=folder python benchmarks/train_speed.py --accuracy --skip steps epoch start import
    python benchmarks/train_speed.py --smoke                    does it work? the numbers mean nothing

The parts, each of which --skip can leave out:

    losses   the same seed must give the same first 20 losses on both sides, to 1e-3: else nothing is measured
    steps    training steps (zero_grad, forward, cross-entropy, backward, Adam) on one resident random batch
    epoch    whole epochs of random data through TensorDataset and DataLoader (shuffled), of 1,000, 10,000 and
             60,000 samples: the growth of the time per sample
    start    fresh processes: the time from their start to the end of the first step, with an empty and with
             a filled kernel cache, and the peak memory (resident set) after 50 steps
    import   fresh processes: `import minicnn`, `import torch`, `import numpy`

Both sides train eagerly with the same script, the same initial weights and the same float32 data, each in
a process of its own, taking turns. torch counts at the faster of 1 and all threads. "peak" is the share
of the machine's own sgemm (measured in this run) that 3 matrix products a layer would reach: for lenet5
2.264 MFLOP a sample, activations, pooling and Adam not counted.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import harness
import numpy as np
from harness import Prepared, Worker, WorkerError
from report import describe, machine, table, train_tables, version, write

PARTS = ("losses", "steps", "epoch", "start", "import")
IMAGE = {"lenet5": 32, "lenet5-relu": 28}
# Multiplications and additions of forward, weight gradients and, from the second layer on, input gradients.
LAYERS = {  # inputs x outputs x positions of each layer
    "lenet5": (25 * 6 * 784, 150 * 16 * 100, 400 * 120, 120 * 84, 84 * 10),
    "lenet5-relu": (25 * 6 * 784, 150 * 16 * 196, 400 * 120 * 49, 5880 * 84, 84 * 10),
}
EPOCHS, LR, TARGET = 10, 4e-3, 0.99  # of --accuracy: one-cycle Adam


def flop(model: str) -> float:
    """Of one training step and sample."""
    first, *rest = LAYERS[model]
    return 2.0 * (2 * first + 3 * sum(rest))


# --- one side -----------------------------------------------------------------------------------------


class Engine:
    """minicnn or torch, behind the names that they share."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.device, self.compile = options.device, options.compile
        self.engine: Any
        self.data: Any
        if options.worker == "torch":
            import torch
            import torch.utils.data

            harness.prepare_torch(options)
            self.engine, self.data = torch, torch.utils.data
            self.wait = torch.cuda.synchronize if options.device == "cuda" else lambda: None
        else:
            import minicnn.utils.data
            from minicnn import backend

            self.engine, self.data = minicnn, minicnn.utils.data
            self.wait = backend.synchronize
        self.is_torch = options.worker == "torch"

    def network(self, model: str) -> Any:
        """The network with the weights of seed 42, on the device."""
        self.engine.manual_seed(42)
        if not self.is_torch:
            from minicnn.models import NETWORKS

            return NETWORKS[model].build().to(self.device)
        nn = self.engine.nn
        relu = model == "lenet5-relu"
        act, pool, pad = (nn.ReLU, nn.MaxPool2d, 2) if relu else (nn.Tanh, nn.AvgPool2d, 0)
        return nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=pad), act(), pool(2),
            nn.Conv2d(6, 16, 5, padding=pad), act(), pool(2),
            nn.Conv2d(16, 120, 5, padding=pad), act(), nn.Flatten(),
            nn.Linear(5880 if relu else 120, 84), act(), nn.Linear(84, 10),
        ).to(self.device)  # fmt: skip

    def batch(self, model: str, count: int) -> tuple[Any, Any]:
        """Random images and labels on the CPU; a label is told by the image's mean, so it can be learned."""
        rng = np.random.default_rng(count)
        labels = rng.integers(0, 10, count)
        images = rng.standard_normal((count, 1, IMAGE[model], IMAGE[model]), dtype=np.float32)
        images += labels.astype(np.float32).reshape(-1, 1, 1, 1) / 5 - 0.9
        return self.engine.from_numpy(images), self.engine.from_numpy(labels)

    def trainer(self, model: str, lr: float = 1e-3) -> tuple[Any, Any, Any]:
        """A fresh network, its optimiser, and the function that trains it one step and returns the loss."""
        network = self.network(model)
        optimizer = self.engine.optim.Adam(network.parameters(), lr=lr)
        cross_entropy = self.engine.nn.functional.cross_entropy
        forward = self.engine.compile(network) if self.compile else network

        def step(x: Any, y: Any) -> Any:
            optimizer.zero_grad()
            loss = cross_entropy(forward(x), y)
            loss.backward()
            optimizer.step()
            return loss

        return network, optimizer, step

    def prepare(self, model: str, batch: int) -> Prepared:
        """Steps on one resident batch."""
        x, y = (a.to(self.device) for a in self.batch(model, batch))
        step = self.trainer(model)[2]
        return Prepared(lambda: step(x, y), self.wait, 10 if self.device == "cuda" else 1)

    def losses(self, model: str, steps: int) -> list[float]:
        """The first losses on a fixed batch of 32."""
        x, y = (a.to(self.device) for a in self.batch(model, 32))
        step = self.trainer(model)[2]
        return [step(x, y).item() for _ in range(steps)]

    def first(self, model: str, batch: int, steps: int) -> dict[str, Any]:
        """The first step of a fresh process, and its peak memory after `steps` more."""
        run = self.prepare(model, batch).step
        run()
        self.wait()
        done = time.time()
        for _ in range(steps):
            run()
        self.wait()
        return {"done": done, "memory": peak_memory()}

    def epoch(self, model: str, batch: int, samples: int) -> float:
        """Seconds of one epoch through the data loader."""
        set_of = self.data.TensorDataset(*self.batch(model, samples))
        loader = self.data.DataLoader(set_of, batch_size=batch, shuffle=True)
        step = self.trainer(model)[2]
        step(*(a.to(self.device) for a in self.batch(model, batch)))  # warm-up
        self.wait()
        started = time.perf_counter()
        for x, y in loader:
            step(x.to(self.device), y.to(self.device))
        self.wait()
        return time.perf_counter() - started

    def accuracy(self, model: str, file: str, target: float, epochs: int) -> dict[str, Any]:
        """One-cycle Adam, batch 128, until `target` test accuracy; `seconds` leaves out the evaluation."""
        arrays = np.load(file)
        x, y, test_x, test_y = (self.engine.from_numpy(arrays[name]) for name in ("x", "y", "test_x", "test_y"))
        loader = self.data.DataLoader(self.data.TensorDataset(x, y), batch_size=128, shuffle=True)
        network, optimizer, step = self.trainer(model, lr=LR)
        schedule = self.engine.optim.lr_scheduler.OneCycleLR(optimizer, LR, total_steps=epochs * len(loader))
        trained, reached, found = 0.0, False, 0.0
        done = 0
        while done < epochs and not reached:
            done += 1
            started = time.perf_counter()
            for images, labels in loader:
                step(images.to(self.device), labels.to(self.device))
                schedule.step()
            self.wait()
            trained += time.perf_counter() - started
            right = 0
            with self.engine.no_grad():
                for i in range(0, len(test_x), 1000):
                    scores = network(test_x[i : i + 1000].to(self.device))
                    right += int((scores.argmax(1).cpu() == test_y[i : i + 1000]).sum().item())
            found = right / len(test_x)
            reached = found >= target
        return {
            "seconds": trained if reached else None,
            "epochs": done,
            "accuracy": found,
            "trained": trained,
        }


def peak_memory() -> float | None:
    """The largest resident set of this process so far, in MB; None where the system does not tell."""
    # Not ru_maxrss where it can be avoided: on Linux it starts at the size of the parent that forked us.
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def worker(options: argparse.Namespace) -> int:
    """Serve one side."""
    if options.worker == "peak":
        return harness.serve(lambda: Prepared(lambda: None), {"sgemm": harness.sgemm})
    engine = Engine(options)
    calls = {name: getattr(engine, name) for name in ("losses", "first", "epoch", "accuracy")}
    return harness.serve(engine.prepare, calls)


# --- the parts ----------------------------------------------------------------------------------------


def same_losses(workers: list[Worker], options: argparse.Namespace) -> list[dict[str, Any]]:
    """Whether both sides compute the same thing."""
    rows = []
    for model in options.models:
        found = {w.side.label: w.ask("losses", model=model, steps=20) for w in workers if not w.side.compile}
        ours, theirs = found["minicnn"], found.get(f"torch {options.threads}t")
        row = {"model": model, "first": ours[0], "last": ours[-1], "difference": None}
        text = f"{model}: losses {ours[0]:.4f} to {ours[-1]:.4f} in 20 steps"
        if theirs:
            row["difference"] = difference = max(abs(a - b) for a, b in zip(ours, theirs, strict=True))
            print(f"{text}, at most {difference:.1e} from torch's")
            if not difference < 1e-3:
                raise WorkerError(f"{model}: the first 20 losses differ by {difference:.1e}, more than 1e-3")
        else:
            print(text)
        rows.append(row)
    return rows


def steps(workers: list[Worker], options: argparse.Namespace) -> list[dict[str, Any]]:
    """Milliseconds of a step."""
    rows = []
    for model in options.models:
        for batch in options.batch:
            case = {"model": model, "batch": batch}
            timings = harness.alternate(workers, case, options)
            ours, theirs = timings["minicnn"].median, harness.best_torch(timings)
            compiled = timings.get("torch.compile")
            rows.append({
                **case, "seconds": ours, "samples_per_second": batch / ours,
                "gflops": flop(model) * batch / ours / 1e9,
                "torch_best": theirs and theirs[0], "torch_seconds": theirs and theirs[1].median,
                "torch_samples_per_second": theirs and batch / theirs[1].median,
                "ratio": theirs and theirs[1].median / ours,
                "compile_seconds": compiled and compiled.median,
                "all": {label: timing._asdict() for label, timing in timings.items()},
            })  # fmt: skip
    return rows


def epochs(workers: list[Worker], rows: list[dict[str, Any]], options: argparse.Namespace) -> list[dict[str, Any]]:
    """Seconds of whole epochs, torch on its better number of threads."""
    best = {(row["model"], row["batch"]): row["torch_best"] for row in rows}
    batch = 128 if 128 in options.batch else options.batch[-1]
    found = []
    for model in options.models:
        wanted = best.get((model, batch)) or f"torch {options.threads}t"
        pair = [w for w in workers if w.side.label in ("minicnn", wanted)]
        for samples in options.samples:
            times: dict[str, list[float]] = {"minicnn": [], "torch": []}
            for _ in range(min(options.rounds, 3)):
                for w in pair:
                    time.sleep(harness.SETTLE)
                    took = w.ask("epoch", model=model, batch=batch, samples=samples)
                    times[w.side.engine] += [] if took is None else [took]
            medians = {side: statistics.median(values) if values else None for side, values in times.items()}
            found.append({"model": model, "batch": batch, "samples": samples, **medians})
    return found


def start(options: argparse.Namespace) -> dict[str, Any]:
    """Fresh processes up to the first step."""
    model, batch, more = options.models[0], options.batch[0], 3 if options.smoke else 50
    found: dict[str, Any] = {"model": model, "batch": batch}
    with tempfile.TemporaryDirectory(prefix="minicnn-cache-") as cache:
        own_cache = {} if options.smoke else {"MINICNN_CACHE": cache}  # compiling anew takes long
        for side in harness.sides(options, quiet=True):
            if side.label == "torch 1t" and options.threads > 1:
                continue
            runs = []
            for _ in range(2 if options.smoke else 4):
                began = time.time()
                with Worker(__file__, side, options, **own_cache) as fresh:
                    answer = fresh.ask("first", model=model, batch=batch, steps=more)
                if answer:
                    runs.append((answer["done"] - began, answer["memory"]))
                time.sleep(harness.SETTLE)
            if not runs:
                continue
            cold, *warm = runs  # torch has no cache: its first run only fills the system's file cache
            memory = None if warm[0][1] is None else max(memory for _, memory in warm)
            found[side.engine] = {
                "cold": cold[0], "warm": statistics.median(seconds for seconds, _ in warm), "memory": memory,
                "cold_memory": cold[1],
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
    for model in options.models:
        pad = (IMAGE[model] - 28) // 2
        arrays: dict[str, Any] = {}
        for part, prefix in ((train, ""), (test, "test_")):
            images = np.pad(part.data.numpy(), ((0, 0), (pad, pad), (pad, pad))).astype(np.float32)
            arrays[prefix + "x"] = ((images / 255 - 0.1307) / 0.3081)[:, None]
            arrays[prefix + "y"] = part.targets.numpy()
        target, most = (0.5, 1) if options.smoke else (TARGET, EPOCHS)
        row: dict[str, Any] = {"model": model, "target": target, "epochs": most, "max_lr": LR, "batch": 128}
        with tempfile.TemporaryDirectory() as folder:
            np.savez(Path(folder) / "mnist.npz", **arrays)
            arguments = {"file": str(Path(folder) / "mnist.npz"), "target": target, "epochs": most}
            for w in workers:
                if w.side.label in ("minicnn", f"torch {options.threads}t"):
                    row[w.side.engine] = w.ask("accuracy", model=model, **arguments)
                    time.sleep(harness.SETTLE)
        rows.append(row)
    return rows


# --- the run ------------------------------------------------------------------------------------------


def draw(results: dict[str, Any]) -> Any:
    """Samples per second of both sides, one panel a network."""
    import matplotlib.pyplot as plt

    models = list(dict.fromkeys(row["model"] for row in results["steps"])) or ["no steps measured"]
    figure, axes = plt.subplots(
        1, len(models), figsize=(max(8, 5 * len(models)), 3.6), squeeze=False, layout="constrained"
    )
    for axis, model in zip(axes[0], models, strict=True):
        rows = [row for row in results["steps"] if row["model"] == model]
        for offset, key, label in (
            (-0.2, "samples_per_second", "minicnn"),
            (0.2, "torch_samples_per_second", "torch"),
        ):
            bars = axis.bar([i + offset for i in range(len(rows))], [row[key] or 0 for row in rows], 0.4, label=label)
            axis.bar_label(bars, fmt="{:,.0f}", fontsize=8)
        axis.set_xticks(range(len(rows)), [f"batch {row['batch']}" for row in rows])
        axis.set(title=model, ylabel="training samples/s")
        axis.legend()
    figure.suptitle(describe(results["machine"]), fontsize=8)
    return figure


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = harness.parser(__doc__ or "", "32 128 512")
    parser.add_argument("--models", nargs="+", choices=list(IMAGE), default=list(IMAGE), help="otherwise both")
    parser.add_argument("--compile", action="store_true", help="measure torch.compile too")
    parser.add_argument("--accuracy", action="store_true", help="seconds to 99.0 %% on MNIST (needs MINICNN_DATA)")
    parser.add_argument("--skip", nargs="+", choices=PARTS, default=[], help="parts to leave out")
    options = parser.parse_args(arguments)
    if options.worker:
        return worker(options)
    options.batch = options.batch or ([8] if options.smoke else [32, 128, 512])
    options.samples = [32, 100] if options.smoke else [1_000, 10_000, 60_000]
    harness.settle_options(options)
    options.seconds *= 3
    wanted = [part for part in PARTS if part not in options.skip]
    print(describe(machine(options)))
    workers = [Worker(__file__, side, options) for side in harness.sides(options, compile=options.compile)]
    results: dict[str, Any] = {
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
