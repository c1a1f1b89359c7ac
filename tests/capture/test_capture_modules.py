"""minicnn.compile of a module: forward and backward, replayed within the user's own step."""

import numpy as np
import pytest
from steps import Net, batches, numbers

import minicnn
from minicnn import nn, optim
from minicnn.nn import functional as F


def check_module(run, calls=8):
    """`run(model, x, y)` returns a loss to go back from; the same with the model compiled."""

    def train(compiled):
        minicnn.manual_seed(2)
        model = Net()
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        called = minicnn.compile(model) if compiled else model
        losses = []
        for x, y in batches(5, calls):
            optimizer.zero_grad()
            loss = run(called, x, y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses, [p.detach().numpy() for p in model.parameters()]

    plain, compiled = train(False), train(True)
    assert plain[0] == compiled[0]
    for a, b in zip(plain[1], compiled[1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_module_is_replayed_forward_and_backward():
    check_module(lambda model, x, y: F.cross_entropy(model(x), y))


def test_two_calls_before_one_backward():
    check_module(lambda model, x, y: F.cross_entropy(model(x), y) + F.cross_entropy(model(-x), y))


def test_a_compiled_module_is_a_module():
    model = Net()
    compiled = minicnn.compile(model)
    assert isinstance(compiled, nn.Module)
    assert next(n for n, _ in compiled.named_parameters()) == "_orig_mod.conv1.weight"
    assert compiled.fc1 is model.fc1
    compiled.eval()
    assert not model.dropout.training
    x = batches(3, 1)[0][0]
    with minicnn.no_grad():
        for _ in range(4):
            np.testing.assert_array_equal(compiled(x).numpy(), model(x).numpy())


def test_the_gradient_of_an_argument():
    f = minicnn.compile(lambda x, y: (x * y).sum())
    for i in range(5):
        x, y = minicnn.full((3,), i + 1.0, requires_grad=True), minicnn.full((3,), i + 2.0)
        f(x, y).backward()
        np.testing.assert_array_equal(x.grad.numpy(), y.numpy())


def test_a_step_that_leaves_a_gradient_in_an_argument_is_not_replayed():
    compiled = minicnn.compile(lambda x: (x * x).sum().backward())
    xs = [minicnn.full((3,), float(i), requires_grad=True) for i in range(4)]
    with pytest.warns(UserWarning, match="leaves a gradient in an argument"):
        list(map(compiled, xs))
    for x in xs:
        np.testing.assert_array_equal(x.grad.numpy(), 2 * x.detach().numpy())


def test_going_back_twice_after_another_call_is_an_error_that_says_why():
    model = minicnn.compile(nn.Linear(2, 1))
    x = minicnn.ones(1, 2)
    for _ in range(3):
        loss = model(x).sum()
        loss.backward(retain_graph=True)
    old = loss
    model(x).sum().backward()
    with pytest.raises(RuntimeError, match="a later call of the compiled function has used the buffers"):
        old.backward()


def test_double_backward_through_a_compiled_module_is_refused():
    f = minicnn.compile(lambda x: (x**3).sum())
    for _ in range(2):
        f(minicnn.ones(2, requires_grad=True)).backward()
    x = minicnn.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="does not support double backward"):
        minicnn.autograd.grad(f(x), x, create_graph=True)


def test_a_compiled_function_within_another_is_part_of_it():
    inner = minicnn.compile(lambda x: x * 3)
    outer = minicnn.compile(lambda x: inner(x) + 1)
    assert [outer(x).tolist() for (x,) in numbers(5)] == [[3 * i + 1, 4] for i in range(5)]
    assert len(outer.steps) == 1
    assert inner.steps == []
