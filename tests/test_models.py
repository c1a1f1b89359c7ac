"""The networks of the course: parameters, shapes, recipes, and that the command trains each."""

import numpy as np
import pytest

import minicnn
from minicnn import datasets, models, nn, train
from minicnn.models import NETWORKS, RECIPES

PARAMETERS = {
    "lenet5": 61_706,
    "lenet5-relu": 545_546,
    "cnn-mnist": 1_625_866,
    "cnn-cifar10": 2_168_362,
    "cnn-two-layer": 50_186,
    "cnn-dropout2d": 21_840,
    "cnn-three-conv": 123_222,
    "lenet5-1998": 60_000,
}
COURSE = {  # epochs, batch, rate, optimiser, whether short batches are left out, batch of the validation
    "lenet5": (20, 32, 1e-4, "adam", False, 1000),
    "lenet5-relu": (30, 128, 1e-3, "adam", True, 1000),
    "cnn-mnist": (12, 128, 1e-3, "adam", True, 256),
    "cnn-cifar10": (30, 128, 1e-3, "adam", True, 1000),
    "cnn-two-layer": (15, 100, 1e-3, "adam", False, 1000),
    "cnn-dropout2d": (40, 64, 0.01, "sgd", False, 1000),
    "cnn-three-conv": (10, 256, 2e-4, "adam", True, 256),
    "lenet5-1998": (20, 64, 3e-3, "adam", False, 1000),
}
LAYERS = {  # the layers with weights, in order
    "cnn-mnist": [(32, 1, 3, 3), (64, 32, 3, 3), (128, 12544), (10, 128)],
    "cnn-cifar10": [(32, 3, 3, 3), (32, 32, 3, 3), (64, 32, 3, 3), (64, 64, 3, 3), (512, 4096), (10, 512)],
    "cnn-two-layer": [(32, 1, 3, 3), (64, 32, 3, 3), (10, 3136)],
    "cnn-dropout2d": [(10, 1, 5, 5), (20, 10, 5, 5), (50, 320), (10, 50)],
    "cnn-three-conv": [(16, 1, 5, 5), (32, 16, 5, 5), (64, 32, 5, 5), (100, 576), (10, 100)],
}


def test_every_network_is_here():
    assert set(NETWORKS) == set(PARAMETERS) == set(COURSE)


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_and_shapes(name):
    network = NETWORKS[name]
    model = network.build()
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]
    model.eval()
    with minicnn.no_grad():
        scores = model(minicnn.rand(3, network.channels, network.image_size, network.image_size))
    assert scores.shape == (3, 10)
    if name in LAYERS:
        assert [tuple(p.shape) for p in model.parameters() if p.ndim > 1] == LAYERS[name]


@pytest.mark.parametrize("name", NETWORKS)
def test_recipes_of_the_course(name):
    course = NETWORKS[name].course
    found = (course.epochs, course.batch_size, course.lr, course.optimizer, course.drop_last)
    assert (*found, course.validation_batch_size) == COURSE[name]
    assert course.schedule == ("one-cycle" if name == "lenet5-1998" else "constant")
    assert course.validation_drop_last == (name == "cnn-three-conv")
    if name != "lenet5-1998":
        assert course.normalize == ((0.1307, 0.3081) if name == "cnn-dropout2d" else None)
    assert NETWORKS["cnn-dropout2d"].course.momentum == 0.5
    assert any(NETWORKS[name].recipe(recipe) for recipe in RECIPES)


def test_layers_that_are_used_twice():
    model = models.cnn_cifar10()
    pools = [m for m in model.modules() if isinstance(m, nn.MaxPool2d)]
    assert len(pools) == 1
    used = []
    pools[0].register_forward_hook(lambda module, inputs, output: used.append(output.shape))
    model.eval()
    model(minicnn.rand(2, 3, 32, 32))
    assert used == [(2, 32, 16, 16), (2, 64, 8, 8)]


def test_log_probabilities():
    model = models.cnn_dropout2d()
    model.eval()
    scores = model(minicnn.rand(4, 1, 28, 28))
    np.testing.assert_allclose(scores.exp().sum(1).detach().numpy(), 1, rtol=1e-5)


@pytest.fixture
def few(monkeypatch, tmp_path):
    """A part of the sample (572 and 500 images), and coloured images in the place of CIFAR-10."""
    monkeypatch.chdir(tmp_path)
    full = datasets.sample

    def part_of_it(name):
        parts = full(name)
        for part, step in zip(parts, (7, 2), strict=True):
            part.data, part.targets = part.data[::step], part.targets[::step]
        return parts

    class Coloured:
        def __init__(self, count):
            rng = np.random.default_rng(count)
            self.data = rng.integers(0, 256, (count, 32, 32, 3)).astype(np.uint8)
            self.targets = (self.data[:, 0, 0, 0] % 10).tolist()
            self.classes = datasets.CIFAR10.classes

    monkeypatch.setattr(datasets, "sample", part_of_it)
    monkeypatch.setattr(datasets, "load", lambda *a: (Coloured(300), Coloured(100), "the test"))
    state = minicnn.get_rng_state()
    yield
    minicnn.set_rng_state(state)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name.startswith("cnn") or name == "lenet5-1998"])
def test_the_command_trains_it(few, capsys, name):
    data = "cifar10" if name == "cnn-cifar10" else "mnist-sample"
    arguments = [name, "--dataset", data, "--recipe", "course", "--epochs", "1", "--quiet", "--output", "out"]
    assert train.main(arguments) == 0
    shown = capsys.readouterr().out
    assert f"{PARAMETERS[name]:,} parameters" in shown
    schedule = "one-cycle" if name == "lenet5-1998" else "constant"
    assert f"recipe: 1 epoch, batch {COURSE[name][1]}, {COURSE[name][3]}, {schedule}" in shown
    assert ("normalised" in shown) == (name in ("cnn-dropout2d", "lenet5-1998"))
    # validation batches of 256 that leave the rest out see 256 of 500 images
    seen = {"cnn-three-conv": 256, "cnn-cifar10": 100}.get(name, 500)
    assert f"of {seen} images" in shown
