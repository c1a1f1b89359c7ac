"""The numbers that the course works out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minicnn
from minicnn import nn
from minicnn.nn import functional as F

STEP = minicnn.tensor([[1.0, 1, 1, 0, 0, 0]] * 6).reshape(1, 1, 6, 6)  # three columns of 1, three of 0
EDGE = minicnn.tensor([[1.0, 0, -1]] * 3).reshape(1, 1, 3, 3) / 3
third = 1 / 3


def check(result, expected, tolerance=1e-6):
    """The one plane of `result` holds these numbers."""
    expected = np.array(expected)
    assert result.shape == (1, 1, *expected.shape)
    np.testing.assert_allclose(result[0, 0].numpy(), expected, atol=tolerance)


@pytest.mark.usefixtures("backend")
class TestEdges:
    def test_without_padding(self):
        check(F.conv2d(STEP, EDGE), [[0, 1, 1, 0]] * 4)

    def test_zero_padding(self):
        border, inside = [-2 * third, 0, 2 * third, 2 * third, 0, 0], [-1, 0, 1, 1, 0, 0]
        check(F.conv2d(STEP, EDGE, padding=1), [border] + [inside] * 4 + [border])

    def test_padding_with_ones(self):
        border, inside = [0, 0, 2 * third, 2 * third, 0, -2 * third], [0, 0, 1, 1, 0, -1]
        check(F.conv2d(F.pad(STEP, (1, 1, 1, 1), value=1), EDGE), [border] + [inside] * 4 + [border])

    def test_replicate_padding(self):
        check(F.conv2d(F.pad(STEP, (1, 1, 1, 1), mode="replicate"), EDGE), [[0, 0, 1, 1, 0, 0]] * 6)

    def test_stride(self):
        check(F.conv2d(STEP, EDGE, stride=2), [[0, 1], [0, 1]])

    def test_four_by_four(self):
        kernel = minicnn.tensor([[1.0, 0, 0, -1]] * 4).reshape(1, 1, 4, 4) / 4
        check(F.conv2d(STEP, kernel), np.ones((3, 3)))

    def test_five_by_five(self):
        kernel = minicnn.tensor([[1.0, 0, 0, 0, -1]] * 5).reshape(1, 1, 5, 5) / 5
        check(F.conv2d(STEP, kernel), np.ones((2, 2)))

    def test_true_convolution(self):
        check(F.conv2d(STEP, EDGE.flip((2, 3))), [[0, -1, -1, 0]] * 4)

    def test_batch_of_steps(self):
        batch = F.conv2d(STEP.expand(16, -1, -1, -1), EDGE)
        np.testing.assert_allclose(batch.numpy(), np.broadcast_to([0, 1, 1, 0], (16, 1, 4, 4)), atol=1e-6)

    def test_diagonals(self):
        image = [[1.0, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
        kernel = minicnn.tensor([[1.0, 0, 1], [0, 1, 0], [1, 0, 1]]).reshape(1, 1, 3, 3)
        check(F.conv2d(minicnn.tensor(image).reshape(1, 1, 5, 5), kernel), [[4, 3, 4], [2, 4, 3], [2, 3, 4]])

    def test_one_dimension(self):
        signal = minicnn.tensor([1.0, 2, 9, 9, 4]).reshape(1, 1, 1, 5)
        kernel = minicnn.tensor([-1.0, 0, 1]).reshape(1, 1, 1, 3)
        check(F.conv2d(signal, kernel), [[8, 7, -5]])

    def test_matrix_of_a_convolution(self):
        """The columns of the matrix are the convolutions of the 16 unit images; its transpose is the
        transposed convolution: the adjoint, not the inverse."""
        kernel = minicnn.arange(1.0, 10).reshape(1, 1, 3, 3)
        matrix = F.conv2d(minicnn.eye(16).reshape(16, 1, 4, 4), kernel).reshape(16, 4).t()
        assert matrix.shape == (4, 16)
        first_row = [1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0, 0]
        np.testing.assert_array_equal(matrix[0].numpy(), first_row)
        np.testing.assert_array_equal(matrix[3].numpy(), np.roll(first_row, 5))
        y = minicnn.tensor([[1.0, -2], [3, 5]]).reshape(1, 1, 2, 2)
        expected = matrix.t() @ y.reshape(4)
        check(F.conv_transpose2d(y, kernel), expected.reshape(4, 4).numpy(), 1e-5)
        assert not np.allclose(F.conv2d(F.conv_transpose2d(y, kernel), kernel).numpy(), y.numpy())


@pytest.mark.parametrize(
    ("size", "options", "expected"),
    [
        (28, {"kernel_size": 5}, 24),
        (256, {"kernel_size": 11}, 246),
        (32, {"kernel_size": 5, "stride": 2, "padding": 2}, 16),
        (7, {"kernel_size": 3, "dilation": 2}, 3),
        (10, {"kernel_size": 4, "stride": 3, "padding": 1}, 3),
    ],
)
def test_output_size(size, options, expected):
    assert nn.Conv2d(1, 2, **options)(minicnn.zeros(1, 1, size, size)).shape == (1, 2, expected, expected)


@pytest.mark.parametrize(("stride", "padding", "extra", "expected"), [(1, 0, 0, 6), (2, 1, 1, 8), (3, 0, 2, 14)])
def test_transposed_output_size(stride, padding, extra, expected):
    layer = nn.ConvTranspose2d(1, 1, 3, stride, padding, output_padding=extra)
    assert layer(minicnn.zeros(1, 1, 4, 4)).shape == (1, 1, expected, expected)


def test_convolution_then_pooling():
    x = nn.Conv2d(1, 5, 5)(minicnn.zeros(1, 1, 28, 28))
    assert x.shape == (1, 5, 24, 24)
    assert nn.MaxPool2d(2)(x).shape == (1, 5, 12, 12)


TOY = {
    "O": [[0.0, 1, 0], [1, 0, 1], [0, 1, 0]],
    "X": [[1.0, 0, 1], [0, 1, 0], [1, 0, 1]],
    "\\": [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]],
    "/": [[0.0, 0, 1], [0, 1, 0], [1, 0, 0]],
}


@pytest.mark.parametrize(("activation", "scores"), [(nn.Hardshrink(1.0), (-2, 2, 3, -1)), (nn.ReLU(), (1, 3, 3, 1.5))])
def test_the_toy(activation, scores):
    """With ReLU in place of Hardshrink, X and \\ collide."""
    images = minicnn.tensor([*TOY.values()]).unsqueeze(1)
    kernel = minicnn.tensor([[1.0, -1], [-1, 1]]).reshape(1, 1, 2, 2)
    weights = minicnn.tensor([[1.0, 1], [-0.5, 0.5]])
    assert (activation(F.conv2d(images, kernel)).squeeze(1) * weights).sum((1, 2)).tolist() == [*scores]


def test_padding_modes_and_signals_as_layers():
    layer = nn.Conv2d(1, 1, 3, padding=1, padding_mode="replicate", bias=False)
    with minicnn.no_grad():
        layer.weight.copy_(EDGE)
        check(layer(STEP), [[0, 0, 1, 1, 0, 0]] * 6)
    signal, kernel = minicnn.tensor([[[2.0, 9, 9]]]), minicnn.tensor([[[-1.0, 0, 1]]])
    assert F.conv1d(signal, kernel).tolist() == [[[7.0]]]


def bits(nats):
    """Natural logarithms to base 2."""
    return float(nats / math.log(2))


def test_entropies():
    coin = minicnn.tensor([0.5, 0.5], dtype=minicnn.float64)
    other = minicnn.tensor([0.25, 0.75], dtype=minicnn.float64)
    entropy = -(coin * coin.log()).sum()
    cross = -(coin * other.log()).sum()
    assert bits(entropy) == pytest.approx(1.0)
    assert bits(cross) == pytest.approx(1.2075, abs=5e-5)
    assert float(cross) == pytest.approx(0.8370, abs=5e-5)
    assert bits(cross - entropy) == pytest.approx(0.2075, abs=5e-5)
    assert bits(F.kl_div(other.log(), coin, reduction="sum")) == pytest.approx(0.2075, abs=5e-5)
    loss = F.cross_entropy(other.log().unsqueeze(0), coin.unsqueeze(0))  # the same, as a loss of scores
    assert loss.item() == pytest.approx(cross.item())


@pytest.mark.parametrize(("p", "loss", "distance"), [(0.9, 0.1053, 0.1), (0.3, 1.2039, 0.7), (0.1, 2.3026, 0.9)])
def test_losses_of_one_probability(p, loss, distance):
    log_p = minicnn.tensor([[1 - p, p]]).log()
    label = minicnn.tensor([1])
    assert F.nll_loss(log_p, label).item() == pytest.approx(loss, abs=1e-4)
    assert F.cross_entropy(log_p, label).item() == pytest.approx(loss, abs=1e-4)
    wanted = minicnn.tensor([[0.0, 1.0]])
    assert F.l1_loss(log_p.exp(), wanted).item() == pytest.approx(distance, abs=1e-6)
    assert F.mse_loss(log_p.exp(), wanted).item() == pytest.approx(distance**2, abs=1e-6)


def test_softmax_into_cross_entropy_confines_the_loss():
    scores = minicnn.cat([minicnn.eye(10) * 100, minicnn.eye(10) * 100])
    labels = minicnn.cat([minicnn.arange(10), (minicnn.arange(10) + 1) % 10])
    losses = F.cross_entropy(scores.softmax(1), labels, reduction="none")
    np.testing.assert_allclose(losses[:10].numpy(), 1.4612, atol=5e-5)  # sure and right
    np.testing.assert_allclose(losses[10:].numpy(), 2.4612, atol=5e-5)  # sure and wrong
    minicnn.manual_seed(0)
    anything = F.cross_entropy(
        (minicnn.randn(500, 10) * 20).softmax(1), minicnn.randint(0, 10, (500,)), reduction="none"
    )
    assert 1.4611 < anything.min().item() <= anything.max().item() < 2.4613


def test_untrained_network_loses_ln_10():
    assert str(F.cross_entropy(minicnn.zeros(1, 10), minicnn.tensor([3]))) == "tensor(2.3026)"
