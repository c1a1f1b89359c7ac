"""copy.deepcopy, copy.copy and pickle of tensors, modules, optimisers and generators do as PyTorch's."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import minicnn
from minicnn import nn, optim

WAYS = {"deepcopy": copy.deepcopy, "pickle": lambda value: pickle.loads(pickle.dumps(value))}
OPTIMIZERS = {  # every optimiser that there is
    name: kind
    for name, kind in vars(optim).items()
    if isinstance(kind, type) and issubclass(kind, optim.Optimizer) and kind is not optim.Optimizer
}


@pytest.fixture(params=WAYS)
def way(request):
    """A function that makes a copy."""
    return WAYS[request.param]


# --- tensors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["float32", "float64", "float16", "int8", "int16", "int32", "int64", "uint8", "bool"])
def test_a_copy_has_memory_of_its_own(way, kind):
    x = minicnn.from_numpy(np.array([[1, 0], [1, 1]]).astype(kind))
    twin = way(x)
    assert twin.dtype is x.dtype
    assert twin.tolist() == x.tolist()
    twin.zero_()
    assert x.tolist() == [[1, 0], [1, 1]]


def test_memory_order_is_kept(way):
    assert way(minicnn.zeros(2, 3).t()).stride() == (1, 3)


def test_deepcopy_keeps_what_is_shared():
    x = minicnn.arange(12.0).reshape(3, 4)
    row, turned, twin, wide = copy.deepcopy([x[1], x.t(), x, x[:1].expand(5, 4)])
    twin.mul_(10)
    assert row.tolist() == [40, 50, 60, 70]
    assert turned.tolist() == (10 * minicnn.arange(12.0).reshape(3, 4)).t().tolist()
    assert wide.stride() == (0, 1)
    assert wide[4].tolist() == [0, 10, 20, 30]
    assert x[0].tolist() == [0, 1, 2, 3]


def test_two_deepcopies_share_nothing():
    x = minicnn.zeros(3)
    a, b = copy.deepcopy(x), copy.deepcopy(x)
    a.fill_(1)
    assert b.tolist() == x.tolist() == [0, 0, 0]


def test_empty_and_0d_tensors(way):
    assert way(minicnn.zeros(0, 3)).shape == (0, 3)
    assert way(minicnn.tensor(4)).item() == 4


def test_the_shallow_copy_shares_memory():
    x = minicnn.ones(2)
    copy.copy(x)[0] = 5
    assert x.tolist() == [5, 1]


def test_gradients_are_copied_and_not_pickled():
    x = minicnn.ones(2, requires_grad=True)
    (x * x).sum().backward()
    twin = copy.deepcopy(x)
    assert twin.requires_grad
    assert twin.grad is not x.grad
    assert twin.grad.tolist() == [2, 2]
    assert pickle.loads(pickle.dumps(x)).grad is None


def test_only_leaves_can_be_deepcopied():
    y = minicnn.ones(2, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match=r"Only Tensors created explicitly by the user.*\.detach\(\)\.clone\(\)"):
        copy.deepcopy(y)
    twin = pickle.loads(pickle.dumps(y))
    assert twin.requires_grad
    assert twin.is_leaf


def test_batch_last_tensors(way):
    x = nn.Conv2d(1, 4, 3)(minicnn.rand(32, 1, 8, 8)).detach()
    twin = way(x)
    assert twin.is_contiguous()
    np.testing.assert_array_equal(twin.numpy(), x.numpy())


@pytest.mark.parametrize("requires_grad", [True, False])
def test_parameters(way, requires_grad):
    twin = way(nn.Parameter(minicnn.ones(2), requires_grad=requires_grad))
    assert type(twin) is nn.Parameter
    assert twin.requires_grad is requires_grad


def test_types_shapes_and_devices(way):
    assert way(minicnn.float32) is minicnn.float32
    assert type(way(minicnn.Size([1, 2]))) is minicnn.Size
    assert way(minicnn.device("cuda:1")) == minicnn.device("cuda:1")


# --- modules ------------------------------------------------------------------------------------------


class Net(nn.Module):
    """Parameters, a buffer, a shared weight, children in containers, a plain list and a plain tensor."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten())
        self.heads = nn.ModuleDict({"a": nn.Linear(8, 3), "b": nn.Linear(8, 3)})
        self.heads["b"].weight = self.heads["a"].weight
        self.register_buffer("scale", minicnn.ones(1), persistent=False)
        self.history, self.plain = [1], minicnn.ones(2)

    def forward(self, x):
        x = self.body(x)
        return (self.heads["a"](x) + self.heads["b"](x)) * self.scale


