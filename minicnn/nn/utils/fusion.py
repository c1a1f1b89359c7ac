"""Layers made one: a convolution or Linear with the batch normalisation behind it, for evaluation."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from minicnn.autograd.tensor import Tensor
from minicnn.functional.creation import ones_like, zeros_like
from minicnn.functional.power import rsqrt
from minicnn.nn.parameter import Parameter

Layer = TypeVar("Layer", bound=Any)


def fuse_conv_bn_eval(conv: Layer, bn: Any, transpose: bool = False) -> Layer:
    """A convolution that does what `conv` and then `bn` do, both in evaluation (AssertionError if not).

    `transpose`: it is a transposed one.

    >>> import minicnn
    >>> from minicnn import nn
    >>> conv, bn = nn.Conv2d(3, 4, 3).eval(), nn.BatchNorm2d(4).eval()
    >>> x = minicnn.randn(1, 3, 8, 8)
    >>> minicnn.allclose(nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6)
    True
    """
    return _fused(conv, bn, fuse_conv_bn_weights, transpose)


def fuse_linear_bn_eval(linear: Layer, bn: Any) -> Layer:
    """A Linear that does what `linear` and then `bn` do, both in evaluation (AssertionError if not)."""
    if linear.out_features != bn.num_features and bn.num_features != 1:
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
            f"{linear.out_features} and {bn.num_features}"
        )
    return _fused(linear, bn, fuse_linear_bn_weights)


def _fused(layer: Layer, bn: Any, fuse: Any, *more: Any) -> Layer:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval! Call .eval() on both layers before")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("`bn` has no running statistics to fuse")
    fused = copy.deepcopy(layer)
    statistics = (bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias)
    fused.weight, fused.bias = fuse(fused.weight, fused.bias, *statistics, *more)
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of the fused convolution; `bn_rm` and `bn_rv` are the running mean and variance."""
    shape = [1] * conv_w.ndim
    shape[1 if transpose else 0] = -1
    return _weights(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, shape)


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor,
    bn_b: Tensor,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of the fused Linear."""
    return _weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, [-1, 1])


def _weights(w: Any, b: Any, mean: Any, variance: Any, eps: float, scale: Any, shift: Any, shape: Any) -> Any:
    """w·s and (b - mean)·s + shift, with s = scale / √(variance + eps)."""
    b = zeros_like(mean) if b is None else b
    scale = ones_like(mean) if scale is None else scale
    shift = zeros_like(mean) if shift is None else shift
    factor = scale * rsqrt(variance + eps)
    weight = (w * factor.reshape(shape)).to(w.dtype)
    bias = ((b - mean) * factor + shift).to(b.dtype)
    return Parameter(weight.detach(), w.requires_grad), Parameter(bias.detach(), b.requires_grad or w.requires_grad)
