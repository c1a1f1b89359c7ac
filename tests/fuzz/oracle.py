"""PyTorch's side, in a process of its own: when it dies, that is a finding, and the next case gets a new one."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

AHEAD = 500  # cases that are asked for at once


class Oracle:
    """Answers of torch for cases of one kind, in order."""

    def __init__(self, kind: str, seed: int) -> None:
        self.kind, self.seed = kind, seed
        self.process: Any = None

    def answers(self, numbers: list[int]) -> Iterator[dict[str, Any]]:
        """One outcome a number; `{"died": signal}` where torch did not survive."""
        for start in range(0, len(numbers), AHEAD):
            waiting = numbers[start : start + AHEAD]
            while waiting:
                self._ask(waiting)
                while waiting:
                    try:
                        answer = pickle.load(self.process.stdout)
                    except (EOFError, pickle.UnpicklingError):
                        yield {"died": self.close()}
                        waiting = waiting[1:]
                        break
                    yield answer
                    waiting = waiting[1:]

    def _ask(self, numbers: list[int]) -> None:
        if self.process is None:
            root = Path(__file__).parents[2]
            path = os.pathsep.join(
                [str(root / "tests"), str(root), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
            )
            environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
            command = [sys.executable, "-m", "fuzz.oracle"]
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        pickle.dump((self.kind, self.seed, numbers), self.process.stdin)
        self.process.stdin.flush()

    def close(self) -> int | None:
        """End the process, if it has not ended itself; its exit status."""
        if self.process is None:
            return None
        self.process.kill()
        with contextlib.suppress(BrokenPipeError):  # what it was not able to read any more
            self.process.stdin.close()
        self.process.stdout.close()
        code: int = self.process.wait()
        self.process = None
        return code

    def __enter__(self) -> Oracle:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def serve() -> None:
    """Read questions, write answers, until the other end closes."""
    import torch

    from fuzz.kinds import make
    from fuzz.run import outcome

    torch.set_num_threads(1)
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing but answers goes that way
    while True:
        try:
            kind, seed, numbers = pickle.load(questions)
        except EOFError:
            return
        for number in numbers:
            pickle.dump(outcome(torch, make(kind, seed, number)), answers)
            answers.flush()


if __name__ == "__main__":
    serve()
