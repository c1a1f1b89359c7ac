"""AlexNet in its one-column form: five convolutions, three fully connected layers.

Source: Krizhevsky 2014, "One weird trick for parallelizing convolutional neural networks", for the two columns of
Krizhevsky, Sutskever & Hinton 2012, "ImageNet Classification with Deep Convolutional Neural Networks".
"""

from __future__ import annotations

from typing import Any

from minicnn import nn
from minicnn.autograd.tensor import Tensor
from minicnn.models.vision.builders import builder


class AlexNet(nn.Module):
    """(N, 3, H, W) images, best 224×224, at least 63×63, to (N, num_classes) scores."""

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = nn.Sequential(  # sizes for 224×224
            nn.Conv2d(3, 64, 11, stride=4, padding=2),  # (N, 64, 55, 55)
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),  # (N, 64, 27, 27)
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),  # (N, 192, 13, 13)
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),  # (N, 256, 6, 6)
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        scores: Tensor = self.classifier(self.avgpool(self.features(x)).flatten(1))
        return scores


@builder
def alexnet(**kwargs: Any) -> AlexNet:
    """AlexNet; 61,100,840 parameters with 1,000 classes."""
    return AlexNet(**kwargs)
