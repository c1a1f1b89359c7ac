"""nn.init: PyTorch's bits where torch is installed, the formulas and the statistics everywhere."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest

import minicnn
from minicnn import nn
from minicnn.dtypes import float32, float64
from minicnn.nn import init

SHAPES = [(3, 5), (6, 1, 5, 5), (120, 16, 5, 5), (17, 33), (84, 120)]
DRAWS = [
    ("uniform_", {}),
    ("uniform_", {"a": -0.3, "b": 2.0}),
    ("normal_", {"mean": 1.0, "std": 0.2}),
    ("trunc_normal_", {}),
    ("trunc_normal_", {"mean": 0.0, "std": 0.02, "a": -0.02, "b": 0.05}),
    ("trunc_normal_", {"std": 1.0, "a": 1.5, "b": 2.0}),  # little mass inside: the other algorithm
    ("xavier_uniform_", {"gain": 5 / 3}),
    ("xavier_normal_", {}),
    ("kaiming_uniform_", {"nonlinearity": "relu"}),
    ("kaiming_uniform_", {"a": math.sqrt(5)}),
    ("kaiming_normal_", {"mode": "fan_out", "nonlinearity": "relu"}),
]
NO_DRAWS = [("zeros_", ()), ("ones_", ()), ("constant_", (0.3,))]


def lenet5(nn):
    return nn.Sequential(
        nn.Conv2d(1, 6, 5),
        nn.Conv2d(6, 16, 5),
        nn.Conv2d(16, 120, 5),
        nn.Linear(120, 84),
        nn.Linear(84, 10),
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("name", "options"), DRAWS)
def test_draws_are_bit_equal_to_torch(name, options, shape):
    torch = pytest.importorskip("torch")
    for dtype in (float32, float64):
        if dtype is float64 and "normal" in name:
            continue  # float64 normals agree to 2 units in the last place, see minicnn/stream.py
        torch.manual_seed(7)
        minicnn.manual_seed(7)
        theirs = torch.empty(shape, dtype=getattr(torch, dtype.name))
        ours = minicnn.empty(shape, dtype=dtype)
        getattr(torch.nn.init, name)(theirs, **options)
        assert getattr(init, name)(ours, **options) is ours
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
        follow = minicnn.rand(3).numpy(), torch.rand(3).numpy()
        np.testing.assert_array_equal(*follow)  # and both took as many numbers from the stream


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (16, 6, 5, 5), (4, 4)])
def test_orthogonal(shape):
    torch = pytest.importorskip("torch")
    torch.manual_seed(3)
    minicnn.manual_seed(3)
    theirs = torch.nn.init.orthogonal_(torch.empty(shape), gain=2.0).numpy()
    ours = init.orthogonal_(minicnn.empty(shape), gain=2.0).numpy()
    np.testing.assert_allclose(ours, theirs, atol=5e-6)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (6, 2, 2, 2)])
def test_orthogonal_vectors_are_orthonormal(shape):
    matrix = init.orthogonal_(minicnn.empty(shape, dtype=float64)).numpy().reshape(shape[0], -1)
    small = min(matrix.shape)
    product = matrix @ matrix.T if matrix.shape[0] == small else matrix.T @ matrix
    np.testing.assert_allclose(product, np.eye(small), atol=1e-12)


@pytest.mark.parametrize(("name", "args"), NO_DRAWS)
def test_constants(name, args):
    tensor = getattr(init, name)(minicnn.empty(4, 3), *args)
    expected = {"zeros_": 0.0, "ones_": 1.0, "constant_": 0.3}[name]
    np.testing.assert_array_equal(tensor.numpy(), np.full((4, 3), expected, np.float32))


@pytest.mark.parametrize(
    ("shape", "groups"), [((4, 2, 3), 2), ((6, 3, 3, 5), 2), ((5, 2, 2, 2), 1), ((3, 4, 1, 2, 3), 3)]
)
def test_dirac_and_eye_against_torch(shape, groups):
    torch = pytest.importorskip("torch")
    ours = init.dirac_(minicnn.empty(shape), groups).numpy()
    np.testing.assert_array_equal(ours, torch.nn.init.dirac_(torch.empty(shape), groups).numpy())
    np.testing.assert_array_equal(init.eye_(minicnn.empty(shape[:2])).numpy(), np.eye(*shape[:2]))


def test_dirac_puts_one_in_the_centre():
    kernel = init.dirac_(minicnn.empty(2, 2, 3, 3)).numpy()
    assert kernel.sum() == 2
    assert kernel[0, 0, 1, 1] == kernel[1, 1, 1, 1] == 1


def test_gains():
    assert init.calculate_gain("linear") == init.calculate_gain("conv2d") == init.calculate_gain("sigmoid") == 1
    assert init.calculate_gain("tanh") == 5 / 3
    assert init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("leaky_relu") == math.sqrt(2 / (1 + 0.01**2))
    assert init.calculate_gain("leaky_relu", 0.2) == math.sqrt(2 / (1 + 0.2**2))
    assert init.calculate_gain("selu") == 0.75
    with pytest.raises(ValueError, match="Unsupported nonlinearity swoosh"):
        init.calculate_gain("swoosh")
    with pytest.raises(ValueError, match="negative_slope True not a valid number"):
        init.calculate_gain("leaky_relu", True)


def test_lecun():
    minicnn.manual_seed(0)
    uniform = init.lecun_uniform_(minicnn.empty(400, 300)).numpy()
    normal = init.lecun_normal_(minicnn.empty(400, 300)).numpy()
    bound = math.sqrt(3 / 300)
    assert -bound <= uniform.min() < -0.99 * bound
    assert 0.99 * bound < uniform.max() <= bound
    assert uniform.std() == pytest.approx(1 / math.sqrt(300), rel=0.01)
    assert normal.std() == pytest.approx(1 / math.sqrt(300), rel=0.01)


def test_generator():
    own = minicnn.Generator().manual_seed(5)
    minicnn.manual_seed(5)
    expected = init.kaiming_normal_(minicnn.empty(20, 30)).numpy().copy()
    before = minicnn.get_rng_state().numpy().copy()
    ours = init.kaiming_normal_(minicnn.empty(20, 30), generator=own).numpy()
    np.testing.assert_array_equal(ours, expected)
    for fill in (init.orthogonal_, init.trunc_normal_, init.xavier_uniform_, init.lecun_normal_):
        fill(minicnn.empty(20, 30), generator=own)
    np.testing.assert_array_equal(minicnn.get_rng_state().numpy(), before)  # the default one was left alone


def test_parameters_are_filled_without_a_record():
    parameter = nn.Parameter(minicnn.zeros(3, 4))
    memory = parameter.data.numpy()
    init.xavier_uniform_(parameter)
    assert parameter.is_leaf
    assert parameter.requires_grad
    assert memory.any()  # in place


def test_errors():
    with pytest.raises(ValueError, match=r"Fan in and fan out can not be computed .* got shape \(3,\)"):
        init.xavier_uniform_(minicnn.empty(3))
    with pytest.raises(ValueError, match="Mode fan_middle not supported"):
        init.kaiming_uniform_(minicnn.empty(3, 3), mode="fan_middle")
    with pytest.raises(ValueError, match="Only tensors with 2 dimensions are supported, got 3"):
        init.eye_(minicnn.empty(2, 2, 2))
    with pytest.raises(ValueError, match="Only tensors with 3, 4, or 5 dimensions are supported, got 2"):
        init.dirac_(minicnn.empty(2, 2))
    with pytest.raises(ValueError, match="dim 0 must be divisible by groups, got 3 and 2"):
        init.dirac_(minicnn.empty(3, 2, 2), groups=2)
    with pytest.raises(ValueError, match="Only tensors with 2 or more dimensions are supported, got 1"):
        init.orthogonal_(minicnn.empty(2))
    with pytest.warns(UserWarning, match="zero-element"):
        init.kaiming_uniform_(minicnn.empty(0, 3))
    with pytest.warns(UserWarning, match="mean is more than 2 std"):
        init.trunc_normal_(minicnn.empty(2, 3), mean=9.0, std=1.0, a=4.0, b=5.0)


def test_lenet5_starts_as_in_torch():
    """Golden: the bytes of torch 2.13's LeNet-5 after manual_seed(42)."""
    minicnn.manual_seed(42)
    parameters = [p.numpy() for p in lenet5(nn).state_dict().values()]
    digest = hashlib.sha256(b"".join(p.astype("<f4").tobytes() for p in parameters)).hexdigest()
    assert digest == "8cad5500c70af7116c42c46a616da1736c4da7c1c8ee3521ffe3587af5981c0e"
    assert sum(p.size for p in parameters) == 61706


LAYERS = {
    "conv": lambda nn: nn.Conv2d(3, 8, (3, 2), stride=2, dilation=2, groups=1),
    "conv grouped": lambda nn: nn.Conv2d(4, 8, 3, groups=2, bias=False),
    "transposed": lambda nn: nn.ConvTranspose2d(6, 4, 3, groups=2),
    "transposed wide": lambda nn: nn.ConvTranspose2d(2, 9, (2, 5)),
    "linear": lambda nn: nn.Linear(5880, 84),
    "linear without bias": lambda nn: nn.Linear(3, 4, bias=False),
    "lenet5": lenet5,
    "dropout draws nothing": lambda nn: nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 4)),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("seed", [0, 42, -3])
def test_layers_start_as_in_torch(name, seed):
    torch = pytest.importorskip("torch")
    torch.manual_seed(seed)
    minicnn.manual_seed(seed)
    theirs, ours = LAYERS[name](torch.nn).state_dict(), LAYERS[name](nn).state_dict()
    assert list(ours) == list(theirs)
    for key in ours:
        np.testing.assert_array_equal(ours[key].numpy(), theirs[key].numpy(), err_msg=key)
