"""One step of an optimiser on any number of parameters: the parameters and their state, in place.

    ins   grad (size,) of each parameter, of the parameters' dtype
          hyper (n,)     float64: the numbers that may change from step to step
    outs  param (size,) of each, then the first state of each, then the second, …

**The outputs are read and written**: param and state are what the step starts from and what it leaves
behind. This is the one kernel whose outputs are also inputs. What changes during training (learning
rate, number of the step) is in `hyper` and not in `sizes`, so a captured step stays valid.

    rule "sgd"   hyper: lr, momentum, dampening, weight_decay
                 state: momentum buffer, only with the option "momentum"; 0, and dampening 0, at the
                        first step, so that the buffer starts as the gradient
                 options: "maximize", "momentum", "nesterov"

        g = ±grad + weight_decay·p
        b = momentum·b + (1 - dampening)·g
        p = p - lr·b                            nesterov: p - lr·(g + momentum·b)

    rule "adam"  hyper: lr, beta1, beta2, eps, weight_decay, bias_correction1, root2
                 (bias_correction1 = 1 - beta1^step, root2 = √(1 - beta2^step))
                 state: exp_avg, exp_avg_sq, and max_exp_avg_sq with the option "amsgrad"
                 options: "amsgrad", "decoupled", "maximize"

        g = ±grad + weight_decay·p              decoupled: p = (1 - lr·weight_decay)·p instead
        m = m + (1 - beta1)·(g - m)
        v = beta2·v + (1 - beta2)·g²
        p = p - lr/bias_correction1 · m / (√v / root2 + eps)      amsgrad: the largest v so far

Everything is rounded to the parameter's dtype at the places where PyTorch's single-tensor code rounds
it; the coefficients are computed in float64 and rounded once. A backend may fuse a product and a sum.

Sources: Sutskever et al. 2013 (Nesterov's momentum in this form); Kingma & Ba 2015, algorithm 1;
Reddi et al. 2018 (AMSGrad); Loshchilov & Hutter 2019 (decoupled weight decay).
"""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple

import numpy as np

from ..dispatch import Output


class Sizes(NamedTuple):
    """What a plan depends on: the rule, the number of elements of each parameter, their dtype, the options
    in alphabetical order."""

    rule: str
    sizes: tuple[int, ...]
    dtype: Any
    options: tuple[str, ...]

    def inputs(self) -> tuple[str, ...]:
        """The memory orders of the gradients and of hyper."""
        return ("plain",) * (len(self.sizes) + 1)

    def outputs(self) -> tuple[Output, ...]:
        """The parameters and their states."""
        states = {"sgd": "momentum" in self.options, "adam": 2 + ("amsgrad" in self.options)}[self.rule]
        return tuple(Output((size,), self.dtype, updated=True) for size in self.sizes) * (1 + states)


class Arrays(list[Any]):
    """Arrays that are handed to the kernel again and again: where they lie in memory is looked up once."""

    _addresses: np.ndarray | None = None

    @property
    def addresses(self) -> np.ndarray:
        """The address of each array, int64. The list must not change after it was asked for."""
        if self._addresses is None:
            self._addresses = np.array([_address(array) for array in self], np.int64)
        return self._addresses


def _address(array: np.ndarray) -> int:
    """Where an array begins. `array.ctypes.data` takes twice as long, but also read-only and empty arrays."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array.data))
    except (TypeError, ValueError):
        return int(array.ctypes.data)
