"""Containers, and how modules print."""

from __future__ import annotations

from collections import OrderedDict

import pytest

import minicnn
from minicnn import nn

pytestmark = pytest.mark.usefixtures("on_device")

# --- containers -----------------------------------------------------------------------------------


def test_sequential():
    a, b, c = nn.ReLU(), nn.Tanh(), nn.Sigmoid()
    net = nn.Sequential(a, b).append(c)
    assert len(net) == 3
    assert net[-1] is c
    assert list(net[1:]) == [b, c]
    assert list(net[1:]._modules) == ["1", "2"]
    del net[0]
    assert list(net._modules) == ["0", "1"]
    net[0] = a
    assert list(net.insert(1, b)) == [a, b, c]
    assert list(net + nn.Sequential(a)) == [a, b, c, a]
    assert list(nn.Sequential(a) * 2) == [a, a]
    net += nn.Sequential(b)
    assert net.pop(3) is b
    named = nn.Sequential(OrderedDict(conv=a, act=b))
    assert named.conv is a
    assert named.act is named[1]
    for wrong in (3, -4):
        with pytest.raises(IndexError, match=f"index {wrong} is out of range"):
            net[wrong]
    with pytest.raises(ValueError, match="supports only objects of Sequential class"):
        net.__add__([a])
    with pytest.raises(TypeError, match="int is not a Module subclass"):
        nn.Sequential(3)


def test_module_list_and_dict():
    layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    layers.append(nn.ReLU())
    layers += [nn.Tanh()]
    layers.insert(0, nn.Sigmoid())
    assert len(layers) == 6
    assert isinstance(layers[1:3], nn.ModuleList)
    assert [type(m).__name__ for m in layers] == ["Sigmoid", "Linear", "Linear", "Linear", "ReLU", "Tanh"]
    assert len(list(layers.parameters())) == 6
    del layers[0]
    assert next(iter(layers.state_dict())) == "0.weight"
    with pytest.raises(TypeError, match=r"ModuleList.extend should be called with an iterable, but got int"):
        layers.extend(3)
    named = nn.ModuleDict({"b": nn.ReLU(), "a": nn.Tanh()})
    named["c"] = nn.Sigmoid()
    named.update([("d", nn.ReLU())])
    assert list(named) == list(named.keys()) == ["b", "a", "c", "d"]
    assert "a" in named
    assert type(named.pop("a")).__name__ == "Tanh"
    assert len(named) == len(named.values()) == len(named.items()) == 3
    named.clear()
    assert not len(named)
    with pytest.raises(TypeError, match=r"ModuleDict.update should be called with an iterable"):
        named.update(3)
    with pytest.raises(ValueError, match="element #0 has length 3; 2 is required"):
        named.update([(1, 2, 3)])


def test_parameter_list():
    values = nn.ParameterList([minicnn.ones(2), nn.Parameter(minicnn.zeros(3))])
    values.append(5)
    values += [minicnn.ones(1)]
    assert len(values) == 4
    assert [len(p) for p in values.parameters()] == [2, 3, 1]
    assert values[2] == 5
    assert values[-1].requires_grad
    assert len(values[1:3]) == 2
    with pytest.raises(RuntimeError, match="ParameterList should not be called"):
        values()
    with pytest.raises(TypeError, match=r"ParameterList.extend should be called with an iterable"):
        values.extend(minicnn.ones(3))


def lenet5(nn):
    return nn.Sequential(
        nn.Conv2d(1, 6, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(16, 120, 5),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(120, 84),
        nn.Tanh(),
        nn.Linear(84, 10),
    )


# --- printing -------------------------------------------------------------------------------------

PRINTED = {
    "lenet5": lenet5,
    "nested": lambda nn: nn.Sequential(
        OrderedDict(a=nn.Sequential(nn.ReLU(), nn.ReLU(inplace=True)), b=nn.Identity(3))
    ),
    "empty": lambda nn: nn.Sequential(nn.Sequential(), nn.ModuleList(), nn.ModuleDict(), nn.Module()),
    "list": lambda nn: nn.ModuleList(
        [*(nn.Linear(2, 3, bias=b) for b in (True, True, False)), *(nn.Sequential(nn.ReLU()) for _ in "12")]
    ),
    "dict": lambda nn: nn.ModuleDict({"x": nn.Tanh(), "y": nn.Sequential(nn.Sigmoid())}),
    "conv": lambda nn: nn.Sequential(
        nn.Conv2d(2, 4, (3, 1), stride=(2, 1), padding=(1, 0), dilation=2, groups=2, bias=False),
        nn.Conv2d(2, 4, 3, padding="same", padding_mode="circular"),
        nn.Conv2d(2, 4, 3, padding="valid"),
        nn.ConvTranspose2d(4, 2, 3, 2, 1, 1, 2, False, 2),
    ),
    "pool": lambda nn: nn.Sequential(
        nn.MaxPool2d(2), nn.MaxPool2d((3, 2), stride=1, padding=1, dilation=2, ceil_mode=True),
        nn.AvgPool2d(2, (1, 2), count_include_pad=False), nn.AdaptiveAvgPool2d((1, None)),
    ),
    "rest": lambda nn: nn.Sequential(
        nn.Softmax(1), nn.Softmax(), nn.LogSoftmax(dim=-1), nn.Dropout(), nn.Dropout(0.25, True),
        nn.Flatten(0, 2), nn.Unflatten(1, (2, 3)), nn.CrossEntropyLoss(), nn.NLLLoss(), nn.MSELoss(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PRINTED)
def test_repr_is_torchs(name):
    torch = pytest.importorskip("torch")
    assert repr(PRINTED[name](nn)) == repr(PRINTED[name](torch.nn))


@pytest.mark.usefixtures("of_the_cpu")  # a list names the GPU of its tensors
def test_repr():
    assert repr(nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.Dropout(0.3))) == (
        "Sequential(\n  (0): Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))\n"
        "  (1): Dropout(p=0.3, inplace=False)\n)"
    )
    values = nn.ParameterList([minicnn.zeros(2, 3), 4])
    assert repr(values) == (
        "ParameterList(\n    (0): Parameter containing: [minicnn.float32 of size 2x3]\n    (1): Object of type: int\n)"
    )
