"""LeNet-5 of 1998: its parts against the paper and against PyTorch, written out another way."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import minicnn
from minicnn import models, optim
from minicnn.models.digit_bitmaps import digit_bitmaps
from minicnn.models.lenet_1998 import CONNECTIONS, MAPLoss, PartialConv2d, RadialBasis, ScaledTanh, Subsampling
from minicnn.models.recipes import NETWORKS

TABLE_1 = """\
X . . . X X X . . X X X X . X X
X X . . . X X X . . X X X X . X
X X X . . . X X X . . X . X X X
. X X X . . X X X X . . X . X X
. . X X X . . X X X X . X X . X
. . . X X X . . X X X X . X X X
"""  # of the paper: which maps of S2 (rows) the maps of C3 (columns) see


def test_the_connections_are_those_of_table_1():
    rows = [line.split() for line in TABLE_1.splitlines()]
    for column, seen in enumerate(CONNECTIONS):
        assert seen == tuple(row for row in range(6) if rows[row][column] == "X")


def test_parameters_are_counted_as_in_the_paper():
    model = models.lenet5_1998()
    counts = [sum(p.numel() for p in layer.parameters()) for layer in (*model.features, *model.f6, model.output)]
    assert [count for count in counts if count] == [156, 12, 1516, 32, 48120, 10164]
    assert not model.output.centres.requires_grad
    assert "output.centres" in model.state_dict()


def test_the_start_is_that_of_appendix_a():
    minicnn.manual_seed(0)
    model = models.lenet5_1998()
    c1, s2, c3, s4, c5 = (model.features[i] for i in (0, 2, 4, 6, 8))
    for layer, fan_in in ((c1, 25), (s2, 4), (s4, 4), (c5, 400), (model.f6[0], 120)):
        for values in (layer.weight, layer.bias):
            assert 0.3 < values.abs().max().item() / (2.4 / fan_in) <= 1
    filters_of_maps = np.split(c3.weight.detach().numpy(), np.cumsum([*map(len, CONNECTIONS)])[:-1])
    for k, filters in enumerate(filters_of_maps):
        assert 0.8 < np.abs(filters).max() / (2.4 / (25 * len(CONNECTIONS[k]))) <= 1
        assert 0 < abs(c3.bias[k].item()) <= 2.4 / (25 * len(CONNECTIONS[k]))


def test_the_squashing_function_maps_1_to_1():
    x = minicnn.tensor([-1.0, 0.0, 1.0, 50.0])
    np.testing.assert_allclose(ScaledTanh()(x).numpy(), [-1, 0, 1, 1.7159], atol=1e-4)


def test_partial_convolution_is_sixteen_small_ones():
    torch = pytest.importorskip("torch")
    layer = PartialConv2d(6, CONNECTIONS).double()
    x = minicnn.randn(2, 6, 7, 8, dtype=minicnn.float64, requires_grad=True)
    y = layer(x)
    cotangent = minicnn.randn(*y.shape, dtype=minicnn.float64)
    y.backward(cotangent)
    twin = torch.from_numpy(x.detach().numpy().copy()).requires_grad_()
    weights = [w.requires_grad_() for w in torch.from_numpy(layer.weight.detach().numpy().copy())]
    biases, at, maps = torch.from_numpy(layer.bias.detach().numpy().copy()).requires_grad_(), 0, []
    for k, seen in enumerate(CONNECTIONS):
        filters = torch.stack(weights[at : at + len(seen)]).view(1, len(seen), 5, 5)
        maps.append(torch.nn.functional.conv2d(twin[:, list(seen)], filters, biases[k : k + 1]))
        at += len(seen)
    expected = torch.cat(maps, 1)
    expected.backward(torch.from_numpy(cotangent.numpy()))
    np.testing.assert_allclose(y.detach().numpy(), expected.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(x.grad.numpy(), twin.grad.numpy(), atol=1e-12)
    np.testing.assert_allclose(layer.weight.grad.numpy(), np.stack([w.grad.numpy() for w in weights]), atol=1e-12)
    np.testing.assert_allclose(layer.bias.grad.numpy(), biases.grad.numpy(), atol=1e-12)


def test_subsampling():
    layer = Subsampling(2)
    with minicnn.no_grad():
        layer.weight.copy_(minicnn.tensor([2.0, -1.0]))
        layer.bias.copy_(minicnn.tensor([0.5, 0.0]))
    x = minicnn.arange(16.0).reshape(1, 2, 2, 4)
    assert layer(x).tolist() == [[[[2 * (0 + 1 + 4 + 5) + 0.5, 2 * (2 + 3 + 6 + 7) + 0.5]], [[-42.0, -50.0]]]]


def test_rbf_scores_are_distances():
    rng = np.random.default_rng(0)
    x, centres = rng.standard_normal((5, 84)), rng.choice([-1.0, 1.0], (10, 84))
    scores = RadialBasis(minicnn.from_numpy(centres))(minicnn.from_numpy(x))
    expected = [[-sum((a - b) ** 2 for a, b in zip(point, centre, strict=True)) for centre in centres] for point in x]
    np.testing.assert_allclose(scores.numpy(), expected, rtol=1e-12)


def test_the_loss_is_equation_9():
    rng = np.random.default_rng(1)
    y, d = rng.uniform(0, 5, (6, 10)), rng.integers(0, 10, 6)
    scores = minicnn.from_numpy(-y).requires_grad_()
    loss = MAPLoss()(scores, minicnn.from_numpy(d))
    loss.backward()
    each = [y[p, d[p]] + np.log(np.exp(-0.1) + np.exp(-y[p]).sum()) for p in range(6)]
    assert loss.item() == pytest.approx(np.mean(each), rel=1e-12)
    share = np.exp(-y) / (np.exp(-0.1) + np.exp(-y).sum(1, keepdims=True))
    right = np.eye(10)[d]
    np.testing.assert_allclose(scores.grad.numpy(), (share - right) / 6, atol=1e-12)
    assert MAPLoss(j=3.0)(scores, minicnn.from_numpy(d)).item() < loss.item()


def test_the_bitmaps_are_ten_pictures():
    digits = digit_bitmaps()
    assert digits.shape == (10, 12, 7)
    assert set(digits.flatten().tolist()) == {-1.0, 1.0}
    flat = digits.flatten(1)
    pixels = ((flat.unsqueeze(1) - flat) ** 2).sum(2) / 4  # in which two pictures differ
    assert (pixels + 99 * minicnn.eye(10)).min().item() >= 9
    for picture in digits:
        assert 12 <= (picture > 0).sum().item() <= 36
        assert (picture[0] < 0).all()  # a line of space above and below
        assert (picture[-1] < 0).all()


def test_it_learns_and_its_steps_are_replayed():
    minicnn.manual_seed(0)
    model, criterion = models.lenet5_1998(), MAPLoss()
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    images, labels = minicnn.rand(32, 1, 32, 32), minicnn.randint(0, 10, (32,))

    @minicnn.compile
    def step(images, labels):
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a step that is not recorded warns
        losses = [step(images, labels).item() for _ in range(60)]
    assert losses[0] > 50
    assert losses[-1] < 0.7 * losses[0]


def test_pixels_are_scaled_as_in_the_paper():
    mean, std = NETWORKS["lenet5-1998"].course.normalize
    assert (0 - mean) / std == pytest.approx(-0.1)
    assert (1 - mean) / std == pytest.approx(1.175)


def test_the_command_uses_the_loss(tmp_path, capsys):
    from minicnn import train

    arguments = ["--dataset", "mnist-sample", "--epochs", "1", "--batch-size", "500", "--quiet", "--output"]
    assert train.main(["lenet5-1998", *arguments, str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "60,000 parameters" in shown
    loss = float(shown.partition("training: loss ")[2].partition(",")[0])
    assert loss > 20  # a distance, not a cross-entropy of ten classes


def test_it_prints():
    assert "PartialConv2d(6, 16, kernel_size=(5, 5), connections=60)" in repr(models.lenet5_1998())
