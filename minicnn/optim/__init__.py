"""Optimisers, with PyTorch's names; their schedules are in `minicnn.optim.lr_scheduler`."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minicnn.optim import lr_scheduler as lr_scheduler
from minicnn.optim.adadelta import Adadelta as Adadelta
from minicnn.optim.adagrad import Adagrad as Adagrad
from minicnn.optim.adam import Adam as Adam
from minicnn.optim.adam import AdamW as AdamW
from minicnn.optim.adamax import Adamax as Adamax
from minicnn.optim.asgd import ASGD as ASGD
from minicnn.optim.lbfgs import LBFGS as LBFGS
from minicnn.optim.nadam import NAdam as NAdam
from minicnn.optim.optimizer import Optimizer as Optimizer
from minicnn.optim.radam import RAdam as RAdam
from minicnn.optim.rmsprop import RMSprop as RMSprop
from minicnn.optim.rprop import Rprop as Rprop
from minicnn.optim.sgd import SGD as SGD
from minicnn.suggest import attribute_of as _attribute_of

if not _TYPE_CHECKING:  # type checkers know the names
    __getattr__ = _attribute_of(__name__)
