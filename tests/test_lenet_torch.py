"""LeNet-5 beside torch's: equal weights, and the losses of the first hundred steps."""

from __future__ import annotations

import os

import numpy as np
import pytest

import minicnn
from minicnn import datasets, kernels, models, optim
from minicnn.nn import functional as F
from minicnn.training.data import ImageArray, load
from minicnn.utils.data import DataLoader

torch = pytest.importorskip("torch", reason="torch is the oracle of this file")
SEED = 42
BATCH = 32


def torch_lenet5():
    """The same network of torch's layers."""
    from torch import nn

    class LeNet5(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Sequential(
                *(nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2)),
                *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)),
                *(nn.Conv2d(16, 120, 5), nn.Tanh()),
            )
            self.classifier = nn.Sequential(nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10))

        def forward(self, x):
            return self.classifier(self.features(x).flatten(1))

    torch.manual_seed(SEED)
    return LeNet5()


@pytest.fixture(scope="module")
def images():
    """MNIST at 32×32: the full set where MINICNN_DATA has it, else the embedded sample."""
    full = os.environ.get("MINICNN_DATA")
    if full:
        train, _, _ = datasets.load("mnist", full, download=False)
        from PIL import Image

        chosen = train.data.numpy()[: 100 * BATCH]
        pixels = np.stack([np.asarray(Image.fromarray(i).resize((32, 32), Image.Resampling.BILINEAR)) for i in chosen])
        return ImageArray(pixels, train.targets.numpy()[: len(pixels)])
    sample = load("mnist-sample", None)
    sample.fit(32)
    return sample.train


def batches(images, count):
    """The same `count` batches for both."""
    minicnn.manual_seed(7)
    loader = DataLoader(images, BATCH, shuffle=True, drop_last=True)
    return [batch for batch, _ in zip(loader, range(count), strict=False)]


def our_losses(data):
    """Losses of Adam's steps on minicnn's LeNet-5."""
    minicnn.manual_seed(SEED)
    model = models.lenet5()
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for x, y in data:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def their_losses(data):
    """The same in torch."""
    model = torch_lenet5()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for x, y in data:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(torch.from_numpy(x.numpy())), torch.from_numpy(y.numpy()))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_initial_weights_are_equal_to_the_bit():
    minicnn.manual_seed(SEED)
    ours, theirs = models.lenet5().state_dict(), torch_lenet5().state_dict()
    assert list(ours) == list(theirs)
    for name, value in ours.items():
        np.testing.assert_array_equal(value.numpy(), theirs[name].numpy(), err_msg=name)
    assert sum(v.numel() for v in ours.values()) == 61_706


def test_a_hundred_losses(images):
    data = batches(images, 100)
    assert len(data) == 100
    ours, theirs = our_losses(data), their_losses(data)
    assert theirs[-1] < 0.5 * theirs[0]
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)


def test_ten_losses_of_the_reference_kernels(images):
    data = batches(images, 10)
    with kernels.use("numpy"), kernels.record() as used:
        ours = our_losses(data)
    assert {u.backend for u in used} == {"numpy"}
    np.testing.assert_allclose(ours, their_losses(data), rtol=1e-4)


def test_gradients_of_the_first_batch(images):
    ((x, y),) = batches(images, 1)
    minicnn.manual_seed(SEED)
    ours, theirs = models.lenet5(), torch_lenet5()
    F.cross_entropy(ours(x), y).backward()
    torch.nn.functional.cross_entropy(theirs(torch.from_numpy(x.numpy())), torch.from_numpy(y.numpy())).backward()
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        scale = float(q.grad.abs().max())
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), atol=1e-5 * scale, rtol=0, err_msg=name)
