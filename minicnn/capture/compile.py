"""`minicnn.compile`: record a step once, replay it without Python.

    @minicnn.compile
    def step(images, labels):
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss

The first call with arguments of new shapes runs as ever and finds out which tensors outlive a call; the second one
runs as ever, too, and is recorded; from the third on the recording is replayed (tape.py says what is recorded,
passes.py what is made of it).
"""

from __future__ import annotations

import functools
import threading
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from minicnn.autograd.grad_mode import mode
from minicnn.autograd.tensor import Tensor
from minicnn.capture.arrays import on_gpu
from minicnn.capture.differentiable import Step, replaced
from minicnn.capture.tape import Tape, listening
from minicnn.functional import device_random
from minicnn.kernels import layout, precision, preference
from minicnn.kernels.recorder import recorder
from minicnn.nn.module import Module

SETTLING = 3  # recordings in a row that may meet a tensor of unknown origin
RECORDINGS = 32  # of one kind of call before it is given up
_OPTIONS = {"fullgraph", "dynamic", "backend", "mode", "options", "name", "disable"}  # of torch.compile
KEPT = 8  # kinds of calls, and recordings of one kind, that are kept

F = TypeVar("F", bound=Callable[..., Any])


class Compiled:
    """A function whose calls are recorded and replayed; see `compile`."""

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function, updated=())
        self.function = function
        self._kinds: dict[Any, _Kind] = {}
        self._told = False
        self._lock = threading.RLock()  # all calls share their buffers

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if recorder.tape is not None:  # within the recording of another step: a part of that
            return self.function(*args, **kwargs)
        with self._lock:
            return self._call(args, kwargs)

    def _call(self, args: Any, kwargs: Any) -> Any:
        tensors: list[Tensor] = []
        key = (_signature((args, kwargs), tensors), _switches())
        try:
            kind = self._kinds.get(key)
        except TypeError:
            self._tell("an argument cannot be compared with that of the next call (it is not hashable)")
            return self.function(*args, **kwargs)
        if kind is None:
            if len(self._kinds) >= KEPT:
                del self._kinds[next(iter(self._kinds))]
            kind = self._kinds[key] = _Kind()
        for step in kind.steps:
            if step.fits():
                return replaced(step.result, iter(step(tensors)))
        if kind.given_up or any(step.is_busy() for step in kind.steps):
            return self.function(*args, **kwargs)
        if kind.earlier is None:
            return self._rehearse(kind, tensors, args, kwargs)
        return self._record(kind, tensors, args, kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def _rehearse(self, kind: _Kind, tensors: list[Tensor], args: Any, kwargs: Any) -> Any:
        """The first call: run as ever; what it uses and does not make itself may outlive it."""
        tape = Tape()
        versions = [t._version.count for t in tensors]
        with listening(tape):
            result = self.function(*args, **kwargs)
        if versions != [t._version.count for t in tensors]:
            tape.refusal = "it changes an argument in place, and a replay has arguments of its own"
        self._learn(kind, tape)
        return result

    def _record(self, kind: _Kind, tensors: list[Tensor], args: Any, kwargs: Any) -> Any:
        """The second call: run as ever, on copies of the arguments, and keep what was done."""
        step = Step(kind.earlier, tensors)
        result = step.record(self.function, *replaced((args, kwargs), iter(step.inputs)))
        self._learn(kind, step.tape)
        if step.tape.refusal is None:
            kind.earlier = None
            kind.steps.insert(0, step)
            del kind.steps[KEPT:]
        return result

    def _learn(self, kind: _Kind, tape: Tape) -> None:
        """Whether to go on after a recording."""
        kind.recordings += 1
        settling = tape.unsettled and kind.recordings <= SETTLING
        kind.earlier = tape
        if (tape.refusal is not None and not settling) or kind.recordings > RECORDINGS:
            kind.given_up, kind.earlier = True, None
            self._tell(tape.refusal or "something that it takes for granted changes again and again")

    def _tell(self, why: str) -> None:
        if not self._told:
            self._told = True
            name = getattr(self.function, "__name__", type(self.function).__name__)
            warnings.warn(f"minicnn.compile runs {name!r} without recording it: {why}", stacklevel=5)

    @property
    def steps(self) -> list[Step]:
        """What was recorded and is replayed."""
        return [step for kind in self._kinds.values() for step in kind.steps]


class _Kind:
    """What is known of calls with arguments of the same shapes."""

    def __init__(self) -> None:
        self.steps: list[Step] = []  # the last one first
        self.earlier: Tape | None = None  # of the last call, if it is the one to compare the next with
        self.recordings = 0
        self.given_up = False


class CompiledModule(Module):
    """A module whose calls are recorded and replayed; everything else is the module's own, `_orig_mod`."""

    def __init__(self, module: Module) -> None:
        super().__init__()
        self._orig_mod = module
        self.training = module.training
        self._call = Compiled(module)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes."""
        return self._call(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("_orig_mod"), name)


def compile(model: F | None = None, **options: Any) -> Any:
    """`model` (a training step, a module, any function of tensors), recorded at its second call and replayed from
    the third on.

    What a replay repeats is the arithmetic of minicnn on tensors: operations, gradients, the optimiser's step with the
    learning rate of that moment, random draws. It gives the same results as the plain call, bit for bit, on the same
    buffers in every call: gradients (`.grad`) are overwritten by the next call, what is returned is a copy.

    **What Python does besides is not repeated**: printing, counting, appending to a list, `scheduler.step()`, Python
    numbers that change from call to call. Do that outside. A new kind of arguments (shapes, types), another mode of a
    module, a parameter that was replaced are noticed and recorded anew; a step that looks at numbers (`loss.item()`,
    `if loss > 1`) cannot be replayed: it runs as ever, and a warning names the line.

    On a GPU a recording becomes CUDA graphs (graphs.py): one launch for all kernels of a step, and only who looks at a
    number waits for the GPU.

    Forget gradients by `zero_grad()`: a step that sets `parameter.grad = None` by hand is right, but never replayed.

    Other arguments than `model` are those of torch.compile; they are accepted and change nothing, but for
    `disable`: True gives `model` back as it is. Without `model` a decorator comes back: `@compile(mode="default")`.

    >>> import minicnn
    >>> from minicnn import nn, optim
    >>> model = nn.Linear(2, 1)
    >>> optimizer = optim.SGD(model.parameters(), lr=0.1)
    >>> @minicnn.compile
    ... def step(x, y):
    ...     optimizer.zero_grad()
    ...     loss = nn.functional.mse_loss(model(x), y)
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> x, y = minicnn.ones(4, 2), minicnn.zeros(4, 1)
    >>> losses = [step(x, y).item() for _ in range(20)]
    >>> losses[-1] < 1e-3
    True
    """
    unknown = options.keys() - _OPTIONS
    if unknown:
        raise TypeError(f"compile() got an unexpected keyword argument {min(unknown)!r}")
    if model is None:
        return functools.partial(compile, **options)
    if not callable(model):
        raise TypeError(f"`model` must be a function or a Module, got {type(model).__name__}")
    if options.get("disable"):
        return model
    return CompiledModule(model) if isinstance(model, Module) else Compiled(model)


def _switches() -> Any:
    """What an operation asks besides its arguments: recording, kernels, precision, whose random numbers."""
    return mode.enabled, preference(), precision.key(), device_random.on_host()


def _signature(value: Any, tensors: list[Tensor]) -> Any:
    """What must be equal for a recording to serve another call; collects the tensors on the way."""
    if isinstance(value, Tensor):
        tensors.append(value)
        array = value._array
        order = layout.BATCH_LAST if value._batch_last else layout.PLAIN
        place = array.device.id if on_gpu(array) else None
        return (type(array), array.shape, array.dtype, order, place, value.requires_grad)
    if isinstance(value, tuple | list):
        return (type(value), *[_signature(part, tensors) for part in value])
    if isinstance(value, dict):
        return (dict, *[(name, _signature(part, tensors)) for name, part in value.items()])
    return (type(value), value)
