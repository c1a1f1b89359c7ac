"""A campaign: cases one after another on both sides, and what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .case import Case
from .compare import difference
from .kinds import make
from .oracle import Oracle
from .run import outcome


@dataclass
class Result:
    """Counts, and the cases that differ: (number, case, what differs)."""

    cases: int = 0
    refused: int = 0  # by both
    absent: Counter[str] = field(default_factory=Counter)  # names that minicnn lacks
    failures: list[tuple[int, Case, str]] = field(default_factory=list)


def run(
    kind: str,
    seed: int,
    numbers: Iterable[int],
    backend: str | None = None,
    seen: Callable[[int, Case, str | None], None] = lambda number, case, wrong: None,
) -> Result:
    """Every case of these numbers, on `backend` or each on its own; after each, `seen(number, case, what differs)`."""
    import minicnn
    from minicnn import kernels

    result = Result()
    numbers = list(numbers)
    with Oracle(kind, seed) as oracle:
        for number, theirs in zip(numbers, oracle.answers(numbers), strict=True):
            case = make(kind, seed, number)
            with kernels.use(backend or case.backend):
                ours = outcome(minicnn, case)
            result.cases += 1
            wrong = None
            if "AttributeError" in ours.get("error", ()) and "error" not in theirs:
                result.absent[ours["text"].split(";")[0]] += 1
            else:
                wrong = difference(ours, theirs, case)
            if wrong:
                result.failures.append((number, case, wrong))
            elif "error" in ours and "error" in theirs:
                result.refused += 1
            seen(number, case, wrong)
    return result


def report(kind: str, seed: int, number: int, case: Case, wrong: str) -> str:
    """A failure as text: what differs, how to repeat it, and the case as a script."""
    return f"{wrong}\n# python -m tests.fuzz --kind {kind} --seed {seed} --case {number}\n{case.script()}\n"


def repeat(kind: str, seed: int, number: int) -> tuple[Case, dict[str, Any], dict[str, Any], str | None]:
    """One case: (it, our outcome, torch's, what differs)."""
    import minicnn
    from minicnn import kernels

    case = make(kind, seed, number)
    with Oracle(kind, seed) as oracle:
        (theirs,) = oracle.answers([number])
    with kernels.use(case.backend):
        ours = outcome(minicnn, case)
    return case, ours, theirs, difference(ours, theirs, case)
