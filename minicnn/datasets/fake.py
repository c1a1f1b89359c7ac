"""FakeData: images of noise, for trying a script out before its data are there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn.datasets.vision import Transform, VisionDataset
from minicnn.functional import manual_seed, randint, randn
from minicnn.functional.generator import default_generator
from minicnn.transforms.convert import to_pil_image


class FakeData(VisionDataset):
    """`size` PIL images of noise, of `image_size` (C, H, W), with random classes; torchvision's images and classes.

    Image i is drawn after `manual_seed(i + random_offset)`, so it is the same every time; the default generator is put
    back to where it was. IndexError from `size` on.

    >>> image, label = FakeData(image_size=(1, 8, 8), num_classes=4)[0]
    >>> image.size, label in range(4)
    ((8, 8), True)
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: Sequence[int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(transform=transform, target_transform=target_transform)
        self.size = size
        self.num_classes = num_classes
        self.image_size = image_size
        self.random_offset = random_offset

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if index >= len(self):
            raise IndexError(f"{type(self).__name__} index out of range: {index}, `size` is {self.size}")
        before = default_generator.state()
        try:
            manual_seed(index + self.random_offset)
            noise = randn(*self.image_size)
            target: Any = randint(0, self.num_classes, (1,))[0]
        finally:
            default_generator.set_state(before)
        image, target = self._transformed(to_pil_image(noise), target)
        return image, target.item()
