"""Initialisation: functions that fill a tensor, with PyTorch's formulas and, seeded alike, PyTorch's bits.

They write in place, are not recorded, and return the tensor. `generator` is the source of random
numbers, by default the one that `manual_seed` seeds. fan_in is the number of inputs that one output
sums over, weight.shape[1] times the kernel's area; fan_out is weight.shape[0] times that area.
"""

from __future__ import annotations

import functools
import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from minicnn.autograd.grad_mode import no_grad
from minicnn.autograd.tensor import Tensor
from minicnn.functional import sampling
from minicnn.functional.conversion import overwrite
from minicnn.functional.generator import default_generator
from minicnn.misfit import telling
from minicnn.suggest import attribute_of

_LINEAR = ("linear", *(f"conv{t}{n}d" for t in ("", "_transpose") for n in (1, 2, 3)), "sigmoid")


@telling
@no_grad()
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Draw from the uniform distribution on [a, b)."""
    return sampling.uniform_(tensor, a, b, generator=generator)


@telling
@no_grad()
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Draw from the normal distribution with this mean and standard deviation."""
    return sampling.normal_(tensor, mean, std, generator=generator)


@telling
@no_grad()
def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Any = None,
) -> Tensor:
    """Draw from the normal distribution restricted to [a, b]: what falls outside is drawn again."""
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. "
            "The distribution of values may be incorrect.",
            stacklevel=4,
        )
    source = default_generator if generator is None else generator
    values = source.trunc_normal(tensor.shape, mean, std, a, b, tensor._array.dtype)
    return overwrite(tensor, values, "trunc_normal_")


@telling
@no_grad()
def constant_(tensor: Tensor, val: float) -> Tensor:
    """Set every element to `val`."""
    return overwrite(tensor, val, "constant_")


def ones_(tensor: Tensor) -> Tensor:
    """Set every element to 1."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Set every element to 0."""
    return constant_(tensor, 0.0)


