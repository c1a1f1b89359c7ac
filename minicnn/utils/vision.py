"""Many images as one, and images as files: torchvision.utils."""

from __future__ import annotations

import math
import os
from typing import Any, BinaryIO

from minicnn.autograd.grad_mode import no_grad
from minicnn.autograd.tensor import Tensor
from minicnn.functional import cat, stack


@no_grad()
def make_grid(
    tensor: Tensor | list[Tensor],
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """Images (N, C, H, W), or a list of images (C, H, W), side by side in one (C, H', W'), `nrow` in a row.

    Between them and around lie `padding` pixels of `pad_value`; a single image gets no frame. Grey images become
    three equal channels. `normalize` moves the values to 0 ... 1, from `value_range` = (min, max) or from the smallest
    and largest there are: of all images together, or of each alone with `scale_each`. TypeError for what is neither a
    tensor nor a list of tensors.

    >>> import minicnn
    >>> make_grid(minicnn.ones(10, 1, 4, 4), nrow=5).shape
    minicnn.Size([3, 14, 32])
    """
    images = _batch(tensor)
    if normalize:
        if value_range is not None and not isinstance(value_range, tuple):
            raise TypeError(f"value_range has to be a tuple (min, max) if specified, got {value_range!r}")
        images = images.clone()
        for part in images.unbind(0) if scale_each else [images]:
            low, high = (float(part.min()), float(part.max())) if value_range is None else value_range
            part.clamp_(min=low, max=high)
            part.sub_(low).div_(max(high - low, 1e-5))
    count, channels, height, width = images.shape
    if count == 1:
        return images.squeeze(0)
    columns = min(nrow, count)
    rows = math.ceil(count / columns)
    height, width = height + padding, width + padding
    grid = images.new_full((channels, height * rows + padding, width * columns + padding), pad_value)
    for number in range(count):
        top, left = (number // columns) * height + padding, (number % columns) * width + padding
        grid[:, top : top + height - padding, left : left + width - padding] = images[number]
    return grid


def _batch(tensor: Any) -> Tensor:
    """(N, C, H, W) of a tensor of two to four axes or of a list of them; grey images with three channels."""
    if isinstance(tensor, list):
        for item in tensor:
            if not isinstance(item, Tensor):
                raise TypeError(f"tensor or list of tensors expected, got a list containing {type(item)}")
        tensor = stack(tensor, 0)
    if not isinstance(tensor, Tensor):
        raise TypeError(f"tensor or list of tensors expected, got {type(tensor)}")
    if tensor.ndim == 2:
        tensor = tensor.unsqueeze(0)  # (1, H, W)
    if tensor.ndim == 3:
        tensor = tensor.unsqueeze(0)  # (1, C, H, W)
    if tensor.ndim == 4 and tensor.shape[1] == 1:
        tensor = cat((tensor, tensor, tensor), 1)
    if tensor.ndim != 4:
        raise ValueError(f"`tensor` should have two to four axes, got shape {tuple(tensor.shape)}")
    return tensor


@no_grad()
def save_image(
    tensor: Tensor | list[Tensor],
    fp: str | os.PathLike[str] | BinaryIO,
    format: str | None = None,
    **kwargs: Any,
) -> None:
    """Write one image, or the grid of many, with values 0 ... 1, to the file `fp` (a path or an open file).

    The format follows the ending of the path unless `format` names it ("png", "jpeg" ...). `kwargs` are
    :func:`make_grid`'s.
    """
    from PIL import Image

    grid = make_grid(tensor, **kwargs)
    pixels = grid.mul(255).add_(0.5).clamp_(0, 255).permute(1, 2, 0).to("cpu")  # rounded, for the cast cuts off
    Image.fromarray(pixels.numpy().astype("uint8")).save(fp, format=format)
