"""minicnn.load and classes of the user's: those that were allowed are made, all others are refused."""

from __future__ import annotations

import io
import os
import pickle
from collections import defaultdict, deque

import numpy as np
import pytest
from objects import Net, through

import minicnn
from minicnn import nn, serialization
from minicnn.serialization import LoadError


class Plain:
    """A class with attributes."""

    def __init__(self, value):
        self.value = value
        raise AssertionError("a pickle makes instances without __init__")


class Slotted:
    """A class with slots."""

    __slots__ = ("a", "b")


class Counting(Plain):
    """A class that takes its state itself."""

    def __setstate__(self, state):
        self.value = state["value"] + 1


def test_classes_that_the_user_allows(nothing_allowed):
    plain, slotted, counting = Plain.__new__(Plain), Slotted(), Counting.__new__(Counting)
    plain.value, slotted.a, counting.value = [minicnn.ones(2)], 3, 5
    objects = {"plain": plain, "slotted": slotted, "counting": counting}
    for kind in (Plain, Slotted):
        with pytest.raises(LoadError, match=rf"asks for .*test_allowed_classes\.{kind.__name__}|add_safe_globals"):
            through(objects, minicnn.save, minicnn.load)
        serialization.add_safe_globals([kind])
    with serialization.safe_globals([Counting]):
        assert set(serialization.get_safe_globals()) == {Plain, Slotted, Counting}
        found = through(objects, minicnn.save, minicnn.load)
    assert set(serialization.get_safe_globals()) == {Plain, Slotted}
    assert found["plain"].value[0].tolist() == [1, 1]
    assert found["slotted"].a == 3
    assert not hasattr(found["slotted"], "b")
    assert found["counting"].value == 6
    with pytest.raises(LoadError, match="Counting"):
        through(objects, minicnn.save, minicnn.load)


def test_containers_that_the_user_allows(nothing_allowed):
    objects = [deque([1, 2]), defaultdict(list, {"a": [1]})]
    with serialization.safe_globals([deque, defaultdict, list]):
        found = through(objects, minicnn.save, minicnn.load)
    assert found == objects
    assert found[1]["new"] == []


def test_a_model_whose_classes_are_allowed(nothing_allowed):
    model, x = Net().eval(), minicnn.rand(2, 1, 5, 5)
    with serialization.safe_globals([Net, nn.Conv2d, nn.Linear]):
        found = through(model, minicnn.save, minicnn.load)
    assert type(found) is Net
    assert found(x).tolist() == model(x).tolist()
    found.register_forward_hook(lambda *_: None)


def test_numpy_numbers_that_the_user_allows(nothing_allowed):
    scalar = np.float64(0.5).__reduce__()[0]
    with serialization.safe_globals([scalar, np.dtype, type(np.dtype("f8"))]):
        assert through([np.float64(0.5)], minicnn.save, minicnn.load) == [0.5]


def test_what_cannot_be_allowed(nothing_allowed):
    serialization.add_safe_globals([os.getcwd, (len, "sys.exit"), (print, "somewhere.print")])
    for name in ("posix.getcwd", "os.getcwd", "sys.exit"):
        with pytest.raises(LoadError, match=f"asks for {name}"):
            minicnn.serialization.values.found(*name.split("."))
    assert minicnn.serialization.values.found("somewhere", "print").kind is print
    with pytest.raises(TypeError, match="`safe_globals` has 5; expected classes and functions"):
        serialization.add_safe_globals([5])
    with pytest.raises(ValueError, match="a pair"):
        serialization.add_safe_globals([(print, 5)])


def test_numpy_numbers_are_refused_by_name():
    with pytest.raises(LoadError, match=r"asks for numpy\._?core\.multiarray\.scalar.*`float\(number\)`"):
        through({"accuracy": np.float64(0.99)}, minicnn.save, minicnn.load)
    assert through({"accuracy": np.float64(0.99)}, minicnn.save, minicnn.load, weights_only=False) == {"accuracy": 0.99}


def test_what_no_pickle_holds():
    with pytest.raises((AttributeError, pickle.PicklingError), match="lambda"):
        minicnn.save({"f": lambda: 1}, io.BytesIO())
