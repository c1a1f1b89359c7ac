"""VGG: nothing but 3×3 convolutions and poolings, and then more of them.

Source: Simonyan & Zisserman 2015, "Very Deep Convolutional Networks for Large-Scale Image Recognition", table 1;
batch normalisation in the networks `…_bn` came later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn import nn
from minicnn.autograd.tensor import Tensor
from minicnn.models.vision.builders import builder

_COLUMNS = {  # of table 1: channels of each convolution, M where the image is halved
    "A": "64 M 128 M 256 256 M 512 512 M 512 512 M",
    "B": "64 64 M 128 128 M 256 256 M 512 512 M 512 512 M",
    "D": "64 64 M 128 128 M 256 256 256 M 512 512 512 M 512 512 512 M",
    "E": "64 64 M 128 128 M 256 256 256 256 M 512 512 512 512 M 512 512 512 512 M",
}
cfgs = {column: [int(entry) if entry != "M" else entry for entry in row.split()] for column, row in _COLUMNS.items()}


def make_layers(cfg: Sequence[int | str], batch_norm: bool = False) -> nn.Sequential:
    """The convolutions with these numbers of channels, each with its activation; "M" is a pooling that halves."""
    layers: list[nn.Module] = []
    before = 3
    for channels in cfg:
        if isinstance(channels, str):
            layers.append(nn.MaxPool2d(2, stride=2))
            continue
        layers.append(nn.Conv2d(before, channels, 3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(channels))
        layers.append(nn.ReLU(inplace=True))
        before = channels
    return nn.Sequential(*layers)


class VGG(nn.Module):
    """(N, 3, H, W) images, best 224×224, at least 32×32, to (N, num_classes) scores: `features`, then three
    fully connected layers.

    With `init_weights` convolutions start from normal numbers by He's rule, the fully connected from N(0, 0.01²).
    """

    def __init__(
        self, features: nn.Module, num_classes: int = 1000, init_weights: bool = True, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, num_classes),
        )
        if init_weights:
            self._start()

    def _start(self) -> None:
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, 0, 0.01)
            if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        scores: Tensor = self.classifier(self.avgpool(self.features(x)).flatten(1))
        return scores


def _vgg(column: str, batch_norm: bool, options: dict[str, Any]) -> VGG:
    return VGG(make_layers(cfgs[column], batch_norm), **options)


@builder
def vgg11(**kwargs: Any) -> VGG:
    """Column A: 8 convolutions; 132,863,336 parameters with 1,000 classes."""
    return _vgg("A", False, kwargs)


@builder
def vgg11_bn(**kwargs: Any) -> VGG:
    """Column A with batch normalisation."""
    return _vgg("A", True, kwargs)


@builder
def vgg13(**kwargs: Any) -> VGG:
    """Column B: 10 convolutions; 133,047,848 parameters with 1,000 classes."""
    return _vgg("B", False, kwargs)


@builder
def vgg13_bn(**kwargs: Any) -> VGG:
    """Column B with batch normalisation."""
    return _vgg("B", True, kwargs)


@builder
def vgg16(**kwargs: Any) -> VGG:
    """Column D: 13 convolutions; 138,357,544 parameters with 1,000 classes."""
    return _vgg("D", False, kwargs)


@builder
def vgg16_bn(**kwargs: Any) -> VGG:
    """Column D with batch normalisation."""
    return _vgg("D", True, kwargs)


@builder
def vgg19(**kwargs: Any) -> VGG:
    """Column E: 16 convolutions; 143,667,240 parameters with 1,000 classes."""
    return _vgg("E", False, kwargs)


@builder
def vgg19_bn(**kwargs: Any) -> VGG:
    """Column E with batch normalisation."""
    return _vgg("E", True, kwargs)
