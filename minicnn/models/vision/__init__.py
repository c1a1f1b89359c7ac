"""The classification networks of torchvision.models, without their weights: the same names, arguments, initial values
and scores.

Each is written down from the table of its paper. Weights that one has as a file fit: `model.load_state_dict(
minicnn.load("resnet18.pth"))`.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minicnn.models.vision.alexnet import AlexNet as AlexNet
from minicnn.models.vision.alexnet import alexnet as alexnet
from minicnn.models.vision.builders import get_model as get_model
from minicnn.models.vision.builders import get_model_builder as get_model_builder
from minicnn.models.vision.builders import list_models as list_models
from minicnn.models.vision.densenet import DenseNet as DenseNet
from minicnn.models.vision.densenet import densenet121 as densenet121
from minicnn.models.vision.densenet import densenet161 as densenet161
from minicnn.models.vision.densenet import densenet169 as densenet169
from minicnn.models.vision.densenet import densenet201 as densenet201
from minicnn.models.vision.googlenet import GoogLeNet as GoogLeNet
from minicnn.models.vision.googlenet import GoogLeNetOutputs as GoogLeNetOutputs
from minicnn.models.vision.googlenet import googlenet as googlenet
from minicnn.models.vision.mobilenetv2 import MobileNetV2 as MobileNetV2
from minicnn.models.vision.mobilenetv2 import mobilenet_v2 as mobilenet_v2
from minicnn.models.vision.resnet import ResNet as ResNet
from minicnn.models.vision.resnet import resnet18 as resnet18
from minicnn.models.vision.resnet import resnet34 as resnet34
from minicnn.models.vision.resnet import resnet50 as resnet50
from minicnn.models.vision.resnet import resnet101 as resnet101
from minicnn.models.vision.resnet import resnet152 as resnet152
from minicnn.models.vision.resnet import resnext50_32x4d as resnext50_32x4d
from minicnn.models.vision.resnet import resnext101_32x8d as resnext101_32x8d
from minicnn.models.vision.resnet import resnext101_64x4d as resnext101_64x4d
from minicnn.models.vision.resnet import wide_resnet50_2 as wide_resnet50_2
from minicnn.models.vision.resnet import wide_resnet101_2 as wide_resnet101_2
from minicnn.models.vision.shufflenetv2 import ShuffleNetV2 as ShuffleNetV2
from minicnn.models.vision.shufflenetv2 import shufflenet_v2_x0_5 as shufflenet_v2_x0_5
from minicnn.models.vision.shufflenetv2 import shufflenet_v2_x1_0 as shufflenet_v2_x1_0
from minicnn.models.vision.shufflenetv2 import shufflenet_v2_x1_5 as shufflenet_v2_x1_5
from minicnn.models.vision.shufflenetv2 import shufflenet_v2_x2_0 as shufflenet_v2_x2_0
from minicnn.models.vision.squeezenet import SqueezeNet as SqueezeNet
from minicnn.models.vision.squeezenet import squeezenet1_0 as squeezenet1_0
from minicnn.models.vision.squeezenet import squeezenet1_1 as squeezenet1_1
from minicnn.models.vision.vgg import VGG as VGG
from minicnn.models.vision.vgg import vgg11 as vgg11
from minicnn.models.vision.vgg import vgg11_bn as vgg11_bn
from minicnn.models.vision.vgg import vgg13 as vgg13
from minicnn.models.vision.vgg import vgg13_bn as vgg13_bn
from minicnn.models.vision.vgg import vgg16 as vgg16
from minicnn.models.vision.vgg import vgg16_bn as vgg16_bn
from minicnn.models.vision.vgg import vgg19 as vgg19
from minicnn.models.vision.vgg import vgg19_bn as vgg19_bn
from minicnn.suggest import attribute_of as _attribute_of

if not _TYPE_CHECKING:  # type checkers know the names
    __getattr__ = _attribute_of(__name__)
