"""All that needs a GPU, in one run: the tests, NVIDIA's checks of memory and races, and the benchmarks.

    python benchmarks/on_gpu.py                        on a machine with an NVIDIA GPU, an hour
    python benchmarks/on_gpu.py --stages contracts     one stage: contracts, tests, memcheck, racecheck, synccheck,
                                                       conv, train
    python benchmarks/on_gpu.py --processes 8          tests in so many processes, which share the GPU (default: 4)
    python benchmarks/on_gpu.py --smoke                the same in small, minutes; without a GPU it says so, and ends

  contracts   the contract tests of every kernel, by CUDA C++ and by Numba-CUDA, run directly and in CUDA graphs
  tests       the whole suite with --device cuda
  memcheck    the contracts of the CUDA kernels once more under compute-sanitizer: accesses outside of memory, …
  racecheck   … threads of a block that read what another one writes, …
  synccheck   … barriers that some threads do not reach
  conv, train conv_speed.py and train_speed.py with --device cuda

What ran, how many tests passed and failed, and what could not run and why, is printed and written as JSON beside the
results of the benchmarks. It exits with 0 only if every stage that was asked for has run and passed.
"""

from __future__ import annotations

import datetime
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import harness
from records import describe, machine, table

ROOT = Path(__file__).resolve().parent.parent
STAGES = ("contracts", "tests", "memcheck", "racecheck", "synccheck", "conv", "train")
SANITIZER = "compute-sanitizer"
FOUND = 99  # its exit status when it found something


def command(stage: str, smoke: bool, output: Path, counts: Path, processes: int = 1) -> list[str]:
    """What a stage runs; tests leave their numbers in the file `counts`."""
    python = [sys.executable, "-u"]
    if stage in ("conv", "train"):
        script = str(ROOT / "benchmarks" / f"{stage}_speed.py")
        return [*python, script, "--device", "cuda", "--output", str(output), *["--smoke"] * smoke]
    tests = [*python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={counts}"]
    if processes > 1 and not stage.endswith("check"):  # the sanitizer watches one process
        tests += ["-n", str(processes)]
    if stage == "tests":
        return [*tests, "--device", "cuda", str(ROOT / "tests" / ("test_tensor.py" if smoke else ""))]
    kernels = "gpu" if stage == "contracts" else "gpu and cupy"  # the sanitizer is slow, and Numba's code not ours
    tests += ["-k", f"{kernels} and im2col" if smoke else kernels]
    tests += [str(ROOT / "tests" / "kernels"), "--ignore-glob=*/test_gpu_without_gpu.py"]
    return tests if stage == "contracts" else [SANITIZER, "--tool", stage, "--error-exitcode", str(FOUND), *tests]


def why_not(stage: str) -> str | None:
    """None where a stage can run, else what it lacks."""
    if stage.endswith("check") and shutil.which(SANITIZER) is None:
        return f"{SANITIZER} is not installed (it comes with the CUDA toolkit)"
    return None


def tested(counts: Path) -> dict[str, int]:
    """How many tests passed, failed and were skipped; nothing where no test ran."""
    if not counts.is_file():
        return {}
    suite = next(ElementTree.parse(counts).iter("testsuite"))
    number = {name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")}
    failed = number["failures"] + number["errors"]
    return {"passed": number["tests"] - failed - number["skipped"], "failed": failed, "skipped": number["skipped"]}


def run(stage: str, options: Any) -> dict[str, Any]:
    """Run a stage; what came of it."""
    reason = why_not(stage)
    if reason is not None:
        return {"stage": stage, "ran": False, "reason": reason}
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts.xml"
        words = command(stage, options.smoke, options.output, counts, options.processes)
        print(f"\n=== {stage}: {shlex.join(words)}", flush=True)
        begun = time.perf_counter()
        status = subprocess.run(words, cwd=ROOT, check=False).returncode
        result = {"stage": stage, "ran": True, "status": status, "seconds": round(time.perf_counter() - begun, 1)}
        return {**result, **tested(counts)}


def outcome(result: dict[str, Any]) -> str:
    """One word, or the reason."""
    if not result["ran"]:
        return f"NOT RUN: {result['reason']}"
    return "passed" if result["status"] == 0 else f"FAILED (exit status {result['status']})"


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = harness.parser(__doc__ or "", "each benchmark's own")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES), metavar="STAGE",
                        help=f"{', '.join(STAGES)}; otherwise all")  # fmt: skip
    parser.add_argument("--processes", type=int, default=4, metavar="N",
                        help="that tests run in, sharing the GPU (default: %(default)s)")  # fmt: skip
    options = parser.parse_args(arguments)
    options.device = "cuda"
    from minicnn import backend

    reason = backend.why_no_gpu()
    if reason is not None:
        print(f"on_gpu.py: nothing was run: {reason}")
        return 0 if options.smoke else 1
    if os.environ.get("MINICNN_TEST_GPU") == "simulated" and not options.smoke:
        harness.fail("a simulated GPU has no speed and no sanitizer: --smoke, or a real one", 2)
    harness.settle_options(options)
    info = machine(options)
    print(describe(info))
    results = [run(stage, options) for stage in options.stages]
    now = datetime.datetime.now(datetime.timezone.utc)
    content = {
        "benchmark": "gpu", "device": "cuda", "smoke": options.smoke, "date": now.isoformat(timespec="seconds"),
        "machine": info, "stages": results,
    }  # fmt: skip
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / f"gpu-cuda-{now:%Y%m%d-%H%M%S}{'-smoke' * options.smoke}.json"
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    names = ("passed", "failed", "skipped", "seconds")
    print()
    print(table(["stage", *names, ""], [[r["stage"], *map(r.get, names), outcome(r)] for r in results]))
    print(f"\nwritten: {path}")
    return int(not all(result["ran"] and result["status"] == 0 for result in results))


if __name__ == "__main__":
    raise SystemExit(main())
