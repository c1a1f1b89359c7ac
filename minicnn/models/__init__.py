"""The networks of the course, each with the recipe that trains it.

`models.lenet5()` builds a network; `models.NETWORKS["lenet5"]` also knows how it is trained, which is what
`python -m minicnn.train lenet5` uses. `models.vision` has torchvision's networks, from AlexNet to ShuffleNetV2.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minicnn.models.cnn import CNNCifar10 as CNNCifar10
from minicnn.models.cnn import CNNDropout2d as CNNDropout2d
from minicnn.models.cnn import CNNMnist as CNNMnist
from minicnn.models.cnn import CNNThreeConv as CNNThreeConv
from minicnn.models.cnn import CNNTwoLayer as CNNTwoLayer
from minicnn.models.cnn import cnn_cifar10 as cnn_cifar10
from minicnn.models.cnn import cnn_dropout2d as cnn_dropout2d
from minicnn.models.cnn import cnn_mnist as cnn_mnist
from minicnn.models.cnn import cnn_three_conv as cnn_three_conv
from minicnn.models.cnn import cnn_two_layer as cnn_two_layer
from minicnn.models.lenet import LeNet5 as LeNet5
from minicnn.models.lenet import LeNet5ReLU as LeNet5ReLU
from minicnn.models.lenet import lenet5 as lenet5
from minicnn.models.lenet import lenet5_relu as lenet5_relu
from minicnn.models.lenet_1998 import LeNet5Of1998 as LeNet5Of1998
from minicnn.models.lenet_1998 import MAPLoss as MAPLoss
from minicnn.models.lenet_1998 import lenet5_1998 as lenet5_1998
from minicnn.models.recipes import NETWORKS as NETWORKS
from minicnn.models.recipes import RECIPES as RECIPES
from minicnn.models.recipes import Network as Network
from minicnn.models.recipes import Recipe as Recipe
from minicnn.suggest import attribute_of as _attribute_of

if not _TYPE_CHECKING:  # type checkers know the names
    __getattr__ = _attribute_of(__name__, ("vision",))
