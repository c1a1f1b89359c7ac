"""minicnn.compile on a GPU, real or simulated: a step becomes CUDA graphs, and does what the plain one does, bit for
bit. (tests/capture/ has what holds on every device.)"""

import gc

import numpy as np
import pytest

import minicnn
from minicnn import backend, kernels, nn, optim
from minicnn.autograd.operation import Operation
from minicnn.functional import device_random
from minicnn.kernels import launch
from minicnn.nn import functional as F

if (reason := backend.why_no_gpu()) is not None:
    pytest.skip(reason, allow_module_level=True)

import cupy

SHAPE, CLASSES = (1, 8, 8), 5


class Net(nn.Module):
    """Convolution, normalisation, pooling, dropout of both kinds, and products."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(3, 4, 3)
        self.norm, self.pool = nn.BatchNorm2d(3), nn.MaxPool2d(2)
        self.drop, self.drop2d = nn.Dropout(0.3), nn.Dropout2d(0.3)
        self.fc1, self.fc2 = nn.Linear(16, 12), nn.Linear(12, CLASSES)

    def forward(self, x):
        x = self.pool(F.relu(self.norm(self.conv1(x))))
        x = self.drop2d(F.tanh(self.conv2(x))).flatten(1)
        return self.fc2(self.drop(F.relu(self.fc1(x))))


def batches(size, count=6, seed=0, place="cuda"):
    rng = np.random.default_rng(seed)
    return [
        (
            minicnn.tensor(rng.standard_normal((size, *SHAPE)).astype(np.float32)).to(place),
            minicnn.tensor(rng.integers(0, CLASSES, size)).to(place),
        )
        for _ in range(count)
    ]


class Run:
    """Losses, parameters, buffers and gradients after a step for each batch."""

    def __init__(
        self, compiled, data, make=Net, optimizer=optim.Adam, before=lambda i, optimizer: None, accumulate=1,
        place="cuda", **options,
    ):  # fmt: skip
        minicnn.manual_seed(1)
        self.calls = 0
        model = make().to(place)
        optimizer = optimizer(model.parameters(), **options)

        def step(x, y):
            self.calls += 1
            optimizer.zero_grad()
            for part_x, part_y in zip(x.chunk(accumulate), y.chunk(accumulate), strict=True):
                loss = F.cross_entropy(model(part_x), part_y)
                loss.backward()
            optimizer.step()
            return loss

        self.step = minicnn.compile(step) if compiled else step
        self.losses = []
        for i, (x, y) in enumerate(data):
            before(i, optimizer)
            self.losses.append(self.step(x, y).item())
        self.numbers = [t.detach().cpu().numpy() for t in (*model.parameters(), *model.buffers())]
        self.numbers += [p.grad.cpu().numpy() for p in model.parameters()]
        self.random = minicnn.cuda.get_rng_state() if place == "cuda" else None


def check_same(data, calls=2, **options):
    plain, replayed = Run(False, data, **options), Run(True, data, **options)
    assert plain.losses == replayed.losses
    for a, b in zip(plain.numbers, replayed.numbers, strict=True):
        np.testing.assert_array_equal(a, b)
    assert plain.random.tolist() == replayed.random.tolist()
    assert replayed.calls == calls, "the step was called, not replayed (or the reverse)"
    return replayed


def done_by_calling(step):
    """The entries of the first recording that are not within a graph, by their names."""
    way = step.steps[0]._replay.way
    graphs_of_it = [call for call in way._calls if isinstance(getattr(call, "__self__", None), cupy.cuda.Graph)]
    assert graphs_of_it, "nothing was captured"
    return [type(call.__self__).__name__ for call in way._calls if call not in graphs_of_it]


# --- the same bits ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [4, 19])
def test_a_step_is_one_graph_with_the_same_bits(size):
    run = check_same(batches(size), lr=0.01)
    assert done_by_calling(run.step) == ["Host"], "the learning rate, and nothing else"


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": optim.SGD, "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
        {"optimizer": optim.AdamW, "lr": 0.01, "amsgrad": True},
        {"optimizer": optim.NAdam, "lr": 0.01},
    ],
    ids=["SGD", "AdamW", "NAdam"],
)
def test_optimisers_count_their_steps(options):
    check_same(batches(4), **options)


def test_the_learning_rate_of_the_moment_is_used():
    def before(i, optimizer):
        optimizer.param_groups[0]["lr"] = 0.1 / (i + 1)

    check_same(batches(4), before=before, optimizer=optim.SGD, lr=1.0)


def test_gradients_of_parts_of_a_batch_add_up():
    check_same(batches(6), accumulate=3, lr=0.01)


def test_an_optimiser_may_step_twice_in_a_step():
    def results(compiled):
        weight = minicnn.ones(3, device="cuda").requires_grad_()
        optimizer = optim.Adam([weight], lr=0.1)

        def step(x):
            for _ in range(2):
                optimizer.zero_grad()
                (weight * x).exp().sum().backward()
                optimizer.step()

        run = minicnn.compile(step) if compiled else step
        for i in range(6):
            run(minicnn.full((3,), 0.1 * i, device="cuda"))
        return weight.tolist()

    assert results(False) == results(True)


class LooksUp(nn.Module):
    """Rows of a table, entries of them by index and by `gather`: ways back on which numbers meet."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(11, 6, padding_idx=0)
        self.fc = nn.Linear(8, CLASSES)

    def forward(self, words):
        found = self.table(words)  # (N, 7, 6)
        some = found.index_select(1, words.new_tensor([1, 1, 4])).mean(1)
        picked = found[:, :, 0].gather(1, words[:, :2] % 7)
        return self.fc(minicnn.cat([some, picked], 1))


