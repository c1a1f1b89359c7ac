"""nn.utils: weights reparametrised, layers fused and pruned, as PyTorch does it."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minicnn
from minicnn import nn
from minicnn.nn.utils import parametrize, prune


def conv(m: Any) -> Any:
    return m.nn.Conv2d(2, 3, 2)


def up(m: Any) -> Any:
    return m.nn.ConvTranspose2d(2, 3, 2)


def linear(m: Any) -> Any:
    return m.nn.Linear(3, 4)


REWEIGHTED: list[tuple[str, Callable[[Any], Any], tuple[int, ...]]] = [
    ("weight_norm", lambda m: m.nn.utils.parametrizations.weight_norm(linear(m)), (5, 3)),
    ("weight_norm dim", lambda m: m.nn.utils.parametrizations.weight_norm(conv(m), dim=1), (2, 2, 4, 4)),
    ("weight_norm all", lambda m: m.nn.utils.parametrizations.weight_norm(conv(m), dim=None), (2, 2, 4, 4)),
    ("spectral_norm", lambda m: m.nn.utils.parametrizations.spectral_norm(conv(m)), (2, 2, 4, 4)),
    ("spectral_norm up", lambda m: m.nn.utils.parametrizations.spectral_norm(up(m), "weight", 2), (1, 2, 3, 3)),
    ("spectral_norm bias", lambda m: m.nn.utils.parametrizations.spectral_norm(linear(m), "bias"), (5, 3)),
    ("old weight_norm", lambda m: m.nn.utils.weight_norm(conv(m)), (2, 2, 4, 4)),
    ("old weight_norm all", lambda m: m.nn.utils.weight_norm(linear(m), dim=None), (5, 3)),
    ("old spectral_norm", lambda m: m.nn.utils.spectral_norm(conv(m)), (2, 2, 4, 4)),
    ("old spectral_norm up", lambda m: m.nn.utils.spectral_norm(up(m)), (1, 2, 3, 3)),
]


def reweighted(m: Any, make: Callable[[Any], Any], shape: tuple[int, ...]) -> list[Any]:
    """What a layer with another weight prints, saves and learns in three steps, and what it then computes."""
    m.manual_seed(5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        layer = make(m)
    told: list[Any] = [repr(layer), list(layer.state_dict()), [name for name, _ in layer.named_parameters()]]
    told += [v.numpy().copy() for v in layer.state_dict().values()]
    optimizer = m.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        y = layer(m.randn(shape))
        (y * m.randn(y.shape)).sum().backward()
        told += [p.grad.numpy().copy() for p in layer.parameters()]
        optimizer.step()
    layer.eval()
    told += [layer(m.randn(shape)).detach().numpy(), *(v.numpy() for v in layer.state_dict().values())]
    return told


def same(ours: list[Any], theirs: list[Any]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        if isinstance(b, np.ndarray):
            np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)
        else:
            assert a == b


@pytest.mark.parametrize(("name", "make", "shape"), REWEIGHTED, ids=[row[0] for row in REWEIGHTED])
def test_reweighted_layers_are_pytorchs(name: str, make: Any, shape: Any) -> None:
    torch = pytest.importorskip("torch")
    same(reweighted(minicnn, make, shape), reweighted(torch, make, shape))


def test_weights_are_put_back() -> None:
    x = minicnn.randn(2, 3)
    for norm, back in (
        (nn.utils.parametrizations.weight_norm, lambda x: parametrize.remove_parametrizations(x, "weight")),
        (nn.utils.parametrizations.spectral_norm, lambda x: parametrize.remove_parametrizations(x, "weight")),
        (nn.utils.spectral_norm, nn.utils.remove_spectral_norm),
    ):
        layer = norm(nn.Linear(3, 4)).eval()
        before = layer(x)
        back(layer)
        assert type(layer) is nn.Linear
        assert sorted(layer.state_dict()) == ["bias", "weight"]
        assert minicnn.allclose(layer(x), before, atol=1e-6)
        assert isinstance(layer.weight, nn.Parameter)
    with pytest.warns(FutureWarning, match=r"parametrizations\.weight_norm"):
        layer = nn.utils.weight_norm(nn.Linear(3, 4))
    before = layer(x)
    assert minicnn.allclose(nn.utils.remove_weight_norm(layer)(x), before, atol=1e-6)
    with pytest.raises(ValueError, match="weight_norm of 'weight' not found in Linear"):
        nn.utils.remove_weight_norm(layer)
    nn.utils.spectral_norm(layer)
    with pytest.raises(RuntimeError, match="Cannot register two spectral_norm hooks"):
        nn.utils.spectral_norm(layer)


class Doubled(nn.Module):
    """Twice the original."""

    def forward(self, x: Any) -> Any:
        return 2 * x

    def right_inverse(self, x: Any) -> Any:
        return x / 2


class Grown(nn.Module):
    """Another shape."""

    def forward(self, x: Any) -> Any:
        return x[:, :1]


def test_parametrizations_follow_one_another() -> None:
    layer = nn.Linear(2, 2)
    weight = layer.weight.detach().clone()
    parametrize.register_parametrization(layer, "weight", Doubled())
    assert minicnn.equal(layer.weight, weight)  # right_inverse says what the original must be
    parametrize.register_parametrization(layer, "weight", Doubled())
    assert minicnn.allclose(layer.weight, 2 * weight)
    assert parametrize.is_parametrized(layer, "weight")
    assert not parametrize.is_parametrized(layer, "bias")
    layer.weight = minicnn.eye(2)
    assert layer.weight.tolist() == [[1, 0], [0, 1]]
    assert layer.parametrizations.weight.original.tolist() == [[0.25, 0], [0, 0.25]]
    twin = copy.deepcopy(layer)
    with parametrize.cached():
        assert layer.weight is layer.weight
    assert layer.weight is not layer.weight
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    assert layer.weight.tolist() == [[0.25, 0], [0, 0.25]]
    assert twin.weight.tolist() == [[1, 0], [0, 1]]
    assert parametrize.type_before_parametrizations(twin) is nn.Linear


def test_parametrizations_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="may not change the shape"):
        parametrize.register_parametrization(nn.Linear(2, 2), "weight", Grown())
    with pytest.raises(ValueError, match="does not have a parameter, a buffer, or a parametrized element"):
        parametrize.register_parametrization(nn.Linear(2, 2), "wight", Doubled())
    with pytest.raises(ValueError, match="does not have a parametrization on weight"):
        parametrize.remove_parametrizations(nn.Linear(2, 2), "weight")
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="in terms of a sequence of tensors"):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Grown(), unsafe=True)
    with pytest.raises(RuntimeError, match="Grown does not implement right_inverse"):
        layer.weight = minicnn.ones(2, 2)


@pytest.mark.parametrize("transpose", [False, True])
def test_fused_layers(transpose: bool) -> None:
    layer = (nn.ConvTranspose2d if transpose else nn.Conv2d)(2, 3, 2, bias=transpose)
    bn = nn.BatchNorm2d(3)
    nn.Sequential(layer, bn)(minicnn.randn(4, 2, 5, 5) * 3 + 1)
    x = minicnn.randn(1, 2, 5, 5)
    with pytest.raises(AssertionError, match="Fusion only for eval"):
        nn.utils.fuse_conv_bn_eval(layer, bn)
    fused = nn.utils.fuse_conv_bn_eval(layer.eval(), bn.eval(), transpose)
    assert minicnn.allclose(fused(x), bn(layer(x)), atol=1e-5)
    line, bn1 = nn.Linear(3, 4).eval(), nn.BatchNorm1d(4).eval()
    bn1.running_mean.fill_(2)
    assert minicnn.allclose(
        nn.utils.fuse_linear_bn_eval(line, bn1)(minicnn.ones(2, 3)), bn1(line(minicnn.ones(2, 3))), atol=1e-5
    )


PRUNED: list[Callable[[Any, Any, Any], Any]] = [
    lambda m, p, net: p.l1_unstructured(net[0], "weight", amount=0.3),
    lambda m, p, net: p.l1_unstructured(net[0], name="bias", amount=2),
    lambda m, p, net: p.l1_unstructured(net[0], "weight", 4, importance_scores=m.arange(24.0).view(3, 2, 2, 2)),
    lambda m, p, net: p.random_unstructured(net[0], "weight", amount=7),
    lambda m, p, net: p.ln_structured(net[0], "weight", amount=0.5, n=2, dim=0),
    lambda m, p, net: p.ln_structured(net[0], "weight", amount=1, n=float("inf"), dim=1),
    lambda m, p, net: p.random_structured(net[0], "weight", amount=1, dim=0),
    lambda m, p, net: p.identity(net[0], "weight"),
    lambda m, p, net: p.custom_from_mask(net[2], "bias", m.tensor([0, 1])),
    lambda m, p, net: (p.random_unstructured(net[0], "weight", 0.3), p.ln_structured(net[0], "weight", 1, 2, 0)),
    lambda m, p, net: (p.ln_structured(net[0], "weight", 1, 2, 0), p.l1_unstructured(net[0], "weight", 3)),
    lambda m, p, net: (p.ln_structured(net[0], "weight", 1, 2, 0), p.random_structured(net[0], "weight", 1, 0)),
    lambda m, p, net: p.global_unstructured(
        [(net[0], "weight"), (net[2], "weight")], pruning_method=p.L1Unstructured, amount=0.4
    ),
    lambda m, p, net: [
        p.global_unstructured([(net[0], "weight"), (net[2], "weight")], p.RandomUnstructured, amount=0.4)
        for _ in range(2)
    ],
]


def pruned(m: Any, p: Any, how: Any) -> list[Any]:
    """A net that is pruned, trained for a step, and made ordinary again."""
    m.manual_seed(2)
    net = m.nn.Sequential(m.nn.Conv2d(2, 3, 2), m.nn.Flatten(), m.nn.Linear(12, 2))
    how(m, p, net)
    told: list[Any] = [p.is_pruned(net), sorted(net.state_dict()), [n for n, _ in net.named_parameters()]]
    optimizer = m.optim.SGD(net.parameters(), lr=0.1)
    (net(m.randn(2, 2, 3, 3)) ** 2).sum().backward()
    optimizer.step()
    net(m.randn(1, 2, 3, 3))
    told += [net[0].weight.detach().numpy(), net[2].weight.detach().numpy(), net[2].bias.detach().numpy()]
    for module in (net[0], net[2]):
        for name in ("weight", "bias"):
            if hasattr(module, f"{name}_orig"):
                p.remove(module, name)
    told += [p.is_pruned(net), sorted(net.state_dict())]
    return [*told, *(net.state_dict()[k].numpy() for k in sorted(net.state_dict()))]


@pytest.mark.parametrize("how", PRUNED, ids=[str(i) for i in range(len(PRUNED))])
def test_pruning_is_pytorchs(how: Any) -> None:
    torch = pytest.importorskip("torch")
    import torch.nn.utils.prune as theirs

    same(pruned(minicnn, prune, how), pruned(torch, theirs, how))


REFUSED: list[tuple[Callable[[Any], Any], type[Exception], str]] = [
    (lambda p: p.l1_unstructured(nn.Linear(3, 2), "weight", amount=-1), ValueError, "in the range"),
    (lambda p: p.l1_unstructured(nn.Linear(3, 2), "weight", amount=1.5), ValueError, "amount=1.5"),
    (lambda p: p.l1_unstructured(nn.Linear(3, 2), "weight", amount="a"), TypeError, "Must be int or float"),
    (lambda p: p.l1_unstructured(nn.Linear(3, 2), "weight", amount=9), ValueError, "to prune=6"),
    (lambda p: p.l1_unstructured(nn.Linear(3, 2), "wei", amount=1), AttributeError, "wei"),
    (lambda p: p.ln_structured(nn.Linear(3, 2), "bias", 1, 2, 0), ValueError, "multidimensional tensors"),
    (lambda p: p.ln_structured(nn.Linear(3, 2), "weight", 1, 2, 5), IndexError, "Invalid index 5"),
    (lambda p: p.remove(nn.Linear(3, 2), "weight"), ValueError, "has to be pruned before"),
    (lambda p: p.global_unstructured(3, p.L1Unstructured), TypeError, "not an Iterable"),
    (
        lambda p: p.global_unstructured([(nn.Linear(3, 2), "weight")], p.LnStructured, amount=0.2, n=1),
        TypeError,
        'Only "unstructured" PRUNING_TYPE',
    ),
    (
        lambda p: p.l1_unstructured(nn.Linear(3, 2), "weight", 1, importance_scores=minicnn.ones(2)),
        AssertionError,
        "same shape as parameter weight",
    ),
    (
        lambda p: p.custom_from_mask(nn.Linear(3, 2), "weight", minicnn.ones(2, 2)),
        AssertionError,
        "must match self.mask shape",
    ),
]


@pytest.mark.parametrize(("call", "error", "says"), REFUSED, ids=[says for _, _, says in REFUSED])
def test_pruning_that_cannot_be(call: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        call(prune)


def test_a_refused_pruning_changes_nothing() -> None:
    layer = prune.l1_unstructured(nn.Linear(3, 2), "weight", 2)
    before = layer.weight_mask.clone()
    with pytest.raises(ValueError, match="amount=9"):
        prune.l1_unstructured(layer, "weight", 9)
    assert minicnn.equal(layer.weight_mask, before)
    assert len(layer._forward_pre_hooks) == 1
