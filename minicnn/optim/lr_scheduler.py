"""Schedules of the learning rate, with PyTorch's names and numbers."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minicnn.optim.cyclic import CyclicLR as CyclicLR
from minicnn.optim.one_cycle import OneCycleLR as OneCycleLR
from minicnn.optim.plateau import ReduceLROnPlateau as ReduceLROnPlateau
from minicnn.optim.scheduler import LRScheduler as LRScheduler
from minicnn.optim.scheduler import LRScheduler as _LRScheduler  # noqa: F401  PyTorch's old name
from minicnn.optim.schedules import ConstantLR as ConstantLR
from minicnn.optim.schedules import CosineAnnealingLR as CosineAnnealingLR
from minicnn.optim.schedules import ExponentialLR as ExponentialLR
from minicnn.optim.schedules import LambdaLR as LambdaLR
from minicnn.optim.schedules import LinearLR as LinearLR
from minicnn.optim.schedules import MultiplicativeLR as MultiplicativeLR
from minicnn.optim.schedules import MultiStepLR as MultiStepLR
from minicnn.optim.schedules import PolynomialLR as PolynomialLR
from minicnn.optim.schedules import StepLR as StepLR
from minicnn.optim.several import ChainedScheduler as ChainedScheduler
from minicnn.optim.several import SequentialLR as SequentialLR
from minicnn.optim.warm_restarts import CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts
from minicnn.suggest import attribute_of as _attribute_of

if not _TYPE_CHECKING:  # type checkers know the names
    __getattr__ = _attribute_of(__name__)
