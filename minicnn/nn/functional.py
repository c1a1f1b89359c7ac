"""torch.nn.functional: the operations of minicnn/functional under PyTorch's names."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minicnn.functional.activation import celu as celu
from minicnn.functional.activation import celu_ as celu_
from minicnn.functional.activation import elu as elu
from minicnn.functional.activation import elu_ as elu_
from minicnn.functional.activation import gelu as gelu
from minicnn.functional.activation import glu as glu
from minicnn.functional.activation import hardshrink as hardshrink
from minicnn.functional.activation import hardsigmoid as hardsigmoid
from minicnn.functional.activation import hardswish as hardswish
from minicnn.functional.activation import hardtanh as hardtanh
from minicnn.functional.activation import hardtanh_ as hardtanh_
from minicnn.functional.activation import leaky_relu as leaky_relu
from minicnn.functional.activation import leaky_relu_ as leaky_relu_
from minicnn.functional.activation import logsigmoid as logsigmoid
from minicnn.functional.activation import mish as mish
from minicnn.functional.activation import prelu as prelu
from minicnn.functional.activation import relu as relu
from minicnn.functional.activation import relu6 as relu6
from minicnn.functional.activation import relu_ as relu_
from minicnn.functional.activation import selu as selu
from minicnn.functional.activation import selu_ as selu_
from minicnn.functional.activation import sigmoid as sigmoid
from minicnn.functional.activation import silu as silu
from minicnn.functional.activation import softplus as softplus
from minicnn.functional.activation import softshrink as softshrink
from minicnn.functional.activation import softsign as softsign
from minicnn.functional.activation import tanh as tanh
from minicnn.functional.activation import tanhshrink as tanhshrink
from minicnn.functional.activation import threshold as threshold
from minicnn.functional.activation import threshold_ as threshold_
from minicnn.functional.batch_norm import batch_norm as batch_norm
from minicnn.functional.columns import fold as fold
from minicnn.functional.columns import unfold as unfold
from minicnn.functional.conv import conv1d as conv1d
from minicnn.functional.conv import conv2d as conv2d
from minicnn.functional.conv import conv_transpose1d as conv_transpose1d
from minicnn.functional.conv import conv_transpose2d as conv_transpose2d
from minicnn.functional.dropout import dropout as dropout
from minicnn.functional.dropout import dropout1d as dropout1d
from minicnn.functional.dropout import dropout2d as dropout2d
from minicnn.functional.gathering import one_hot as one_hot
from minicnn.functional.linear import linear as linear
from minicnn.functional.loss import cross_entropy as cross_entropy
from minicnn.functional.loss import mse_loss as mse_loss
from minicnn.functional.loss import nll_loss as nll_loss
from minicnn.functional.pad import pad as pad
from minicnn.functional.pool import adaptive_avg_pool2d as adaptive_avg_pool2d
from minicnn.functional.pool import avg_pool2d as avg_pool2d
from minicnn.functional.pool import max_pool2d as max_pool2d
from minicnn.functional.pool import max_pool2d_with_indices as max_pool2d_with_indices
from minicnn.functional.softmax import log_softmax as log_softmax
from minicnn.functional.softmax import softmax as softmax
from minicnn.functional.softmax import softmin as softmin
from minicnn.suggest import attribute_of as _attribute_of

if not _TYPE_CHECKING:  # type checkers know the names
    __getattr__ = _attribute_of(__name__)
