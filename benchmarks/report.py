"""README's benchmark tables, generated from the newest results: never written by hand.

    python benchmarks/report.py --update README.md     replace the tables
    python benchmarks/report.py --check README.md      exit with 1 if the tables are not what the results say
    python benchmarks/report.py                        print them

A table stands between two comments, and whatever stands between them is replaced:

    <!-- benchmark: train -->  …  <!-- /benchmark -->      from results/train-*.json
    <!-- benchmark: conv -->   …  <!-- /benchmark -->      from results/conv-*.json

For each device the newest complete run counts; runs with --smoke never do.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
TIMES = "\N{MULTIPLICATION SIGN}"
MARKS = re.compile(r"(<!-- benchmark: (\w+) -->\n).*?(<!-- /benchmark -->)", re.DOTALL)


# --- text that the benchmarks print too ---------------------------------------------------------------


def table(headers: Sequence[str], rows: Sequence[Sequence[Any]], left: int = 1) -> str:
    """Aligned text: the first `left` columns to the left, the rest to the right; None as a dash."""
    cells = [[str(cell) if cell is not None else "-" for cell in row] for row in (headers, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def geometric_mean(values: Iterable[float]) -> float:
    """exp of the mean logarithm: the mean of ratios, which treats 2 and 1/2 alike."""
    return statistics.geometric_mean(values)


def describe(info: dict[str, Any]) -> str:
    """The machine in one line."""
    names = ("minicnn", "torch", "numpy", "numba", "cupy")
    versions = ", ".join(f"{name} {info[name]}" for name in names if info.get(name))
    threads = f"{info['threads']} thread{'s' * (info['threads'] != 1)} on {info['cores']} cores"
    return f"{info.get('gpu') or info['cpu']}, {threads}; {versions}, Python {info['python']}"


# --- README's tables ----------------------------------------------------------------------------------


def markdown(headers: Sequence[str], rows: Sequence[Sequence[Any]], left: int = 1) -> str:
    """A Markdown table, numbers to the right; None as a dash."""
    lines = [headers, ["---"] * left + ["---:"] * (len(headers) - left)]
    lines += [["\N{EN DASH}" if cell is None else str(cell) for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def seconds(value: float | None) -> str | None:
    """0.123 → 123 ms, 12.3 → 12.3 s."""
    if value is None:
        return None
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"


def train(results: dict[str, Any]) -> str:
    """Training: steps, then what surrounds them."""
    rows = []
    for row in results.get("steps", []):
        theirs = row["torch_samples_per_second"]
        rows.append([
            row["model"], row["batch"], f"{row['samples_per_second']:,.0f}", f"{row['seconds'] * 1e3:.2f}",
            theirs and f"{theirs:,.0f}", row["ratio"] and f"**{row['ratio']:.1f}{TIMES}**",
            row["peak_share"] and f"{row['peak_share']:.0%}",
        ])  # fmt: skip
    headers = [
        "network",
        "batch",
        "samples/s",
        "ms/step",
        "torch, samples/s",
        "times torch",
        "of sgemm's peak",
    ]
    parts = [markdown(headers, rows)] if rows else []
    facts = []
    for epoch in results.get("epochs", []):
        label = f"an epoch of {epoch['samples']:,} ({epoch['model']}, batch {epoch['batch']}, with the data loader)"
        facts.append([label, seconds(epoch["minicnn"]), seconds(epoch["torch"])])
    if start := results.get("start"):
        ours, theirs = start["minicnn"], start.get("torch") or {}
        facts += [
            [
                "first training step, from the start of the process",
                seconds(ours["warm"]),
                seconds(theirs.get("warm")),
            ],
            ["the same with an empty kernel cache", seconds(ours["cold"]), None],
            ["peak memory of training", megabytes(ours["memory"]), megabytes(theirs.get("memory"))],
        ]
    if imports := results.get("imports"):
        label = f"import (NumPy alone: {seconds(imports['numpy'])})"
        facts.append([label, seconds(imports["minicnn"]), seconds(imports.get("torch"))])
    for row in results.get("accuracy", []):
        label = f"training seconds to {row['target']:.1%} on MNIST ({row['model']})"
        facts.append(
            [label, seconds(row["minicnn"]["seconds"]), seconds((row.get("torch") or {}).get("seconds"))]
        )
    if facts:
        parts.append(markdown(["", "minicnn", "torch"], facts))
    return "\n\n".join(parts)


def megabytes(value: float | None) -> str | None:
    """As in 180 MB."""
    return value and f"{value:,.0f} MB"


def conv(results: dict[str, Any]) -> str:
    """Convolution: one line a shape, the ratios of the three directions' mean for each batch."""
    rows = results["rows"]
    batches = sorted({row["batch"] for row in rows})
    largest = batches[-1]
    lines = []
    for shape in dict.fromkeys(row["shape"] for row in rows):
        mine = [row for row in rows if row["shape"] == shape]
        cells: list[Any] = [shape]
        for batch in batches:
            ratios = [row["ratio"] for row in mine if row["batch"] == batch and row["ratio"]]
            cells.append(f"{geometric_mean(ratios):.2f}{TIMES}" if ratios else None)
        for side in ("minicnn_gflops", "torch_gflops"):
            speeds = [row[side] for row in mine if row["batch"] == largest and row[side]]
            cells.append(f"{geometric_mean(speeds):.0f}" if speeds else None)
        lines.append(cells)
    headers = [
        "layer",
        *(f"batch {batch}" for batch in batches),
        f"GFLOP/s, batch {largest}",
        "torch's GFLOP/s",
    ]
    text = markdown(headers, lines)
    if found := results["summary"].get("all"):
        worst = found["worst"]
        text += (
            "\n\nTimes torch's speed, the geometric mean of forward, input gradient and weight gradient. "
            f"Over all {found['rows']} cases: {found['geometric_mean']:.2f}{TIMES}; worst case {worst['ratio']:.2f}{TIMES} "
            f"({worst['shape']}, {worst['direction']}, batch {worst['batch']}). "
            f"sgemm's peak: {results['sgemm_gflops']:.0f} GFLOP/s."
        )
    return text