@telling
@no_grad()
def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix: a Linear layer that passes as many inputs on as it can. ValueError unless 2-d."""
    if tensor.ndim != 2:
        raise ValueError(f"Only tensors with 2 dimensions are supported, got {tensor.ndim}")
    return overwrite(tensor, np.eye(*tensor.shape), "eye_")


@telling
@no_grad()
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """1 in the kernel's centre for as many channels as there are: a convolution that passes its input on.

    With groups, each of them does so. ValueError unless 3-, 4- or 5-d and divisible by `groups`.
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError(f"Only tensors with 3, 4, or 5 dimensions are supported, got {tensor.ndim}")
    if tensor.shape[0] % groups != 0:
        raise ValueError(f"dim 0 must be divisible by groups, got {tensor.shape[0]} and {groups}")
    per_group = tensor.shape[0] // groups
    centre = tuple(length // 2 for length in tensor.shape[2:])
    values = np.zeros(tensor.shape)
    for group in range(groups):
        for channel in range(min(per_group, tensor.shape[1])):
            place = (group * per_group + channel, channel, *centre)
            values[place] = 1
    return overwrite(tensor, values, "dirac_")


@telling
def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance through a nonlinearity: 1 for linear ones and sigmoid, 5/3 for
    tanh, √2 for relu, √(2 / (1 + slope²)) for leaky_relu (`param` its slope, 0.01 if left out), 3/4 for selu.

    >>> from minicnn import nn
    >>> nn.init.calculate_gain("relu")
    1.4142135623730951
    """
    if nonlinearity in _LINEAR:
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        if isinstance(param, bool) or not isinstance(param, int | float | None):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ValueError(
        f"Unsupported nonlinearity {nonlinearity}: `nonlinearity` is {nonlinearity!r}, expected a name such as 'relu'"
    )


def _fans(tensor: Tensor) -> tuple[int, int]:
    """(fan_in, fan_out); ValueError for fewer than two axes."""
    if tensor.ndim < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions, "
            f"got shape {tuple(tensor.shape)}"
        )
    area = math.prod(tensor.shape[2:])
    return tensor.shape[1] * area, tensor.shape[0] * area


def _fan(tensor: Tensor, mode: str) -> int:
    modes = ["fan_in", "fan_out"]
    if mode.lower() not in modes:
        raise ValueError(f"Mode {mode} not supported, please use one of {modes}")
    return _fans(tensor)[modes.index(mode.lower())]


@telling
def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """U(-a, a), a = gain·√(6 / (fan_in + fan_out)) (Glorot & Bengio 2010)."""
    bound = math.sqrt(3.0) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


@telling
def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """N(0, std²), std = gain·√(2 / (fan_in + fan_out)) (Glorot & Bengio 2010)."""
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def _xavier_std(tensor: Tensor, gain: float) -> float:
    return gain * math.sqrt(2.0 / float(sum(_fans(tensor))))


@telling
def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    """U(-bound, bound), bound = gain·√(3 / fan) (He et al. 2015); `a` is the slope of leaky_relu."""
    if _is_empty(tensor):
        return tensor
    bound = math.sqrt(3.0) * (calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode)))
    return uniform_(tensor, -bound, bound, generator)


@telling
def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    """N(0, std²), std = gain / √fan (He et al. 2015); `a` is the slope of leaky_relu."""
    if _is_empty(tensor):
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode))
    return normal_(tensor, 0, std, generator)


def _is_empty(tensor: Tensor) -> bool:
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=4)
        return True
    return False


@telling
def lecun_uniform_(tensor: Tensor, generator: Any = None) -> Tensor:
    """U(-√(3 / fan_in), √(3 / fan_in)): variance 1 / fan_in
    ("Efficient BackProp", LeCun et al. 1998, 4.6)."""
    bound = math.sqrt(3.0 / _fan(tensor, "fan_in"))
    return uniform_(tensor, -bound, bound, generator)


@telling
def lecun_normal_(tensor: Tensor, generator: Any = None) -> Tensor:
    """N(0, 1 / fan_in) (LeCun et al. 1998, "Efficient BackProp", 4.6), not truncated."""
    return normal_(tensor, 0.0, math.sqrt(1.0 / _fan(tensor, "fan_in")), generator)


@telling
@no_grad()
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """Orthonormal rows (or columns, if there are fewer of them) times `gain` (Saxe et al. 2013).

    Axes from the second on count as one. The factor Q of a normal matrix, its columns' signs taken from
    the diagonal of R, so that Q is uniformly distributed (Mezzadri 2007). ValueError for fewer than two axes.
    """
    if tensor.ndim < 2:
        raise ValueError(f"Only tensors with 2 or more dimensions are supported, got {tensor.ndim}")
    if tensor._array.size == 0:
        return tensor
    rows = tensor.shape[0]
    source = default_generator if generator is None else generator
    kind = tensor._array.dtype
    normals = source.normal((rows, tensor._array.size // rows), 0, 1, kind)
    wide = normals.shape[0] < normals.shape[1]
    q, r = np.linalg.qr(normals.T if wide else normals)
    q = q * np.sign(np.diagonal(r))
    values = (q.T if wide else q).reshape(tensor.shape)
    return overwrite(tensor, values * kind.type(gain), "orthogonal_")


@telling
@no_grad()
def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """N(0, std²), and 0 in the part `sparsity` of each column, at random places (Martens 2010).

    ValueError unless `tensor` has two axes.
    """
    if tensor.ndim != 2:
        raise ValueError(f"Only tensors with 2 dimensions are supported, got {tensor.ndim}")
    rows, columns = tensor.shape
    normal_(tensor, 0, std, generator)
    values = tensor.detach().numpy(force=True).copy()
    for column in range(columns):
        # PyTorch shuffles with the default generator whatever `generator` says
        values[default_generator.randperm(rows)[: math.ceil(sparsity * rows)], column] = 0
    return overwrite(tensor, values, "sparse_")


def default_(weight: Tensor, bias: Tensor | None) -> None:
    """PyTorch's start for convolutions and Linear: weight, then bias, from U(-b, b), b = 1/√fan_in.

    Written as Kaiming's rule with slope √5, whose bound is this b up to one rounding.
    """
    kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        fan_in = _fans(weight)[0]
        bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
        uniform_(bias, -bound, bound)


def _old_name(function: Any) -> Any:
    """`function` under the name that it had before 2018, without the underline; it warns."""
    new = function.__name__
    old = new.rstrip("_")

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Tensor:
        warnings.warn(f"nn.init.{old} is deprecated: it is called nn.init.{new} now", FutureWarning, stacklevel=2)
        return function(*args, **options)

    call.__name__ = old
    call.__doc__ = f"The old name of `{new}`."
    return call


constant = _old_name(constant_)
dirac = _old_name(dirac_)
eye = _old_name(eye_)
kaiming_normal = _old_name(kaiming_normal_)
kaiming_uniform = _old_name(kaiming_uniform_)
normal = _old_name(normal_)
orthogonal = _old_name(orthogonal_)
sparse = _old_name(sparse_)
uniform = _old_name(uniform_)
xavier_normal = _old_name(xavier_normal_)
xavier_uniform = _old_name(xavier_uniform_)

if not TYPE_CHECKING:  # type checkers know the names
    __getattr__ = attribute_of(__name__)
