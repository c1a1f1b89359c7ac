"""Image data sets with torchvision's names, arguments and folder layout; small samples are embedded."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minicnn.datasets.cifar import CIFAR10 as CIFAR10
from minicnn.datasets.cifar import CIFAR100 as CIFAR100
from minicnn.datasets.cifar import read_cifar_binary as read_cifar_binary
from minicnn.datasets.download import DownloadError as DownloadError
from minicnn.datasets.embedded import sample_root as sample_root
from minicnn.datasets.emnist import EMNIST as EMNIST
from minicnn.datasets.fake import FakeData as FakeData
from minicnn.datasets.folder import DatasetFolder as DatasetFolder
from minicnn.datasets.folder import ImageFolder as ImageFolder
from minicnn.datasets.mnist import KMNIST as KMNIST
from minicnn.datasets.mnist import MNIST as MNIST
from minicnn.datasets.mnist import FashionMNIST as FashionMNIST
from minicnn.datasets.named import load as load
from minicnn.datasets.named import sample as sample
from minicnn.datasets.stl10 import STL10 as STL10
from minicnn.datasets.usps import USPS as USPS
from minicnn.datasets.vision import VisionDataset as VisionDataset
from minicnn.suggest import attribute_of as _attribute_of

if not _TYPE_CHECKING:  # type checkers know the names
    __getattr__ = _attribute_of(__name__)
