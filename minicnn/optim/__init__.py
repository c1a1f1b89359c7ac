"""Optimisers, with PyTorch's names; their schedules are in `minicnn.optim.lr_scheduler`."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minicnn.optim import lr_scheduler as lr_scheduler
from minicnn.optim.adam import Adam as Adam
from minicnn.optim.adam import AdamW as AdamW
from minicnn.optim.optimizer import Optimizer as Optimizer
from minicnn.optim.sgd import SGD as SGD
from minicnn.suggest import attribute_of as _attribute_of

if not _TYPE_CHECKING:  # type checkers know the names
    __getattr__ = _attribute_of(__name__)
