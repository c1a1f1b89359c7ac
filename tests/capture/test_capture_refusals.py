"""minicnn.compile: what cannot be replayed runs as ever, and a warning says why."""

import warnings
from typing import ClassVar

import numpy as np
import pytest
from steps import numbers

import minicnn
from minicnn import kernels, nn, optim


def check_eager(function, *calls, match):
    compiled = minicnn.compile(function)
    with pytest.warns(UserWarning, match=match):
        found = [compiled(*args) for args in calls]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is said once
        compiled(*calls[-1])
    expected = [function(*args) for args in calls]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_a_step_that_reads_numbers_runs_as_ever_and_the_line_is_named():
    def step(x):
        return x * 2 if x.sum().item() > 2 else x

    check_eager(step, *numbers(), match=r"test_capture_refusals\.py:\d+ reads the numbers of a tensor \(item\)")


@pytest.mark.parametrize(
    "step",
    [
        lambda x: x + minicnn.from_numpy(x.detach().numpy() + 1),
        lambda x: x * 2 if x.sum() > 2 else x,
        lambda x: x * float(x[0]),
        lambda x: x[x > 0.5].sum(),
    ],
    ids=["numpy", "if", "float", "mask"],
)
def test_numbers_that_python_looks_at(step):
    check_eager(step, *numbers(), match="without recording it")


@pytest.mark.parametrize("clip", [nn.utils.clip_grad_norm_, nn.utils.clip_grad_value_])
def test_clipping_is_not_replayed(clip):
    def run(compiled):
        weight = minicnn.ones(2, requires_grad=True)

        def step(x):
            weight.grad = None
            (x * weight).sum().backward()
            clip(weight, 0.5)
            return weight.grad * 1

        if not compiled:
            return [step(x).tolist() for (x,) in numbers(5)]
        step = minicnn.compile(step)
        with pytest.warns(UserWarning, match=r"clipped gradients|norm of gradients"):
            return [step(x).tolist() for (x,) in numbers(5)]

    assert run(True) == run(False)


def test_a_tensor_that_is_new_in_each_call_is_not_taken_for_one_that_stays():
    holder = {}

    def step(x):
        holder["x"] = x * holder["x"] if "x" in holder else x
        return holder["x"]

    compiled = minicnn.compile(step)
    with pytest.warns(UserWarning, match="neither an argument"):
        found = [compiled(*args) for args in numbers(8)]
    holder.clear()
    for a, args in zip(found, numbers(8), strict=True):
        np.testing.assert_array_equal(a.numpy(), step(*args).numpy())


def call_all(step):
    for args in numbers(5):
        step(*args)


def test_hooks_and_functions_of_the_users_are_called():
    class Double(minicnn.autograd.Function):
        seen: ClassVar[list[int]] = []

        @staticmethod
        def forward(ctx, x):
            Double.seen.append(1)
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    step = minicnn.compile(lambda x: Double.apply(x))
    with pytest.warns(UserWarning, match="runs Python"):
        call_all(step)
    assert len(Double.seen) == 5

    layer, seen = nn.Linear(2, 2), []
    layer.register_forward_hook(lambda *_: seen.append(1))
    step = minicnn.compile(lambda x: layer(x))
    with pytest.warns(UserWarning, match="has hooks"):
        call_all(step)
    assert len(seen) == 5


def test_a_hook_that_comes_later_is_noticed():
    layer, seen = nn.Linear(2, 2), []
    step = minicnn.compile(lambda x: layer(x))
    call_all(step)
    layer.register_forward_hook(lambda *_: seen.append(1))
    with pytest.warns(UserWarning, match="has hooks"):
        call_all(step)
    assert len(seen) == 5


def test_a_hook_on_a_gradient_that_comes_later_is_called():
    weight, seen = minicnn.ones(2, requires_grad=True), []
    optimizer = optim.SGD([weight], lr=0.1)

    @minicnn.compile
    def step(x):
        optimizer.zero_grad()
        (weight * x).sum().backward()

    call_all(step)
    assert step.steps[0].fits(), "else the hook is called because nothing is replayed"
    weight.register_hook(seen.append)
    with pytest.warns(UserWarning, match="has a hook on a gradient"):
        call_all(step)
    assert len(seen) == 5


def test_shapes_that_depend_on_numbers_are_an_error_that_says_so():
    class Count(minicnn.autograd.operation.Operation):
        def forward(ctx, x):
            return x[x > 0]

    step = minicnn.compile(lambda x: Count(x).sum())
    step(minicnn.tensor([1.0, 2.0])), step(minicnn.tensor([1.0, 2.0]))
    with pytest.raises(RuntimeError, match="shapes of this step depend on its numbers"):
        step(minicnn.tensor([1.0, -2.0]))


def test_an_error_in_the_step_ends_the_recording():
    def step(x):
        if len(x) == 3:
            raise KeyError("mine")
        return x + 1

    compiled = minicnn.compile(step)
    for _ in range(2):
        with pytest.raises(KeyError, match="mine"):
            compiled(minicnn.zeros(3))
    assert kernels.recorder.recorder.tape is None
    assert [compiled(minicnn.zeros(2)).tolist() for _ in range(3)] == [[1, 1]] * 3


def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match="`model` must be a function or a Module, got int"):
        minicnn.compile(3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'moed'"):
        minicnn.compile(moed="default")


def test_options_of_torch_compile():
    double = minicnn.compile(mode="default")(lambda x: x * 2)
    assert [double(minicnn.ones(2)).tolist() for _ in range(3)] == [[2, 2]] * 3
    assert len(double.steps) == 1
    assert minicnn.compile(len, disable=True) is len
