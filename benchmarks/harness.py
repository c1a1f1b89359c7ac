"""What the benchmarks share: processes that take turns, timings, the machine's peak, the options.

A speed claim here is a ratio of two medians measured in one run. Each side (minicnn, torch on one
thread, torch on all) lives in a process of its own, because two OpenMP runtimes in one process spin
against each other, and the sides take turns: one computes while the others sleep.

    parent   "prepare case 7"  ->  side A     A builds its data, runs once or more: the warm-up
             "prepare case 7"  ->  side B
             "block"           ->  side A     A times some repetitions and answers; B sleeps
             "block"           ->  side B     and so on, for several rounds; the median of all counts

A benchmark script is its own worker: `script.py --worker minicnn` reads JSON lines on standard input
and answers them on standard output. How much CPU a side burned while it should have slept is measured
and reported. OMP_WAIT_POLICY is left as it is: "passive" would make sleeping cheaper (a pool spins for
some milliseconds after its last region), but it also makes torch's steps twice as long. Instead the
parent lets the last side's pool fall asleep before it wakes the next.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from records import installed
from report import RESULTS

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # the checkout beside this file is what is measured

OF_A_GPU = ("cupy", "cublas", "cudnn")  # backends
SETTLE = 0.02  # seconds for a thread pool to stop spinning before another side is woken


# --- the worker's end -------------------------------------------------------------------------------


class Prepared(NamedTuple):
    """A case that is ready to be timed: `step` does the work once, `wait` lets a GPU finish it."""

    step: Callable[[], Any]
    wait: Callable[[], None] = lambda: None
    inner: int = 1  # repetitions between two looks at the clock
    check: Callable[[], Any] = lambda: None  # numbers that the other side should agree with
    runs: int = 1  # how often one step does the work: a CUDA graph may hold it several times


def serve(prepare: Callable[..., Prepared], calls: dict[str, Callable[..., Any]] | None = None) -> int:
    """Answer the parent's requests until it closes the pipe."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints goes to standard error, never into the answers
    case: list[Prepared] = []

    def do_prepare(**arguments: Any) -> Any:
        case[:] = []
        started = time.perf_counter()
        case[:] = [prepare(**arguments)]
        case[0].step()
        case[0].wait()
        first = time.perf_counter() - started
        return {"first": first, "check": case[0].check()}

    def do_block(wake: float, seconds: float, least: int) -> list[float]:
        step, wait, inner, _, runs = case[0]
        # Not counted: the pool wakes up, the system spreads its threads over the cores, caches fill.
        # (Until they are spread, two spinning threads share a core, and a 50 µs kernel takes 16 ms.)
        end = time.perf_counter() + wake
        while True:
            step()
            wait()
            if time.perf_counter() >= end:
                break
        times: list[float] = []
        end = time.perf_counter() + seconds
        while len(times) < least or time.perf_counter() < end:
            before = time.perf_counter()
            for _ in range(inner):
                step()
            wait()
            times.append((time.perf_counter() - before) / (inner * runs))
        return times

    slept = burned = 0.0
    handlers: dict[str, Callable[..., Any]] = {
        "prepare": do_prepare,
        "block": do_block,
        "release": case.clear,
        "idle": lambda: {"slept": slept, "burned": burned},
        **(calls or {}),
    }
    left = (time.perf_counter(), time.process_time())
    for line in sys.stdin:
        slept, burned = slept + time.perf_counter() - left[0], burned + time.process_time() - left[1]
        request = json.loads(line)
        try:
            name = request.pop("call")
            answer = {"ok": handlers[name](**request)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {(str(error).strip() or 'no message').splitlines()[0]}"}
        left = (time.perf_counter(), time.process_time())
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    return 0


def prepare_torch(options: argparse.Namespace) -> None:
    """torch at its best, and comparable: the threads of this side, cuDNN's search, no TF32."""
    import torch

    torch.set_num_threads(options.threads)
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False


def sgemm(seconds: float, size: int, device: str) -> float:
    """The best GFLOP/s of large float32 matrix products, by NumPy's BLAS or CuPy's: the machine's peak."""
    import numpy as xp

    rng = xp.random.default_rng(0)
    a, b = (rng.standard_normal((size, size), dtype=xp.float32) for _ in range(2))
    wait: Callable[[], None] = lambda: None  # noqa: E731
    if device == "cuda":
        import cupy

        a, b, wait = cupy.asarray(a), cupy.asarray(b), cupy.cuda.get_current_stream().synchronize
    best, end, out = math.inf, time.perf_counter() + seconds, a @ b
    while best == math.inf or time.perf_counter() < end:  # once, however slow the machine
        wait()
        before = time.perf_counter()
        (xp if device == "cpu" else cupy).matmul(a, b, out=out)
        wait()
        best = min(best, time.perf_counter() - before)
    return 2 * size**3 / best / 1e9


# --- the parent's end -------------------------------------------------------------------------------


class Side(NamedTuple):
    """One competitor: its name in tables, its engine ("minicnn", "torch", … or "peak"), its threads."""

    label: str
    engine: str
    threads: int
    flags: tuple[str, ...] = ()  # for its process's command line


class WorkerError(Exception):
    """A side could not do what it was asked, in one line."""


class Worker:
    """A side's process."""

    def __init__(self, script: str, side: Side, options: argparse.Namespace, **environment: str) -> None:
        threads = str(side.threads)
        env = {**os.environ, "MINICNN_NUM_THREADS": threads}
        env.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads))
        env.setdefault("KMP_BLOCKTIME", "5")  # LLVM's and Intel's OpenMP would spin for 200 ms
        env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), env.get("PYTHONPATH"))))
        if options.backend:
            env["MINICNN_KERNELS"] = options.backend
        self.side, self._errors = side, tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.started = time.perf_counter()
        command = [sys.executable, script, "--worker", side.engine, "--device", options.device, *side.flags]
        self._process = subprocess.Popen(
            [*command, "--threads", threads], env=env | environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
        )  # fmt: skip

    def call(self, name: str, **arguments: Any) -> Any:
        """The answer to one request; WorkerError with one line if there is none."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"call": name, **arguments}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self._process.wait()
            self._errors.seek(0)
            last = (self._errors.read().strip().splitlines() or ["no message"])[-1]
            raise WorkerError(f"{self.side.label}: the process ended ({self._process.returncode}): {last}")
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(f"{self.side.label}: {answer['error']}")
        return answer["ok"]

    def ask(self, name: str, **arguments: Any) -> Any:
        """The same, but what a competitor cannot do is said once, and the answer is None."""
        try:
            return self.call(name, **arguments)
        except WorkerError as error:
            if self.side.engine == "minicnn":
                raise
            complain(str(error))
            return None

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
        self._errors.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Timing(NamedTuple):
    """Seconds of one repetition on one side: the median of all, the quartiles, and the first one of all."""

    median: float
    low: float
    high: float
    repetitions: int
    warm_up: float
    check: Any = None


def alternate(workers: Sequence[Worker], case: dict[str, Any], options: argparse.Namespace) -> dict[str, Timing]:
    """Time `case` on every side that can do it, taking turns."""
    ready: dict[Worker, Any] = {}
    for worker in workers:
        if answer := worker.ask("prepare", **case):
            ready[worker] = answer
        time.sleep(SETTLE)
    times: dict[Worker, list[float]] = {worker: [] for worker in ready}
    order = list(ready)
    for turn in range(options.rounds):
        for worker in order:
            time.sleep(SETTLE)
            wake = max(options.seconds / 2, 0.02 if options.smoke else 0.05)
            times[worker] += worker.call("block", wake=wake, seconds=options.seconds, least=2)
        order = order[1:] + order[:1]
        if turn == 0:  # torch counts at its best number of threads: where one is far behind, its turns are saved
            best = {w: min(times[w]) for w in order if w.side.label.startswith("torch ")}
            order = [w for w in order if best.get(w, 0) <= 1.5 * min(best.values(), default=0)]
    result = {}
    for worker in ready:
        worker.call("release")
        low, median, high = quartiles(times[worker])
        first, check = ready[worker]["first"], ready[worker]["check"]
        result[worker.side.label] = Timing(median, low, high, len(times[worker]), first, check)
    return result


@functools.cache
def complain(message: str) -> None:
    """Say it on standard error, once."""
    print(f"note: {message}", file=sys.stderr)


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """The values below which a quarter, half and three quarters lie."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, median, high


