"""Residual networks: a block adds to its input what its convolutions make of it.

Sources: He, Zhang, Ren & Sun 2016, "Deep Residual Learning for Image Recognition", table 1; Xie, Girshick, Dollár, Tu &
He 2017, "Aggregated Residual Transformations for Deep Neural Networks", table 1; Zagoruyko & Komodakis 2016, "Wide
Residual Networks". As in torchvision a bottleneck that halves the image does so in its 3×3 convolution, where the paper
has it in the first 1×1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minicnn import nn
from minicnn.autograd.tensor import Tensor
from minicnn.models.vision.builders import builder, with_fixed

Norm = Callable[..., nn.Module]


def conv3x3(in_planes: int, out_planes: int, stride: int = 1, groups: int = 1, dilation: int = 1) -> nn.Conv2d:
    """A 3×3 convolution that keeps the image's size but for its stride; its bias would be lost in the norm."""
    return nn.Conv2d(
        in_planes, out_planes, 3, stride=stride, padding=dilation, groups=groups, bias=False, dilation=dilation
    )


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> nn.Conv2d:
    """A 1×1 convolution."""
    return nn.Conv2d(in_planes, out_planes, 1, stride=stride, bias=False)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside a way that leaves the input alone (or `downsample`s it).

    (N, inplanes, H, W) to (N, planes, H/stride, W/stride). ValueError for groups and other widths, and
    NotImplementedError for dilation, which only `Bottleneck` has.
    """

    expansion: int = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        norm = norm_layer or nn.BatchNorm2d
        if groups != 1 or base_width != 64:
            raise ValueError(
                f"BasicBlock only supports groups=1 and base_width=64, got groups={groups} and base_width={base_width}"
            )
        if dilation > 1:
            raise NotImplementedError(f"Dilation > 1 not supported in BasicBlock, got {dilation}")
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """relu(x + convolutions of x)"""
        change = self.relu(self.bn1(self.conv1(x)))
        change = self.bn2(self.conv2(change))
        change += x if self.downsample is None else self.downsample(x)
        out: Tensor = self.relu(change)
        return out


class Bottleneck(nn.Module):
    """A 1×1 convolution to few channels, a 3×3 among those, a 1×1 back to 4·planes, beside the input.

    (N, inplanes, H, W) to (N, 4·planes, H/stride, W/stride). `groups` and `base_width` make ResNeXt's and the wide
    networks' 3×3 convolution.
    """

    expansion: int = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        norm = norm_layer or nn.BatchNorm2d
        width = int(planes * (base_width / 64.0)) * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """relu(x + convolutions of x)"""
        change = self.relu(self.bn1(self.conv1(x)))
        change = self.relu(self.bn2(self.conv2(change)))
        change = self.bn3(self.conv3(change))
        change += x if self.downsample is None else self.downsample(x)
        out: Tensor = self.relu(change)
        return out


class ResNet(nn.Module):
    """(N, 3, H, W) images to (N, num_classes) scores: four stages of `layers` blocks; each but the first halves the
    image, or dilates its convolutions instead where `replace_stride_with_dilation` says so.

    With `zero_init_residual` every block begins as the identity. ValueError unless `replace_stride_with_dilation`
    has three elements.
    """

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        layers: Sequence[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
        replace_stride_with_dilation: Sequence[bool] | None = None,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        dilate = [False] * 3 if replace_stride_with_dilation is None else replace_stride_with_dilation
        if len(dilate) != 3:
            raise ValueError(f"replace_stride_with_dilation should be None or a 3-element tuple, got {dilate}")
        self._norm_layer = norm_layer or nn.BatchNorm2d
        self.inplanes, self.dilation = 64, 1  # of what comes next, while the stages are being built
        self.groups, self.base_width = groups, width_per_group
        self.conv1 = nn.Conv2d(3, self.inplanes, 7, stride=2, padding=3, bias=False)
        self.bn1 = self._norm_layer(self.inplanes)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], stride=2, dilate=dilate[0])
        self.layer3 = self._make_layer(block, 256, layers[2], stride=2, dilate=dilate[1])
        self.layer4 = self._make_layer(block, 512, layers[3], stride=2, dilate=dilate[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        self._start(zero_init_residual)

    def _make_layer(
        self,
        block: type[BasicBlock | Bottleneck],
        planes: int,
        blocks: int,
        stride: int = 1,
        dilate: bool = False,
    ) -> nn.Sequential:
        """A stage of blocks; the first one brings the image and the channels to the stage's size."""
        first_dilation = self.dilation
        if dilate:
            self.dilation, stride = self.dilation * stride, 1
        out, downsample = planes * block.expansion, None
        if stride != 1 or self.inplanes != out:
            downsample = nn.Sequential(conv1x1(self.inplanes, out, stride), self._norm_layer(out))
        common: dict[str, Any] = {"groups": self.groups, "base_width": self.base_width}
        common["norm_layer"] = self._norm_layer
        stage = [block(self.inplanes, planes, stride, downsample, dilation=first_dilation, **common)]
        self.inplanes = out
        stage += [block(out, planes, dilation=self.dilation, **common) for _ in range(1, blocks)]
        return nn.Sequential(*stage)

    def _start(self, zero_init_residual: bool) -> None:
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            elif zero_init_residual and isinstance(layer, BasicBlock | Bottleneck):
                last = layer.bn2 if isinstance(layer, BasicBlock) else layer.bn3
                if last.weight is not None:
                    nn.init.zeros_(last.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        scores: Tensor = self.fc(self.avgpool(x).flatten(1))
        return scores


@builder
def resnet18(**kwargs: Any) -> ResNet:
    """18 layers; 11,689,512 parameters with 1,000 classes."""
    return ResNet(BasicBlock, [2, 2, 2, 2], **kwargs)


@builder
def resnet34(**kwargs: Any) -> ResNet:
    """34 layers; 21,797,672 parameters with 1,000 classes."""
    return ResNet(BasicBlock, [3, 4, 6, 3], **kwargs)


@builder
def resnet50(**kwargs: Any) -> ResNet:
    """50 layers; 25,557,032 parameters with 1,000 classes."""
    return ResNet(Bottleneck, [3, 4, 6, 3], **kwargs)


@builder
def resnet101(**kwargs: Any) -> ResNet:
    """101 layers; 44,549,160 parameters with 1,000 classes."""
    return ResNet(Bottleneck, [3, 4, 23, 3], **kwargs)


@builder
def resnet152(**kwargs: Any) -> ResNet:
    """152 layers; 60,192,808 parameters with 1,000 classes."""
    return ResNet(Bottleneck, [3, 8, 36, 3], **kwargs)


@builder
def resnext50_32x4d(**kwargs: Any) -> ResNet:
    """ResNeXt: `resnet50` whose 3×3 convolutions have 32 groups of 4 channels."""
    return ResNet(Bottleneck, [3, 4, 6, 3], **with_fixed(kwargs, groups=32, width_per_group=4))


@builder
def resnext101_32x8d(**kwargs: Any) -> ResNet:
    """ResNeXt: `resnet101` whose 3×3 convolutions have 32 groups of 8 channels."""
    return ResNet(Bottleneck, [3, 4, 23, 3], **with_fixed(kwargs, groups=32, width_per_group=8))


@builder
def resnext101_64x4d(**kwargs: Any) -> ResNet:
    """ResNeXt: `resnet101` whose 3×3 convolutions have 64 groups of 4 channels."""
    return ResNet(Bottleneck, [3, 4, 23, 3], **with_fixed(kwargs, groups=64, width_per_group=4))


@builder
def wide_resnet50_2(**kwargs: Any) -> ResNet:
    """`resnet50` whose 3×3 convolutions have twice the channels."""
    return ResNet(Bottleneck, [3, 4, 6, 3], **with_fixed(kwargs, width_per_group=128))


@builder
def wide_resnet101_2(**kwargs: Any) -> ResNet:
    """`resnet101` whose 3×3 convolutions have twice the channels."""
    return ResNet(Bottleneck, [3, 4, 23, 3], **with_fixed(kwargs, width_per_group=128))
