"""torch.nn.functional: the operations of minicnn/functional under PyTorch's names."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minicnn.functional.activation import log_softmax as log_softmax
from minicnn.functional.activation import relu as relu
from minicnn.functional.activation import sigmoid as sigmoid
from minicnn.functional.activation import softmax as softmax
from minicnn.functional.activation import tanh as tanh
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
from minicnn.suggest import attribute_of as _attribute_of

if not _TYPE_CHECKING:  # type checkers know the names
    __getattr__ = _attribute_of(__name__)
