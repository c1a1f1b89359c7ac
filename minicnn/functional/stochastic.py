"""Activations that draw random numbers: PyTorch's, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import check_inplace, operation, write
from minicnn.autograd.tensor import Tensor
from minicnn.backend import to_device
from minicnn.functional.activation import leaky_relu
from minicnn.functional.common import check_tensor
from minicnn.functional.creation import empty_like, zeros_like
from minicnn.functional.elementwise import Mul
from minicnn.functional.extremes import max as largest
from minicnn.functional.gathering import scatter
from minicnn.functional.generator import default_generator
from minicnn.functional.softmax import softmax
from minicnn.kernels.recorder import recorder


class RreluWithNoise(Operation):
    """x times noise, which is 1 where x is above 0"""

    def forward(ctx, input: Any, noise: Any) -> Any:
        ctx.save(noise)
        return input * noise

    def backward(ctx, grad: Any) -> Any:
        (noise,) = ctx.saved()
        return Mul(grad, noise), None


@operation()
def rrelu(
    input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """input above 0, else a · input with a drawn from U(lower, upper) for each element; their mean if not `training`.

    One number of 53 bits is drawn for each element that is not above 0, in logical order. RuntimeError if `lower` is
    above `upper`. Source: Xu et al. 2015, "Empirical Evaluation of Rectified Activations in Convolutional Network".

    >>> import minicnn
    >>> rrelu(minicnn.tensor([-24.0, 3.0]))
    tensor([-5.5000,  3.0000])
    """
    if not check_tensor(input, "rrelu").is_floating_point():
        raise NotImplementedError(f'"rrelu" not implemented for `input` of {input.dtype}; use .float()')
    if lower > upper:
        raise RuntimeError(
            f"Lower bound should be less than or equal to the upper bound, got `lower` {lower}, `upper` {upper}"
        )
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    if recorder.tape is not None:
        recorder.tape.refuse("draws as many random numbers as a tensor has elements that are not above 0 (rrelu)")
    array = input._plain_array()
    noise = np.ones(array.shape, array.dtype)
    drawn = to_device(array <= 0, "cpu")
    noise[drawn] = default_generator.uniform((int(drawn.sum()),), lower, upper, np.float64)
    if inplace:
        check_inplace(input, False, "rrelu_")
    result: Tensor = RreluWithNoise(input, to_device(noise, input.device))
    return write(input, result, "rrelu_") if inplace else result


def rrelu_(input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False) -> Tensor:
    """`rrelu`, written into `input`."""
    return rrelu(input, lower, upper, training, True)


@operation()
def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """softmax((logits + g) / tau) with g drawn from Gumbel's distribution: nearly a draw of one class, but smooth.

    `hard`: exactly 1 for the class drawn and 0 for the others, with the gradient of the smooth one; `eps` does nothing.
    Sources: Jang et al. 2016, Maddison et al. 2016.
    """
    gumbels = -empty_like(check_tensor(logits, "gumbel_softmax", "logits")).exponential_().log()
    soft = softmax((logits + gumbels) / tau, dim)
    if not hard:
        return soft
    chosen = scatter(zeros_like(logits), dim, largest(soft, dim, True)[1], 1.0)
    return chosen - soft.detach() + soft
