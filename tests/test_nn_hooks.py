"""Module hooks: what they see and what they change, as in torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minicnn
from minicnn import nn
from minicnn.dtypes import float64

pytestmark = pytest.mark.usefixtures("on_device")


def test_forward_hooks():
    net = nn.Linear(2, 2)
    x = minicnn.ones(1, 2)
    plain = net(x).numpy(force=True)
    seen = []
    double = net.register_forward_pre_hook(lambda m, args: (args[0] * 2,))
    add = net.register_forward_hook(lambda m, args, out: out + 1)
    first = net.register_forward_hook(lambda m, args, out: seen.append(args[0].tolist()), prepend=True)
    expected = 2 * plain - net.bias.numpy(force=True) + 1
    np.testing.assert_allclose(net(x).numpy(force=True), expected, rtol=1e-5)
    assert seen == [[[2.0, 2.0]]]
    for handle in (double, add, first):
        handle.remove()
    np.testing.assert_array_equal(net(x).numpy(force=True), plain)


def test_forward_hooks_with_kwargs_and_always_call():
    class Options(nn.Module):
        def forward(self, x, *, fail=False):
            if fail:
                raise ZeroDivisionError
            return x

    net, seen = Options(), []
    net.register_forward_pre_hook(lambda m, a, k: (a, {**k, "fail": False}) if k else None, with_kwargs=True)
    net.register_forward_hook(lambda m, a, k, out: seen.append(k), with_kwargs=True)
    assert net(3, fail=True) == 3
    assert seen == [{"fail": False}]
    strict = Options()
    strict.register_forward_hook(lambda m, a, out: seen.append("never"))
    strict.register_forward_hook(lambda m, a, out: seen.append("always"), always_call=True)
    with pytest.raises(ZeroDivisionError):
        strict(3, fail=True)
    assert seen[1:] == ["always"]
    net.register_forward_pre_hook(lambda m, a, k: 3, with_kwargs=True)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple of \(new_args, new_kwargs\), but got 3"):
        net(1)


def hooked(package, scale):
    """The gradients that the hooks of a Linear inside a network saw, and those that arrived."""
    tensor, make, seen = package.tensor, package.nn, []
    net = make.Sequential(make.Linear(3, 2), make.Tanh(), make.Linear(2, 1))
    with package.no_grad():
        for i, p in enumerate(net.parameters()):
            p.copy_(tensor(np.linspace(-1, 1 + i, p.numel(), dtype=np.float32)).reshape(p.shape))

    def remember(module, grad_input, grad_output):
        seen.append([None if g is None else g.tolist() for g in (*grad_input, *grad_output)])
        return (grad_input[0] * scale,) if scale else None

    def before(module, grad_output):
        return (grad_output[0] + 1,) if scale else None

    net[2].register_full_backward_hook(remember)
    net[2].register_full_backward_pre_hook(before)
    x = tensor(np.arange(6, dtype=np.float32).reshape(2, 3) / 5).requires_grad_()
    out = net(x)
    name = out.grad_fn.name()
    out.sum().backward()
    return name, seen, x.grad.tolist(), [p.grad.tolist() for p in net.parameters()]


def flat(nested):
    for item in nested:
        if isinstance(item, list | tuple):
            yield from flat(item)
        else:
            yield item


@pytest.mark.parametrize("scale", [None, 3.0])
def test_full_backward_hooks_are_torchs(scale):
    torch = pytest.importorskip("torch")
    ours, theirs = hooked(minicnn, scale), hooked(torch, scale)
    assert ours[0] == theirs[0]
    np.testing.assert_allclose(list(flat(ours[1:])), list(flat(theirs[1:])), rtol=1e-5)


def test_full_backward_hooks():
    name, seen, x_grad, grads = hooked(minicnn, None)
    assert name == "BackwardHookFunctionBackward"
    assert len(seen) == 1
    assert seen[0][1] == [[1.0], [1.0]]
    _, seen, scaled, scaled_grads = hooked(minicnn, 3.0)
    assert seen[0][1] == [[2.0], [2.0]]
    np.testing.assert_allclose(scaled, 6 * np.array(x_grad), rtol=1e-5)
    np.testing.assert_allclose(scaled_grads[2], 2 * np.array(grads[2]), rtol=1e-5)


def test_backward_hooks_of_several_inputs_and_of_none():
    class Sum(nn.Module):
        def forward(self, a, b, number):
            return a + b * number, number

    seen, net = [], Sum()
    net.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go)))
    a, b = minicnn.ones(2, requires_grad=True), minicnn.ones(2)
    out, number = net(a, b, 3)
    assert number == 3
    out.sum().backward()
    (grad_in, grad_out) = seen[0]
    assert grad_in[0].tolist() == [1.0, 1.0]
    assert grad_in[1:] == (None, None)
    assert grad_out[1] is None
    layer, called = nn.Linear(2, 1), []
    layer.register_full_backward_hook(lambda m, gi, go: called.append(gi))
    with pytest.warns(UserWarning, match="no inputs require gradients"):
        layer(minicnn.ones(1, 2)).sum().backward()
    assert called == [(None,)]
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0], gi[0]))
    with pytest.raises(RuntimeError, match="invalid number of grad_input, got 2, but expected 1"):
        layer(minicnn.ones(1, 2, requires_grad=True)).sum().backward()


def test_backward_hooks_keep_second_derivatives():
    layer = nn.Tanh()
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0] * 2,))
    x = minicnn.tensor([0.3], dtype=float64, requires_grad=True)
    (first,) = minicnn.autograd.grad(layer(x).sum(), x, create_graph=True)
    first.sum().backward()
    t = np.tanh(0.3)
    assert first.item() == pytest.approx(2 * (1 - t * t))
    assert x.grad.item() == pytest.approx(2 * -2 * t * (1 - t * t))


def with_hooks_of_all(m: Any, module: Any) -> list[Any]:
    """What hooks of all modules and a module's own see, and in which order."""
    seen: list[Any] = []

    def note(name: str) -> Any:
        return lambda module, *rest: seen.append((name, type(module).__name__, len(rest)))

    handles = [
        module.register_module_forward_pre_hook(note("all before")),
        module.register_module_forward_hook(note("all after")),
        module.register_module_full_backward_pre_hook(note("all grad before")),
        module.register_module_full_backward_hook(note("all grad")),
        module.register_module_parameter_registration_hook(note("parameter")),
        module.register_module_buffer_registration_hook(note("buffer")),
        module.register_module_module_registration_hook(note("module")),
    ]
    try:
        net = m.nn.Sequential(m.nn.Linear(2, 3), m.nn.BatchNorm1d(3))
        net.extra = m.nn.ReLU()
        net[0].register_forward_hook(note("own after"))
        net[0].register_forward_pre_hook(note("own before"))
        net[0].register_full_backward_hook(note("own grad"))
        x = m.ones(4, 2, requires_grad=True)
        net(x).sum().backward()
    finally:
        for handle in handles:
            handle.remove()
    count = len(seen)
    net(x)
    return [*seen, len(seen) - count]


