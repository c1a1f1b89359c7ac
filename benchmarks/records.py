"""Results as text and as files: what the benchmarks print and write."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

OTHERS = {"jax": "JAX, jit", "tinygrad": "tinygrad, TinyJit", "dezero": "DeZero"}  # engines besides torch
ON_A_GPU = {"minicnn eager": "eager_seconds", "torch.cuda.graph": "graphs_seconds"}  # sides there, their columns
TIMES = "\N{MULTIPLICATION SIGN}"


def table(headers: Sequence[str], rows: Sequence[Sequence[Any]], left: int = 1) -> str:
    """Aligned text: the first `left` columns to the left, the rest to the right; None as a dash."""
    cells = [[str(cell) if cell is not None else "-" for cell in row] for row in (headers, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        for row in cells
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def geometric_mean(values: Iterable[float]) -> float:
    """exp of the mean logarithm: the mean of ratios, which treats 2 and 1/2 alike."""
    return statistics.geometric_mean(values)


def describe(info: dict[str, Any]) -> str:
    """The machine in one line."""
    names = ("minicnn", "torch", *OTHERS, "numpy", "numba", "cupy")
    versions = ", ".join(f"{name} {info[name]}" for name in names if info.get(name))
    threads = f"{info['threads']} thread{'s' * (info['threads'] != 1)} on {info['cores']} cores"
    return f"{info.get('gpu') or info['cpu']}, {threads}; {versions}, Python {info['python']}"


def installed(package: str) -> bool:
    """Whether `package` could be imported."""
    return version(package) is not None


def version(package: str) -> str | None:
    """The version of an installed package; None where it is not installed."""
    import importlib.metadata
    import importlib.util

    try:
        return importlib.metadata.version(package) if importlib.util.find_spec(package) else None
    except ImportError:
        return None


def machine(options: argparse.Namespace) -> dict[str, Any]:
    """CPU, cores, versions."""
    import minicnn

    cpu = platform.processor() or platform.machine()
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), cpu)
    found: dict[str, Any] = {
        "cpu": cpu, "cores": os.cpu_count(), "threads": options.threads, "os": platform.platform(terse=True),
        "python": platform.python_version(), "minicnn": minicnn.__version__,
        **{name: version(name) for name in ("numpy", "numba", "torch", *getattr(options, "compare", []))},
    }  # fmt: skip
    if options.device == "cuda":
        import cupy

        found["gpu"] = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
        found["cupy"] = version("cupy") or cupy.__version__
    return found


def write(benchmark: str, options: argparse.Namespace, content: dict[str, Any], draw: Callable[[Any], Any]) -> Path:
    """Write the result as JSON and, with `draw(results)` returning a figure, as PNG; the JSON's path."""
    now = datetime.datetime.now(datetime.timezone.utc)
    protocol = {
        "processes": "one for each side, taking turns", "rounds": options.rounds, "dtype": "float32",
        "tf32": getattr(options, "tf32", False),
        "statistic": "median of all repetitions; the first call is reported as warm_up",
        "torch": "the faster of 1 and all threads",
        "eager": getattr(options, "eager", None), "backend": options.backend or "minicnn's own choice",
    }  # fmt: skip
    results = {
        "benchmark": benchmark, "device": options.device, "smoke": options.smoke,
        "date": now.isoformat(timespec="seconds"), "machine": machine(options), "protocol": protocol,
        **content,
    }  # fmt: skip
    options.output.mkdir(parents=True, exist_ok=True)
    path: Path = options.output / f"{benchmark}-{options.device}-{now:%Y%m%d-%H%M%S}{'-smoke' * options.smoke}.json"
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    import matplotlib

    matplotlib.use("Agg")
    draw(results).savefig(path.with_suffix(".png"), dpi=120, bbox_inches="tight")
    print(f"\nwritten: {path} and {path.with_suffix('.png').name}")
    return path
