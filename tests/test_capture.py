"""minicnn.compile: a replayed step does what the plain one does, bit for bit, or says why it is not replayed."""

import threading
import warnings
from typing import ClassVar

import numpy as np
import pytest

import minicnn
from minicnn import kernels, nn, optim
from minicnn.nn import functional as F

STEPS = 6


class Net(nn.Module):
    """A little of everything that LeNet-5 and its relatives are made of."""

    def __init__(self, activation=nn.Tanh, pool=nn.AvgPool2d):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(3, 4, 3)
        self.activation, self.pool, self.dropout = activation(), pool(2), nn.Dropout(0.3)
        self.fc1, self.fc2 = nn.Linear(4 * 9, 12), nn.Linear(12, 5)

    def forward(self, x):
        x = self.pool(self.activation(self.conv1(x)))
        x = self.activation(self.conv2(x)).flatten(1)
        return self.fc2(self.dropout(self.activation(self.fc1(x))))


def batches(size, count=STEPS, seed=0):
    rng = np.random.default_rng(seed)
    return [
        (
            minicnn.tensor(rng.standard_normal((size, 1, 10, 10)).astype(np.float32)),
            minicnn.tensor(rng.integers(0, 5, size)),
        )
        for _ in range(count)
    ]


def trained(
    compiled,
    data,
    make=Net,
    optimizer=optim.Adam,
    before=lambda i, model, optimizer: None,
    criterion=F.cross_entropy,
    **options,
):
    """Losses, parameters, buffers and gradients after a step for each batch."""
    minicnn.manual_seed(1)
    model = make()
    optimizer = optimizer(model.parameters(), **options)
    calls = []

    def step(x, y):
        calls.append(1)
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    run = minicnn.compile(step) if compiled else step
    losses = []
    for i, (x, y) in enumerate(data):
        before(i, model, optimizer)
        losses.append(run(x, y).item())
    numbers = [t.detach().numpy().copy() for t in (*model.parameters(), *model.buffers())]
    grads = [p.grad.numpy().copy() for p in model.parameters()]
    return losses, numbers, grads, len(calls)


def check_same(data, calls=2, **options):
    plain, replayed = trained(False, data, **options), trained(True, data, **options)
    assert plain[0] == replayed[0]
    for a, b in zip(plain[1] + plain[2], replayed[1] + replayed[2], strict=True):
        np.testing.assert_array_equal(a, b)
    assert replayed[3] == calls, "the step was called, not replayed (or the reverse)"


@pytest.mark.parametrize("size", [3, 19])
@pytest.mark.parametrize(
    ("activation", "pool"), [(nn.Tanh, nn.AvgPool2d), (nn.ReLU, nn.MaxPool2d), (nn.SiLU, nn.MaxPool2d)]
)
def test_a_replayed_step_has_the_same_bits(backend, size, activation, pool):
    check_same(batches(size), make=lambda: Net(activation, pool), lr=0.01)


WEIGHTS = minicnn.tensor([0.5, 2.0, 1.0, 1.5, 0.7])
LOSSES = {
    "nll of log softmax": lambda x, y: F.nll_loss(F.log_softmax(x, 1), y),
    "weights": lambda x, y: F.cross_entropy(x, y, WEIGHTS, ignore_index=2),
    "smoothed": lambda x, y: F.cross_entropy(x, y, WEIGHTS, label_smoothing=0.1),
    "mse": lambda x, y: F.mse_loss(F.softmax(x, 1).sum(1), y.float()),
    "huber": lambda x, y: F.huber_loss(x.sum(1), y.float()),
    "bce": lambda x, y: F.binary_cross_entropy(F.sigmoid(x.sum(1)), (y > 2).float()),
    "logits": lambda x, y: F.binary_cross_entropy_with_logits(x.sum(1), (y > 2).float(), pos_weight=WEIGHTS[:1]),
    "divergence": lambda x, y: F.kl_div(F.log_softmax(x, 1), F.softmax(x.detach() * 2, 1), reduction="batchmean"),
    "hinge": lambda x, y: F.hinge_embedding_loss(x.sum(1), (y > 2).float() * 2 - 1),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_are_replayed_with_the_same_bits(loss):
    check_same(batches(19), criterion=LOSSES[loss], lr=0.01)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: nn.GroupNorm(3, 12), lambda: nn.LayerNorm(12), nn.PReLU, nn.GELU, nn.Hardswish,
        lambda: nn.Sequential(nn.SELU(), nn.AlphaDropout(0.2)), lambda: nn.Softmax(1), lambda: nn.RMSNorm(12),
        lambda: nn.Sequential(nn.Unflatten(1, (3, 4)), nn.InstanceNorm1d(3, affine=True), nn.Flatten()),
    ],
)  # fmt: skip
def test_layers_are_replayed_with_the_same_bits(layer):
    def make():
        return nn.Sequential(nn.Conv2d(1, 12, 10), nn.Flatten(), layer(), nn.Linear(12, 5))

    check_same(batches(19), make=make, lr=0.01)