def test_a_model(way):
    model = Net().eval()
    twin, x = way(model), minicnn.rand(2, 1, 4, 4)
    assert twin(x).tolist() == model(x).tolist()
    assert [name for name, _ in twin.named_parameters()] == [name for name, _ in model.named_parameters()]
    assert list(twin.state_dict()) == list(model.state_dict())
    assert not twin.training
    assert twin.heads["a"].weight is twin.heads["b"].weight
    assert twin.history == [1]
    assert twin.history is not model.history
    before = [p.tolist() for p in model.parameters()]
    with minicnn.no_grad():
        for p in twin.parameters():
            p.zero_()
    twin.scale.zero_()
    assert [p.tolist() for p in model.parameters()] == before
    assert model.scale.item() == 1


def test_hooks_go_along_with_a_deepcopy():
    called = []
    model = nn.Linear(2, 2)
    handle = model.register_forward_hook(lambda *_: called.append(1))
    twin = copy.deepcopy(model)
    handle.remove()
    model(minicnn.ones(1, 2))
    assert called == []
    twin(minicnn.ones(1, 2))
    assert called == [1]


def test_a_layer_of_every_kind(way):
    layers = [
        nn.Conv2d(1, 2, 3), nn.ConvTranspose2d(1, 2, 3), nn.MaxPool2d(2), nn.AvgPool2d(2), nn.Linear(2, 2),
        nn.BatchNorm1d(2), nn.Dropout(), nn.CrossEntropyLoss(minicnn.ones(2)), nn.Sequential(nn.ReLU()),
        nn.ModuleList([nn.Tanh()]), nn.ModuleDict({"a": nn.ReLU()}), nn.Flatten(), nn.Softmax(1),
    ]  # fmt: skip
    for layer in layers:
        twin = way(layer)
        assert repr(twin) == repr(layer)
        assert twin.state_dict().keys() == layer.state_dict().keys()


# --- training -----------------------------------------------------------------------------------------


def step(model, optimizer):
    def loss():  # LBFGS asks for it several times
        optimizer.zero_grad()
        total = model(minicnn.arange(6.0).reshape(2, 3)).square().sum()
        total.backward()
        return total

    optimizer.step(loss)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_training_goes_on_from_its_copy(way, name):
    model = nn.Linear(3, 2)
    options = {"momentum": 0.9} if name == "SGD" else {}
    optimizer = OPTIMIZERS[name](model.parameters(), lr=0.01, **options)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    step(model, optimizer)
    scheduler.step()
    twins = way((model, optimizer, scheduler))
    assert all(a is b for a, b in zip(twins[1].param_groups[0]["params"], twins[0].parameters(), strict=True))
    assert twins[2].optimizer is twins[1]
    for trained in ((model, optimizer, scheduler), twins):
        for _ in range(3):
            step(*trained[:2])
            trained[2].step()
    for ours, theirs in zip(model.parameters(), twins[0].parameters(), strict=True):
        assert ours.tolist() == theirs.tolist()
    assert twins[2].get_last_lr() == scheduler.get_last_lr() == [0.01 / 16]


def test_an_optimiser_by_itself_steps_its_own_copies(way):
    model = nn.Linear(3, 2)
    optimizer = way(optim.SGD(model.parameters(), lr=1.0))
    (weight, _) = optimizer.param_groups[0]["params"]
    before = model.weight.tolist()
    weight.grad = minicnn.ones(2, 3)
    optimizer.step()
    assert model.weight.tolist() == before
    assert weight.tolist() != before


def test_a_generator_goes_on_where_it_was(way):
    generator = minicnn.Generator().manual_seed(3)
    minicnn.randn(3, generator=generator)  # leaves the second value of a pair behind
    twin = way(generator)
    assert twin.device == generator.device
    assert twin.initial_seed() == 3
    assert minicnn.randn(1, generator=twin).tolist() == minicnn.randn(1, generator=generator).tolist()
    assert twin.get_state().tolist() == generator.get_state().tolist()
    again = minicnn.Generator()
    again.set_state(twin.get_state())
    assert minicnn.rand(2, generator=again).tolist() == minicnn.rand(2, generator=twin).tolist()
