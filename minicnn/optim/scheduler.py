"""LRScheduler: what all schedules of the learning rate share.

Each schedule changes `lr` in the optimiser's groups at `scheduler.step()`, mostly by a factor from the
last value to the next, so that a learning rate changed by hand stays changed; `last_epoch` counts the
steps from 0.
"""

from __future__ import annotations

import types
import warnings
from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.functional.conversion import clone, fill_
from minicnn.misfit import telling
from minicnn.optim.optimizer import Optimizer
from minicnn.suggest import NamesKeywords

EPOCH_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where "
    "possible. Please use `scheduler.step()` to step the scheduler."
)


class LRScheduler(NamesKeywords):
    """The base class: subclasses define `get_lr`, the list of the groups' next learning rates.

    `last_epoch` is -1 for a new schedule; to go on with one, the groups need an `initial_lr` (KeyError).
    """

    _get_lr_called_within_step = False
    _is_initial = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer
        for index, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", _number(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{index}] when resuming scheduler "
                    "with last_epoch >= 0; load the optimizer's state first"
                )
        self.base_lrs = [_number(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        if optimizer._opt_called is None:
            optimizer._opt_called = False  # from now on it notes its steps
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[Any]:
        """The learning rate of each group at `last_epoch`, from the one before."""
        raise NotImplementedError

    def get_last_lr(self) -> list[Any]:
        """The learning rates that the schedule set last."""
        return self._last_lr

    @telling
    def step(self, epoch: int | None = None) -> None:
        """Go to the next learning rate; after `optimizer.step()`, or a warning says what is lost."""
        if self._step_count == 1 and not self.optimizer._opt_called:
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. You should call them in "
                "the opposite order: `optimizer.step()` before `lr_scheduler.step()`. Failure to do this "
                "will result in skipping the first value of the learning rate schedule.",
                stacklevel=3,
            )
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_WARNING, stacklevel=3)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        self._get_lr_called_within_step = True
        try:
            self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
            closed = None if epoch is None else getattr(self, "_get_closed_form_lr", None)
            values = self.get_lr() if closed is None else closed()
        finally:
            self._get_lr_called_within_step = False
        self._set(values)

    def _set(self, values: list[Any]) -> None:
        for group, lr in zip(self.optimizer.param_groups, values, strict=True):
            set_lr(group, lr)
        self._last_lr = self._lrs()

    def _lrs(self) -> list[Any]:
        return [_number(group["lr"]) for group in self.optimizer.param_groups]

    def _times(self, factor: float) -> list[Any]:
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _warn_outside_step(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
                stacklevel=3,
            )

    def state_dict(self) -> dict[str, Any]:
        """All that the schedule remembers, without the optimiser."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self.__dict__.update(state_dict)


def _number(lr: Any) -> Any:
    return clone(lr.detach()) if isinstance(lr, Tensor) else lr


def set_lr(group: dict[str, Any], lr: Any) -> None:
    """The group's learning rate; a tensor stays the same object."""
    if isinstance(group["lr"], Tensor):
        fill_(group["lr"], float(lr))
    else:
        group["lr"] = lr


def set_momentum(group: dict[str, Any], value: float, beta1: bool) -> None:
    """The group's momentum, or the first of its betas."""
    if beta1:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value


def has_beta1(optimizer: Optimizer) -> bool:
    """Whether the optimiser's momentum is called beta1; ValueError if it has none."""
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
    return "betas" in optimizer.defaults


def for_each_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """`value` for each of the optimiser's groups, or its elements if it is a list (ValueError for a wrong length)."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [value] * groups
    if len(value) != groups:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. "
            f"{name} has {len(value)} values, param_groups has {groups}."
        )
    return list(value)


def attributes_of(function: Any) -> dict[str, Any] | None:
    """What is saved of a function: the attributes of a callable object, None of a plain function."""
    return None if function is None or isinstance(function, types.FunctionType) else function.__dict__.copy()
