"""More arithmetic, element by element: mixtures of three tensors, remainders, signs, bits, what is not finite."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import Number, To, check_tensor, matched, operands, sum_to
from minicnn.functional.division import div, no_integer_zero, rest_towards_zero
from minicnn.functional.elementwise import Mul, add, mul, sub
from minicnn.functional.logic import apply_numpy, bitwise
from minicnn.functional.power import pow
from minicnn.functional.selection import Where, clamp, maximum, minimum, number_beside, where
from minicnn.functional.unary import trunc

# --- mixtures ---------------------------------------------------------------------------------------


@operation(method="lerp", inplace=True)
def lerp(input: Tensor, end: Tensor, weight: Tensor | Number) -> Tensor:
    """input + weight · (end - input), broadcast: from `input` at weight 0 to `end` at 1, both exactly."""
    check_tensor(input, "lerp"), check_tensor(end, "lerp", "end")
    if input.dtype is not end.dtype:
        raise RuntimeError(f"expected dtype {input.dtype} for `end` but got dtype {end.dtype}")
    way = sub(end, input)
    if not isinstance(weight, Tensor):
        return add(input, mul(way, weight)) if abs(weight) < 0.5 else sub(end, mul(way, 1 - weight))
    near = abs(weight.detach()) < 0.5  # from the nearer end
    return where(near, add(input, mul(way, weight)), sub(end, mul(way, sub(1, weight))))


@operation(method="addcmul", inplace=True)
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value · tensor1 · tensor2, broadcast."""
    check_tensor(tensor1, "addcmul", "tensor1"), check_tensor(tensor2, "addcmul", "tensor2")
    product = mul(tensor1, tensor2)
    return add(check_tensor(input, "addcmul"), product if value == 1 else mul(product, value))


@operation(method="addcdiv", inplace=True)
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value · tensor1 / tensor2, broadcast; RuntimeError for whole numbers."""
    check_tensor(tensor1, "addcdiv", "tensor1"), check_tensor(tensor2, "addcdiv", "tensor2")
    if all(x._array.dtype.kind != "f" for x in (tensor1, tensor2)):
        raise RuntimeError("Integer division with addcdiv is no longer supported: use .float() first")
    return add(check_tensor(input, "addcdiv"), div(tensor1 if value == 1 else mul(tensor1, value), tensor2))


@operation()
def rsub(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """other - alpha · input, broadcast."""
    return sub(other, input, alpha=alpha)


@operation(method="float_power", inplace=True)
def float_power(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """input to the power `exponent`, computed and given in float64."""
    double = np.dtype(np.float64)
    return pow(*(To(x, double) if isinstance(x, Tensor) and x._array.dtype != double else x for x in (input, exponent)))


# --- limits -----------------------------------------------------------------------------------------


@operation(method="clamp_min", inplace=True)
def clamp_min(input: Tensor, min: Any) -> Tensor:
    """Each element, or `min` (a number or a tensor) if that is larger."""
    return clamp(input, min=min)


@operation(method="clamp_max", inplace=True)
def clamp_max(input: Tensor, max: Any) -> Tensor:
    """Each element, or `max` (a number or a tensor) if that is smaller."""
    return clamp(input, max=max)


@operation(method="fmax")
def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The larger of each pair of elements; of a number and NaN, the number."""
    return _passing_nan(maximum, *operands(check_tensor(input, "fmax"), other, name="fmax"))


@operation(method="fmin")
def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of each pair of elements; of a number and NaN, the number."""
    return _passing_nan(minimum, *operands(check_tensor(input, "fmin"), other, name="fmin"))


def _passing_nan(choose: Any, a: Tensor, b: Tensor) -> Tensor:
    missing_a, missing_b = a.detach().isnan(), b.detach().isnan()
    return choose(where(missing_a, b, a), where(missing_b, a, b))


class NanToNum(Operation):
    """Numbers in place of NaN and the infinities; the gradient passes where nothing was replaced"""

    keeps_layout = True

    def forward(ctx, input: Any, nan: float, posinf: float, neginf: float) -> Any:
        xp = array_module(input)
        ctx.save(xp.isfinite(input))
        return xp.nan_to_num(input, nan=nan, posinf=posinf, neginf=neginf)

    def backward(ctx, grad: Any) -> Any:
        (finite,) = ctx.saved()
        return Mul(grad, finite), None, None, None


@operation(method="nan_to_num", inplace=True)
def nan_to_num(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """`nan` (0) in place of NaN, `posinf` and `neginf` (the largest and smallest numbers) for the infinities."""
    if check_tensor(input, "nan_to_num")._array.dtype.kind != "f":
        return add(input, 0)
    limits = np.finfo(input._array.dtype)
    most, least = float(limits.max), float(limits.min)
    return NanToNum(
        input, 0.0 if nan is None else nan, most if posinf is None else posinf, least if neginf is None else neginf
    )


# --- remainders and signs ---------------------------------------------------------------------------


class Fmod(Operation):
    """a modulo b with the sign of a: a - b·trunc(a/b)"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        a, b = matched(a, b)
        xp = array_module(a if np.ndim(a) else b)
        ctx.save(xp.trunc(a / b) if ctx.needs(1) else None)
        return rest_towards_zero(a, b)

    def backward(ctx, grad: Any) -> Any:
        (quotient,) = ctx.saved()
        return (
            sum_to(grad, ctx.shapes[0]) if ctx.needs(0) else None,
            sum_to(-Mul(grad, quotient), ctx.shapes[1]) if ctx.needs(1) else None,
        )