def test_gradients_of_looking_up_are_in_the_graph():
    """No sort that waits: the same places meet in each batch, and are added in order."""
    rng = np.random.default_rng(3)
    data = [
        tuple(minicnn.tensor(rng.integers(0, n, shape)).to("cuda") for n, shape in ((11, (9, 7)), (CLASSES, 9)))
        for _ in range(5)
    ]
    run = check_same(data, make=LooksUp, optimizer=optim.SGD, lr=0.5)
    assert done_by_calling(run.step) == ["Host"], "the learning rate, and nothing else"


def test_another_batch_size_is_another_graph():
    data = [batch for a, b in zip(batches(4), batches(2), strict=True) for batch in (a, b)]
    run = check_same(data, calls=4, lr=0.01)
    assert len(run.step.steps) == 2


def test_masks_are_new_in_each_replay_and_those_of_the_plain_call():
    def masks(function):
        minicnn.manual_seed(3)
        return [function(minicnn.ones(64, device="cuda")).tolist() for _ in range(6)]

    def draw(x):
        return F.dropout(F.dropout(x, 0.2), 0.4)

    replayed = masks(minicnn.compile(draw))
    assert replayed == masks(draw)
    assert len({tuple(mask) for mask in replayed}) == 6


def test_the_hosts_random_numbers_are_those_of_the_cpu():
    make = lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 12), nn.Dropout(0.5), nn.Linear(12, CLASSES))  # noqa: E731
    with minicnn.cuda.random.use("host"):
        gpu = check_same(batches(5), make=make, lr=0.01)
    with kernels.use("numpy"):
        cpu = Run(False, batches(5, place="cpu"), make=make, place="cpu", lr=0.01)
    np.testing.assert_allclose(gpu.losses, cpu.losses, rtol=1e-4)
    assert set(done_by_calling(gpu.step)) == {"Host", "Copy"}, "draws, and what brings them to the GPU"


