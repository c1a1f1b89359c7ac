"""The plain convolutional networks of the course: 3×3 and 5×5 convolutions, max pooling, dropout."""

from __future__ import annotations

from minicnn import nn
from minicnn.autograd.tensor import Tensor


class CNNMnist(nn.Module):
    """(N, 1, 28, 28) images to (N, 10) scores; 1,625,866 parameters: two convolutions, then dropout."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1),  # (N, 32, 28, 28)
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, padding=1),  # (N, 64, 28, 28)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 64, 14, 14)
            nn.Dropout(0.25),
        )
        self.classifier = nn.Sequential(
            nn.Linear(64 * 14 * 14, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, num_classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        scores: Tensor = self.classifier(self.features(x).flatten(1))
        return scores


class CNNCifar10(nn.Module):
    """(N, 3, 32, 32) images to (N, 10) scores; 2,168,362 parameters. One pooling and one dropout layer, used twice."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 64, 3, padding=1)
        self.conv4 = nn.Conv2d(64, 64, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(0.25)
        self.fc1 = nn.Linear(64 * 8 * 8, 512)
        self.dropout_fc = nn.Dropout(0.5)
        self.fc2 = nn.Linear(512, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        x = self.conv2(self.conv1(x).relu()).relu()  # (N, 32, 32, 32)
        x = self.dropout(self.pool(x))  # (N, 32, 16, 16)
        x = self.conv4(self.conv3(x).relu()).relu()  # (N, 64, 16, 16)
        x = self.dropout(self.pool(x)).flatten(1)  # (N, 64·8·8)
        scores: Tensor = self.fc2(self.dropout_fc(self.fc1(x).relu()))
        return scores


class CNNTwoLayer(nn.Module):
    """(N, 1, 28, 28) images to (N, 10) scores; 50,186 parameters: two convolutions, one linear layer."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1),  # (N, 32, 28, 28)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 32, 14, 14)
            nn.Conv2d(32, 64, 3, padding=1),  # (N, 64, 14, 14)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 64, 7, 7)
        )
        self.classifier = nn.Linear(64 * 7 * 7, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        scores: Tensor = self.classifier(self.features(x).flatten(1))
        return scores


class CNNDropout2d(nn.Module):
    """(N, 1, 28, 28) images to (N, 10) log-probabilities; 21,840 parameters; whole channels are dropped.

    Trained with cross-entropy, which is the course's negative log-likelihood here: log_softmax of what
    log_softmax gave changes nothing.
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 10, 5),  # (N, 10, 24, 24)
            nn.MaxPool2d(2),  # (N, 10, 12, 12)
            nn.ReLU(),
            nn.Conv2d(10, 20, 5),  # (N, 20, 8, 8)
            nn.Dropout2d(),
            nn.MaxPool2d(2),  # (N, 20, 4, 4)
            nn.ReLU(),
        )
        self.classifier = nn.Sequential(
            nn.Linear(20 * 4 * 4, 50), nn.ReLU(), nn.Dropout(), nn.Linear(50, num_classes), nn.LogSoftmax(dim=1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Log-probabilities of the classes."""
        scores: Tensor = self.classifier(self.features(x).flatten(1))
        return scores


class CNNThreeConv(nn.Module):
    """(N, 1, 28, 28) images to (N, 10) scores; 123,222 parameters: three convolutions, no padding."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 5),  # (N, 16, 24, 24)
            nn.ReLU(),
            nn.Conv2d(16, 32, 5),  # (N, 32, 20, 20)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 32, 10, 10)
            nn.Conv2d(32, 64, 5),  # (N, 64, 6, 6)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 64, 3, 3)
        )
        self.classifier = nn.Sequential(nn.Linear(64 * 3 * 3, 100), nn.ReLU(), nn.Linear(100, num_classes))

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        scores: Tensor = self.classifier(self.features(x).flatten(1))
        return scores


def cnn_mnist(num_classes: int = 10) -> CNNMnist:
    """Two 3×3 convolutions with dropout, for 28×28 images.

    >>> sum(p.numel() for p in cnn_mnist().parameters())
    1625866
    """
    return CNNMnist(num_classes)


def cnn_cifar10(num_classes: int = 10) -> CNNCifar10:
    """Four 3×3 convolutions with dropout, for 32×32 colour images.

    >>> sum(p.numel() for p in cnn_cifar10().parameters())
    2168362
    """
    return CNNCifar10(num_classes)


def cnn_two_layer(num_classes: int = 10) -> CNNTwoLayer:
    """Two 3×3 convolutions with pooling and one linear layer, for 28×28 images.

    >>> sum(p.numel() for p in cnn_two_layer().parameters())
    50186
    """
    return CNNTwoLayer(num_classes)


def cnn_dropout2d(num_classes: int = 10) -> CNNDropout2d:
    """Two 5×5 convolutions with dropped channels, for 28×28 images.

    >>> sum(p.numel() for p in cnn_dropout2d().parameters())
    21840
    """
    return CNNDropout2d(num_classes)


def cnn_three_conv(num_classes: int = 10) -> CNNThreeConv:
    """Three 5×5 convolutions, for 28×28 images.

    >>> sum(p.numel() for p in cnn_three_conv().parameters())
    123222
    """
    return CNNThreeConv(num_classes)
