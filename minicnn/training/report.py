"""What a run leaves behind for people: history.csv, the learning curves, the confusion matrix."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from minicnn.files import write_atomically
from minicnn.training.loop import Epoch

MOST_NUMBERS = 20  # classes of which the confusion matrix shows the counts, not the colours alone
BLUE, ORANGE, GREY = "#2a6fbb", "#d9822b", "#666666"


def write_history(path: Path, history: Sequence[Epoch]) -> None:
    """One line an epoch, with a heading."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [f.name for f in fields(Epoch)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(epoch) for epoch in history)
    write_atomically(path, text.getvalue().encode())


def _figure(width: float, height: float) -> Any:
    """A figure of its own: no window system, no global state of pyplot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _write(figure: Any, path: Path) -> None:
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    write_atomically(path, picture.getvalue())


def draw_curves(path: Path, history: Sequence[Epoch], title: str, held_out: str) -> None:
    """Loss and accuracy of both sets over the epochs."""
    figure = _figure(9, 3.8)
    figure.suptitle(title)
    epochs = [epoch.epoch for epoch in history]
    marker = "o" if len(history) < 40 else None
    panels = (
        ("loss", [e.train_loss for e in history], [e.validation_loss for e in history]),
        ("accuracy (%)", [100 * e.train_accuracy for e in history], [100 * e.validation_accuracy for e in history]),
    )
    for axes, (label, train, validation) in zip(figure.subplots(1, 2), panels, strict=True):
        axes.plot(epochs, train, color=BLUE, marker=marker, markersize=3.5, label="training")
        axes.plot(epochs, validation, color=ORANGE, marker=marker, markersize=3.5, label=held_out)
        axes.set(xlabel="epoch", ylabel=label)
        axes.grid(alpha=0.25)
        axes.legend(frameon=False)
        axes.xaxis.get_major_locator().set_params(integer=True)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    _write(figure, path)


def draw_confusion(path: Path, confusion: np.ndarray, classes: Sequence[str], title: str) -> None:
    """How often each true class (row) was taken for each class (column). The colour shows the mistakes."""
    names = [name.split(" - ")[0] for name in classes]
    from matplotlib.ticker import MaxNLocator

    figure = _figure(7.2, 6.4)
    figure.suptitle(title)
    axes = figure.subplots()
    mistakes = confusion.astype(float)
    np.fill_diagonal(mistakes, 0)
    image = axes.imshow(mistakes, cmap="Oranges", vmin=0, vmax=max(mistakes.max(), 1))
    for row in range(len(names)):
        for column in range(len(names)):
            count = int(confusion[row, column])
            if count and len(names) <= MOST_NUMBERS:
                dark = mistakes[row, column] > 0.6 * mistakes.max()
                colour = "white" if dark else GREY if row == column else "black"
                axes.text(column, row, f"{count}", ha="center", va="center", fontsize=8, color=colour)
    rotation = 0 if max(map(len, names)) < 4 else 45
    size = None if len(names) <= MOST_NUMBERS else 3  # a hundred names side by side
    axes.set_xticks(range(len(names)), names, rotation=rotation, ha="center" if not rotation else "right", size=size)
    axes.set_yticks(range(len(names)), names, size=size)
    axes.set(xlabel="predicted", ylabel="true")
    figure.colorbar(image, ax=axes, label="mistakes", shrink=0.8, ticks=MaxNLocator(integer=True))
    _write(figure, path)