def best_torch(timings: dict[str, Timing]) -> tuple[str, Timing] | None:
    """torch's faster eager side: one thread or all."""
    eager = {label: t for label, t in timings.items() if label.startswith("torch ")}
    return min(eager.items(), key=lambda item: item[1].median) if eager else None


def idle_share(workers: Iterable[Worker]) -> dict[str, float]:
    """The share of a core that each side burned while it should have slept; a warning above 5 %."""
    shares = {}
    for worker in workers:
        if (idle := worker.ask("idle")) is None:
            continue
        shares[worker.side.label] = share = idle["burned"] / max(idle["slept"], 1e-9)
        if share > 0.05:
            complain(f"{worker.side.label} used {share:.0%} of a core while it should have slept")
    return shares


def sides(options: argparse.Namespace, quiet: bool = False) -> list[Side]:
    """minicnn, torch on one and on all threads (on a GPU threads do not matter), and who else was asked for; those
    that are not installed are said and left out."""
    found = [Side("minicnn", "minicnn", options.threads, ("--eager",) * getattr(options, "eager", False))]
    graphs = getattr(options, "graphs", False)  # a benchmark of steps on a GPU, with and without CUDA graphs
    if graphs and not options.eager:
        found.append(Side("minicnn eager", "minicnn", options.threads, ("--eager",)))
    say = print if not quiet else lambda text: None
    if installed("torch"):
        counts = sorted({1, options.threads}) if options.device == "cpu" else [options.threads]
        found += [Side(f"torch {count}t", "torch", count) for count in counts]
        if getattr(options, "compile", False):
            found.append(Side("torch.compile", "torch", options.threads, ("--compile",)))
        if graphs:
            found.append(Side("torch.cuda.graph", "torch", options.threads, ("--graphs",)))
    else:
        say("torch is not installed: only minicnn is measured (pip install torch==2.13.0)")
    for name in getattr(options, "compare", []):
        if installed(name):
            found.append(Side(name, name, options.threads))
        else:
            say(f"{name} is not installed and not compared (pip install {name})")
    return found


