"""Lazy layers: the shapes, numbers, texts and files of PyTorch's."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import minicnn
from minicnn import nn

LAYERS = [
    (lambda nn: nn.LazyLinear(4), (2, 3)),
    (lambda nn: nn.LazyLinear(4, bias=False), (2, 5, 3)),
    (lambda nn: nn.LazyConv1d(4, 3, padding=1), (2, 3, 7)),
    (lambda nn: nn.LazyConv2d(4, (3, 2), groups=2, padding_mode="reflect", padding=1), (2, 6, 7, 5)),
    (lambda nn: nn.LazyConv2d(4, 3, bias=False), (6, 7, 5)),
    (lambda nn: nn.LazyConvTranspose1d(4, 3, 2, output_padding=1), (2, 3, 7)),
    (lambda nn: nn.LazyConvTranspose2d(4, 3, groups=2), (2, 6, 4, 5)),
    (lambda nn: nn.LazyBatchNorm1d(), (5, 3)),
    (lambda nn: nn.LazyBatchNorm2d(momentum=None, bias=False), (2, 3, 4, 5)),
    (lambda nn: nn.LazyBatchNorm2d(affine=False), (2, 3, 4, 5)),
    (lambda nn: nn.LazyBatchNorm2d(track_running_stats=False), (2, 3, 4, 5)),
    (lambda nn: nn.LazyInstanceNorm1d(), (2, 3, 5)),
    (lambda nn: nn.LazyInstanceNorm2d(affine=False), (2, 3, 4, 5)),
    (lambda nn: nn.LazyInstanceNorm2d(0.1, track_running_stats=False), (2, 3, 4, 5)),
]


def story(m: Any, make: Any, shape: tuple[int, ...]) -> list[Any]:
    """What a lazy layer says and computes, from its birth to its first gradient."""
    m.manual_seed(3)
    layer = make(m.nn)
    x = m.randn(shape)
    told = [repr(layer), {k: repr(v) for k, v in layer.state_dict().items()}, layer.has_uninitialized_params()]
    y = layer(x)
    if y.requires_grad:
        (y * m.randn(y.shape)).sum().backward()
    told += [repr(layer), type(layer).__name__, len(layer._forward_pre_hooks)]
    told += [y.detach().numpy(), *(p.grad.numpy() for p in layer.parameters())]
    return [*told, *(v.numpy() for v in layer.state_dict().values())]


@pytest.mark.parametrize(("make", "shape"), LAYERS, ids=[str(i) for i in range(len(LAYERS))])
def test_lazy_layers_are_pytorchs(make: Any, shape: Any) -> None:
    torch = pytest.importorskip("torch")
    for ours, theirs in zip(story(minicnn, make, shape), story(torch, make, shape), strict=True):
        if isinstance(theirs, np.ndarray):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
        else:
            assert ours == theirs


CALLS = [
    lambda m: m.nn.LazyLinear(4).weight.shape,
    lambda m: m.nn.LazyLinear(4).weight + 1,
    lambda m: m.nn.LazyLinear(4).weight[0],
    lambda m: m.nn.init.normal_(m.nn.LazyLinear(4).weight),
    lambda m: sum(p.numel() for p in m.nn.LazyConv2d(4, 3).parameters()),
    lambda m: m.nn.Linear(3, 4).load_state_dict(m.nn.LazyLinear(4).state_dict()),
    lambda m: m.nn.LazyConv2d(3, 3)(m.ones(4, 4)),
    lambda m: m.nn.LazyBatchNorm2d()(m.ones(4, 4)),
    lambda m: m.nn.LazyInstanceNorm2d()(m.ones(3, 4, 4)),
    lambda m: m.nn.LazyConv2d(8, 3, groups=2)(m.ones(1, 3, 5, 5)),
]


@pytest.mark.parametrize("call", CALLS, ids=[str(i) for i in range(len(CALLS))])
def test_what_needs_the_shape_is_refused(call: Any) -> None:
    torch = pytest.importorskip("torch")
    errors = []
    for m in (torch, minicnn):
        with pytest.raises(Exception) as caught:  # noqa: PT011  the classes are compared
            call(m)
        errors.append(caught.value)
    assert type(errors[0]) is type(errors[1])
    assert str(errors[0])[:24] == str(errors[1])[:24]


def test_the_texts() -> None:
    with pytest.raises(ValueError, match="Call `forward` with a dummy batch to initialize"):
        nn.LazyLinear(4).weight.sum()
    with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized parameter"):
        assert nn.LazyLinear(4).weight.shape
    with pytest.raises(ValueError, match="got in_channels=3, groups=2"):
        nn.LazyConv2d(8, 3, groups=2)(minicnn.ones(1, 3, 5, 5))


def test_state_dicts_between_lazy_and_ordinary_layers() -> None:
    ordinary, lazy = nn.Conv2d(3, 4, 2), nn.LazyConv2d(4, 2)
    assert str(lazy.load_state_dict(nn.LazyConv2d(4, 2).state_dict())) == "<All keys matched successfully>"
    lazy.load_state_dict(ordinary.state_dict())
    assert not lazy.has_uninitialized_params()
    x = minicnn.randn(1, 3, 5, 5)
    assert minicnn.equal(lazy(x), ordinary(x))
    assert type(lazy) is nn.Conv2d
    assert lazy.in_channels == 3


def test_copies_types_and_optimizers_before_the_first_input() -> None:
    net = nn.Sequential(nn.LazyLinear(3), nn.ReLU(), nn.LazyLinear(1)).double()
    optimizer = minicnn.optim.SGD(net.parameters(), lr=0.1)
    twin = copy.deepcopy(net)
    assert net[0].weight.dtype is minicnn.float64
    net(minicnn.ones(2, 5, dtype=minicnn.float64)).sum().backward()
    optimizer.step()
    assert net[0].weight.shape == (3, 5)
    assert net[2].weight.dtype is minicnn.float64
    assert repr(twin[0].weight) == "<UninitializedParameter>"
    assert twin(minicnn.ones(2, 7, dtype=minicnn.float64)).shape == (2, 1)
    assert twin[0].in_features == 7


def test_a_lazy_layer_of_ones_own() -> None:
    class Scale(nn.Module):
        weight: Any

        def forward(self, x: Any) -> Any:
            return x * self.weight

    class LazyScale(nn.lazy.LazyModuleMixin, Scale):
        cls_to_become = Scale

        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.UninitializedParameter()

        def initialize_parameters(self, x: Any) -> None:
            if x.shape[-1] > 1:
                self.weight.materialize(x.shape[-1:])
                nn.init.ones_(self.weight)

    layer = LazyScale()
    with pytest.raises(RuntimeError, match="module LazyScale has not been fully initialized"):
        layer(minicnn.ones(1))
    assert layer(minicnn.ones(2, 3)).tolist() == [[1, 1, 1]] * 2
    assert type(layer) is Scale