def test_forward_and_backward_of_a_module():
    def train(compiled):
        minicnn.manual_seed(2)
        model = Net().to("cuda")
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        called = minicnn.compile(model) if compiled else model
        losses = []
        for x, y in batches(5):
            optimizer.zero_grad()
            loss = F.cross_entropy(called(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    assert train(False) == train(True)


def test_switches_are_noticed():
    weight = minicnn.full((4, 4), 1 / 3, device="cuda")

    def step(x):
        return F.dropout(x @ weight, 0.5)

    def results(function):
        minicnn.manual_seed(4)
        found = []
        for rng, allow_tf32 in (("device", False), ("host", False), ("device", True), ("device", False)):
            matmul.allow_tf32 = allow_tf32
            with device_random.use(rng):
                found += [function(minicnn.full((2, 4), 1.1, device="cuda")).tolist() for _ in range(4)]
        return found

    matmul = minicnn.backends.cuda.matmul
    compiled = minicnn.compile(step)
    assert results(compiled) == results(step)
    assert len(compiled.steps) == 3
    assert matmul.allow_tf32 is False


# --- memory -------------------------------------------------------------------------------------------


class Twice(Operation):
    """2·x with a temporary array on the way, as CuPy's functions have them"""

    def forward(ctx, x):
        return (x + 1) * 2 - 2

    def backward(ctx, grad):
        return grad * 2


def test_a_graph_shares_no_memory_with_anybody():
    pool = cupy.get_default_memory_pool()
    step = minicnn.compile(lambda x: Twice(x * 3).tanh())
    x = minicnn.ones(1000, device="cuda")
    for _ in range(3):
        step(x)
    way = step.steps[0]._replay.way
    before = pool.used_bytes()
    way._capture()
    assert pool.used_bytes() == before
    assert way._pool.total_bytes() > 0, "temporary arrays come from the graph's own pool"


def test_what_was_recorded_may_be_forgotten():
    """Freed memory is given to others (the stand-in fills it with NaN): the replay needs none of it."""
    run = Run(True, batches(4, 3), lr=0.01)
    expected = Run(False, batches(4, 6), lr=0.01).losses
    minicnn.cuda.empty_cache()
    gc.collect()
    others = [cupy.full(1 << power, np.nan, np.float32) for power in range(16)]
    losses = [run.step(x, y).item() for x, y in batches(4, 6)[3:]]
    assert len(others) == 16
    assert np.isfinite(losses).all()
    assert run.losses == expected[:3]


def test_scratch_memory_and_arena_last_as_long_as_the_recording():
    run = Run(True, batches(4, 4), lr=0.01)
    way = run.step.steps[0]._replay.way
    used = cupy.get_default_memory_pool().used_bytes()
    assert way._scratch.size == max(e.plan.scratch_bytes for e in way._entries if hasattr(e, "plan"))
    del way
    run.step._kinds.clear()
    gc.collect()
    assert cupy.get_default_memory_pool().used_bytes() < used


# --- what cannot be captured ----------------------------------------------------------------------------


def test_what_cannot_be_captured_is_done_between_two_graphs():
    class Waits(Operation):
        def forward(ctx, x):
            return x * float(x.sum().get())

    def step(x):
        return Waits(x * 2) + 1

    compiled = minicnn.compile(step)
    for i in range(6):
        x = minicnn.full((3,), float(i), device="cuda")
        assert compiled(x).tolist() == step(x).tolist()
    assert done_by_calling(compiled) == ["Forward"]
    assert len(compiled.steps[0]._replay.way._calls) == 3


def test_tables_from_the_cpu_are_not_captured():
    """The graph would read them where they lay when it was captured."""

    class Picks(Operation):
        def forward(ctx, x):
            return x[cupy.asarray(np.array([2, 0]))]

    compiled = minicnn.compile(lambda x: Picks(x * 2) + 1)
    for i in range(6):
        assert compiled(minicnn.arange(3, device="cuda") + i).tolist() == [2 * (2 + i) + 1, 2 * i + 1]
    assert done_by_calling(compiled) == ["Forward"]


def test_a_step_that_reads_numbers_runs_as_ever_and_the_line_is_named():
    compiled = minicnn.compile(lambda x: x * 2 if x.sum().item() > 2 else x)
    with pytest.warns(UserWarning, match=r"test_graphs\.py:\d+ reads the numbers of a tensor \(item\)"):
        found = [compiled(minicnn.full((2,), float(i), device="cuda")).tolist() for i in range(4)]
    assert found == [[0, 0], [1, 1], [4, 4], [6, 6]]


def test_an_error_of_the_users_ends_the_capture():
    calls = []

    class Fails(Operation):
        def forward(ctx, x):
            calls.append(1)
            if len(calls) == 4:  # the first two calls and the first replay are over
                raise KeyError("mine")
            return x + 1

    compiled = minicnn.compile(lambda x: Fails(x))
    x = minicnn.zeros(2, device="cuda")
    for _ in range(3):
        compiled(x)
    with pytest.raises(KeyError, match="mine"):
        compiled(x)
    assert not cupy.cuda.get_current_stream().is_capturing()
    assert [compiled(x).tolist() for _ in range(3)] == [[1, 1]] * 3


def test_numbers_of_the_cpu_are_brought_along():
    weight = minicnn.tensor(3.0)

    def step(x, scale):
        return (x * weight + scale.to("cuda")).cpu()

    compiled = minicnn.compile(step)
    for i in range(6):
        x, scale = minicnn.full((2,), float(i), device="cuda"), minicnn.tensor([1.0, i])
        assert compiled(x, scale).tolist() == step(x, scale).tolist()
    assert compiled.steps


def test_numbers_are_written_without_waiting(rng):
    for count in (1, 7, 16):
        values, array = rng.standard_normal(count), cupy.full(18, 5.0)
        launch.write(array, values)
        values_then = values.copy()
        values[:] = 0
        np.testing.assert_array_equal(array.get(), [*values_then, *[5.0] * (18 - count)])


def test_kernels_are_told_of_by_record():
    step = minicnn.compile(lambda x: x.tanh())
    x = minicnn.ones(5, device="cuda")
    for _ in range(4):
        step(x)
    with kernels.record() as used:
        step(x)
    assert [(use.kernel, use.device) for use in used] == [("activation", "gpu")]


def test_results_are_copies_and_inputs_stay_as_they_are():
    f = minicnn.compile(lambda x: (x * 2, {"sum": x.sum()}))
    inputs = [minicnn.full((3,), float(i), device="cuda") for i in range(5)]
    results = [f(x) for x in inputs]
    assert [x.tolist() for x in inputs] == [[i] * 3 for i in range(5)]
    found = [(double.tolist(), more["sum"].item()) for double, more in results]
    assert found == [([2 * i] * 3, 3 * i) for i in range(5)]


def test_the_cpu_goes_first_where_it_may():
    """Draws keep their order, and a copy to the CPU and back stays where it was."""

    def step(x):
        y = x + minicnn.rand(2).to("cuda")
        there = (y.cpu() * 2).to("cuda")
        return there + minicnn.rand(2).to("cuda")

    def results(function):
        minicnn.manual_seed(5)
        return [function(minicnn.ones(2, device="cuda")).tolist() for _ in range(5)]

    assert results(minicnn.compile(step)) == results(step)


# --- the generator --------------------------------------------------------------------------------------


def mask():
    return F.dropout(minicnn.ones(40, device="cuda")).tolist()


def test_one_seed_one_mask():
    minicnn.manual_seed(7)
    first, second = mask(), mask()
    assert first != second
    minicnn.manual_seed(7)
    assert [mask(), mask()] == [first, second]
    minicnn.cuda.manual_seed_all(7)
    assert mask() == first
    minicnn.cuda.manual_seed(8)
    assert minicnn.cuda.initial_seed() == 8
    assert mask() != first


def test_states_go_on_where_they_were_taken():
    state = minicnn.cuda.get_rng_state()
    assert (state.dtype, len(state)) == (minicnn.uint8, 16)
    before = mask()
    minicnn.cuda.set_rng_state(state)
    assert mask() == before
    states = minicnn.cuda.get_rng_state_all()
    before = mask()
    minicnn.cuda.set_rng_state_all(states)
    with minicnn.random.fork_rng():
        assert mask() == before
    assert mask() == before
    with pytest.raises(RuntimeError, match="has 16 bytes, got 5056"):
        minicnn.cuda.set_rng_state(minicnn.get_rng_state())


def test_who_draws_is_device_or_host():
    with pytest.raises(ValueError, match="`rng` is 'gpu'; expected 'device'"), device_random.use("gpu"):
        pass
    with device_random.use("host"):
        minicnn.manual_seed(1)
        on_gpu = mask()
    minicnn.manual_seed(1)
    with kernels.use("numpy"):
        assert on_gpu == F.dropout(minicnn.ones(40)).tolist()
