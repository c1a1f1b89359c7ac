"""minicnn.compile: what a recording holds, and when another one is made."""

import threading

import numpy as np
import pytest
from steps import Net, batches, check_same, numbers

import minicnn
from minicnn import kernels, nn, optim
from minicnn.nn import functional as F


def test_another_batch_size_is_recorded_too():
    data = [batch for a, b in zip(batches(4), batches(2), strict=True) for batch in (a, b)]
    check_same(data, calls=4)


def test_a_switch_of_mode_is_noticed_and_both_recordings_are_kept():
    def before(i, model, optimizer):
        model.train(i % 2 == 0)

    check_same(batches(4, 12), calls=4, before=before)


def test_a_new_parameter_is_noticed():
    def before(i, model, optimizer):
        if i == 4:
            model.fc2 = nn.Linear(12, 5)
            optimizer.param_groups[0]["params"] = list(model.parameters())

    check_same(batches(4, 8), calls=4, before=before, optimizer=optim.SGD, lr=0.1)


def test_loaded_states_are_noticed():
    def before(i, model, optimizer):
        if i == 4:
            model.load_state_dict({k: v.clone() * 0.5 for k, v in model.state_dict().items()})
            optimizer.load_state_dict(optimizer.state_dict())

    check_same(batches(4, 9), calls=4, before=before, lr=0.01)


def test_python_is_not_replayed_and_the_kernels_are_fused():
    model, calls = Net(), []
    model.dropout.p = 0.0  # it would lie between a product and an activation
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @minicnn.compile
    def step(x, y):
        calls.append(1)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    x, y = batches(96, 1)[0]
    for _ in range(2):
        step(x, y)
    with kernels.record() as used:
        step(x, y)
    assert len(calls) == 2
    names = [use.kernel for use in used]
    assert names.count("optimizer_step") == 1
    assert "activation" not in names, "every activation is an epilogue, forward and backward"
    assert names.count("pool2d") == 1, "forward it is an epilogue"


def test_results_are_copies_and_inputs_stay_as_they_are():
    f = minicnn.compile(lambda x: (x * 2, {"sum": x.sum()}))
    inputs = [minicnn.rand(3) for _ in range(4)]
    before = [x.numpy().copy() for x in inputs]
    results = [f(x) for x in inputs]
    for x, old, (double, more) in zip(inputs, before, results, strict=True):
        np.testing.assert_array_equal(x.numpy(), old)
        np.testing.assert_array_equal(double.numpy(), old * 2)
        assert more["sum"].item() == pytest.approx(old.sum())


def test_arguments_of_any_memory_are_read(rng):
    """Large arguments are read where they are: contiguous ones, strided ones, read-only ones, in turns."""
    layer = nn.Conv2d(2, 3, 3)
    step = minicnn.compile(lambda x: layer(x).detach())
    plain = [rng.standard_normal((32, 2, 12, 12)).astype(np.float32) for _ in range(4)]
    strided = [rng.standard_normal((12, 32, 2, 12)).astype(np.float32).transpose(1, 2, 0, 3) for _ in range(2)]
    frozen = rng.standard_normal((32, 2, 12, 12)).astype(np.float32)
    frozen.flags.writeable = False
    for array in (*plain, strided[0], plain[0], frozen, plain[1], strided[1], frozen, plain[2]):
        x = minicnn.Tensor(array)
        np.testing.assert_array_equal(step(x).numpy(), layer(x).detach().numpy())
    if kernels.preference() != "numpy":
        assert step.steps[0]._replay.way.places[0] is not None


def test_an_argument_that_is_also_read_in_another_way_is_copied(rng):
    layer = nn.Conv2d(2, 3, 3)
    step = minicnn.compile(lambda x: (layer(x).detach(), x * 2))
    for _ in range(5):
        x = minicnn.tensor(rng.standard_normal((32, 2, 12, 12)).astype(np.float32))
        np.testing.assert_array_equal(step(x)[1].numpy(), x.numpy() * 2)
    assert len(step.steps) == 1


def test_an_argument_that_is_returned_is_copied():
    step = minicnn.compile(lambda x: (x, x * 2))
    results = [step(minicnn.full((5000,), float(i))) for i in range(5)]
    assert [(same[0].item(), double[0].item()) for same, double in results] == [(i, 2 * i) for i in range(5)]


def test_a_step_that_changes_its_argument_is_not_replayed():
    step = minicnn.compile(lambda x: x.mul_(2))
    xs = [minicnn.full((3,), float(i)) for i in range(5)]
    with pytest.warns(UserWarning, match="changes an argument in place"):
        list(map(step, xs))
    assert [x[0].item() for x in xs] == [0, 2, 4, 6, 8]


def test_a_recording_keeps_no_memory_but_its_own():
    import gc
    import weakref

    arrays = []

    class Watched(minicnn.autograd.operation.Operation):
        def forward(ctx, x):
            arrays.append(x * 2)
            return arrays[-1]

        def backward(ctx, grad):
            return grad * 2

    weight = minicnn.ones(1000, requires_grad=True)
    step = minicnn.compile(lambda x: (Watched(x * weight) * weight).sum())
    for _ in range(3):
        step(minicnn.ones(1000)).backward()
    alive = [weakref.ref(array) for array in arrays]
    arrays.clear()
    gc.collect()
    assert len(step.steps) == 1
    assert step.steps[0].tape.entries == []
    assert [ref() is None for ref in alive] == [True, False, True]  # NumPy fills the second


def test_a_fresh_array_that_is_written_over_is_fresh_in_every_call():
    def step(x):
        total = minicnn.zeros(2)
        total += x
        total.mul_(2)
        return total + minicnn.ones(2) + minicnn.tensor([1.0, 2.0])

    compiled = minicnn.compile(step)
    for args in numbers(6):
        np.testing.assert_array_equal(compiled(*args).numpy(), step(*args).numpy())


def test_a_tensor_that_stays_can_be_written_to():
    mean = minicnn.zeros(2)

    @minicnn.compile
    def step(x):
        with minicnn.no_grad():
            mean.mul_(0.5).add_(x)

    expected = np.zeros(2, np.float32)
    for (x,) in numbers(6):
        step(x)
        expected = expected * np.float32(0.5) + x.numpy()
    np.testing.assert_array_equal(mean.numpy(), expected)


def test_other_threads_are_not_recorded():
    inside, done, results = threading.Event(), threading.Event(), []

    def step(x):
        y = x + 1
        inside.set()
        done.wait(10)
        return y * 2

    compiled = minicnn.compile(step)

    def other():
        inside.wait(10)
        results.append((minicnn.ones(2) * 5).tolist())
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    found = [compiled(minicnn.ones(2)).tolist() for _ in range(4)]
    thread.join()
    assert found == [[4, 4]] * 4
    assert results == [[5, 5]]
    assert len(compiled.steps) == 1


def test_threads_take_turns():
    double = minicnn.compile(lambda x: x * 2 + 1)
    wrong = []

    def call(number):
        x = minicnn.full((1000,), float(number))
        for _ in range(50):
            if not (double(x).numpy() == number * 2 + 1).all():
                wrong.append(number)

    together = [threading.Thread(target=call, args=(i,)) for i in range(4)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert not wrong
