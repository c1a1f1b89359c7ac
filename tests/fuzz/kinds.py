"""The kinds of cases by name, and the case of (kind, seed, number)."""

from __future__ import annotations

from importlib import import_module

from .case import Case, Draw

KINDS = ("conv", "pool", "pad", "loss", "op", "network", "optim", "invalid")


def make(kind: str, seed: int, number: int) -> Case:
    """The case: always the same one."""
    module = import_module(f".{kind}", __package__)
    case: Case = module.case(Draw(kind, seed, number))
    return case
