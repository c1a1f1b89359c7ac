"""torchvision.transforms.v2 for images and their labels: torchvision's names, arguments, pixels and draws.

They take what the transforms of `minicnn.transforms` take, and whole samples, (image, label) or a dict of them, whose
image they change. Tensors are plain ones (torchvision's `tv_tensors.Image` is a Tensor that prints otherwise); boxes,
masks and videos are not known.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minicnn import transforms as _first
from minicnn.suggest import attribute_of as _attribute_of
from minicnn.transforms.arguments import InterpolationMode as InterpolationMode
from minicnn.transforms.augment import AutoAugmentPolicy as AutoAugmentPolicy
from minicnn.transforms.v2 import functional as functional
from minicnn.transforms.v2.augment import AutoAugment as AutoAugment
from minicnn.transforms.v2.augment import RandAugment as RandAugment
from minicnn.transforms.v2.augment import TrivialAugmentWide as TrivialAugmentWide
from minicnn.transforms.v2.compose import Compose as Compose
from minicnn.transforms.v2.compose import Lambda as Lambda
from minicnn.transforms.v2.compose import RandomApply as RandomApply
from minicnn.transforms.v2.compose import RandomChoice as RandomChoice
from minicnn.transforms.v2.compose import RandomOrder as RandomOrder
from minicnn.transforms.v2.convert import RGB as RGB
from minicnn.transforms.v2.convert import Identity as Identity
from minicnn.transforms.v2.convert import ToDtype as ToDtype
from minicnn.transforms.v2.convert import ToImage as ToImage
from minicnn.transforms.v2.convert import ToPureTensor as ToPureTensor
from minicnn.transforms.v2.convert import ToTensor as ToTensor
from minicnn.transforms.v2.crop import RandomCrop as RandomCrop
from minicnn.transforms.v2.mixing import CutMix as CutMix
from minicnn.transforms.v2.mixing import MixUp as MixUp
from minicnn.transforms.v2.sample import Transform as Transform
from minicnn.transforms.v2.sample import of_samples as _of_samples

CenterCrop = _of_samples(_first.CenterCrop)
ColorJitter = _of_samples(_first.ColorJitter)
ConvertImageDtype = _of_samples(_first.ConvertImageDtype)
ElasticTransform = _of_samples(_first.ElasticTransform)
FiveCrop = _of_samples(_first.FiveCrop)
GaussianBlur = _of_samples(_first.GaussianBlur)
Grayscale = _of_samples(_first.Grayscale)
LinearTransformation = _of_samples(_first.LinearTransformation)
Normalize = _of_samples(_first.Normalize)
PILToTensor = _of_samples(_first.PILToTensor)
Pad = _of_samples(_first.Pad)
RandomAdjustSharpness = _of_samples(_first.RandomAdjustSharpness)
RandomAffine = _of_samples(_first.RandomAffine)
RandomAutocontrast = _of_samples(_first.RandomAutocontrast)
RandomEqualize = _of_samples(_first.RandomEqualize)
RandomErasing = _of_samples(_first.RandomErasing)
RandomGrayscale = _of_samples(_first.RandomGrayscale)
RandomHorizontalFlip = _of_samples(_first.RandomHorizontalFlip)
RandomInvert = _of_samples(_first.RandomInvert)
RandomPerspective = _of_samples(_first.RandomPerspective)
RandomPosterize = _of_samples(_first.RandomPosterize)
RandomResizedCrop = _of_samples(_first.RandomResizedCrop)
RandomRotation = _of_samples(_first.RandomRotation)
RandomSolarize = _of_samples(_first.RandomSolarize)
RandomVerticalFlip = _of_samples(_first.RandomVerticalFlip)
Resize = _of_samples(_first.Resize)
TenCrop = _of_samples(_first.TenCrop)
ToPILImage = _of_samples(_first.ToPILImage)

if not _TYPE_CHECKING:  # type checkers know the names
    __getattr__ = _attribute_of(__name__)
