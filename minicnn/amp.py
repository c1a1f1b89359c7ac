"""torch.amp: mixed precision. minicnn computes in float32 or float64, so `autocast` can only be a disabled one.

Scripts that ask for mixed precision on a GPU and run without one get PyTorch's warning and full precision, as
under PyTorch. `GradScaler` is whole: scaling a loss and taking the scale out of the gradients again works in any
precision.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from minicnn import backend
from minicnn.autograd.grad_mode import no_grad
from minicnn.autograd.tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])


class autocast:
    """A context, and a decorator, within which PyTorch computes in a shorter type; here it has to be disabled.

    `device_type` "cuda" disables itself with a warning where there is no GPU. An enabled one on the CPU raises
    NotImplementedError: there is no arithmetic shorter than float32 here. RuntimeError for another device.
    """

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if device_type not in ("cpu", "cuda"):
            raise RuntimeError(f"`device_type` is {device_type!r}, expected 'cpu' or 'cuda'")
        self.device = device_type
        if enabled and device_type == "cuda" and not backend.has_gpu():
            warnings.warn("CUDA is not available: autocast is disabled", stacklevel=2)
            enabled = False
        if enabled:
            raise NotImplementedError(
                f"autocast({device_type!r}): minicnn computes in float32 and float64 only; give enabled=False"
            )

    def __enter__(self) -> autocast:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        pass

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return called  # type: ignore[return-value]


class GradScaler:
    """Multiplies a loss, so that small gradients survive a short type, and takes the factor out before the step.

    A step with a gradient that is not finite is left out, and `update` makes the factor smaller; after
    `growth_interval` steps without one it makes it larger. For device "cuda" (the default) it disables itself with
    a warning where there is no GPU; disabled, `scale` gives back the loss and `step` calls `optimizer.step()`.

    Source: Micikevicius et al. 2018, "Mixed Precision Training", section 3.2.

    >>> import minicnn
    >>> weight = minicnn.nn.Parameter(minicnn.ones(1))
    >>> optimizer = minicnn.optim.SGD([weight], lr=0.25)
    >>> scaler = GradScaler("cpu", init_scale=8.0)
    >>> scaler.scale((2 * weight).sum()).backward()
    >>> weight.grad
    tensor([16.])
    >>> scaler.step(optimizer)
    >>> scaler.update()
    >>> weight.grad, weight.detach()
    (tensor([2.]), tensor([0.5000]))
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        if enabled and device == "cuda" and not backend.has_gpu():
            warnings.warn("CUDA is not available: GradScaler is disabled", stacklevel=2)
            enabled = False
        if enabled and growth_factor <= 1.0:
            raise ValueError(f"`growth_factor` is {growth_factor}, expected more than 1")
        if enabled and backoff_factor >= 1.0:
            raise ValueError(f"`backoff_factor` is {backoff_factor}, expected less than 1")
        self._enabled = enabled
        self._scale = float(init_scale)
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval, self._growth_tracker = growth_interval, 0
        # what happened since the last update, for each optimizer
        self._finite: dict[int, bool] = {}
        self._stepped: set[int] = set()

    def is_enabled(self) -> bool:
        """Whether anything is scaled."""
        return self._enabled

    def get_scale(self) -> float:
        """The factor of the loss; 1 if disabled."""
        return self._scale if self._enabled else 1.0

    def get_growth_factor(self) -> float:
        """What the factor is multiplied by after `growth_interval` finite steps."""
        return self._growth_factor

    def get_backoff_factor(self) -> float:
        """What the factor is multiplied by after a step that was left out."""
        return self._backoff_factor

    def get_growth_interval(self) -> int:
        """How many finite steps in a row make the factor grow."""
        return self._growth_interval

    def scale(self, outputs: Any) -> Any:
        """A tensor, or each of a list or tuple of tensors, times the factor."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            return outputs * self._scale
        if isinstance(outputs, list | tuple):
            return type(outputs)(self.scale(output) for output in outputs)
        raise ValueError(f"`outputs` must be a Tensor or an iterable of Tensors, got {type(outputs).__name__}")

    def unscale_(self, optimizer: Any) -> None:
        """Take the factor out of the gradients of `optimizer` now, say to clip them before the step.

        RuntimeError at a second call before `update`.
        """
        if not self._enabled:
            return
        if id(optimizer) in self._stepped:
            raise RuntimeError("unscale_() is being called after step().")
        if id(optimizer) in self._finite:
            raise RuntimeError("unscale_() has already been called on this optimizer since the last update().")
        grads = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        if not grads:
            raise RuntimeError("the parameters of this optimizer have no gradients: call backward() first")
        finite = True
        with no_grad():
            for grad in grads:
                grad.mul_(1.0 / self._scale)
                finite = finite and bool(grad.isfinite().all())
        self._finite[id(optimizer)] = finite

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """`optimizer.step(…)` with the factor taken out of its gradients; left out if one of them is not finite.

        RuntimeError at a second call before `update`.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if id(optimizer) in self._stepped:
            raise RuntimeError("step() has already been called since the last update().")
        if id(optimizer) not in self._finite:
            self.unscale_(optimizer)
        self._stepped.add(id(optimizer))
        return optimizer.step(*args, **kwargs) if self._finite[id(optimizer)] else None

    def update(self, new_scale: Any = None) -> None:
        """Make the factor smaller or larger by what the steps have met, or set it to `new_scale`."""
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = float(new_scale)
        elif not self._finite:
            raise RuntimeError("update() needs a step() (or unscale_()) before it")
        elif not all(self._finite.values()):
            self._scale, self._growth_tracker = self._scale * self._backoff_factor, 0
        else:
            self._growth_tracker += 1
            if self._growth_tracker == self._growth_interval:
                grown = self._scale * self._growth_factor
                self._scale, self._growth_tracker = grown if math.isfinite(grown) else self._scale, 0
        self._finite.clear()
        self._stepped.clear()

    def state_dict(self) -> dict[str, Any]:
        """The factor and how it changes; empty if disabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self._scale,
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._growth_tracker,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where `state_dict` was called. RuntimeError for the empty one of a disabled scaler."""
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError("`state_dict` is empty: it is that of a disabled GradScaler")
        self._scale = state_dict["scale"]
        self._growth_factor, self._backoff_factor = state_dict["growth_factor"], state_dict["backoff_factor"]
        self._growth_interval, self._growth_tracker = state_dict["growth_interval"], state_dict["_growth_tracker"]