@operation(method="fmod", inplace=True)
def fmod(input: Tensor, other: Tensor | Number) -> Tensor:
    """input modulo other, with the sign of `input`, as C's fmod."""
    input, other = operands(check_tensor(input, "fmod"), other, name="fmod")
    no_integer_zero(input, other)
    return Fmod(input, other)


@operation(method="frac", inplace=True)
def frac(input: Tensor) -> Tensor:
    """The part behind the point, with the sign of each element."""
    return sub(check_tensor(input, "frac"), trunc(input))


class Copysign(Operation):
    """|a| with the sign of b"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        first, second = matched(a, b)
        xp = array_module(first)
        output = xp.copysign(first, second)
        ctx.save(xp.sign(first) * xp.sign(output))
        return output

    def backward(ctx, grad: Any) -> Any:
        (same,) = ctx.saved()
        return sum_to(Mul(grad, same), ctx.shapes[0]), sum_to(grad * 0, ctx.shapes[1]) if ctx.needs(1) else None


@operation(method="copysign", inplace=True)
def copysign(input: Tensor, other: Tensor | Number) -> Tensor:
    """|input| with the sign of `other`, broadcast."""
    return Copysign(*operands(check_tensor(input, "copysign"), other, name="copysign", floating=True))


@operation(method="heaviside", inplace=True)
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 below 0, 1 above, and `values` at 0; RuntimeError for two types."""
    check_tensor(input, "heaviside"), check_tensor(values, "heaviside", "values")
    if input.dtype is not values.dtype:
        raise RuntimeError(f"heaviside is not yet implemented for tensors with different dtypes: {input.dtype}, "
                           f"{values.dtype}")  # fmt: skip
    a, b = (x.detach() for x in (input, values))
    zeros, ones = (number_beside(a, n, a._array.dtype) for n in (0, 1))
    result: Tensor = Where(a == 0, b, where(a > 0, ones, zeros))
    return result


@operation(method="positive", operators=("__pos__",))
def positive(input: Tensor) -> Tensor:
    """+input: the tensor itself."""
    if check_tensor(input, "positive")._array.dtype == bool:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


# --- questions, bits and whole numbers: no gradient ---------------------------------------------------


@operation(method="signbit")
def signbit(input: Tensor) -> Tensor:
    """True where the sign is minus, that of -0.0 included."""
    if check_tensor(input, "signbit")._array.dtype.kind != "f":
        return apply_numpy("less", input, 0)
    return apply_numpy("signbit", input)


@operation(method="isposinf")
def isposinf(input: Tensor) -> Tensor:
    """True where an element is +inf."""
    return check_tensor(input, "isposinf").detach() == float("inf")


@operation(method="isneginf")
def isneginf(input: Tensor) -> Tensor:
    """True where an element is -inf."""
    return check_tensor(input, "isneginf").detach() == -float("inf")


@operation(method="isreal")
def isreal(input: Tensor) -> Tensor:
    """True: minicnn has no complex numbers."""
    array = check_tensor(input, "isreal")._array
    return Tensor(array_module(array).ones(array.shape, bool))


@operation(method="logical_xor", inplace=True)
def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """True where exactly one of two elements is not 0."""
    check_tensor(input, "logical_xor"), check_tensor(other, "logical_xor", "other")
    return apply_numpy("logical_xor", *operands(input, other, name="logical_xor"))


def _whole(function: str, input: Any, other: Any) -> Tensor:
    for x in (input, other):
        if isinstance(x, float) or (isinstance(x, Tensor) and x._array.dtype.kind not in "iu"):
            raise NotImplementedError(
                f'"{function}" works on whole numbers, got {getattr(x, "dtype", type(x).__name__)}'
            )
    return apply_numpy(function, *operands(input, other, name=function))


@operation(method="bitwise_left_shift", operators=("__lshift__", "__rlshift__", "__ilshift__"), inplace=True)
def bitwise_left_shift(input: Tensor | int, other: Tensor | int) -> Tensor:
    """input << other of whole numbers."""
    return bitwise("left_shift", "<<", input, other)


@operation(method="bitwise_right_shift", operators=("__rshift__", "__rrshift__", "__irshift__"), inplace=True)
def bitwise_right_shift(input: Tensor | int, other: Tensor | int) -> Tensor:
    """input >> other of whole numbers."""
    return bitwise("right_shift", ">>", input, other)


@operation(method="gcd", inplace=True)
def gcd(input: Tensor, other: Tensor) -> Tensor:
    """The greatest common divisor of whole numbers, broadcast."""
    return _whole("gcd", input, other)


@operation(method="lcm", inplace=True)
def lcm(input: Tensor, other: Tensor) -> Tensor:
    """The least common multiple of whole numbers, broadcast."""
    return _whole("lcm", input, other)


@operation()
def is_nonzero(input: Tensor) -> bool:
    """Whether the only element of a tensor is not 0; RuntimeError for another number of elements."""
    return bool(check_tensor(input, "is_nonzero"))


@operation()
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape."""
    return check_tensor(input, "is_same_size").shape == check_tensor(other, "is_same_size", "other").shape


def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """The type of an operation on two tensors or numbers."""
    arrays = (x._array if isinstance(x, Tensor) else x for x in (tensor1, tensor2))
    return dtypes.from_numpy(dtypes.result_type(*arrays))
