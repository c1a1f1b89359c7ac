"""README's benchmark tables and pictures, from the newest results: never written by hand.

    python benchmarks/report.py --update README.md     replace the tables
    python benchmarks/report.py --check README.md      exit with 1 if the tables are not what the results say
    python benchmarks/report.py                        print them

A table stands between two comments, and whatever stands between them is replaced:

    <!-- benchmark: train -->  …  <!-- /benchmark -->      from results/train-*.json
    <!-- benchmark: conv -->   …  <!-- /benchmark -->      from results/conv-*.json
    <!-- benchmark: profile --> … <!-- /benchmark -->      from results/profile-*.json
    <!-- benchmark: accuracy --> … <!-- /benchmark -->     from results/accuracy-*.json

For each device the newest complete run counts; runs with --smoke never do.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from records import ON_A_GPU, OTHERS, TIMES, describe, geometric_mean

RESULTS = Path(__file__).resolve().parent / "results"
SIDES = ("minicnn", "torch")
MARKS = re.compile(r"(<!-- benchmark: (\w+) -->\n).*?(<!-- /benchmark -->)", re.DOTALL)


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


Table = tuple[list[str], list[list[Any]]]


def train_tables(results: dict[str, Any]) -> list[Table]:
    """Training: the steps, then what surrounds them; headers and rows."""
    steps: list[list[Any]] = []
    for row in results["steps"]:
        theirs, compiled = row["torch_samples_per_second"], row["compile_seconds"]
        steps.append([
            row["model"], row["batch"], f"{row['samples_per_second']:,.0f}", f"{row['seconds'] * 1e3:.2f}",
            f"{row['peak_share']:.0%}", theirs and f"{theirs:,.0f}",
            compiled and f"{row['batch'] / compiled:,.0f}",
            row["ratio"] and f"{row['ratio']:.1f}{TIMES}",
        ])  # fmt: skip
    facts: list[list[Any]] = []
    for row in results["epochs"]:
        how = "of data on the GPU" if results.get("device") == "cuda" else "with the data loader"
        label = f"epoch of {row['samples']:,} {how} ({row['model']}, batch {row['batch']})"
        facts.append([label, *(row[side] and per_sample(row[side], row["samples"]) for side in SIDES)])
    if start := results["start"]:
        ours, theirs = (start.get(side) or {} for side in SIDES)
        label = f"start of the process to the end of the first step ({start['model']}, batch {start['batch']})"
        facts += [
            [label, seconds(ours["warm"]), seconds(theirs.get("warm"))],
            ["the same with an empty kernel cache", seconds(ours["cold"]), None],
            [
                "peak memory (resident set) of 50 such steps",
                megabytes(ours["memory"]),
                megabytes(theirs.get("memory")),
            ],
        ]
    if imports := results["imports"]:
        label = f"import (NumPy's own {seconds(imports['numpy'])} included)"
        facts.append([label, *(seconds(imports.get(side)) for side in SIDES)])
    for row in results["accuracy"]:
        label = f"training to {row['target']:.1%} test accuracy on MNIST ({row['model']})"
        facts.append([label, *(reached(row.get(side)) for side in SIDES)])
    headers = ["network", "batch", "samples/s", "ms/step", "of sgemm's peak", "torch samples/s"]
    headers += ["torch.compile", "times torch"]
    if all(row[6] is None for row in steps):
        del headers[6]
        for row in steps:
            del row[6]
    tables: list[Table] = [
        (headers, steps), with_graphs(results), compared(results) or ([], []), (["", *SIDES], facts)
    ]  # fmt: skip
    return [(h, rows) for h, rows in tables if rows]


def with_graphs(results: dict[str, Any]) -> Table:
    """What CUDA graphs do for both engines, steps and epochs; no rows but of a GPU."""
    lines = []
    for what, rows, columns in (
        ("step", results["steps"], ("seconds", *ON_A_GPU.values(), "torch_seconds")),
        ("epoch", results["epochs"], ("minicnn", *ON_A_GPU, "torch")),
    ):
        for row in rows:
            ours, eager, graphs, torch = (row.get(column) for column in columns)
            if eager is None and graphs is None:
                continue
            label = f"{row['model']}, batch {row['batch']}, {what}"
            label += f" of {row['samples']:,}" if what == "epoch" else ""
            times = [t and f"{t * 1e3:.3f}" for t in (ours, eager, torch, graphs)]
            lines.append([label, *times, *(t and f"{t / ours:.1f}{TIMES}" for t in (torch, graphs))])
    headers = ["ms", "minicnn, graphs", "minicnn, eager", "torch, eager", "torch, graphs"]
    return [*headers, "times torch, eager", "times torch, graphs"], lines


def compared(results: dict[str, Any]) -> Table | None:
    """The same training step on other engines; None where only torch was asked."""
    rows = [row for row in results["steps"] if row.get("others")]
    if not rows:
        return None
    engines = {"minicnn": [row["seconds"] for row in rows], "torch": [row["torch_seconds"] for row in rows]}
    engines["torch.compile"] = [row["compile_seconds"] for row in rows]
    for name, title in OTHERS.items():
        engines[title] = [row["others"].get(name) for row in rows]
    lines = [
        [title, *(t and f"{t * 1e3:.2f} ms ({row['batch'] / t:,.0f})" for row, t in zip(rows, times, strict=True))]
        for title, times in engines.items() if any(times)
    ]  # fmt: skip
    return [f"step of {rows[0]['model']} (samples/s)", *(f"batch {row['batch']}" for row in rows)], lines


def train(results: dict[str, Any]) -> str:
    """Training, for README."""
    return "\n\n".join(markdown(headers, rows) for headers, rows in train_tables(results))


def profile_rows(step: dict[str, Any]) -> Table:
    """The kernels of one step, the largest first, and what is left."""
    lines: list[list[Any]] = [
        [
            row["kernel"], row["work"], row["algorithm"] or None, row["calls"], f"{row['seconds'] * 1e6:.1f}",
            row["gflops"] and f"{row['gflops']:.0f}", f"{row['share']:.1%}",
        ]
        for row in step["rows"]
    ]  # fmt: skip
    rest = step["elsewhere"]
    lines.append(["elsewhere", None, None, None, f"{rest * 1e6:.1f}", None, f"{rest / step['seconds']:.1%}"])
    return ["kernel", "work", "algorithm", "calls", "us", "GFLOP/s", "share"], lines


def profile(results: dict[str, Any]) -> str:
    """Where the time of a step goes, for README."""
    parts = []
    for step in results["steps"]:
        share = f"{step['gflops'] / results['sgemm_gflops']:.0%} of sgemm's {results['sgemm_gflops']:.0f} GFLOP/s"
        title = f"{step['model']}, batch {step['batch']}: {step['seconds'] * 1e3:.2f} ms a step, {share}."
        parts.append(f"{title}\n\n{markdown(*profile_rows(step), left=3)}")
    return "\n\n".join(parts)


def per_sample(value: float, samples: int) -> str:
    """As in 1.5 s (25 us a sample)."""
    return f"{seconds(value)} ({value / samples * 1e6:.1f} us a sample)"


def reached(run: dict[str, Any] | None) -> str | None:
    """As in 8.1 s, 5 epochs."""
    if run is None:
        return None
    if run["seconds"] is None:
        return f"not in {run['epochs']} epochs ({run['accuracy']:.1%})"
    return f"{seconds(run['seconds'])}, {run['epochs']} epochs"


def megabytes(value: float | None) -> str | None:
    """As in 180 MB."""
    return None if value is None else f"{value:,.0f} MB"


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
            f"Over all {found['rows']} cases: {found['geometric_mean']:.2f}{TIMES}; "
            f"worst case {worst['ratio']:.2f}{TIMES} "
            f"({worst['shape']}, {worst['direction']}, batch {worst['batch']}). "
            f"sgemm's peak: {results['sgemm_gflops']:.0f} GFLOP/s."
        )
    return text


def accuracy_table(results: dict[str, Any]) -> Table:
    """The test accuracy of the last epoch on both sides; headers and rows."""
    lines: list[list[Any]] = []
    for row in results["rows"]:
        last = {side: row[side][-1]["accuracy"] for side in SIDES if row.get(side)}
        both = len(last) == len(SIDES)
        lines.append([
            row["model"], row["dataset"], max(len(row[side]) for side in last),
            *(f"{last[side]:.2%}" if side in last else None for side in SIDES),
            f"{100 * (last['minicnn'] - last['torch']):+.2f}" if both else None,
        ])  # fmt: skip
    return ["network", "data", "epochs", *SIDES, "points apart"], lines


def accuracy(results: dict[str, Any]) -> str:
    """Test accuracies, for README."""
    return markdown(*accuracy_table(results), left=2)


TABLES = {"train": train, "conv": conv, "profile": profile, "accuracy": accuracy}
SCRIPTS = {"train": "train_speed.py", "conv": "conv_speed.py", "profile": "profile_step.py", "accuracy": "accuracy.py"}
PICTURES = {
    "train": "Training speed of each network, in times of torch's",
    "conv": "Speed of forward, input gradient and weight gradient of each layer, in times of torch's",
    "profile": "Microseconds of every kernel of a training step",
    "accuracy": "Test accuracy after each epoch, minicnn and torch from the same seed",
}


def newest(folder: Path, benchmark: str) -> list[tuple[Path, dict[str, Any]]]:
    """The newest complete run on each device: its file and what it says."""
    found: dict[str, tuple[Path, dict[str, Any]]] = {}
    for path in folder.glob(f"{benchmark}-*.json"):
        results = json.loads(path.read_text(encoding="utf-8"))
        device = results["device"]
        if not results["smoke"] and (device not in found or results["date"] > found[device][1]["date"]):
            found[device] = (path, results)
    return [found[device] for device in sorted(found)]


def section(folder: Path, benchmark: str) -> str:
    """The text between the marks."""
    if benchmark not in TABLES:
        raise ValueError(f"there is no benchmark {benchmark!r}; expected one of {', '.join(TABLES)}")
    parts = []
    for path, results in newest(folder, benchmark):
        # The results of another folder are a test's; README's pictures lie in this one.
        picture = f"![{PICTURES[benchmark]}](benchmarks/results/{path.with_suffix('.png').name})"
        source = f"python benchmarks/{SCRIPTS[benchmark]} --device {results['device']}"
        line = f"*{describe(results['machine'])}; {results['date'][:10]}, `{source}`*"
        parts.append(f"{picture}\n\n{TABLES[benchmark](results)}\n\n{line}")
    return "\n\n".join(parts) or "*No results yet.*"


def updated(text: str, folder: Path) -> str:
    """`text` with every marked section replaced."""
    return MARKS.sub(lambda m: f"{m[1]}\n{section(folder, m[2])}\n\n{m[3]}", text)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--update", type=Path, metavar="FILE", help="replace the marked sections of FILE")
    what.add_argument("--check", type=Path, metavar="FILE", help="exit with 1 if FILE's sections are stale")
    parser.add_argument("--results", type=Path, default=RESULTS, help="their folder; otherwise benchmarks/results")
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