TABLES = {"train": train, "conv": conv}


def newest(folder: Path, benchmark: str) -> list[dict[str, Any]]:
    """The newest complete run on each device."""
    found: dict[str, dict[str, Any]] = {}
    for path in folder.glob(f"{benchmark}-*.json"):
        results = json.loads(path.read_text(encoding="utf-8"))
        device = results["device"]
        if not results["smoke"] and (device not in found or results["date"] > found[device]["date"]):
            found[device] = results
    return [found[device] for device in sorted(found)]


def section(folder: Path, benchmark: str) -> str:
    """The text between the marks."""
    if benchmark not in TABLES:
        raise ValueError(f"there is no benchmark {benchmark!r}; expected one of {', '.join(TABLES)}")
    parts = []
    for results in newest(folder, benchmark):
        source = f"python benchmarks/{benchmark}_speed.py --device {results['device']}"
        line = f"*{describe(results['machine'])}; {results['date'][:10]}, `{source}`*"
        parts.append(f"{TABLES[benchmark](results)}\n\n{line}")
    return "\n\n".join(parts) or "*No results yet.*"


def updated(text: str, folder: Path) -> str:
    """`text` with every marked section replaced."""
    return MARKS.sub(lambda m: f"{m[1]}\n{section(folder, m[2])}\n\n{m[3]}", text)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--update", type=Path, metavar="FILE", help="replace the marked sections of FILE")
    what.add_argument("--check", type=Path, metavar="FILE", help="exit with 1 if FILE's sections are stale")
    parser.add_argument(
        "--results", type=Path, default=RESULTS, help="their folder; otherwise benchmarks/results"
    )
    options = parser.parse_args(arguments)
    file = options.update or options.check
    if file is None:
        for benchmark in TABLES:
            print(f"## {benchmark}\n\n{section(options.results, benchmark)}\n")
        return 0
    if not file.is_file():
        parser.error(f"{file} is not a file")
    text = file.read_text(encoding="utf-8")
    if not MARKS.search(text):
        parser.error(f"{file} has no section between <!-- benchmark: train --> and <!-- /benchmark -->")
    try:
        new = updated(text, options.results)
    except ValueError as error:
        parser.error(str(error))
    if options.update and new != text:
        file.write_text(new, encoding="utf-8")
    if options.check and new != text:
        print(f"{file} is stale: run python benchmarks/report.py --update {file}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
