"""torchvision.transforms.v2.functional: the functions of `transforms.functional`, and those with newer names."""

from minicnn.transforms import functional as _first
from minicnn.transforms.functional import *  # noqa: F403
from minicnn.transforms.image import height_width as _height_width
from minicnn.transforms.v2.convert import to_dtype as to_dtype
from minicnn.transforms.v2.convert import to_image as to_image

elastic = _first.elastic_transform
horizontal_flip = _first.hflip
vertical_flip = _first.vflip
get_size = _height_width

__all__ = [name for name in dir() if not name.startswith("_")]
