"""Clipping gradients."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, to_device
from minicnn.functional.creation import tensor
from minicnn.kernels.recorder import recorder
from minicnn.misfit import telling

Tensors = Tensor | Iterable[Tensor]


@telling
def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients by one factor, so that together they are no longer than `max_norm`.

    Returns their norm before, a 0-d tensor: the `norm_type`-norm (a number or inf) of all gradients as one
    vector. RuntimeError if it is not finite and `error_if_nonfinite`. (Pascanu et al. 2013, algorithm 1)
    """
    max_norm, norm_type = float(max_norm), float(norm_type)
    listed = _listed(parameters)
    if not listed and isinstance(parameters, Iterator):
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3)
    total = get_total_norm(_grads(listed), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(listed, max_norm, total)
    return total


def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """The norm of all tensors as one vector, a 0-d tensor."""
    not_recorded("the norm of gradients")
    arrays = [t._plain_array() for t in _listed(tensors)]
    if not arrays:
        return tensor(0.0)
    xp, first = array_module(arrays[0]), Tensor(arrays[0]).device
    norms = [to_device(_norm(array, norm_type), first) for array in arrays]
    total = _norm(xp.stack(norms), norm_type)
    if error_if_nonfinite and not bool(xp.isfinite(total)):
        raise RuntimeError(
            f"The total norm of order {float(norm_type)} for gradients from `parameters` is non-finite, so "
            "it cannot be clipped. To disable this error and scale the gradients by the non-finite norm "
            "anyway, set `error_if_nonfinite=False`"
        )
    return Tensor(total)


def clip_grad_norm(
    parameters: Tensors, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """The old name of `clip_grad_norm_`."""
    text = "nn.utils.clip_grad_norm is deprecated: it is called nn.utils.clip_grad_norm_ now"
    warnings.warn(text, FutureWarning, stacklevel=2)
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite)


def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale all gradients by max_norm / total_norm where that is below 1."""
    not_recorded("clipped gradients")
    norm = total_norm._array
    xp = array_module(norm)
    factor = xp.asarray(xp.minimum(float(max_norm) / (norm + 1e-6), 1.0))  # NaN stays NaN
    for grad in _grads(parameters):
        array = grad._plain_array()
        array *= to_device(factor, grad.device).astype(array.dtype)
        grad._version.count += 1


@telling
def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Limit every element of the gradients to [-clip_value, clip_value]."""
    not_recorded("clipped gradients")
    limit = float(clip_value)
    for grad in _grads(parameters):
        array = grad._plain_array()
        array.clip(-limit, limit, out=array)
        grad._version.count += 1


def not_recorded(what: str) -> None:
    """A step that is being recorded cannot be replayed: what NumPy computes here is on no tape."""
    if recorder.tape is not None:
        recorder.tape.refuse(f"computes {what}")


def _norm(array: Any, norm_type: float) -> Any:
    """The norm of all elements, a 0-d array."""
    xp = array_module(array)
    return xp.asarray(xp.linalg.norm(array.reshape(-1), float(norm_type)), array.dtype)


def _listed(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _grads(parameters: Any) -> list[Tensor]:
    return [parameter.grad for parameter in _listed(parameters) if parameter.grad is not None]
