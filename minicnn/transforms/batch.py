"""A whole batch at once: what the usual transforms do to one image after another, by one kernel.

The usual ones are Resize; then Pad, RandomCrop and RandomHorizontalFlip (with black around the image); then
ToTensor; then Normalize. The second group only says where the window of an image lies, the last two what
becomes of a byte. So they are asked for that, and the kernel `image_batch` does it to all images; the bits are
those of the images one by one, and so are the random numbers, drawn image after image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minicnn import dtypes, kernels
from minicnn.autograd.tensor import Tensor
from minicnn.functional.generator import default_generator
from minicnn.kernels.image_batch import Sizes
from minicnn.kernels.image_places import Rule
from minicnn.transforms.compose import Compose
from minicnn.transforms.convert import Normalize, ToTensor
from minicnn.transforms.crop import RandomCrop
from minicnn.transforms.flip import RandomHorizontalFlip
from minicnn.transforms.image import in_one_piece
from minicnn.transforms.pad import Pad, borders
from minicnn.transforms.resize import Resize, resize_batch

Transform = Callable[[Any], Any]


def transform_batch(transform: Transform | None, images: NDArray[Any], indices: NDArray[np.int64]) -> Tensor | None:
    """`transform` of the images (H, W) or (H, W, C) numbered `indices`, as a batch (N, C, H, W) of floats.

    `images` are all of the data set, (count, H, W) or (count, H, W, C); the latter may be a view of (count, C, H,
    W). None if the transforms are not the usual ones or the images no plain bytes: then nothing was drawn, and
    they are to be taken one by one.

    >>> transform_batch(ToTensor(), np.full((3, 1, 2), 51, np.uint8), np.array([2, 0]))
    tensor([[[[0.2000, 0.2000]]],
    <BLANKLINE>
    <BLANKLINE>
            [[[0.2000, 0.2000]]]])
    """
    found = usual(transform, images)
    if found is None:
        return None
    windows = found.windows(indices)
    if windows is None:
        return None
    memory, channels_last, height, width = found.memory, found.channels_last, found.height, found.width
    if found.resize is not None and (height, width) != images.shape[1:3]:
        resized = resize_batch(found.resize, images, indices)
        if resized is None:
            return None
        memory, channels_last = resized, False
        windows.places[:, 0] = np.arange(len(indices))
    sizes = Sizes(
        len(indices), len(memory), found.channels, height, width, windows.height, windows.width, found.kind,
        channels_last,
    )  # fmt: skip
    (batch,) = kernels.run("image_batch", sizes, memory.reshape(-1), windows.places.reshape(-1), found.table)
    return Tensor(batch.reshape(len(indices), found.channels, windows.height, windows.width))


@dataclass
class Usual:
    """What the usual transforms come to, for one data set."""

    resize: Resize | None
    moves: list[Any]
    memory: NDArray[Any]  # all images
    channels: int
    channels_last: bool
    height: int  # of an image, enlarged
    width: int
    kind: np.dtype[Any]
    table: NDArray[Any]

    def windows(self, indices: NDArray[np.int64]) -> _Windows | None:
        """Where the windows of these images lie; None, before anything is drawn, if the moves are unusual."""
        windows = _Windows(indices, self.height, self.width)
        if self.kind != np.float32 and any(type(step) is RandomHorizontalFlip for step in self.moves):
            return None  # a flip then draws two words, not one
        return windows if not self.moves or windows.move(self.moves) else None

    def rule(self) -> Rule | None:
        """How a window is drawn, if that is done on a GPU; None if the moves are unusual."""
        height, width, flips, cropped = self.height, self.width, False, False
        rule = Rule()
        for step in self.moves:
            if type(step) is RandomHorizontalFlip:
                if flips:
                    return None
                flips, rule = True, rule._replace(mirrored=float(step.p))
                continue
            frame = _frame(step)
            if frame is None or (cropped and any(frame)):
                return None
            left, top, right, bottom = frame
            height, width = height + top + bottom, width + left + right
            rule = rule._replace(
                top=rule.top - top, left=rule.left - left,
                left_if_mirrored=rule.left_if_mirrored - (right if flips else left),
            )  # fmt: skip
            if type(step) is RandomCrop:
                if cropped or step.size[0] > height or step.size[1] > width:
                    return None
                rule, cropped = rule._replace(rows=height - step.size[0] + 1, columns=width - step.size[1] + 1), True
                height, width = step.size
        return rule


def usual(transform: Transform | None, images: NDArray[Any]) -> Usual | None:
    """What `transform` does to `images`, which are all of a data set; None if it is not one of the usual ones, or the
    images are no plain bytes."""
    steps = _flattened(transform)
    resize = steps.pop(0) if type(steps[0]) is Resize else None
    moves = [step for step in steps if type(step) in (Pad, RandomCrop, RandomHorizontalFlip)]
    colours = steps[len(moves) :]
    memory = in_one_piece(images)
    to_floats = colours and type(colours[0]) is ToTensor and all(type(step) is Normalize for step in colours[1:])
    if not to_floats or memory is None or steps[: len(moves)] != moves:
        return None
    channels, height, width = images.shape[3] if images.ndim == 4 else 1, *images.shape[1:3]
    if resize is not None:
        height, width = resize.new_size(height, width)
    kind = dtypes.get_default_dtype().numpy
    try:
        table = _table(kind, channels, tuple((_numbers(step.mean), _numbers(step.std)) for step in colours[1:]))
    except (TypeError, ValueError):
        return None  # as the transform itself will say
    channels_last = images.ndim == 4 and memory is images
    return Usual(resize, moves, memory, channels, channels_last, height, width, kind, table)


def _flattened(transform: Any) -> list[Any]:
    if type(transform) is not Compose:
        return [transform]
    return [step for part in transform.transforms for step in _flattened(part)]


def _numbers(values: Any) -> tuple[float, ...]:
    return tuple(np.asarray(values, np.float64).ravel().tolist())


@lru_cache(maxsize=64)
def _table(kind: np.dtype[Any], channels: int, normalised: tuple[Any, ...]) -> NDArray[Any]:
    """What becomes of the bytes 0 ... 255 of each channel, (C·256,): asked of the transforms themselves."""
    every = np.repeat(np.arange(256, dtype=np.uint8), channels).reshape(1, 256, channels)  # an image (H, W, C)
    tensor = ToTensor()(every)  # (C, 1, 256)
    for mean, std in normalised:
        tensor = Normalize(mean, std)(tensor)
    return tensor.numpy().reshape(-1)


class _Windows:
    """The window of each image of a batch, as the kernel wants it: `places` (N, 4) = image, top, left, mirrored.

    Pixel (i, j) of a window is (top + i, left + j) of its image, or if mirrored (top + i, left + width - 1 - j).
    """

    def __init__(self, indices: NDArray[np.int64], height: int, width: int) -> None:
        self.height, self.width = height, width
        self.places = np.zeros((len(indices), 4), np.int64)
        self.places[:, 0] = indices
        self.top, self.left, self.mirrored = self.places[:, 1], self.places[:, 2], self.places[:, 3]

    def move(self, steps: Sequence[Any]) -> bool:
        """Do what `steps` say; False, before anything is drawn, if one of them is unusual."""
        height, width, cropped = self.height, self.width, False
        frames, draws = [], []  # what each step lays around the image, how many words it draws for an image
        for step in steps:
            frame = (0, 0, 0, 0) if type(step) is RandomHorizontalFlip else _frame(step)
            if frame is None or (cropped and any(frame)):  # a frame around a crop hides what is beyond the crop
                return False
            height, width = height + frame[1] + frame[3], width + frame[0] + frame[2]
            drawn = 1 if type(step) is RandomHorizontalFlip else 0
            if type(step) is RandomCrop:
                if cropped or step.size[0] > height or step.size[1] > width:
                    return False
                drawn = 2 if step.size != (height, width) else 0
                (height, width), cropped = step.size, True
            frames.append(frame)
            draws.append(drawn)
        words, begin = self._words(sum(draws)), 0
        for step, frame, drawn in zip(steps, frames, draws, strict=True):
            mine = words[:, begin : begin + drawn]
            begin += drawn
            self._frame(*frame)
            if type(step) is RandomHorizontalFlip:
                fractions = (mine[:, 0] & np.uint64(2**24 - 1)).astype(np.float32) * np.float32(2**-24)
                self.mirrored ^= fractions < step.p  # as `rand(1) < p`
            elif drawn:
                self._crop(step.size[0], step.size[1], mine)
        return True

    def _words(self, each: int) -> NDArray[np.uint64]:
        """(N, each): every image's words one after another, as if the images came one by one."""
        return default_generator._words(len(self.places) * each).reshape(len(self.places), each)

    def _frame(self, left: int, top: int, right: int, bottom: int) -> None:
        self.top -= top
        self.left -= np.where(self.mirrored, right, left)
        self.height, self.width = self.height + top + bottom, self.width + left + right

    def _crop(self, height: int, width: int, words: NDArray[np.uint64]) -> None:
        top, left = (words % np.array([self.height - height + 1, self.width - width + 1], np.uint64)).astype(np.int64).T
        self.top += top
        self.left += np.where(self.mirrored, self.width - width - left, left)
        self.height, self.width = height, width


def _frame(step: Any) -> tuple[int, int, int, int] | None:
    """(left, top, right, bottom) of the black frame that Pad or RandomCrop lays around the image; None if it
    is another kind of frame."""
    if step.padding is None:
        return 0, 0, 0, 0
    frame = borders(step.padding)
    usual = step.padding_mode == "constant" and isinstance(step.fill, int) and step.fill == 0 and min(frame) >= 0
    return frame if usual and not getattr(step, "pad_if_needed", False) else None
