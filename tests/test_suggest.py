"""Names that do not exist are answered with the nearest ones, by errors of the class that Python would raise."""

import copy
import inspect
import pickle
import subprocess
import sys

import pytest

import minicnn
from minicnn import nn, optim, suggest
from minicnn.nn import functional as F
from minicnn.utils.data import DataLoader, Dataset, Sampler

ONE = minicnn.ones(1, 1, 3, 3)

MISSPELT = [
    (lambda: nn.Conv2D, AttributeError, "module 'minicnn.nn' has no attribute 'Conv2D'; did you mean 'Conv2d'?"),
    (lambda: minicnn.zeroes, AttributeError, "module 'minicnn' has no attribute 'zeroes'; did you mean 'zeros'?"),
    (lambda: nn.relu, AttributeError, "module 'minicnn.nn' has no attribute 'relu'; did you mean 'ReLU'?"),
    (lambda: minicnn.Linear, AttributeError, "module 'minicnn' has no attribute 'Linear'; there is minicnn.nn.Linear"),
    (lambda: minicnn.Conv2d, AttributeError, "module 'minicnn' has no attribute 'Conv2d'; there is minicnn.nn.Conv2d"),
    (lambda: nn.Adam, AttributeError, "module 'minicnn.nn' has no attribute 'Adam'; there is minicnn.optim.Adam"),
    (lambda: F.sofmax, AttributeError, "did you mean 'softmax'?"),
    (lambda: nn.init.lecun_uniform, AttributeError, "did you mean 'lecun_uniform_'?"),
    (lambda: optim.ADAM, AttributeError, "did you mean 'Adam'?"),
    (lambda: optim.lr_scheduler.StepLr, AttributeError, "did you mean 'StepLR'?"),
    (lambda: minicnn.transforms.ToTensr, AttributeError, "did you mean 'ToTensor'?"),
    (lambda: minicnn.datasets.Mnist, AttributeError, "did you mean 'MNIST'?"),
    (lambda: minicnn.utils.data.DataLoder, AttributeError, "did you mean 'DataLoader'?"),
    (lambda: ONE.sofmax(1), AttributeError, "'Tensor' object has no attribute 'sofmax'; did you mean 'softmax'?"),
    (lambda: nn.Linear(2, 3).wieght, AttributeError, "'Linear' object has no attribute 'wieght'; did you mean 'wei"),
    (lambda: nn.Conv2d(1, 2, kernel=3), TypeError, "Conv2d() got an unexpected keyword argument 'kernel'; did you"),
    (lambda: nn.Conv2d(1, 2, kernel=3), TypeError, "did you mean 'kernel_size'?"),
    (lambda: nn.Dropout(rate=1), TypeError, "Dropout() got an unexpected keyword argument 'rate'; it takes p, inplace"),
    (lambda: F.conv2d(ONE, ONE, pading=1), TypeError, "unexpected keyword argument 'pading'; did you mean 'padding'?"),
    (lambda: optim.SGD([ONE.clone().requires_grad_()], learning_rate=1), TypeError, "did you mean 'lr'?"),
    (lambda: optim.lr_scheduler.StepLR(None, stepsize=1), TypeError, "did you mean 'step_size'?"),
    (lambda: DataLoader([1], batchsize=2), TypeError, "did you mean 'batch_size'?"),
    (lambda: ONE.sum(dm=1), TypeError, "did you mean 'dim'?"),
    (lambda: Sampler(4), TypeError, "Sampler() takes no arguments"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "says"), MISSPELT, ids=[says[-25:] for *_, says in MISSPELT])
def test_a_misspelt_name_is_answered_with_the_nearest(call, error, says):
    with pytest.raises(error) as caught:
        call()
    assert says in str(caught.value)


def test_nothing_near_is_no_suggestion():
    assert suggest.nearest("frobnicate", dir(minicnn)) is None
    with pytest.raises(AttributeError) as caught:
        _ = nn.frobnicate
    assert str(caught.value) == "module 'minicnn.nn' has no attribute 'frobnicate'"


def test_names_with_an_underline_in_front_are_machinery():
    with pytest.raises(AttributeError) as caught:
        _ = minicnn._zeros
    assert str(caught.value) == "module 'minicnn' has no attribute '_zeros'"
    assert not hasattr(ONE, "_arra")


def test_scripts_may_ask_what_there_is():
    assert not hasattr(nn, "Conv2D")
    assert getattr(nn, "Conv2D", 5) == 5
    with pytest.raises(ImportError, match="Conv2D"):
        exec("from minicnn.nn import Conv2D")


def test_python_adds_no_second_suggestion():
    done = subprocess.run([sys.executable, "-c", "from minicnn import nn; nn.Conv2D"], capture_output=True, text=True)
    assert done.stderr.count("id you mean") == 1, done.stderr


def test_an_error_from_within_keeps_its_text():
    with pytest.raises(TypeError, match="`stride`"):
        F.conv2d(ONE, ONE, stride="x")
    with pytest.raises(TypeError, match="missing"):
        F.conv2d(ONE, padding=1)


def test_both_conventions_of_names():
    assert ONE.sum(axis=-1, keepdims=True).shape == (1, 1, 3, 1)


def test_classes_keep_their_signatures_and_copies():
    assert list(inspect.signature(nn.Linear).parameters)[:3] == ["in_features", "out_features", "bias"]
    layer = nn.Linear(in_features=2, out_features=3)
    assert copy.deepcopy(layer).weight.shape == (3, 2)
    assert list(pickle.loads(pickle.dumps(Sampler())).__dict__) == []


def test_the_users_classes_may_take_what_they_like():
    class Free(nn.Module):
        def __init__(self, **options):
            super().__init__()
            self.options = options

    class Own(Dataset):
        def __init__(self, *, pictures):
            self.pictures = pictures

    assert Free(anything=1).options == {"anything": 1}
    assert Own(pictures=3).pictures == 3
    with pytest.raises(TypeError, match=r"Own.*'picture'; did you mean 'pictures'"):
        Own(picture=3)
