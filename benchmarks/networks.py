"""The networks of the course, written once for every engine that has PyTorch's names, and what a step of each costs.

`build("lenet5", minicnn)` and `build("lenet5", torch)` are the same network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Network(NamedTuple):
    """A network and how it is trained."""

    layers: Callable[[Any], list[Any]]  # of an engine's `nn`
    image: tuple[int, int, int]  # channels, rows, columns
    batch: int  # of the course's recipe
    loss: str = "cross_entropy"
    optimizer: tuple[str, dict[str, float]] = ("Adam", {"lr": 1e-3})


def lenet5(nn: Any) -> list[Any]:
    """tanh and average pooling."""
    return [
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(),
        nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    ]  # fmt: skip


def lenet5_relu(nn: Any) -> list[Any]:
    """ReLU, max pooling, padded convolutions."""
    return [
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 120, 5, padding=2), nn.ReLU(), nn.Flatten(),
        nn.Linear(5880, 84), nn.ReLU(), nn.Linear(84, 10),
    ]  # fmt: skip


def cnn_mnist(nn: Any) -> list[Any]:
    """Two convolutions, one pooling, a large linear layer."""
    return [
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout(0.25), nn.Flatten(), nn.Linear(12544, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10),
    ]  # fmt: skip


def cnn_cifar10(nn: Any) -> list[Any]:
    """Two pairs of convolutions; the same pooling and dropout twice."""
    pool, dropout = nn.MaxPool2d(2), nn.Dropout(0.25)
    return [
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), pool, dropout,
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), pool, dropout,
        nn.Flatten(), nn.Linear(4096, 512), nn.ReLU(), nn.Dropout(0.5), nn.Linear(512, 10),
    ]  # fmt: skip


def cnn_two_layer(nn: Any) -> list[Any]:
    """Two convolutions and one linear layer."""
    return [
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3136, 10),
    ]  # fmt: skip


def cnn_dropout2d(nn: Any) -> list[Any]:
    """Pooling before ReLU, and whole channels dropped."""
    return [
        nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(10, 20, 5), nn.Dropout2d(), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(),
        nn.Linear(320, 50), nn.ReLU(), nn.Dropout(), nn.Linear(50, 10), nn.LogSoftmax(dim=1),
    ]  # fmt: skip


def cnn_three_conv(nn: Any) -> list[Any]:
    """Three convolutions of 5×5."""
    return [
        nn.Conv2d(1, 16, 5), nn.ReLU(), nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(576, 100), nn.ReLU(), nn.Linear(100, 10),
    ]  # fmt: skip


NETWORKS = {
    "lenet5": Network(lenet5, (1, 32, 32), 32),
    "lenet5-relu": Network(lenet5_relu, (1, 28, 28), 128),
    "cnn-mnist": Network(cnn_mnist, (1, 28, 28), 128),
    "cnn-cifar10": Network(cnn_cifar10, (3, 32, 32), 128),
    "cnn-two-layer": Network(cnn_two_layer, (1, 28, 28), 100),
    "cnn-dropout2d": Network(
        cnn_dropout2d, (1, 28, 28), 64, "nll_loss", ("SGD", {"lr": 0.01, "momentum": 0.5})
    ),
    "cnn-three-conv": Network(cnn_three_conv, (1, 28, 28), 256, optimizer=("Adam", {"lr": 2e-4})),
}  # fmt: skip


def build(name: str, engine: Any) -> Any:
    """The network with the weights of seed 42."""
    engine.manual_seed(42)
    return engine.nn.Sequential(*NETWORKS[name].layers(engine.nn))


def random_batch(name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Random images and labels; a label is told by the image's mean, so it can be learned."""
    rng = np.random.default_rng(count)
    labels = rng.integers(0, 10, count)
    images = rng.standard_normal((count, *NETWORKS[name].image), dtype=np.float32)
    images += labels.astype(np.float32).reshape(-1, 1, 1, 1) / 5 - 0.9
    return images, labels


def flop(name: str) -> float:
    """Multiplications and additions of one training step and sample in convolutions and linear layers: forward,
    weight gradient and, except for the first layer, whose input needs none, input gradient."""
    import minicnn
    from minicnn import nn

    layers: list[int] = []

    def count(layer: Any, inputs: Any, output: Any) -> None:
        layers.append(output[0].numel() * layer.weight[0].numel())  # each output number: one filter, or one row

    network = build(name, minicnn)
    for layer in network:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.register_forward_hook(count)
    with minicnn.no_grad(), minicnn.kernels.use("numpy"):
        network.eval()(minicnn.zeros(1, *NETWORKS[name].image))
    return 2.0 * (3 * sum(layers) - layers[0])
