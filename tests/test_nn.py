"""Modules: what they hold, save, copy, convert and refuse."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest

import minicnn
from minicnn import nn
from minicnn.dtypes import float16, float32, float64, int64

pytestmark = pytest.mark.usefixtures("on_device")


class Net(nn.Module):
    """Definition order differs from alphabetical order; one layer is used twice under two names."""

    def __init__(self):
        super().__init__()
        self.second = nn.Linear(4, 3)
        self.scale = nn.Parameter(minicnn.ones(3))
        self.first = nn.Sequential(nn.Linear(3, 3), nn.Tanh())
        self.again = self.first[0]
        self.register_buffer("count", minicnn.tensor(0))
        self.register_buffer("scratch", minicnn.zeros(2), persistent=False)
        self.register_parameter("absent", None)

    def forward(self, x):
        return self.again(self.first(self.second(x) * self.scale))


# --- what a module holds --------------------------------------------------------------------------


def test_order_of_definition_and_sharing():
    net = Net()
    names = ["scale", "second.weight", "second.bias", "first.0.weight", "first.0.bias"]
    assert [n for n, _ in net.named_parameters()] == names
    assert [n for n, _ in net.named_parameters(recurse=False)] == ["scale"]
    assert next(n for n, _ in net.named_parameters(prefix="net")) == "net.scale"
    doubled = [n for n, _ in net.named_parameters(remove_duplicate=False)]
    assert doubled == [*names, "again.weight", "again.bias"]
    assert len(list(net.parameters())) == 5
    assert [n for n, _ in net.named_modules()] == ["", "second", "first", "first.0", "first.1"]
    assert [n for n, _ in net.named_children()] == ["second", "first", "again"]
    assert len(list(net.modules())) == 5
    assert [n for n, _ in net.named_buffers()] == ["count", "scratch"]
    keys = [*names[:1], "count", *names[1:], "again.weight", "again.bias"]
    assert list(net.state_dict()) == keys


def test_replacing_keeps_the_place():
    net = Net()
    net.second = nn.Linear(4, 3)
    net.scale = nn.Parameter(minicnn.zeros(3))
    assert [n for n, _ in net.named_parameters()][:2] == ["scale", "second.weight"]
    net.scale = None
    assert net.scale is None
    assert "scale" not in dict(net.named_parameters())


def test_an_attribute_changes_its_kind():
    net = nn.Module()
    net.thing = 3
    net.thing = nn.ReLU()
    assert list(net._modules) == ["thing"]
    net.thing = nn.Parameter(minicnn.ones(1))
    assert not net._modules
    assert list(net._parameters) == ["thing"]
    del net.thing
    assert not hasattr(net, "thing")
    with pytest.raises(AttributeError, match="'Module' object has no attribute 'thing'"):
        net.thing  # noqa: B018
    with pytest.raises(AttributeError, match="thing"):
        del net.thing


def test_registration_errors():
    class Early(nn.Module):
        def __init__(self, value):
            self.value = value
            super().__init__()

    with pytest.raises(AttributeError, match=r"cannot assign module before Module.__init__\(\) call"):
        Early(nn.ReLU())
    with pytest.raises(AttributeError, match=r"cannot assign parameters before Module.__init__\(\) call"):
        Early(nn.Parameter(minicnn.ones(1)))
    net = Net()
    with pytest.raises(TypeError, match="as parameter 'scale'"):
        net.scale = minicnn.ones(3)
    with pytest.raises(TypeError, match="as child module 'first'"):
        net.first = 3
    with pytest.raises(TypeError, match="as buffer 'count'"):
        net.count = 3
    with pytest.raises(TypeError, match="int is not a Module subclass"):
        net.add_module("x", 3)
    with pytest.raises(KeyError, match="attribute 'forward' already exists"):
        net.add_module("forward", nn.ReLU())
    with pytest.raises(KeyError, match=r"parameter name can.*contain .*got: a.b"):
        net.register_parameter("a.b", None)
    with pytest.raises(KeyError, match=r"buffer name can.*be empty string"):
        net.register_buffer("", None)
    with pytest.raises(TypeError, match=r"buffer name should be a string. Got int"):
        net.register_buffer(3, None)
    with pytest.raises(TypeError, match="Parameter or None required"):
        net.register_parameter("p", minicnn.ones(1))
    product = nn.Parameter(minicnn.ones(1))
    product.grad_fn = (product * 2).grad_fn
    with pytest.raises(ValueError, match="Cannot assign non-leaf Tensor to parameter 'p'"):
        net.register_parameter("p", product)
    with pytest.raises(TypeError, match="unexpected keyword argument 'bias'"):
        nn.Module(bias=3)
    with pytest.raises(NotImplementedError, match=r'Module \[Module\] is missing the required "forward"'):
        nn.Module()(1)


def test_lookup_by_name():
    net = Net()
    assert net.get_submodule("first.0") is net.again
    assert net.get_submodule("") is net
    assert net.get_parameter("first.0.bias") is net.again.bias
    assert net.get_buffer("count") is net.count
    with pytest.raises(AttributeError, match="Sequential has no attribute `7`"):
        net.get_submodule("first.7")
    with pytest.raises(AttributeError, match=r"`scale` is not an nn.Module"):
        net.get_submodule("scale")
    with pytest.raises(AttributeError, match="`scale` is not a buffer"):
        net.get_buffer("scale")
    assert {"second", "scale", "count", "forward"} <= set(dir(net))


# --- state ----------------------------------------------------------------------------------------


def test_state_dict_shares_memory_and_loads():
    net, other = Net(), Net()
    state = net.state_dict()
    assert not state["scale"].requires_grad
    assert net.state_dict(keep_vars=True)["scale"] is net.scale
    memory = other.scale.data
    with minicnn.no_grad():
        net.scale.fill_(7)
    assert state["scale"].tolist() == [7.0, 7.0, 7.0]
    assert str(other.load_state_dict(state)) == "<All keys matched successfully>"
    assert memory.tolist() == [7.0, 7.0, 7.0]
    for key, value in other.state_dict().items():
        np.testing.assert_array_equal(value.numpy(force=True), state[key].numpy(force=True))


def test_loading_what_does_not_fit():
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    state = net.state_dict()
    state["1.extra"] = state.pop("1.bias")
    state["9.weight"] = state["0.weight"]
    state["0.weight"] = minicnn.zeros(3, 5)
    state["0.bias"] = 3
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    assert str(caught.value) == (
        'Error(s) in loading state_dict for Sequential:\n\tMissing key(s) in state_dict: "1.bias". \n\t'
        'Unexpected key(s) in state_dict: "9.weight", "1.extra". \n\t'
        "size mismatch for 0.weight: copying a param with shape minicnn.Size([3, 5]) from checkpoint, "
        "the shape in current model is minicnn.Size([3, 2]).\n\t"
        'While copying the parameter named "0.bias", expected Tensor or Tensor-like object from checkpoint '
        "but received <class 'int'>"
    )
    del state["0.weight"], state["0.bias"]
    missing, unexpected = net.load_state_dict(state, strict=False)
    assert missing == ["0.weight", "0.bias", "1.bias"]
    assert unexpected == ["9.weight", "1.extra"]
    assert "missing_keys=['0.weight'" in repr(net.load_state_dict(state, strict=False))
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like, got <class 'list'>"):
        net.load_state_dict([])


def test_missing_and_unexpected_are_torchs():
    torch = pytest.importorskip("torch")
    texts = []
    for package, prefix in ((minicnn, "minicnn"), (torch, "torch")):
        make = package.nn
        net = make.Sequential(OrderedDict(a=make.Linear(2, 3), b=make.Sequential(make.Conv2d(1, 2, 3))))
        state = OrderedDict(x=package.zeros(1), **{"a.y.z": package.zeros(1), "b.0.weight": package.zeros(1)})
        with pytest.raises(RuntimeError) as caught:
            net.load_state_dict(state)
        texts.append(str(caught.value).replace(f"{prefix}.Size", "Size"))
    assert texts[0] == texts[1]


def test_assign():
    net = nn.Linear(2, 2)
    state = {"weight": minicnn.ones(2, 2, dtype=float64), "bias": minicnn.zeros(2, dtype=float64)}
    net.load_state_dict(state, assign=True)
    assert net.weight.dtype is float64
    assert isinstance(net.weight, nn.Parameter)
    assert net.weight.requires_grad


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_independent_and_keep_sharing(twin):
    net = Net().eval()
    other = twin(net)
    assert repr(other) == repr(net)
    assert not other.training
    assert other.again is other.first[0]
    assert isinstance(other.scale, nn.Parameter)
    with minicnn.no_grad():
        other.scale.fill_(5)
    assert net.scale.tolist() == [1.0, 1.0, 1.0]
    x = minicnn.ones(2, 4)
    other.load_state_dict(net.state_dict())
    np.testing.assert_array_equal(other(x).numpy(force=True), net(x).numpy(force=True))


# --- modes, types, devices ------------------------------------------------------------------------


def test_modes():
    net = Net()
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    net.train()
    assert all(m.training for m in net.modules())
    with pytest.raises(ValueError, match="training mode is expected to be boolean, got `mode`=3"):
        net.train(3)
    assert net.requires_grad_(False) is net
    assert not any(p.requires_grad for p in net.parameters())
    seen = []
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "Linear", "Tanh", "Sequential", "Linear", "Net"]


def test_zero_grad():
    net = nn.Linear(2, 2)
    net(minicnn.ones(1, 2)).sum().backward()
    grad = net.weight.grad
    net.zero_grad(set_to_none=False)
    assert net.weight.grad is grad
    assert not grad.numpy(force=True).any()
    net.zero_grad()
    assert net.weight.grad is None


def test_conversion():
    net = Net()
    parameters = list(net.parameters())
    net.scale.grad = minicnn.ones(3)
    assert net.double() is net
    assert all(p is q for p, q in zip(parameters, net.parameters(), strict=True))
    assert {p.dtype for p in parameters} == {float64}
    assert net.scale.grad.dtype is float64
    assert net.count.dtype is int64
    assert net.half().scale.dtype is float16
    assert net.float().scale.dtype is float32
    assert net.to(float64).scale.dtype is float64
    assert net.to("cpu", float32).scale.dtype is float32
    assert net.to(minicnn.zeros(1, dtype=float64)).scale.dtype is float64
    assert net.to(device="cpu", dtype=float32).count.dtype is int64
    assert net.cpu().scale.device.type == "cpu"
    with pytest.raises(TypeError, match=r"only accepts floating point dtypes, but got desired dtype=minicnn.int64"):
        net.to(int64)


def test_cuda_says_what_is_missing():
    if minicnn.backend.has_gpu():
        assert nn.Linear(2, 2).cuda().weight.is_cuda
    else:
        with pytest.raises(RuntimeError, match="cuda"):
            nn.Linear(2, 2).cuda()
