"""ShuffleNetV2: half of the channels pass by, the other half is filtered, and the halves are shuffled.

Source: Ma, Zhang, Zheng & Sun 2018, "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design",
table 5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minicnn import nn
from minicnn.autograd.tensor import Tensor
from minicnn.functional import cat, channel_shuffle
from minicnn.models.vision.builders import builder


def _conv(before: int, after: int, kernel: int, stride: int = 1, *, each: bool = False, relu: bool = True) -> list[Any]:
    """A convolution (of `each` channel by itself), its norm, and ReLU."""
    convolution = nn.Conv2d(
        before, after, kernel, stride, padding=kernel // 2, groups=before if each else 1, bias=False
    )
    return [convolution, nn.BatchNorm2d(after), *([nn.ReLU(inplace=True)] if relu else [])]


class InvertedResidual(nn.Module):
    """(N, inp, H, W) to (N, oup, H/stride, W/stride). With stride 1 one half of the channels is left alone.

    ValueError for a stride outside of 1 … 3, and for a stride of 1 unless `inp` is `oup`, an even number.
    """

    def __init__(self, inp: int, oup: int, stride: int) -> None:
        super().__init__()
        if not 1 <= stride <= 3:
            raise ValueError(f"illegal stride value, expected 1, 2 or 3, got {stride}")
        half = oup // 2
        if stride == 1 and inp != 2 * half:
            raise ValueError(
                f"Invalid combination of stride {stride}, inp {inp} and oup {oup} values. If stride == 1 then inp "
                "should be equal to oup // 2 << 1."
            )
        self.stride = stride
        by = [*_conv(inp, inp, 3, stride, each=True, relu=False), *_conv(inp, half, 1)] if stride > 1 else []
        self.branch1 = nn.Sequential(*by)
        self.branch2 = nn.Sequential(
            *_conv(inp if stride > 1 else half, half, 1),
            *_conv(half, half, 3, stride, each=True, relu=False),
            *_conv(half, half, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """The channels of both halves, in turns."""
        first, second = x.chunk(2, 1) if self.stride == 1 else (self.branch1(x), x)
        return channel_shuffle(cat([first, self.branch2(second)], 1), 2)


class ShuffleNetV2(nn.Module):
    """(N, 3, H, W) images to (N, num_classes) scores: three stages of `stages_repeats` blocks; `stages_out_channels`
    are those of the first convolution, of the stages, and of the last convolution.

    ValueError unless there are three and five of them.
    """

    def __init__(
        self,
        stages_repeats: Sequence[int],
        stages_out_channels: Sequence[int],
        num_classes: int = 1000,
        inverted_residual: Callable[..., nn.Module] = InvertedResidual,
    ) -> None:
        super().__init__()
        if len(stages_repeats) != 3:
            raise ValueError(f"expected stages_repeats as list of 3 positive ints, got {stages_repeats}")
        if len(stages_out_channels) != 5:
            raise ValueError(f"expected stages_out_channels as list of 5 positive ints, got {stages_out_channels}")
        channels, *stages, last = stages_out_channels
        self._stage_out_channels = stages_out_channels
        self.conv1 = nn.Sequential(*_conv(3, channels, 3, 2))
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        for number, (repeats, out) in enumerate(zip(stages_repeats, stages, strict=True), 2):
            blocks = [inverted_residual(channels, out, 2)]
            blocks += [inverted_residual(out, out, 1) for _ in range(repeats - 1)]
            setattr(self, f"stage{number}", nn.Sequential(*blocks))
            channels = out
        self.conv5 = nn.Sequential(*_conv(channels, last, 1))
        self.fc = nn.Linear(last, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        x = self.maxpool(self.conv1(x))
        x = self.conv5(self.stage4(self.stage3(self.stage2(x))))
        scores: Tensor = self.fc(x.mean([2, 3]))
        return scores


@builder
def shufflenet_v2_x0_5(**kwargs: Any) -> ShuffleNetV2:
    """0.5 times the channels; 1,366,792 parameters with 1,000 classes."""
    return ShuffleNetV2([4, 8, 4], [24, 48, 96, 192, 1024], **kwargs)


@builder
def shufflenet_v2_x1_0(**kwargs: Any) -> ShuffleNetV2:
    """2,278,604 parameters with 1,000 classes."""
    return ShuffleNetV2([4, 8, 4], [24, 116, 232, 464, 1024], **kwargs)


@builder
def shufflenet_v2_x1_5(**kwargs: Any) -> ShuffleNetV2:
    """1.5 times the channels; 3,503,624 parameters with 1,000 classes."""
    return ShuffleNetV2([4, 8, 4], [24, 176, 352, 704, 1024], **kwargs)


@builder
def shufflenet_v2_x2_0(**kwargs: Any) -> ShuffleNetV2:
    """Twice the channels; 7,393,996 parameters with 1,000 classes."""
    return ShuffleNetV2([4, 8, 4], [24, 244, 488, 976, 2048], **kwargs)
