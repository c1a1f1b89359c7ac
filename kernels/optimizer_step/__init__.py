"""One step of an optimiser on any number of parameters: the parameters and their state, in place.

    ins   grad (size,) of each parameter, of the parameters' dtype
          hyper (n,)     float64: the numbers that may change from step to step; on the GPU an array of the GPU,
                         like the others, so that a graph that is replayed reads the present ones
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

The other rules have the option "maximize", and g is as in "sgd". m is the running mean of the gradient with
beta1, v that of its square (with beta2, alpha, rho).

    rule "adagrad"   hyper: rate, eps, weight_decay     (rate = lr / (1 + steps before · lr_decay))
                     state: sum

        s = s + g²;   p = p - rate · g / (√s + eps)

    rule "rmsprop"   hyper: lr, alpha, eps, weight_decay, momentum
                     state: square_avg, then momentum_buffer with the option "momentum", grad_avg with "centered"

        d = √v + eps                            centered: √(v - m²) + eps
        p = p - lr · g / d                      momentum: b = momentum·b + g / d;  p = p - lr·b

    rule "adadelta"  hyper: lr, rho, eps, weight_decay      state: square_avg, acc_delta

        d = √(a + eps) / √(v + eps) · g;   a = rho·a + (1 - rho)·d²;   p = p - lr·d

    rule "adamax"    hyper: beta1, beta2, eps, weight_decay, rate = lr / bias_correction1
                     state: exp_avg, exp_inf

        u = max(beta2·u, |g| + eps);   p = p - rate · m / u

    rule "nadam"     hyper: lr, beta1, beta2, eps, weight_decay, bias_correction2, rate_g, rate_m
                     state: exp_avg, exp_avg_sq;  option "decoupled"

        d = √(v / bias_correction2) + eps;   p = p - rate_g · g / d - rate_m · m / d

    rule "radam"     hyper: lr, beta1, beta2, eps, weight_decay, bias_correction1, root2, rectification
                     state: exp_avg, exp_avg_sq;  option "decoupled"

        p = p - lr · m / bias_correction1 · root2 / (√v + eps) · rectification       rectification 0: without the
                                                                                    last two factors
    rule "asgd"      hyper: eta, lambd, mu, weight_decay    state: ax

        p = (1 - lambd·eta)·p - eta·g;   ax = ax + mu·(p - ax)

    rule "rprop"     hyper: eta minus, eta plus, smallest and largest step      state: prev, step_size

        direction = g · prev;   s = s · (eta plus, eta minus or 1, as direction is above, below or 0), clipped
        g = 0 where direction < 0;   p = p - sign(g)·s;   prev = g

Everything is rounded to the parameter's dtype at the places where PyTorch's single-tensor code rounds
it; the coefficients are computed in float64 and rounded once. A backend may fuse a product and a sum.

Sources: Sutskever et al. 2013 (Nesterov's momentum in this form); Kingma & Ba 2015, algorithms 1 and 2;
Reddi et al. 2018 (AMSGrad); Loshchilov & Hutter 2019 (decoupled weight decay); Duchi et al. 2011 (Adagrad);
Tieleman & Hinton 2012 (RMSprop), Graves 2013 (centered); Zeiler 2012 (Adadelta); Dozat 2016 (NAdam); Liu et al.
2020 (RAdam); Polyak & Juditsky 1992 (ASGD); Riedmiller & Braun 1993 (Rprop).
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
        outputs = tuple(Output((size,), self.dtype, updated=True) for size in self.sizes)
        return outputs * (1 + STATES[self.rule] + len(WITH_STATE.intersection(self.options)))


# states that a rule always has; options that bring another
STATES = {
    "sgd": 0, "adam": 2, "adagrad": 1, "rmsprop": 1, "adadelta": 2, "adamax": 2, "nadam": 2, "radam": 2, "asgd": 1,
    "rprop": 2,
}  # fmt: skip
WITH_STATE = frozenset({"amsgrad", "centered", "momentum"})


class Arrays(list[Any]):
    """Arrays that are handed to the kernel again and again: where they lie in memory is looked up once."""

    _addresses: np.ndarray | None = None

    @property
    def addresses(self) -> np.ndarray:
        """The address of each array, int64. The list must not change after it was asked for."""
        if self._addresses is None:
            self._addresses = np.array([_address(array) for array in self], np.int64)
        return self._addresses


def _address(array: Any) -> int:
    """Where an array begins. `array.ctypes.data` takes twice as long, but also read-only and empty arrays."""
    if not isinstance(array, np.ndarray):
        return int(array.data.ptr)
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array.data))
    except (TypeError, ValueError):
        return int(array.ctypes.data)
