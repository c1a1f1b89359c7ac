"""The recipes of the course on minicnn and on PyTorch: the same seed, and the accuracy after every epoch.

    MINICNN_DATA=folder python benchmarks/accuracy.py                    all of CASES: hours, most of them torch's
    MINICNN_DATA=folder python benchmarks/accuracy.py --cases cnn-mnist:mnist cnn-mnist:fashion-mnist
    python benchmarks/accuracy.py --smoke                                       one epoch on the embedded sample

Both sides train the network of networks.py by the recipe of minicnn.models from seed 42 (weights, order of the batches
and dropout masks are then the same numbers) and count the right answers among all test images after each epoch. No
choice is made on them: the last epoch counts. What is in the earlier results of --keep is not trained again, so a run
of hours can be made in pieces, or its sides at the same time; the last run puts them together.

`cifar10-part` is what lies in MINICNN_DATA/cifar10-part: files of CIFAR-10's binary form, of which only a part needs
to be there.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import engines
import harness
import networks
import numpy as np
from harness import Prepared, Worker, WorkerError
from records import describe, machine, table, write
from report import accuracy_table

CASES = (
    "cnn-mnist:mnist",
    "cnn-mnist:fashion-mnist",
    "cnn-dropout2d:mnist",
    "cnn-cifar10:cifar10-part",
)


def images_and_labels(name: str) -> list[np.ndarray]:
    """Training images (N, C, H, W) of uint8, their labels, and the same of the test set."""
    from minicnn import datasets

    if name == "cifar10-part":
        folder = Path(os.environ.get("MINICNN_DATA", ".")) / name
        parts = [datasets.read_cifar_binary(sorted(folder.glob(f"{prefix}*.bin"))) for prefix in ("data", "test")]
        arrays = [np.asarray(array) for part in parts for array in part]
    else:
        if name.endswith("-sample"):
            train, test = datasets.sample(name.removesuffix("-sample"))
        else:
            train, test, _ = datasets.load(name, download=False)
        arrays = [np.asarray(array) for part in (train, test) for array in (part.data, part.targets)]
    for i in (0, 2):
        grey = arrays[i].ndim == 3
        arrays[i] = np.ascontiguousarray(arrays[i][:, None] if grey else arrays[i].transpose(0, 3, 1, 2))
    return arrays


class Course:
    """One side's training run."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.side = engines.Engine(options)

    def begin(self, model: str, dataset: str) -> int:
        """Build everything; the number of epochs."""
        from minicnn.models import NETWORKS

        recipe = NETWORKS[model].course
        mean, std = recipe.normalize or (0.0, 1.0)
        x, y, test_x, test_y = images_and_labels(dataset)
        to_floats = lambda images: (images.astype(np.float32) / 255 - np.float32(mean)) / np.float32(std)  # noqa: E731
        self.test = [self.side.engine.from_numpy(a) for a in (to_floats(test_x), test_y.astype(np.int64))]
        train = [self.side.engine.from_numpy(a) for a in (to_floats(x), y.astype(np.int64))]
        # What the recipe leaves open, e.g. SGD's momentum, is in networks.py.
        self.network, optimizer, step = self.side.trainer(model, lr=recipe.lr)
        self.step = self.side.fast(step, self.network, optimizer)
        self.loader = self.side.data.DataLoader(
            self.side.data.TensorDataset(*train), batch_size=recipe.batch_size, shuffle=True, drop_last=recipe.drop_last
        )
        return recipe.epochs

    def epoch(self) -> dict[str, float]:
        """Train for one epoch and count the right answers on the test set."""
        self.network.train()
        started, losses, device = time.perf_counter(), 0.0, self.side.device
        for images, labels in self.loader:
            losses += self.step(images.to(device), labels.to(device)).item()
        seconds = time.perf_counter() - started
        accuracy = self.side.right(self.network, *self.test)
        return {"loss": losses / len(self.loader), "accuracy": accuracy, "seconds": seconds}


