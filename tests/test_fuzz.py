"""Random cases of every kind against torch, and whether the fuzzers find what is wrong.

A failure prints the seed, the number, the command that repeats the case, and the case as a script.
MINICNN_FUZZ_SEED (1) takes other ones, MINICNN_FUZZ_CASES sets the number of cases of each kind.
"""

from __future__ import annotations

import importlib.util
import os

import numpy as np
import pytest
from fuzz import campaign, compare, kinds, texts
from fuzz.case import Case, Input
from fuzz.oracle import Oracle
from fuzz.run import leaf, outcome

import minicnn
from minicnn.functional.elementwise import Mul

CASES = int(os.environ.get("MINICNN_FUZZ_CASES") or 300)
SEED = int(os.environ.get("MINICNN_FUZZ_SEED") or 1)
needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is the oracle of the fuzzers")


@needs_torch
@pytest.mark.parametrize("kind", kinds.KINDS)
def test_as_torch(kind):
    result = campaign.run(kind, SEED, range(CASES))
    print(f"{kind}: seed {SEED}, {result.cases} cases, {result.refused} refused by both")
    failures = [campaign.report(kind, SEED, *failure) for failure in result.failures]
    assert not failures, "\n".join(failures[:3])
    assert not result.absent, f"not there: {dict(result.absent)}"
    if kind != "invalid":
        assert result.refused < CASES / 2, "the generator makes too few valid cases"


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_a_case_follows_from_seed_and_number(kind):
    one, same, other = (kinds.make(kind, 5, number) for number in (7, 7, 8))
    assert one == same
    assert one != other
    for first, second in zip(one.inputs, same.inputs, strict=True):
        np.testing.assert_array_equal(first.array(), second.array())


@needs_torch
@pytest.mark.parametrize("kind", ["conv", "loss", "network", "optim", "invalid"])
def test_the_script_of_a_case_runs(kind, capsys):
    case = next(c for c in (kinds.make(kind, 5, n) for n in range(100)) if "error" not in outcome(minicnn, c))
    exec(compile(case.script().replace("tests.fuzz", "fuzz"), "script", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) >= 2


def product(dtype: str = "float64") -> Case:
    """y = a · b"""
    inputs = [Input(name, f"normal({seed}, (3, 4))", dtype) for seed, name in enumerate("ab")]
    return Case("y = a * b", inputs, second=True)


def test_equal_is_equal():
    ours = outcome(minicnn, product())
    assert set(ours) == {"y", "first", "second"}
    assert compare.difference(ours, outcome(minicnn, product()), product()) is None


@pytest.mark.parametrize("part", ["y", "first", "second"])
def test_a_wrong_number_is_found(part):
    ours, theirs = outcome(minicnn, product()), outcome(minicnn, product())
    theirs[part][0][1, 2] += 1e-8
    assert compare.difference(ours, theirs, product()).startswith(f"{part}[0]: ")
    assert "at (1, 2)" in compare.difference(ours, theirs, product())


def test_a_wrong_type_or_shape_or_verdict_is_found():
    ours = outcome(minicnn, product())
    assert "dtype float64 for float32" in compare.difference(ours, outcome(minicnn, product("float32")), product())
    assert "shape" in compare.difference(ours, ours | {"y": [ours["y"][0].T]}, product())
    assert "are 1 tensors, torch's 2" in compare.difference(ours, ours | {"y": ours["y"] * 2}, product())
    refused = {"error": ["ValueError"], "text": "`a` is 1, expected 2"}
    assert compare.difference(refused, ours, product()).startswith("ours refuses, torch does not: ValueError")
    assert compare.difference(ours, refused, product()).startswith("torch refuses, ours does not: ValueError")
    assert compare.difference(refused, refused, product()) is None
    assert "says too little" in compare.difference({"error": ["ValueError"], "text": "no"}, refused, product())


def test_nan_is_nan_and_no_gradient_is_one_of_zeros():
    nan = {"y": [np.array([np.nan, 1.0])], "first": [None]}
    assert compare.difference(nan, nan, product()) is None
    assert compare.difference(nan, nan | {"first": [np.zeros(2)]}, product()) is None
    assert compare.difference(nan, nan | {"first": [np.ones(2)]}, product()) is not None
    assert compare.difference(nan, nan | {"y": [np.array([0.0, 1.0])]}, product()) is not None


@needs_torch
def test_a_broken_operation_is_found(monkeypatch):
    monkeypatch.setattr(Mul, "backward", lambda ctx, grad: (grad, grad))
    result = campaign.run("op", 3, range(120))
    assert any("first" in wrong or "second" in wrong for *_, wrong in result.failures)
    number, case, wrong = result.failures[0]
    assert f"python -m tests.fuzz --kind op --seed 3 --case {number}\n" in campaign.report("op", 3, number, case, wrong)


@needs_torch
def test_a_dead_oracle_is_a_finding_and_not_the_end():
    with Oracle("conv", 1) as oracle:
        answers = oracle.answers([0, 1, 2, 3])
        first = next(answers)
        oracle.process.kill()
        oracle.process.wait()
        rest = list(answers)
    assert len(rest) == 3
    died = [answer for answer in rest if "died" in answer]
    assert len(died) <= 1  # what it had written before is still read
    assert "error" in first or "y" in first
    assert compare.difference({}, {"died": -11}, product()) == "torch's process ended with code -11"


@pytest.mark.parametrize("memory", ["plain", "sliced", "transposed", "batch_last"])
def test_a_leaf_lies_in_memory_as_it_should(memory):
    array = np.arange(24.0).reshape(4, 3, 2)
    tensor = leaf(minicnn, array, "float32", memory)
    np.testing.assert_array_equal(tensor.detach().numpy(), array)
    tensor = leaf(minicnn, array, "float32", memory)
    assert tensor._batch_last == (memory == "batch_last")
    assert tensor._array.flags.c_contiguous == (memory == "plain")
    assert tensor.requires_grad


def test_both_backends_are_drawn():
    used = {kinds.make("conv", 1, number).backend for number in range(20)}
    assert used == {"numba", "numpy"}


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("dropout probability has to be between 0 and 1, but got 1.5", None),
        ("`p` must be a number, got 'x'", None),
        ("'<' not supported between instances of 'str' and 'int'", "it is Python's own"),
        ("something went wrong: expected 3", "it names no argument"),
        ("`p` must be a number", "it has no value"),
        ("`p` is 'x'", "it says not what was expected"),
    ],
)
def test_a_text_that_says_too_little_is_found(text, missing):
    assert texts.lacks(text, "y = nn.Dropout('x')(X)", "") == missing
