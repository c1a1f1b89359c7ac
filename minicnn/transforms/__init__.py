"""Changes to images on their way to a network, with torchvision's names, arguments and pixels.

They take PIL images and tensors of shape (..., C, H, W), as torchvision's do. What is random draws from the default
generator, in torchvision's order.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minicnn.suggest import attribute_of as _attribute_of
from minicnn.transforms import functional as functional
from minicnn.transforms.arguments import InterpolationMode as InterpolationMode
from minicnn.transforms.augment import AutoAugment as AutoAugment
from minicnn.transforms.augment import AutoAugmentPolicy as AutoAugmentPolicy
from minicnn.transforms.augment import RandAugment as RandAugment
from minicnn.transforms.augment import TrivialAugmentWide as TrivialAugmentWide
from minicnn.transforms.blur import GaussianBlur as GaussianBlur
from minicnn.transforms.colour import ColorJitter as ColorJitter
from minicnn.transforms.colour import Grayscale as Grayscale
from minicnn.transforms.colour import RandomGrayscale as RandomGrayscale
from minicnn.transforms.compose import Compose as Compose
from minicnn.transforms.compose import Lambda as Lambda
from minicnn.transforms.compose import RandomApply as RandomApply
from minicnn.transforms.compose import RandomChoice as RandomChoice
from minicnn.transforms.compose import RandomOrder as RandomOrder
from minicnn.transforms.convert import ConvertImageDtype as ConvertImageDtype
from minicnn.transforms.convert import Normalize as Normalize
from minicnn.transforms.convert import PILToTensor as PILToTensor
from minicnn.transforms.convert import ToPILImage as ToPILImage
from minicnn.transforms.convert import ToTensor as ToTensor
from minicnn.transforms.crop import CenterCrop as CenterCrop
from minicnn.transforms.crop import FiveCrop as FiveCrop
from minicnn.transforms.crop import RandomCrop as RandomCrop
from minicnn.transforms.crop import RandomResizedCrop as RandomResizedCrop
from minicnn.transforms.crop import TenCrop as TenCrop
from minicnn.transforms.elastic import ElasticTransform as ElasticTransform
from minicnn.transforms.elastic import LinearTransformation as LinearTransformation
from minicnn.transforms.erase import RandomErasing as RandomErasing
from minicnn.transforms.flip import RandomHorizontalFlip as RandomHorizontalFlip
from minicnn.transforms.flip import RandomVerticalFlip as RandomVerticalFlip
from minicnn.transforms.pad import Pad as Pad
from minicnn.transforms.resize import Resize as Resize
from minicnn.transforms.tones import RandomAdjustSharpness as RandomAdjustSharpness
from minicnn.transforms.tones import RandomAutocontrast as RandomAutocontrast
from minicnn.transforms.tones import RandomEqualize as RandomEqualize
from minicnn.transforms.tones import RandomInvert as RandomInvert
from minicnn.transforms.tones import RandomPosterize as RandomPosterize
from minicnn.transforms.tones import RandomSolarize as RandomSolarize
from minicnn.transforms.warp import RandomAffine as RandomAffine
from minicnn.transforms.warp import RandomPerspective as RandomPerspective
from minicnn.transforms.warp import RandomRotation as RandomRotation

_LAZY = ("v2",)  # a folder of its own, which few scripts want

if not _TYPE_CHECKING:  # type checkers know the names
    __getattr__ = _attribute_of(__name__, _LAZY)
