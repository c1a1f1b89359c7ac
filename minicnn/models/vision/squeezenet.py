"""SqueezeNet: modules that first squeeze the channels by 1×1 convolutions, then widen them; no fully connected layer.

Source: Iandola et al. 2016, "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size",
table 1; version 1.1 is its authors' later one, which pools earlier.
"""

from __future__ import annotations

from typing import Any

from minicnn import nn
from minicnn.autograd.tensor import Tensor
from minicnn.functional import cat
from minicnn.models.vision.builders import builder

_FIRST = {"1_0": (96, 7), "1_1": (64, 3)}  # channels and kernel of the first convolution
_FIRE = {  # channels into each module, of its squeeze layer, of each half of its expand layer; M where pooled
    "1_0": "96>16>64 128>16>64 128>32>128 M 256>32>128 256>48>192 384>48>192 384>64>256 M 512>64>256",
    "1_1": "64>16>64 128>16>64 M 128>32>128 256>32>128 M 256>48>192 384>48>192 384>64>256 512>64>256",
}


class Fire(nn.Module):
    """(N, inplanes, H, W) to (N, expand1x1_planes + expand3x3_planes, H, W) through few channels."""

    def __init__(self, inplanes: int, squeeze_planes: int, expand1x1_planes: int, expand3x3_planes: int) -> None:
        super().__init__()
        self.inplanes = inplanes
        self.squeeze = nn.Conv2d(inplanes, squeeze_planes, 1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze_planes, expand1x1_planes, 1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeeze_planes, expand3x3_planes, 3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """The channels of the two expand layers, one after the other."""
        x = self.squeeze_activation(self.squeeze(x))
        halves = (self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x)))
        return cat(halves, 1)


class SqueezeNet(nn.Module):
    """(N, 3, H, W) images, at least 21×21 (17×17 for version 1_1), to (N, num_classes) scores.

    ValueError for another version.
    """

    def __init__(self, version: str = "1_0", num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        if version not in _FIRE:
            raise ValueError(f"Unsupported SqueezeNet version {version}: 1_0 or 1_1 expected")
        self.num_classes = num_classes
        channels, kernel = _FIRST[version]
        layers: list[nn.Module] = [nn.Conv2d(3, channels, kernel, stride=2), nn.ReLU(inplace=True)]
        for entry in f"M {_FIRE[version]}".split():
            if entry == "M":
                layers.append(nn.MaxPool2d(3, stride=2, ceil_mode=True))
            else:
                before, squeezed, expanded = map(int, entry.split(">"))
                layers.append(Fire(before, squeezed, expanded, expanded))
        self.features = nn.Sequential(*layers)
        scores = nn.Conv2d(512, num_classes, 1)
        self.classifier = nn.Sequential(
            nn.Dropout(dropout), scores, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d((1, 1))
        )
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                if layer is scores:
                    nn.init.normal_(layer.weight, mean=0.0, std=0.01)
                else:
                    nn.init.kaiming_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        scores: Tensor = self.classifier(self.features(x)).flatten(1)
        return scores


@builder
def squeezenet1_0(**kwargs: Any) -> SqueezeNet:
    """Version 1.0; 1,248,424 parameters with 1,000 classes."""
    return SqueezeNet("1_0", **kwargs)


@builder
def squeezenet1_1(**kwargs: Any) -> SqueezeNet:
    """Version 1.1; 1,235,496 parameters with 1,000 classes, and less than half the work of 1.0."""
    return SqueezeNet("1_1", **kwargs)
