"""minicnn: convolutional networks from scratch, with PyTorch's names and PyTorch's numbers.

    import minicnn
    from minicnn import nn, optim

`minicnn.X` is `torch.X`. Importing it loads NumPy and nothing heavier; Numba, CuPy and Matplotlib are
loaded when they are first needed.
"""

from importlib import import_module as _import_module
from typing import Any as _Any

from minicnn import autograd as autograd
from minicnn import functional as _functional  # noqa: F401  registers the methods of Tensor
from minicnn import nn as nn
from minicnn.autograd import enable_grad as enable_grad
from minicnn.autograd import inference_mode as inference_mode
from minicnn.autograd import is_grad_enabled as is_grad_enabled
from minicnn.autograd import no_grad as no_grad
from minicnn.autograd import set_grad_enabled as set_grad_enabled
from minicnn.autograd.printing import set_printoptions as set_printoptions
from minicnn.autograd.tensor import Size as Size
from minicnn.autograd.tensor import Tensor as Tensor
from minicnn.backend import device as device
from minicnn.backend import get_num_threads as get_num_threads
from minicnn.backend import set_num_threads as set_num_threads
from minicnn.capture import compile as compile
from minicnn.dtypes import bool_ as bool  # noqa: F401
from minicnn.dtypes import dtype as dtype
from minicnn.dtypes import float16 as float16
from minicnn.dtypes import float16 as half  # noqa: F401
from minicnn.dtypes import float32 as float  # noqa: F401
from minicnn.dtypes import float32 as float32
from minicnn.dtypes import float64 as double  # noqa: F401
from minicnn.dtypes import float64 as float64
from minicnn.dtypes import get_default_dtype as get_default_dtype
from minicnn.dtypes import int8 as int8
from minicnn.dtypes import int16 as int16
from minicnn.dtypes import int16 as short  # noqa: F401
from minicnn.dtypes import int32 as int  # noqa: F401
from minicnn.dtypes import int32 as int32
from minicnn.dtypes import int64 as int64
from minicnn.dtypes import int64 as long  # noqa: F401
from minicnn.dtypes import set_default_dtype as set_default_dtype
from minicnn.dtypes import uint8 as uint8
from minicnn.functional import BoolTensor as BoolTensor
from minicnn.functional import ByteTensor as ByteTensor
from minicnn.functional import CharTensor as CharTensor
from minicnn.functional import DoubleTensor as DoubleTensor
from minicnn.functional import FloatTensor as FloatTensor
from minicnn.functional import Generator as Generator
from minicnn.functional import HalfTensor as HalfTensor
from minicnn.functional import IntTensor as IntTensor
from minicnn.functional import LongTensor as LongTensor
from minicnn.functional import ShortTensor as ShortTensor
from minicnn.functional import abs as abs
from minicnn.functional import add as add
from minicnn.functional import addmm as addmm
from minicnn.functional import all as all
from minicnn.functional import allclose as allclose
from minicnn.functional import alpha_dropout as alpha_dropout
from minicnn.functional import amax as amax
from minicnn.functional import amin as amin
from minicnn.functional import any as any
from minicnn.functional import arange as arange
from minicnn.functional import argmax as argmax
from minicnn.functional import argmin as argmin
from minicnn.functional import argsort as argsort
from minicnn.functional import as_tensor as as_tensor
from minicnn.functional import bernoulli as bernoulli
from minicnn.functional import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from minicnn.functional import bincount as bincount
from minicnn.functional import bitwise_and as bitwise_and
from minicnn.functional import bitwise_not as bitwise_not
from minicnn.functional import bitwise_or as bitwise_or
from minicnn.functional import bitwise_xor as bitwise_xor
from minicnn.functional import bmm as bmm
from minicnn.functional import broadcast_to as broadcast_to
from minicnn.functional import cat as cat
from minicnn.functional import ceil as ceil
from minicnn.functional import celu as celu
from minicnn.functional import celu_ as celu_
from minicnn.functional import chunk as chunk
from minicnn.functional import clamp as clamp
from minicnn.functional import clip as clip
from minicnn.functional import clone as clone
from minicnn.functional import concat as concat
from minicnn.functional import cos as cos
from minicnn.functional import cosine_embedding_loss as cosine_embedding_loss
from minicnn.functional import cosine_similarity as cosine_similarity
from minicnn.functional import count_nonzero as count_nonzero
from minicnn.functional import cumsum as cumsum
from minicnn.functional import default_generator as default_generator
from minicnn.functional import diag as diag
from minicnn.functional import diagonal as diagonal
from minicnn.functional import div as div
from minicnn.functional import dot as dot
from minicnn.functional import dropout as dropout
from minicnn.functional import einsum as einsum
from minicnn.functional import embedding as embedding
from minicnn.functional import empty as empty
from minicnn.functional import empty_like as empty_like
from minicnn.functional import eq as eq
from minicnn.functional import equal as equal
from minicnn.functional import erf as erf
from minicnn.functional import erfc as erfc
from minicnn.functional import exp as exp
from minicnn.functional import eye as eye
from minicnn.functional import feature_alpha_dropout as feature_alpha_dropout
from minicnn.functional import flatten as flatten
from minicnn.functional import flip as flip
from minicnn.functional import floor as floor
from minicnn.functional import floor_divide as floor_divide
from minicnn.functional import from_numpy as from_numpy
from minicnn.functional import full as full
from minicnn.functional import full_like as full_like
from minicnn.functional import gather as gather
from minicnn.functional import ge as ge
from minicnn.functional import get_rng_state as get_rng_state
from minicnn.functional import group_norm as group_norm
from minicnn.functional import gt as gt
from minicnn.functional import hardshrink as hardshrink
from minicnn.functional import hinge_embedding_loss as hinge_embedding_loss
from minicnn.functional import index_add as index_add
from minicnn.functional import index_select as index_select
from minicnn.functional import initial_seed as initial_seed
from minicnn.functional import instance_norm as instance_norm
from minicnn.functional import is_tensor as is_tensor
from minicnn.functional import isclose as isclose
from minicnn.functional import isfinite as isfinite
from minicnn.functional import isinf as isinf
from minicnn.functional import isnan as isnan
from minicnn.functional import kl_div as kl_div
from minicnn.functional import layer_norm as layer_norm
from minicnn.functional import le as le
from minicnn.functional import linspace as linspace
from minicnn.functional import log as log
from minicnn.functional import log1p as log1p
from minicnn.functional import log2 as log2
from minicnn.functional import log_softmax as log_softmax
from minicnn.functional import logical_and as logical_and
from minicnn.functional import logical_not as logical_not
from minicnn.functional import logical_or as logical_or
from minicnn.functional import logsumexp as logsumexp
from minicnn.functional import lt as lt
from minicnn.functional import manual_seed as manual_seed
from minicnn.functional import margin_ranking_loss as margin_ranking_loss
from minicnn.functional import masked_fill as masked_fill
from minicnn.functional import masked_select as masked_select
from minicnn.functional import matmul as matmul
from minicnn.functional import max as max
from minicnn.functional import maximum as maximum
from minicnn.functional import mean as mean
from minicnn.functional import median as median
from minicnn.functional import meshgrid as meshgrid
from minicnn.functional import min as min
from minicnn.functional import minimum as minimum
from minicnn.functional import mm as mm
from minicnn.functional import movedim as movedim
from minicnn.functional import mul as mul
from minicnn.functional import multinomial as multinomial
from minicnn.functional import mv as mv
from minicnn.functional import narrow as narrow
from minicnn.functional import ne as ne
from minicnn.functional import neg as neg
from minicnn.functional import nonzero as nonzero
from minicnn.functional import norm as norm
from minicnn.functional import normal as normal
from minicnn.functional import numel as numel
from minicnn.functional import ones as ones
from minicnn.functional import ones_like as ones_like
from minicnn.functional import outer as outer
from minicnn.functional import pairwise_distance as pairwise_distance
from minicnn.functional import permute as permute
from minicnn.functional import poisson_nll_loss as poisson_nll_loss
from minicnn.functional import pow as pow
from minicnn.functional import prelu as prelu
from minicnn.functional import prod as prod
from minicnn.functional import rand as rand
from minicnn.functional import rand_like as rand_like
from minicnn.functional import randint as randint
from minicnn.functional import randint_like as randint_like
from minicnn.functional import randn as randn
from minicnn.functional import randn_like as randn_like
from minicnn.functional import randperm as randperm
from minicnn.functional import reciprocal as reciprocal
from minicnn.functional import relu as relu
from minicnn.functional import relu_ as relu_
from minicnn.functional import remainder as remainder
from minicnn.functional import reshape as reshape
from minicnn.functional import rms_norm as rms_norm
from minicnn.functional import roll as roll
from minicnn.functional import round as round
from minicnn.functional import rsqrt as rsqrt
from minicnn.functional import scatter as scatter
from minicnn.functional import scatter_add as scatter_add
from minicnn.functional import seed as seed
from minicnn.functional import select as select
from minicnn.functional import selu as selu
from minicnn.functional import selu_ as selu_
from minicnn.functional import set_rng_state as set_rng_state
from minicnn.functional import sigmoid as sigmoid
from minicnn.functional import sign as sign
from minicnn.functional import sin as sin
from minicnn.functional import softmax as softmax
from minicnn.functional import sort as sort
from minicnn.functional import split as split
from minicnn.functional import sqrt as sqrt
from minicnn.functional import square as square
from minicnn.functional import squeeze as squeeze
from minicnn.functional import stack as stack
from minicnn.functional import std as std
from minicnn.functional import std_mean as std_mean
from minicnn.functional import sub as sub
from minicnn.functional import sum as sum
from minicnn.functional import t as t
from minicnn.functional import take_along_dim as take_along_dim
from minicnn.functional import tanh as tanh
from minicnn.functional import tensor as tensor
from minicnn.functional import threshold as threshold
from minicnn.functional import threshold_ as threshold_
from minicnn.functional import tile as tile
from minicnn.functional import topk as topk
from minicnn.functional import transpose as transpose
from minicnn.functional import tril as tril
from minicnn.functional import triplet_margin_loss as triplet_margin_loss
from minicnn.functional import triu as triu
from minicnn.functional import trunc as trunc
from minicnn.functional import unbind as unbind
from minicnn.functional import unflatten as unflatten
from minicnn.functional import unique as unique
from minicnn.functional import unsqueeze as unsqueeze
from minicnn.functional import var as var
from minicnn.functional import var_mean as var_mean
from minicnn.functional import where as where
from minicnn.functional import zeros as zeros
from minicnn.functional import zeros_like as zeros_like

__version__ = "0.1.0"

_LAZY = ("cuda", "datasets", "kernels", "models", "optim", "serialization", "transforms", "utils")


def __getattr__(name: str) -> _Any:
    """Subpackages are loaded at their first use: `minicnn.optim`, `minicnn.datasets`, …"""
    if name in _LAZY:
        return _import_module(f"minicnn.{name}")
    raise AttributeError(f"module 'minicnn' has no attribute {name!r}")
