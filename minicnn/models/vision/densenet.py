"""Densely connected networks: each layer sees the outputs of all layers before it.

Source: Huang, Liu, van der Maaten & Weinberger 2017, "Densely Connected Convolutional Networks", table 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from minicnn import nn
from minicnn.autograd.tensor import Tensor
from minicnn.functional import cat
from minicnn.models.vision.builders import builder

_OLD_NAMES = re.compile(r"(norm|relu|conv)\.([12])\.")  # in torchvision's files: norm.1.weight for norm1.weight


class _DenseLayer(nn.Module):
    """Norm, ReLU, 1×1 convolution to bn_size·growth_rate channels; norm, ReLU, 3×3 convolution to growth_rate."""

    def __init__(self, num_input_features: int, growth_rate: int, bn_size: int, drop_rate: float) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(num_input_features)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(num_input_features, bn_size * growth_rate, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(bn_size * growth_rate)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(bn_size * growth_rate, growth_rate, 3, padding=1, bias=False)
        self.drop_rate = float(drop_rate)

    def forward(self, x: Tensor | Sequence[Tensor]) -> Tensor:
        """(N, growth_rate, H, W) of one Tensor or of several, one after the other along the channels."""
        before = x if isinstance(x, Tensor) else cat(x, 1)
        few = self.conv1(self.relu1(self.norm1(before)))
        new: Tensor = self.conv2(self.relu2(self.norm2(few)))
        return nn.functional.dropout(new, self.drop_rate, self.training) if self.drop_rate > 0 else new

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *more: Any) -> None:
        for key in [key for key in state_dict if key.startswith(prefix)]:
            new = prefix + _OLD_NAMES.sub(r"\1\2.", key.removeprefix(prefix), count=1)
            state_dict[new] = state_dict.pop(key)
        super()._load_from_state_dict(state_dict, prefix, *more)


class _DenseBlock(nn.ModuleDict):
    """`num_layers` dense layers; (N, C, H, W) to (N, C + num_layers·growth_rate, H, W)."""

    def __init__(
        self, num_layers: int, num_input_features: int, bn_size: int, growth_rate: int, drop_rate: float
    ) -> None:
        super().__init__()
        for i in range(num_layers):
            layer = _DenseLayer(num_input_features + i * growth_rate, growth_rate, bn_size, drop_rate)
            self.add_module(f"denselayer{i + 1}", layer)

    def forward(self, x: Tensor) -> Tensor:
        """The input's channels, and behind them those of each layer."""
        found = [x]
        for layer in self.values():
            found.append(layer(found))
        return cat(found, 1)


class _Transition(nn.Sequential):
    """Norm, ReLU, 1×1 convolution, and the image halved."""

    def __init__(self, num_input_features: int, num_output_features: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(num_input_features)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(num_input_features, num_output_features, 1, bias=False)
        self.pool = nn.AvgPool2d(2, stride=2)


class DenseNet(nn.Module):
    """(N, 3, H, W) images, at least 29×29, to (N, num_classes) scores: blocks of `block_config` layers, each of which
    adds `growth_rate` channels.

    `memory_efficient` is accepted, and spares nothing here.
    """

    def __init__(
        self,
        growth_rate: int = 32,
        block_config: Sequence[int] = (6, 12, 24, 16),
        num_init_features: int = 64,
        bn_size: int = 4,
        drop_rate: float = 0,
        num_classes: int = 1000,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        self.features = nn.Sequential()
        self.features.add_module("conv0", nn.Conv2d(3, num_init_features, 7, stride=2, padding=3, bias=False))
        self.features.add_module("norm0", nn.BatchNorm2d(num_init_features))
        self.features.add_module("relu0", nn.ReLU(inplace=True))
        self.features.add_module("pool0", nn.MaxPool2d(3, stride=2, padding=1))
        channels = num_init_features
        for number, layers in enumerate(block_config, 1):
            block = _DenseBlock(layers, channels, bn_size, growth_rate, drop_rate)
            self.features.add_module(f"denseblock{number}", block)
            channels += layers * growth_rate
            if number != len(block_config):
                self.features.add_module(f"transition{number}", _Transition(channels, channels // 2))
                channels //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(channels))
        self.classifier = nn.Linear(channels, num_classes)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
            elif isinstance(layer, nn.Linear):
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        x = nn.functional.relu(self.features(x), inplace=True)
        scores: Tensor = self.classifier(nn.functional.adaptive_avg_pool2d(x, (1, 1)).flatten(1))
        return scores


@builder
def densenet121(**kwargs: Any) -> DenseNet:
    """121 layers; 7,978,856 parameters with 1,000 classes."""
    return DenseNet(32, (6, 12, 24, 16), 64, **kwargs)


@builder
def densenet161(**kwargs: Any) -> DenseNet:
    """161 layers, of 48 channels each; 28,681,000 parameters with 1,000 classes."""
    return DenseNet(48, (6, 12, 36, 24), 96, **kwargs)


@builder
def densenet169(**kwargs: Any) -> DenseNet:
    """169 layers; 14,149,480 parameters with 1,000 classes."""
    return DenseNet(32, (6, 12, 32, 32), 64, **kwargs)


@builder
def densenet201(**kwargs: Any) -> DenseNet:
    """201 layers; 20,013,928 parameters with 1,000 classes."""
    return DenseNet(32, (6, 12, 48, 32), 64, **kwargs)