def peak(script: str, options: argparse.Namespace) -> float:
    """The machine's sgemm peak in GFLOP/s, on all the threads that the sides may use."""
    with Worker(script, Side("sgemm", "peak", options.threads), options) as worker:
        seconds, size = (0.2, 1024) if options.smoke else (3.0, 8192 if options.device == "cuda" else 2048)
        value: float = worker.call("sgemm", seconds=seconds, size=size, device=options.device)
    time.sleep(SETTLE)
    return value


# --- the command line -------------------------------------------------------------------------------


def parser(description: str, batches: str) -> argparse.ArgumentParser:
    """The options that every benchmark has; `batches` names the default batch sizes."""
    p = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where both sides compute; otherwise cpu")
    p.add_argument("--backend", choices=("numba", "numpy", *OF_A_GPU), help="minicnn's kernels; otherwise its choice")
    p.add_argument("--batch", type=positive, nargs="+", metavar="N", help=f"batch sizes; otherwise {batches}")
    p.add_argument("--threads", type=positive, help="CPU threads of each side; otherwise all")
    p.add_argument("--rounds", type=positive, help="turns of each side at each case; otherwise 7, 2 with --smoke")
    p.add_argument("--smoke", action="store_true", help="does everything work? tiny cases; the numbers mean nothing")
    p.add_argument("--output", type=Path, help="folder for JSON and PNG; otherwise benchmarks/results, "
                   "or a temporary folder with --smoke")  # fmt: skip
    p.add_argument("--worker", help=argparse.SUPPRESS)  # the engine that this process is to serve
    return p


def progress(done: int, total: int, what: str) -> None:
    """A line that overwrites itself, where somebody is looking."""
    if sys.stderr.isatty():
        print(f"\r{done:4}/{total}  {what:70}", end="", file=sys.stderr, flush=True)


def positive(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def settle_options(options: argparse.Namespace) -> argparse.Namespace:
    """Fill in what depends on the machine; exit with 2 where it lacks the device."""
    import minicnn
    from minicnn import backend

    options.threads = options.threads or minicnn.get_num_threads()
    options.rounds = options.rounds or (2 if options.smoke else 7)
    options.seconds = 0.02 if options.smoke else 0.15
    if options.device == "cuda" and (reason := backend.why_no_gpu()):
        fail(f"--device cuda: {reason}", 2)
    if options.device == "cpu" and options.backend in OF_A_GPU:
        fail(f"--backend {options.backend} needs --device cuda", 2)
    if options.output is None:
        options.output = Path(tempfile.mkdtemp(prefix="minicnn-smoke-")) if options.smoke else RESULTS
    return options


def fail(message: str, code: int = 1) -> NoReturn:
    """One line on standard error, and the end."""
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
    raise SystemExit(code)
