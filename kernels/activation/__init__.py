"""Contract: activation functions, element by element, and their gradients.

direction   ins                outs
forward     x (size,)          y (size,)
backward    g, y  (size,)      of the functions in FROM_OUTPUT, the gradient of x from the forward pass's OUTPUT y:
                               tanh g·(1 - y²),  sigmoid g·y·(1 - y),  relu 0 where y ≤ 0 else g
backward    g, x  (size,)      of all others, the gradient of x from x itself: g·f'(x)

The order of the elements does not matter: callers pass the memory of plain or batch-last arrays. Other kernels take
the functions of FROM_OUTPUT as an epilogue (gemm, conv2d, pool2d), for their gradient needs nothing else to be kept.
"""

from __future__ import annotations

from typing import Any, NamedTuple

FROM_OUTPUT = ("relu", "tanh", "sigmoid")

FROM_INPUT = {  # with the names of their parameters
    "elu": ("alpha", "scale", "input_scale"),  # scale·x above 0, else scale·alpha·(e^(input_scale·x) - 1)
    "erf": (),  # 2/√π ∫ e^(-t²) dt from 0 to x
    "erfc": (),  # 1 - erf x
    "gelu": (),  # x·Φ(x), Φ(x) = (1 + erf(x/√2))/2 (Hendrycks & Gimpel 2016)
    "gelu_tanh": (),  # the same with Φ(x) ≈ (1 + tanh(√(2/π)·(x + 0.044715·x³)))/2
    "hardshrink": ("lambd",),  # 0 within ±lambd, else x
    "hardsigmoid": (),  # x/6 + 1/2, limited to [0, 1]
    "hardswish": (),  # x·hardsigmoid(x) (Howard et al. 2019)
    "hardtanh": ("min_val", "max_val"),  # x limited to [min_val, max_val]
    "leaky_relu": ("negative_slope",),  # x above 0, else negative_slope·x
    "logsigmoid": (),  # ln(1/(1 + e^-x))
    "mish": (),  # x·tanh(ln(1 + e^x)) (Misra 2019)
    "silu": (),  # x/(1 + e^-x)
    "softplus": ("beta", "threshold"),  # ln(1 + e^(beta·x))/beta; x where beta·x > threshold
    "softshrink": ("lambd",),  # x drawn towards 0 by lambd, 0 within ±lambd
    "threshold": ("threshold", "value"),  # x above threshold, else value
}


class Sizes(NamedTuple):
    """Which function with which parameters, forward or backward, on how many elements."""

    function: str
    direction: str  # "forward", "backward"
    size: int
    dtype: Any
    parameters: tuple[float, ...] = ()