def test_hooks_of_all_modules() -> None:
    torch = pytest.importorskip("torch")
    theirs = with_hooks_of_all(torch, torch.nn.modules.module)
    ours = with_hooks_of_all(minicnn, minicnn.nn.hooks)
    assert ours == theirs


class Counted(nn.Linear):
    """A Linear with a state beside its tensors."""

    count = 0

    def get_extra_state(self) -> Any:
        return {"count": self.count}

    def set_extra_state(self, state: Any) -> None:
        self.count = state["count"]


def state_dict_story(m: Any) -> list[Any]:
    """Hooks around saving and loading."""
    told: list[Any] = []
    net = m.nn.Sequential(m.nn.Linear(1, 1), m.nn.ReLU())
    net[0].register_state_dict_pre_hook(lambda module, prefix, keep: told.append(("saving", prefix, keep)))
    net[0].register_state_dict_post_hook(lambda module, d, prefix, meta: d.pop(prefix + "bias") and None)
    net._register_state_dict_hook(lambda module, d, prefix, meta: {**d, "more": 1})
    saved = net.state_dict()
    told.append(list(saved))
    net[0].register_load_state_dict_pre_hook(
        lambda module, d, prefix, meta, strict, missing, unexpected, errors: told.append((list(d), prefix, strict))
    )

    def forgive(module: Any, keys: Any) -> None:
        told.append((list(keys[0]), list(keys[1])))
        keys[0].clear()
        keys[1].clear()

    net.register_load_state_dict_post_hook(forgive)
    told.append(str(net.load_state_dict(saved)))
    return told


def test_hooks_around_the_state_dict() -> None:
    torch = pytest.importorskip("torch")
    assert state_dict_story(minicnn) == state_dict_story(torch)
    net = nn.Linear(1, 1)
    net.register_state_dict_post_hook(lambda *_: {})
    with pytest.raises(RuntimeError, match="post-hook must return None"):
        net.state_dict()
    net = nn.Linear(1, 1)
    net.register_load_state_dict_post_hook(lambda *_: 1)
    with pytest.raises(AssertionError, match="not expected to return new values"):
        net.load_state_dict(net.state_dict())


def test_a_state_beside_the_tensors() -> None:
    layer, other = Counted(1, 1), Counted(1, 1)
    layer.count = 7
    assert list(layer.state_dict()) == ["weight", "bias", "_extra_state"]
    other.load_state_dict(layer.state_dict())
    assert other.count == 7
    with pytest.raises(RuntimeError, match=r'Missing key.*"_extra_state"'):
        other.load_state_dict(nn.Linear(1, 1).state_dict())
    with pytest.raises(RuntimeError, match=r'Unexpected key.*"_extra_state"'):
        nn.Linear(1, 1).load_state_dict(layer.state_dict())


def test_the_old_backward_hook_and_hooks_on_nodes() -> None:
    seen: list[Any] = []
    layer = nn.ReLU()
    handle = layer.register_backward_hook(lambda module, into, out: seen.append((into[0].tolist(), out[0].tolist())))
    x = minicnn.tensor([-1.0, 2.0], requires_grad=True)
    layer(x * 1).backward(minicnn.tensor([3.0, 5.0]))
    assert seen == [([0, 5], [3, 5])]
    with pytest.raises(RuntimeError, match="Cannot use both regular backward hooks and full"):
        layer.register_full_backward_hook(lambda *_: None)
    handle.remove()
    y = x * 2
    y.grad_fn.register_hook(lambda into, out: (into[0] * 10,))
    x.grad = None
    y.backward(minicnn.ones(2))
    assert x.grad is not None
    assert x.grad.tolist() == [20, 20]
    y = x * 2
    y.grad_fn.register_hook(lambda into, out: ())
    with pytest.raises(RuntimeError, match="incorrect number of values"):
        y.backward(minicnn.ones(2))