def test_log_softmax_and_its_likelihood_need_no_python():
    model = nn.Linear(100, 5)

    @minicnn.compile
    def step(x, y):
        loss = F.nll_loss(F.log_softmax(model(x.flatten(1)), 1), y, WEIGHTS)
        loss.backward()
        return loss

    x, y = batches(19, 1)[0]
    for _ in range(2):
        step(x, y)
    with kernels.record() as used:
        step(x, y)
    names = [use.kernel for use in used]
    assert names.count("softmax") == names.count("nll") == 2, names


class Autoencoder(nn.Module):
    """Down with the places of the maxima, up again, by each way there is."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.pool, self.unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
        self.up = nn.Sequential(nn.Upsample(scale_factor=1.5, mode="bilinear"), nn.PixelShuffle(2), nn.Upsample((9, 7)))
        self.down = nn.Sequential(nn.ConvTranspose2d(1, 2, 2), nn.AdaptiveMaxPool2d((3, 2)))
        self.last = nn.Linear(12, 5)

    def forward(self, x):
        values, places = self.pool(self.conv(x))
        return self.last(self.down(self.up(self.unpool(values.tanh(), places))).flatten(1))


LAYERS = {
    "lines": lambda: nn.Sequential(
        nn.Flatten(2), nn.Conv1d(1, 4, 5, 2, 2, padding_mode="circular"), nn.ReLU(inplace=True), nn.MaxPool1d(3, 2, 1),
        nn.ConvTranspose1d(4, 3, 3, 2, bias=False), nn.AvgPool1d(2), nn.Upsample(17, mode="linear"),
        nn.AdaptiveMaxPool1d(5), nn.LocalResponseNorm(2, 0.1), nn.AdaptiveAvgPool1d(3), nn.Flatten(), nn.Linear(9, 5),
    ),
    "borders": lambda: nn.Sequential(
        nn.ReflectionPad2d(2), nn.Conv2d(1, 3, 3, padding="same", padding_mode="replicate"),
        nn.ZeroPad2d((1, 0, 2, -1)), nn.CircularPad2d(1), nn.LocalResponseNorm(3, 0.2), nn.LPPool2d(1, 2),
        nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(27, 5),
    ),
    "up and down": Autoencoder,
    "in place": lambda: nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Conv2d(3, 4, 2, padding=1),
        nn.LeakyReLU(0.1, inplace=True), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(36, 5), nn.ReLU(inplace=True),
    ),
    "running statistics": lambda: nn.Sequential(
        nn.BatchNorm2d(1), nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4, momentum=None), nn.ReLU(), nn.Flatten(),
        nn.Linear(256, 5),
    ),
}  # fmt: skip


@pytest.mark.parametrize("size", [3, 19])
@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_can_be_replayed(backend, size, name):
    check_same(batches(size), make=LAYERS[name], optimizer=optim.SGD, lr=0.01)


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": optim.SGD, "lr": 0.1},
        {"optimizer": optim.SGD, "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
        {"optimizer": optim.AdamW, "lr": 0.01, "amsgrad": True},
        {"optimizer": optim.RMSprop, "lr": 0.001, "momentum": 0.9, "centered": True},
        {"optimizer": optim.NAdam, "lr": 0.01},
        {"optimizer": optim.ASGD, "lr": 0.1, "t0": 1},
    ],
    ids=["SGD", "momentum", "AdamW", "RMSprop", "NAdam", "ASGD"],
)
def test_every_optimiser_counts_its_steps(options):
    check_same(batches(4), **options)


def test_the_learning_rate_of_the_moment_is_used():
    def before(i, model, optimizer):
        optimizer.param_groups[0]["lr"] = 0.1 / (i + 1)

    check_same(batches(4), before=before, optimizer=optim.SGD, lr=1.0)


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


# --- gradients that are not simply replaced ---------------------------------------------------------


@pytest.mark.parametrize("how", ["accumulate", "zero", "outside"])
def test_gradients_accumulate_as_ever(how):
    def grads(compiled):
        minicnn.manual_seed(0)
        model = nn.Linear(3, 2)

        def step(x):
            if how == "zero":
                model.zero_grad(set_to_none=False)
            (model(x) ** 2).sum().backward()
            (model(x * 2)).sum().backward()

        run = minicnn.compile(step) if compiled else step
        seen = []
        rng = np.random.default_rng(0)
        for _ in range(6):
            if how == "outside":
                model.zero_grad()
            run(minicnn.tensor(rng.standard_normal((4, 3)).astype(np.float32)))
            seen.append([p.grad.numpy().copy() for p in model.parameters()])
        return seen

    for a, b in zip(grads(False), grads(True), strict=True):
        np.testing.assert_array_equal(a[0], b[0])
        np.testing.assert_array_equal(a[1], b[1])


# --- random numbers ---------------------------------------------------------------------------------


def test_draws_are_drawn_anew():
    def noise(x):
        y = minicnn.rand(3) + minicnn.randn_like(x) + minicnn.randint(0, 9, (3,)).float() + minicnn.empty(3).normal_()
        return y + minicnn.randperm(3) * x.bernoulli(0.5)

    def run(function):
        minicnn.manual_seed(3)
        return [function(minicnn.zeros(3)).tolist() for _ in range(5)]

    assert run(minicnn.compile(noise)) == run(noise)


# --- what cannot be replayed ------------------------------------------------------------------------


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


def numbers(count=4):
    return [(minicnn.tensor([float(i), 1.0]),) for i in range(count)]


def test_a_step_that_reads_numbers_runs_as_ever_and_the_line_is_named():
    def step(x):
        return x * 2 if x.sum().item() > 2 else x

    check_eager(step, *numbers(), match=r"test_capture\.py:\d+ reads the numbers of a tensor \(item\)")


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


# --- constants and in-place writes ------------------------------------------------------------------


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


# --- modules ----------------------------------------------------------------------------------------


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


def test_a_norm_that_becomes_zero_in_a_replay_has_the_slope_zero():
    weight = nn.Parameter(minicnn.ones(3))
    optimizer = optim.SGD([weight], lr=0.0)
    calls = []

    @minicnn.compile
    def step(x):
        calls.append(1)
        optimizer.zero_grad()
        loss = (weight * x).norm()
        loss.backward()
        optimizer.step()
        return loss

    for x in ([1.0, 2.0, 2.0], [3.0, 0.0, 4.0], [1.0, 2.0, 2.0], [0.0, 0.0, 0.0], [0.0, 3.0, 4.0]):
        loss = step(minicnn.tensor(x)).item()
        size = sum(v * v for v in x) ** 0.5
        assert loss == pytest.approx(size)
        np.testing.assert_allclose(weight.grad.numpy(), [v * v / size if size else 0 for v in x], rtol=1e-6)
    assert len(calls) == 2


ORDERED = minicnn.tensor([2, 0, 1])
PICKS = {
    "amax": lambda t: t.amax(1),
    "cummax": lambda t: t.cummax(1)[0],
    "gather": lambda t: t.gather(1, ORDERED.view(3, 1)),
    "index_select": lambda t: t.index_select(0, ORDERED),
    "max": lambda t: t.max(1)[0],
    "multi_margin_loss": lambda t: F.multi_margin_loss(t, ORDERED),
    "sort": lambda t: t.sort(1, descending=True)[0][:, 0],
    "split": lambda t: t.split(2, 1)[1],
    "topk": lambda t: t.topk(2, 1)[0],
    "unbind": lambda t: t.unbind(0)[1],
}


@pytest.mark.parametrize("pick", PICKS.values(), ids=PICKS)
def test_what_is_picked_is_picked_anew(pick):
    data = np.random.default_rng(0).normal(size=(5, 3, 4)).astype(np.float32)
    weights = []
    for wrap in (lambda step: step, minicnn.compile):
        weight = nn.Parameter(minicnn.ones(3, 4))
        optimizer = optim.SGD([weight], lr=0.1)

        @wrap
        def step(x, weight=weight, optimizer=optimizer):
            optimizer.zero_grad()
            (pick(weight * x) ** 2).sum().backward()
            optimizer.step()

        for x in data:  # another order, another place of the largest in each
            step(minicnn.tensor(x))
        weights.append(weight)
    assert len(step.steps) == 1
    np.testing.assert_array_equal(weights[0].detach(), weights[1].detach())