def serve(options: argparse.Namespace) -> int:
    """Answer the parent's requests as one of the sides."""
    course = Course(options)
    return harness.serve(lambda: Prepared(lambda: None), {"begin": course.begin, "epoch": course.epoch})


def train(case: str, side: harness.Side, options: argparse.Namespace) -> list[dict[str, float]]:
    """The epochs of one side."""
    model, dataset = case.split(":")
    epochs = []
    with Worker(__file__, side, options) as worker:
        total = worker.call("begin", model=model, dataset=dataset)
        total = min(total, options.epochs or total)
        for number in range(1, total + 1):
            epochs.append(worker.call("epoch"))
            now = epochs[-1]
            print(
                f"{case}, {side.engine}, epoch {number}/{total}: loss {now['loss']:.4f}, "
                f"test accuracy {now['accuracy']:.2%}, {now['seconds']:.1f} s", flush=True,
            )  # fmt: skip
    return epochs


def draw(results: dict[str, Any]) -> Any:
    """Test accuracy, epoch by epoch, a panel a case."""
    import matplotlib.pyplot as plt

    rows = results["rows"]
    figure, panels = plt.subplots(1, len(rows), figsize=(4 * len(rows), 3.4), layout="constrained", squeeze=False)
    for panel, row in zip(panels[0], rows, strict=True):
        for engine, style in (("torch", "o-"), ("minicnn", ".--")):
            if found := row.get(engine):
                values = [100 * epoch["accuracy"] for epoch in found]
                panel.plot(range(1, len(values) + 1), values, style, label=f"{engine}: {values[-1]:.2f} %")
        panel.set(title=f"{row['model']} on {row['dataset']}", xlabel="epoch", ylabel="test accuracy, %")
        panel.legend(loc="lower right", frameon=False)
        panel.spines[["top", "right"]].set_visible(False)
    figure.suptitle(describe(results["machine"]), fontsize=8)
    return figure


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = harness.parser(__doc__ or "", "the recipe's")
    names = ", ".join(networks.NETWORKS)
    parser.add_argument("--cases", nargs="+", metavar="NETWORK:DATASET", help=f"networks are {names}; otherwise CASES")
    parser.add_argument("--engines", nargs="+", choices=("minicnn", "torch"), help="one side alone; otherwise both")
    parser.add_argument("--epochs", type=harness.positive, help="at most so many; otherwise the recipe's")
    parser.add_argument(
        "--keep", type=Path, nargs="+", default=[], metavar="JSON", help="earlier results to go on from"
    )
    parser.add_argument("--eager", action="store_true", help="minicnn without minicnn.compile")
    parser.set_defaults(compile=False)
    options = parser.parse_args(arguments)
    if options.worker:
        return serve(options)
    harness.settle_options(options)
    if options.smoke:
        options.cases, options.epochs = options.cases or ["cnn-dropout2d:mnist-sample"], 1
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for file in options.keep:
        for row in json.loads(file.read_text(encoding="utf-8"))["rows"]:
            rows.setdefault((row["model"], row["dataset"]), {}).update(row)
    print(describe(machine(options)))
    sides = {side.engine: side for side in harness.sides(options) if side.threads == options.threads}
    try:
        for case in options.cases or CASES:
            model, _, dataset = case.partition(":")
            if model not in networks.NETWORKS or not dataset:
                harness.fail(f"--cases {case}: expected NETWORK:DATASET, with a network of {names}", 2)
            row = rows.setdefault((model, dataset), {"model": model, "dataset": dataset, "seed": 42})
            for engine, side in sides.items():
                if engine not in row and engine in (options.engines or sides):
                    row[engine] = train(case, side, options)
    except WorkerError as error:
        harness.fail(str(error))
    results = {"rows": list(rows.values())}
    print("\n" + table(*accuracy_table(results), left=2))
    write("accuracy", options, results, draw)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
