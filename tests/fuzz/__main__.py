"""`python -m tests.fuzz`: a campaign, or one case of it."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import numpy as np
from tqdm import tqdm

from .campaign import repeat, report, run
from .case import Case
from .kinds import KINDS


def main() -> int:
    """1 if a case differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--kind", choices=(*KINDS, "all"), default="all")
    parser.add_argument("--seed", type=int, help="a new one by default")
    parser.add_argument("--cases", type=int, default=300, help="how many of each kind")
    parser.add_argument("--start", type=int, default=0, help="the number of the first")
    parser.add_argument("--case", type=int, help="only this one, with its script")
    parser.add_argument("--backend", choices=("numba", "numpy"), help="minicnn's, instead of that of each case")
    parser.add_argument("--short", action="store_true", help="two lines a failure, no script")
    options = parser.parse_args()
    seed = int(np.random.SeedSequence().generate_state(1)[0]) if options.seed is None else options.seed
    kinds = KINDS if options.kind == "all" else (options.kind,)
    if options.case is not None:
        case, ours, theirs, wrong = repeat(kinds[0], seed, options.case)
        print(case.script(), f"\nminicnn: {ours}\ntorch:   {theirs}\n{wrong or 'equal'}", sep="\n")
        return bool(wrong)
    failed = 0
    for kind in kinds:
        begun = time.perf_counter()
        numbers = range(options.start, options.start + options.cases)
        with tqdm(total=len(numbers), desc=f"{kind} (seed {seed})", disable=not sys.stderr.isatty()) as bar:

            def seen(number: int, case: Case, wrong: str | None, kind: str = kind, bar: Any = bar) -> None:
                bar.update()
                if wrong and options.short:
                    bar.write(
                        f"{number}: {wrong}"[:300].replace("\n", " ") + "\n    " + case.source.replace("\n", "; ")
                    )
                elif wrong:
                    bar.write(report(kind, seed, number, case, wrong))
                sys.stdout.flush()

            total = run(kind, seed, numbers, options.backend, seen)
        for name, times in total.absent.most_common():
            print(f"not there: {name} ({times} cases)")
        print(
            f"{kind}, seed {seed}: {total.cases} cases, {total.refused} refused by both, {total.absent.total()} of "
            f"names that are not there, {len(total.failures)} differ; {time.perf_counter() - begun:.0f} s"
        )
        failed += len(total.failures)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
