"""Layers, containers, losses, initialisation: torch.nn's names. Thin, over minicnn/functional."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minicnn.nn import functional as functional
from minicnn.nn import init as init
from minicnn.nn import parallel as parallel
from minicnn.nn import parameter as parameter
from minicnn.nn import utils as utils
from minicnn.nn.activation import LogSoftmax as LogSoftmax
from minicnn.nn.activation import ReLU as ReLU
from minicnn.nn.activation import Sigmoid as Sigmoid
from minicnn.nn.activation import Softmax as Softmax
from minicnn.nn.activation import Tanh as Tanh
from minicnn.nn.batch_norm import BatchNorm1d as BatchNorm1d
from minicnn.nn.batch_norm import BatchNorm2d as BatchNorm2d
from minicnn.nn.containers import ModuleDict as ModuleDict
from minicnn.nn.containers import ModuleList as ModuleList
from minicnn.nn.containers import ParameterList as ParameterList
from minicnn.nn.containers import Sequential as Sequential
from minicnn.nn.conv import Conv1d as Conv1d
from minicnn.nn.conv import Conv2d as Conv2d
from minicnn.nn.conv_transpose import ConvTranspose1d as ConvTranspose1d
from minicnn.nn.conv_transpose import ConvTranspose2d as ConvTranspose2d
from minicnn.nn.dropout import Dropout as Dropout
from minicnn.nn.dropout import Dropout1d as Dropout1d
from minicnn.nn.dropout import Dropout2d as Dropout2d
from minicnn.nn.linear import Flatten as Flatten
from minicnn.nn.linear import Identity as Identity
from minicnn.nn.linear import Linear as Linear
from minicnn.nn.linear import Unflatten as Unflatten
from minicnn.nn.loss import CrossEntropyLoss as CrossEntropyLoss
from minicnn.nn.loss import MSELoss as MSELoss
from minicnn.nn.loss import NLLLoss as NLLLoss
from minicnn.nn.module import Module as Module
from minicnn.nn.parallel import DataParallel as DataParallel
from minicnn.nn.parameter import Parameter as Parameter
from minicnn.nn.pooling import AdaptiveAvgPool2d as AdaptiveAvgPool2d
from minicnn.nn.pooling import AvgPool2d as AvgPool2d
from minicnn.nn.pooling import MaxPool2d as MaxPool2d
from minicnn.suggest import attribute_of as _attribute_of

if not _TYPE_CHECKING:  # type checkers know the names
    __getattr__ = _attribute_of(__name__)
