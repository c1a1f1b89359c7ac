"""Gradients compared with finite differences, as torch.autograd.gradcheck.

With a random cotangent v, L = Σ vᵢ · outputᵢ has the gradient that backward(v) computes, and

    dL/dx ≈ (L(x + eps) - L(x - eps)) / (2 eps)

one element of x at a time; with `fast_mode`, once, along a random direction of x, where the gradient's product with
that direction is compared. A cotangent or a direction of ones would miss every error that sums to zero.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from minicnn.autograd import engine
from minicnn.autograd.grad_mode import enable_grad
from minicnn.autograd.tensor import Tensor
from minicnn.backend import to_device


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    fast_mode: bool = False,
) -> bool:
    """Whether the gradients of `func(*inputs)` agree with central differences: |a - n| ≤ atol + rtol·|n|.

    The inputs that require grad must be float64. RuntimeError (or False, without `raise_exception`) names the
    element that is farthest off. ValueError where no input requires grad. With `fast_mode` `func` is called
    twice for each input instead of for each number; the same errors are found, but not which element has them.

    >>> import minicnn
    >>> x = minicnn.tensor([0.5, -1.0], dtype=minicnn.float64, requires_grad=True)
    >>> gradcheck(lambda x: (x * x).sum(), (x,))
    True
    """
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    checked = [(i, x) for i, x in enumerate(given) if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ValueError("gradcheck expects at least one input tensor to require gradient, but none of them do")
    for i, x in checked:
        if x._array.dtype != np.float64:
            raise ValueError(f"gradcheck needs float64 for its differences; `inputs[{i}]` is {x.dtype}")
    with enable_grad():
        outputs = _outputs(func, given)
        random = np.random.default_rng(0)
        cotangents = [Tensor(to_device(random.standard_normal(o.shape), o.device)) for o in outputs]
        found = engine.grad(outputs, [x for _, x in checked], cotangents, allow_unused=True)
    for (i, x), grad in zip(checked, found, strict=True):
        analytical = np.zeros(x.shape) if grad is None else grad.numpy(force=True)
        if analytical.shape != tuple(x.shape):
            return _fail(
                f"the gradient of input {i} has shape {analytical.shape}, the input {tuple(x.shape)}",
                raise_exception,
            )
        slope = functools.partial(_slope, func, given, i, [v._array for v in cotangents], eps)
        if fast_mode:
            direction = random.standard_normal(x.shape)
            analytical, numerical = np.asarray(np.sum(analytical * direction)), np.asarray(slope(direction))
        else:
            numerical = np.reshape([slope(unit) for unit in _units(x.shape)], x.shape)
        error = np.abs(analytical - numerical) - (atol + rtol * np.abs(numerical))
        if error.size and not error.max() <= 0:
            worst = np.unravel_index(int(np.argmax(np.where(np.isnan(error), np.inf, error))), error.shape)
            place = tuple(int(n) for n in worst)
            where = "along a random direction" if fast_mode else f"at {place}"
            return _fail(
                f"Jacobian mismatch for input {i} {where}: backward gives {analytical[place]}, finite "
                f"differences {numerical[place]} (atol {atol}, rtol {rtol})",
                raise_exception,
            )
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    fast_mode: bool = False,
) -> bool:
    """`gradcheck` of the gradients themselves, computed with create_graph=True: the second derivatives.

    `grad_outputs` are the cotangents of the first backward; random ones by default.
    """
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    places = [i for i, x in enumerate(given) if isinstance(x, Tensor) and x.requires_grad]
    if grad_outputs is None:
        random = np.random.default_rng(1)
        outputs = _outputs(func, given)
        cotangents = [Tensor(to_device(random.standard_normal(o.shape), o.device), True) for o in outputs]
    else:
        cotangents = [grad_outputs] if isinstance(grad_outputs, Tensor) else list(grad_outputs)

    def first_gradients(*args: Any) -> tuple[Tensor, ...]:
        values, vs = args[: len(given)], args[len(given) :]
        found = engine.grad(
            _outputs(func, values), [values[i] for i in places], vs, create_graph=True, allow_unused=True
        )
        return tuple(g for g in found if g is not None and g.requires_grad)

    return gradcheck(
        first_gradients, (*given, *cotangents),
        eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception, fast_mode=fast_mode,
    )  # fmt: skip


def _outputs(func: Callable[..., Any], inputs: Sequence[Any]) -> list[Tensor]:
    """The outputs that have a gradient."""
    result = func(*inputs)
    several = result if isinstance(result, tuple | list) else (result,)
    return [o for o in several if isinstance(o, Tensor) and o.requires_grad]


def _units(shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """The direction of each element of an array."""
    for place in np.ndindex(shape):
        unit = np.zeros(shape)
        unit[place] = 1
        yield unit


def _slope(
    func: Callable[..., Any],
    inputs: Sequence[Any],
    index: int,
    cotangents: Sequence[Any],
    eps: float,
    direction: np.ndarray,
) -> float:
    """The slope of L along a direction of inputs[index], by a central difference; the input is put back as it was."""
    tensor = inputs[index]
    values, step = tensor._plain_array(), to_device(np.asarray(eps * direction), tensor.device)
    kept, sides = values.copy(), []
    for moved in (kept + step, kept - step):
        values[...] = moved
        outputs = _outputs(func, inputs)
        sides.append(sum(float((v * o._plain_array()).sum()) for v, o in zip(cotangents, outputs, strict=True)))
    values[...] = kept
    return (sides[0] - sides[1]) / (2 * eps)


def _fail(text: str, raise_exception: bool) -> bool:
    if raise_exception:
        raise RuntimeError(text)
    return False
