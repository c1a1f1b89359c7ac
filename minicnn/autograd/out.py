"""`out=`: the result of a function, written into a tensor that is there already.

`minicnn.add(a, b, out=c)` computes as ever and puts the result into the memory of `c`, which takes the result's shape
first. Functions are told apart by what they make of a type other than the result's:

    CONVERT   write what they computed as `out`'s type, if that is no lower category (floating, integer, bool);
    FOLLOW    compute in the type of `out`, unless `dtype` says otherwise;
    EXACT     refuse any other type.

`@operation` gives every function of that name the keyword, as PyTorch does; methods have none.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

from minicnn.autograd.grad_mode import mode
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.kernels.recorder import recorder


def _named(text: str) -> frozenset[str]:
    return frozenset(text.split())


CONVERT = _named("""
    acos acosh add addcdiv addcmul addr arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan atan2
    atanh bernoulli bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor cat clamp column_stack
    concat copysign cos cosh deg2rad diff div divide dstack eq erf erfc exp exp2 expm1 floor_divide fmax fmin fmod
    gcd ge ger greater greater_equal gt hstack hypot kron lcm le lerp less less_equal log log10 log1p log2 logaddexp
    logaddexp2 logical_and logical_not logical_or logical_xor logit logsumexp lt max maximum min minimum mul
    multiply ne not_equal outer pow rad2deg reciprocal remainder rsqrt sigmoid sin sinh sqrt square stack std sub
    subtract tan tanh true_divide var vstack xlogy
""")
FOLLOW = _named("""
    arange cumprod cumsum empty eye full linspace logspace mean nanmean nansum ones prod rand randint randn randperm
    sum zeros
""")
EXACT = _named("""
    abs_ absolute addbmm addmm addmv all amax amin aminmax any argmax argmin baddbmm bitwise_not bmm bucketize ceil
    chain_matmul cholesky clamp_max clamp_min clip cross cummax cummin diag dot fix float_power floor frac gather
    hardshrink heaviside histc index_add index_copy index_select inner inv isin isneginf isposinf kthvalue
    log_softmax masked_select matmul matrix_power median mm mode msort multinomial mv nan_to_num neg negative
    nonzero norm quantile round_ scatter scatter_add scatter_reduce searchsorted sgn sign signbit slice_scatter
    softmax sort svd take take_along_dim tensordot topk tril triu trunc vdot where
""")
NO_SUCH_TYPE = {  # kinds of types that PyTorch's kernels lack
    "arange": "b", "cumprod": "b", "cumsum": "b", "linspace": "b", "logspace": "b", "nansum": "biu", "randperm": "b",
}  # fmt: skip
JOIN = frozenset(("cat", "column_stack", "concat", "dstack", "hstack", "stack", "vstack"))  # a TypeError of theirs
NAMES = CONVERT | FOLLOW | EXACT


def call_into(function: Callable[..., Any], name: str, typed: bool, args: Any, options: dict[str, Any]) -> Any:
    """`function(*args, **options)` into the tensor (or the tuple of them) `options["out"]`, which is returned.

    `typed`: the function has an argument `dtype`. RuntimeError where autograd would have to follow, and for types that
    do not fit; TypeError for what is no tensor, or another number of them than there are results.
    """
    out = options.pop("out")
    if out is None:
        return function(*args, **options)
    several = isinstance(out, tuple | list)
    outs = list(out) if several else [out]
    for tensor in outs:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"{name}(): argument `out` must be Tensor, not {type(tensor).__name__}")
    if mode.enabled and any(t.requires_grad for t in (*outs, *_tensors((args, options)))):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad; leave `out` away, or call it under no_grad()"
        )
    if typed and name in FOLLOW and options.get("dtype") is None:
        options["dtype"] = outs[0].dtype
        if outs[0].dtype.numpy.kind in NO_SUCH_TYPE.get(name, ""):
            raise NotImplementedError(f'"{name}" not implemented for {outs[0].dtype}, the type of `out`')
    result = function(*args, **options)
    results = list(result) if isinstance(result, tuple) else [result]
    if several != isinstance(result, tuple) or len(results) != len(outs):
        expected = f"a tuple of {len(results)} Tensors" if isinstance(result, tuple) else "one Tensor"
        raise TypeError(f"{name}(): argument `out` must be {expected}, got {len(outs) if several else 'one Tensor'}")
    last = (None, *args, *options.values())[-1]
    exact = {"clamp": not isinstance(last, Tensor), "lerp": isinstance(last, Tensor)}.get(name, several)
    converts = name in CONVERT and not exact
    for tensor, value in zip(outs, results, strict=True):
        _check_type(tensor, value, name, converts)
    for tensor, value in zip(outs, results, strict=True):
        _fill(tensor, value)
    if not several:
        return out
    return type(result)(*outs) if hasattr(result, "_fields") else tuple(outs)


def _tensors(values: Any) -> Iterator[Tensor]:
    """The tensors in nested arguments."""
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, tuple | list | dict):
        for value in values.values() if isinstance(values, dict) else values:
            yield from _tensors(value)


def _check_type(out: Tensor, result: Tensor, name: str, converts: bool) -> None:
    if out.device != result.device:
        raise RuntimeError(f"{name}(): expected `out` on {result.device}, but it is on {out.device}")
    if out.dtype is result.dtype:
        return
    if not converts:
        raise RuntimeError(f"Expected out tensor to have dtype {result.dtype}, but got {out.dtype} instead")
    if result.dtype.category > out.dtype.category:
        error = TypeError if name in JOIN else RuntimeError
        raise error(
            f"{name}(): result type {result.dtype} can't be cast to the desired output type {out.dtype} of `out`"
        )


def _fill(out: Tensor, result: Tensor) -> None:
    """The numbers of `result` in the memory of `out`, in the shape of `result`."""
    array = out._plain_array()
    if out.shape != result.shape:
        if recorder.tape is not None:
            recorder.tape.refuse("changes the shape of a tensor given as `out`")
        if array.size:
            warnings.warn(
                "An output with one or more elements was resized since it had shape "
                f"{list(out.shape)}, which does not match the required output shape {list(result.shape)}. This "
                "behavior is deprecated: give `out` that shape, or call out.resize_(0) before",
                UserWarning,
                stacklevel=6,
            )
        size = result.numel()
        array = array.reshape(-1)[:size] if array.size >= size else array_module(array).empty(size, array.dtype)
        out._array = array = array.reshape(tuple(result.shape))
    elif any(step == 0 and length > 1 for step, length in zip(array.strides, array.shape, strict=True)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor `out` refers to a single memory "
            "location. Please clone() the tensor before performing the operation."
        )
    array[...] = result._array
    if recorder.tape is not None:
        recorder.tape.write(array, result._array)
    out._version.count += 1
