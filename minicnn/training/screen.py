"""What a person sees while a run goes on, and Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Any

from minicnn.training.loop import Epoch, Trainer
from minicnn.training.meter import Totals


class Stopped(Exception):
    """Ctrl-C, noticed between two steps of the training."""


class CtrlC:
    """Ctrl-C remembered until a step is done, so that the checkpoint is of whole steps and the run goes on
    to the same bits. A second Ctrl-C stops at once."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> CtrlC:
        if threading.current_thread() is threading.main_thread():  # elsewhere no signals arrive
            self.before = signal.signal(signal.SIGINT, self._remember)
        return self

    def __exit__(self, *_: object) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self.before)

    def _remember(self, number: int, frame: Any) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def check(self) -> None:
        """Stopped, if Ctrl-C was pressed."""
        if self.asked:
            raise Stopped


class Screen:
    """Progress bar and epoch lines."""

    def __init__(self, trainer: Trainer, quiet: bool) -> None:
        self.trainer = trainer
        self.silent = quiet or not sys.stderr.isatty()
        self.bar: Any = None

    def batch(self, totals: Totals) -> None:
        """Show how far the epoch is."""
        if self.silent:
            return
        if self.bar is None:
            from tqdm import tqdm

            number = len(self.trainer.history) + 1
            self.bar = tqdm(
                total=len(self.trainer.train), initial=totals.batches - 1, leave=False, unit="batch",
                desc=f"epoch {number}/{self.trainer.epochs}", mininterval=0.2,
            )  # fmt: skip
        self.bar.update()
        if totals.batches % 20 == 0:
            so_far = f"loss {totals.mean_loss:.4f}, accuracy {100 * totals.accuracy:.2f} %"
            self.bar.set_postfix_str(so_far, refresh=False)

    def epoch(self, epoch: Epoch) -> None:
        """Print the line of a finished epoch."""
        self.close()
        width = len(str(self.trainer.epochs))
        print(
            f"epoch {epoch.epoch:{width}}/{self.trainer.epochs}"
            f"  training: loss {epoch.train_loss:.4f}, accuracy {100 * epoch.train_accuracy:5.2f} %"
            f"  validation: loss {epoch.validation_loss:.4f}, accuracy {100 * epoch.validation_accuracy:5.2f} %"
            f"  {epoch.seconds:.1f} s",
            flush=True,
        )

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None
