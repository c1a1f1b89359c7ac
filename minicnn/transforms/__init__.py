"""Changes to images on their way to a network, with torchvision's names, arguments and pixels.

They take PIL images; crops, flips, padding and grey also take tensors of shape (..., C, H, W). What is random
draws from the default generator, in torchvision's order.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minicnn.suggest import attribute_of as _attribute_of
from minicnn.transforms.compose import Compose as Compose
from minicnn.transforms.compose import Lambda as Lambda
from minicnn.transforms.convert import Grayscale as Grayscale
from minicnn.transforms.convert import Normalize as Normalize
from minicnn.transforms.convert import PILToTensor as PILToTensor
from minicnn.transforms.convert import ToPILImage as ToPILImage
from minicnn.transforms.convert import ToTensor as ToTensor
from minicnn.transforms.geometry import CenterCrop as CenterCrop
from minicnn.transforms.geometry import Pad as Pad
from minicnn.transforms.geometry import RandomCrop as RandomCrop
from minicnn.transforms.geometry import RandomHorizontalFlip as RandomHorizontalFlip
from minicnn.transforms.geometry import RandomVerticalFlip as RandomVerticalFlip
from minicnn.transforms.resize import InterpolationMode as InterpolationMode
from minicnn.transforms.resize import Resize as Resize

if not _TYPE_CHECKING:  # type checkers know the names
    __getattr__ = _attribute_of(__name__)
