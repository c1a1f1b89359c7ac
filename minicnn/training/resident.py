"""A data set that lies on the GPU: of an epoch the CPU sends nothing there but the order.

    once        images (a byte a pixel), labels, the table from bytes to floats
    an epoch    the numbers of the images in the order of the epoch, drawn on the CPU as ever
    a step      numbers of images -> windows -> images as floats, and labels: on the GPU, as part of the step

So a recorded step (`minicnn.compile`) makes its own batch, and training is one CUDA graph after another.

Where the windows lie (shifts, mirror images) is drawn on the GPU, by its own generator; with `cuda.random.use("host")`
on the CPU, number for number as without a GPU, and sent there batch by batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minicnn import kernels
from minicnn.autograd.tensor import Tensor
from minicnn.backend import to_device
from minicnn.functional import device_random
from minicnn.kernels import image_places
from minicnn.kernels.image_batch import Sizes
from minicnn.training.data import ImageArray
from minicnn.transforms.batch import Usual, usual
from minicnn.utils.data import DataLoader


class Resident:
    """The batches of a DataLoader of an ImageArray, made on the GPU `device`.

    Iterating gives of each batch what decides on it, a Tensor; `batch` makes images and labels of that.
    """

    def __init__(self, loader: DataLoader[Any], device: Any) -> None:
        data: ImageArray = loader.dataset
        found = usual(data.transform, data.images)
        assert found is not None  # the transforms of an ImageArray are
        self.loader, self.dataset, self.device = loader, data, device
        self._usual: Usual = found
        self._images = to_device(found.memory.reshape(-1), device)
        self._table = to_device(found.table, device)
        self._labels = Tensor(to_device(np.asarray(data.labels), device))
        shape = found.windows(np.zeros(0, np.int64))
        assert shape is not None
        self._height, self._width = shape.height, shape.width
        self._rule = found.rule()

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[Tensor]:
        batches = self.loader.indices()
        if self._rule is None or (self._rule.draws and device_random.on_host()):
            for batch in batches:
                windows = self._usual.windows(np.asarray(batch, np.int64))
                assert windows is not None
                yield Tensor(to_device(windows.places, self.device))
            return
        chosen = [np.asarray(batch, np.int64) for batch in batches]
        order = to_device(np.concatenate(chosen), self.device)
        start = 0
        for batch in chosen:
            yield Tensor(order[start : start + len(batch)])
            start += len(batch)

    def batch(self, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Images (N, C, H, W) and labels (N,): of the numbers (N,) of images, or of windows in them (N, 4)."""
        if chosen.ndim == 1:
            numbers, places = chosen, self._places(chosen)
        else:
            numbers, places = chosen[:, 0], chosen._plain_array().reshape(-1)
        z = self._usual
        count, total = len(chosen), len(self.dataset)
        sizes = Sizes(
            count, total, z.channels, z.height, z.width, self._height, self._width, z.kind, z.channels_last
        )  # fmt: skip
        (flat,) = kernels.run("image_batch", sizes, self._images, places, self._table)
        images = Tensor(flat.reshape(count, z.channels, self._height, self._width))
        labels: Tensor = self._labels.index_select(0, numbers)
        return images, labels

    def _places(self, numbers: Tensor) -> Any:
        """A window of each image, drawn on the GPU."""
        assert self._rule is not None
        sizes = image_places.Sizes(len(numbers), self._rule)
        return device_random.drawn("image_places", sizes, numbers._plain_array())[0]
