"""Errors of Python and NumPy are told again in the caller's words, and those of the user's own code are left alone."""

import numpy as np
import pytest

import minicnn
from minicnn import misfit, nn, optim, transforms
from minicnn.nn import functional as F
from minicnn.utils import data

IMAGE = minicnn.ones(1, 2, 4, 4)
WEIGHT = nn.Parameter(minicnn.ones(2))

TOLD = [  # call, class, text
    (lambda: nn.Dropout(p="x"), TypeError, r"^Dropout\(\): `p` must be float, got 'x' \('<' not supported"),
    (lambda: optim.Adam([WEIGHT], betas=0), TypeError, r"^Adam\(\): `betas` must be tuple\[float, float\], got 0 \("),
    (lambda: optim.SGD(3), TypeError, r"^SGD\(\): `params` must be .*, got 3 \('int' object is not iterable\)$"),
    (lambda: F.leaky_relu(IMAGE, np.ones(2)), TypeError, "`negative_slope` must be float, got ndarray of shape"),
    (lambda: nn.BatchNorm2d(2)([1.0]), AttributeError, r"^forward\(\): `input` must be Tensor, got \[1\.0\] \('list'"),
    (lambda: nn.init.constant_(WEIGHT, (1, 2)), AttributeError, r"constant_\(\): `val` must be float, got \(1, 2\)"),
    (lambda: nn.utils.clip_grad_norm_([WEIGHT], (1, None)), TypeError, r"`max_norm` must be float, got \(1, None\)"),
    (lambda: nn.Linear(2, 3).get_submodule(-2), AttributeError, "`target` must be str, got -2"),
    (lambda: nn.Linear(2, 3).to(dtype=-100), TypeError, "`dtype` must be a dtype, got -100"),
    (lambda: (WEIGHT * 2).backward(gradient=-2), AttributeError, r"`grads` must be Sequence.*, got \(-2,\)"),
    (lambda: transforms.Compose(2.0)(IMAGE), TypeError, r"`transforms` must be Sequence\[Transform\], got 2\.0"),
    (lambda: transforms.CenterCrop("x")(IMAGE), TypeError, r"`size` must be int or Sequence\[int\], got \('x', 'x'\)"),
    (lambda: transforms.Normalize([0.5], {})(minicnn.ones(1, 2, 2)), TypeError, r"`std` must be Sequence.*, got \{\}"),
    (lambda: nn.ReLU().load_state_dict({}, np.ones(2)), ValueError, r"`strict` must be bool, got ndarray"),
    (lambda: data.Subset([1, 2], 1)[0], TypeError, r"^__getitem__\(\): `indices` must be Sequence\[int\], got 1"),
    (lambda: data.random_split([1, 2], 2), TypeError, r"^random_split\(\): `lengths` must be .*, got 2"),
]


@pytest.mark.parametrize(("call", "kind", "text"), TOLD)
def test_the_argument_that_does_not_fit_is_named(call, kind, text):
    with pytest.raises(kind, match=text) as caught:
        call()
    assert isinstance(caught.value.__cause__, Exception) or "nn.Module.to" in text or "dtype" in text


def test_where_all_fit_they_are_listed():
    def add(x: int, y: object) -> None:
        """Two arguments."""

    again = misfit.told_again(TypeError("'int' object is not callable"), add, "add", (1, "two"), {})
    assert str(again) == (
        "add(): expected arguments that go together, got `x`=1, `y`='two' ('int' object is not callable)"
    )


def test_the_users_own_errors_are_left_alone():
    def wrong(img):
        return img + "x" + 1

    class Broken(nn.Module):
        def __init__(self, width: int):
            super().__init__()
            len(width)

    class Samples(data.Dataset):
        def __getitem__(self, index):
            return len(index)

    for call, text in [
        (lambda: transforms.Compose([wrong])("a"), 'can only concatenate str (not "int") to str'),
        (lambda: transforms.RandomApply([wrong], p=1.0)("a"), 'can only concatenate str (not "int") to str'),
        (lambda: Broken(3), "object of type 'int' has no len()"),
        (lambda: data.Subset(Samples(), [0])[0], "object of type 'int' has no len()"),
    ]:
        with pytest.raises(TypeError) as caught:
            call()
        assert str(caught.value) == text


def test_a_signature_stays_what_it_was():
    import inspect

    assert list(inspect.signature(nn.Dropout).parameters) == ["p", "inplace"]
    assert nn.init.constant_.__name__ == "constant_"


@pytest.mark.parametrize(
    ("value", "annotation", "fits"),
    [
        (1, "int", True),
        (1.5, "int", False),
        (1, "float | None", True),
        (None, "float | None", True),
        ("x", "float | None", False),
        (np.float32(1), "float", True),
        ((1, 2), "tuple[int, int]", True),
        ((1, 2, 3), "tuple[int, int]", False),
        ((1, "x"), "tuple[int, ...]", False),
        ([1, 2], "Sequence[int]", True),
        ([1, "x"], "Sequence[int]", False),
        ("xy", "Sequence[str]", False),
        ({1.0: 2}, "Sequence[float]", False),
        ({"a": 1}, "dict[str, int]", True),
        (len, "Callable[[Any], int]", True),
        (3, "Callable[[Any], int]", False),
        (minicnn.ones(1), "Tensor", True),
        (nn.Parameter(minicnn.ones(1)), "Tensor", True),
        (np.ones(1), "Tensor", False),
        (3, "Any", True),
        (3, "SomethingUnknown", True),
        (3, "Pair", False),
        ((3, 4), "Pair", True),
    ],
)
def test_fits(value, annotation, fits):
    assert misfit.fits(value, annotation, {"Pair": tuple[int, int]}) is fits


def test_long_values_are_cut():
    assert misfit.shown("x" * 100) == "'" + "x" * (misfit.LONGEST - 1) + "…"
    assert misfit.shown(minicnn.ones(2, 3)) == "Tensor of shape [2, 3] and type minicnn.float32"
