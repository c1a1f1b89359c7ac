"""Optimisers: a hundred steps against plain formulas and against torch; state, groups, errors."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import minicnn
from minicnn import kernels, nn, optim
from minicnn.dtypes import float64
from minicnn.kernels.optimizer_step.cpu_numba import BLOCK

pytestmark = pytest.mark.usefixtures("on_device")

BACKENDS = ["numpy", "numba"]
SHAPES = [(3, 4), (7,), (2, 1, 3, 3), ()]
STEPS = 100

CASES = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.5, "nesterov": True, "weight_decay": 0.1, "maximize": True}),
    ("SGD", {"lr": 0.05, "maximize": True}),
    ("Adam", {"lr": 0.01}),
    ("Adam", {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-3}),
    ("Adam", {"lr": 0.01, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.01, "amsgrad": True}),
    ("Adam", {"lr": 0.01, "amsgrad": True, "weight_decay": 0.1, "maximize": True}),
    ("Adam", {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("AdamW", {"lr": 0.01}),
    ("AdamW", {"lr": 0.01, "weight_decay": 0.3, "amsgrad": True}),
    ("AdamW", {"lr": 0.01, "maximize": True}),
    ("Adagrad", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.01, "weight_decay": 0.1, "initial_accumulator_value": 0.2, "eps": 1e-3}),
    ("Adagrad", {"lr": 0.1, "maximize": True}),
    ("RMSprop", {"lr": 0.01}),
    ("RMSprop", {"lr": 0.01, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.01, "momentum": 0.9}),
    ("RMSprop", {"lr": 0.01, "centered": True}),
    ("RMSprop", {"lr": 0.01, "alpha": 0.4, "centered": True, "momentum": 0.5, "maximize": True}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
    ("Adamax", {"lr": 0.01}),
    ("Adamax", {"lr": 0.01, "betas": (0.4, 0.9), "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
    ("NAdam", {"lr": 0.01}),
    ("NAdam", {"lr": 0.01, "betas": (0.8, 0.99), "weight_decay": 0.1, "momentum_decay": 0.1}),
    ("NAdam", {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}),
    ("RAdam", {"lr": 0.01}),
    ("RAdam", {"lr": 0.01, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    ("RAdam", {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}),
    ("ASGD", {"lr": 0.1}),
    ("ASGD", {"lr": 0.1, "lambd": 0.01, "alpha": 0.6, "t0": 20, "weight_decay": 0.1, "maximize": True}),
    ("Rprop", {"lr": 0.1}),
    ("Rprop", {"lr": 0.1, "etas": (0.3, 1.5), "step_sizes": (1e-2, 0.4), "maximize": True}),
]

NAMES = ["Adam", "Adagrad", "RMSprop", "Adadelta", "Adamax", "NAdam", "RAdam", "ASGD", "Rprop"]  # with scalar states


def rng(seed=0):
    return np.random.default_rng(seed)


def starts_and_grads(dtype=np.float64, shapes=SHAPES):
    random = rng(1)
    starts = [np.asarray(random.normal(size=s), dtype) for s in shapes]
    grads = [[np.asarray(random.normal(size=s), dtype) for s in shapes] for _ in range(STEPS)]
    return starts, grads


def run(name, options, starts, grads, **more):
    params = [nn.Parameter(minicnn.tensor(s)) for s in starts]
    optimizer = getattr(optim, name)(params, **options, **more)
    for row in grads:
        for param, grad in zip(params, row, strict=True):
            param.grad = None if grad is None else minicnn.tensor(grad)
        optimizer.step()
    return [p.numpy(force=True) for p in params], optimizer


def sgd_by_formula(p, grads, lr, momentum=0, dampening=0, weight_decay=0, nesterov=False, maximize=False):
    buffer = None
    for grad in grads:
        g = (-grad if maximize else grad) + weight_decay * p
        if momentum:
            buffer = g if buffer is None else momentum * buffer + (1 - dampening) * g
            g = g + momentum * buffer if nesterov else buffer
        p = p - lr * g
    return p


def adam_by_formula(
    p, grads, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, maximize=False, decoupled=False
):
    mean = square = largest = np.zeros_like(p)
    for t, grad in enumerate(grads, 1):
        g = -grad if maximize else grad
        if decoupled:
            p = p - lr * weight_decay * p
        else:
            g = g + weight_decay * p
        mean = betas[0] * mean + (1 - betas[0]) * g
        square = betas[1] * square + (1 - betas[1]) * g**2
        largest = np.maximum(largest, square)
        second = (largest if amsgrad else square) / (1 - betas[1] ** t)
        p = p - lr * (mean / (1 - betas[0] ** t)) / (np.sqrt(second) + eps)
    return p


def adagrad_by_formula(p, grads, lr, lr_decay=0, initial_accumulator_value=0, eps=1e-10):
    total = initial_accumulator_value
    for t, g in enumerate(grads):
        g = g(p)
        total = total + g**2
        p = p - lr / (1 + t * lr_decay) * g / (np.sqrt(total) + eps)
    return p


def rmsprop_by_formula(p, grads, lr, alpha=0.99, eps=1e-8, momentum=0, centered=False):
    square = mean = buffer = np.zeros_like(p)
    for g in grads:
        g = g(p)
        square = alpha * square + (1 - alpha) * g**2
        mean = alpha * mean + (1 - alpha) * g
        scaled = g / (np.sqrt(square - mean**2 if centered else square) + eps)
        buffer = momentum * buffer + scaled
        p = p - lr * buffer
    return p


def adadelta_by_formula(p, grads, lr=1.0, rho=0.9, eps=1e-6):
    square = steps = np.zeros_like(p)
    for g in grads:
        g = g(p)
        square = rho * square + (1 - rho) * g**2
        step = np.sqrt((steps + eps) / (square + eps)) * g
        steps = rho * steps + (1 - rho) * step**2
        p = p - lr * step
    return p


def adamax_by_formula(p, grads, lr, betas=(0.9, 0.999), eps=1e-8):
    mean = largest = np.zeros_like(p)
    for t, g in enumerate(grads, 1):
        g = g(p)
        mean = betas[0] * mean + (1 - betas[0]) * g
        largest = np.maximum(betas[1] * largest, np.abs(g) + eps)
        p = p - lr / (1 - betas[0] ** t) * mean / largest
    return p


def nadam_by_formula(p, grads, lr, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3, shrink=1):
    mean, square, product = np.zeros_like(p), np.zeros_like(p), np.float32(1)
    for t, g in enumerate(grads, 1):
        g = g(p)
        p = p * shrink
        mu, ahead = (betas[0] * (1 - 0.96 ** (s * momentum_decay) / 2) for s in (t, t + 1))
        product = product * np.float32(mu)  # PyTorch keeps it in single precision
        mean = betas[0] * mean + (1 - betas[0]) * g
        square = betas[1] * square + (1 - betas[1]) * g**2
        below = np.sqrt(square / (1 - betas[1] ** t)) + eps
        known = float(product)
        p = p - lr * ((1 - mu) / (1 - known) * g + ahead / (1 - known * ahead) * mean) / below
    return p


def radam_by_formula(p, grads, lr, betas=(0.9, 0.999), eps=1e-8, shrink=1):
    mean = square = np.zeros_like(p)
    longest = 2 / (1 - betas[1]) - 1
    for t, g in enumerate(grads, 1):
        g = g(p)
        p = p * shrink
        mean = betas[0] * mean + (1 - betas[0]) * g
        square = betas[1] * square + (1 - betas[1]) * g**2
        step = lr * mean / (1 - betas[0] ** t)
        rho = longest - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
        if rho > 5:
            step = step * np.sqrt((rho - 4) * (rho - 2) * longest / ((longest - 4) * (longest - 2) * rho))
            step = step * np.sqrt(1 - betas[1] ** t) / (np.sqrt(square) + eps)
        p = p - step
    return p


def asgd_by_formula(p, grads, lr, lambd=1e-4, alpha=0.75, t0=1e6):
    eta = np.float32(lr)  # PyTorch keeps it in single precision
    for t, g in enumerate(grads, 1):
        p = p * (1 - lambd * float(eta)) - float(eta) * g(p)
        eta = np.float32(lr / (1 + lambd * lr * t) ** alpha)
    return p


def rprop_by_formula(p, grads, lr, etas=(0.5, 1.2), step_sizes=(1e-6, 50)):
    previous, size = np.zeros_like(p), np.full_like(p, lr)
    for g in grads:
        g = np.array(g(p))
        turned = g * previous
        size = np.clip(size * np.select([turned > 0, turned < 0], etas[::-1], 1), *step_sizes)
        g[turned < 0] = 0
        p = p - np.sign(g) * size
        previous = g
    return p


def by_formula(name, options, start, grads):
    if name == "SGD":
        return sgd_by_formula(start, grads, **options)
    options = dict(options)
    decoupled = options.pop("decoupled_weight_decay", name == "AdamW")
    if name in ("Adam", "AdamW"):
        options.setdefault("weight_decay", 0.01 if name == "AdamW" else 0)
        return adam_by_formula(start, grads, decoupled=decoupled, **options)
    decay, sign = options.pop("weight_decay", 0), -1 if options.pop("maximize", False) else 1
    if decoupled:
        options["shrink"], decay = 1 - options["lr"] * decay, 0
    at = [lambda p, grad=grad: sign * grad + decay * p for grad in grads]  # the gradient, known where p is known
    return globals()[f"{name.lower()}_by_formula"](start, at, **options)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_hundred_steps_by_the_formulas(name, options, backend, device):
    starts, grads = starts_and_grads()
    with kernels.use(backend), kernels.record() as used:
        ends, _ = run(name, options, starts, grads)
    assert {u.backend for u in used} == {backend if device == "cpu" else "cupy"}
    assert len(used) == STEPS  # one call for all parameters
    for i, end in enumerate(ends):
        expected = by_formula(name, options, starts[i], [row[i] for row in grads])
        np.testing.assert_allclose(end, expected, rtol=1e-10, atol=1e-12)


def torchs_steps(torch, name, options, starts, grads):
    """Parameters and optimizer after torch's single-tensor steps."""
    params = [torch.nn.Parameter(torch.from_numpy(s.copy())) for s in starts]
    optimizer = getattr(torch.optim, name)(params, **options, foreach=False)
    for row in grads:
        for param, grad in zip(params, row, strict=True):
            param.grad = torch.from_numpy(grad.copy())
        optimizer.step()
    return [p.numpy(force=True) for p in params], optimizer


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_hundred_steps_against_torch(name, options, dtype, backend):
    torch = pytest.importorskip("torch")
    starts, grads = starts_and_grads(dtype)
    expected, theirs = torchs_steps(torch, name, options, starts, grads)
    with kernels.use(backend):
        ends, ours = run(name, options, starts, grads)
    far = np.concatenate([(e - w).ravel() for e, w in zip(ends, expected, strict=True)])
    largest = max(np.abs(w).max() for w in expected)
    assert np.abs(far).max() <= (1e-6 if dtype == np.float32 else 1e-14) * largest
    saved, expected = ours.state_dict(), theirs.state_dict()
    assert saved["state"].keys() == expected["state"].keys()
    assert [g.keys() for g in saved["param_groups"]] == [g.keys() for g in expected["param_groups"]]
    for key, values in saved["state"].items():
        assert values.keys() == expected["state"][key].keys()
        for field, value in values.items():
            other = expected["state"][key][field].numpy(force=True)
            size = max(1, np.abs(other).max())
            np.testing.assert_allclose(
                value.numpy(force=True), other, rtol=2e-5 if dtype == np.float32 else 1e-12, atol=1e-7 * size
            )
            assert value.shape == other.shape


@pytest.mark.usefixtures("of_the_cpu")
@pytest.mark.parametrize(("name", "options"), CASES)
def test_steps_are_torchs_bits_but_for_its_square_root(name, options, monkeypatch):
    # torch.sqrt is Intel's vector library, whose last bit depends on the processor: one element in six was off
    # on a Zen 3, none on an AVX-512 machine. In float64 first, every processor's root is the correctly rounded one.
    torch = pytest.importorskip("torch")
    if torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512"):
        pytest.skip("torch has no fused multiply-add here")
    starts, grads = starts_and_grads(np.float32)
    root = torch.Tensor.sqrt
    monkeypatch.setattr(torch.Tensor, "sqrt", lambda t: root(t.double()).to(t.dtype))
    monkeypatch.setattr(torch.Tensor, "sqrt_", lambda t: t.copy_(root(t.double())))
    expected, _ = torchs_steps(torch, name, options, starts, grads)
    with kernels.use("numba"):
        ends, _ = run(name, options, starts, grads)
    for end, want in zip(ends, expected, strict=True):
        np.testing.assert_array_equal(end, want)


@pytest.mark.usefixtures("of_the_cpu")  # whose threads they are dealt out to
@pytest.mark.parametrize(("name", "options"), CASES)
def test_many_parameters_in_many_blocks_step_as_each_alone(name, options, threads):
    """The same bits however the elements are dealt out; some parameters are empty, some begin in mid-block."""
    random = rng(2)
    shapes = [(5,), (3 * BLOCK + 77,), (0,), (2, BLOCK // 2), (), (BLOCK,), (BLOCK - 83,)]
    starts = [np.asarray(random.normal(size=shape), np.float32) for shape in shapes]
    grads = [[np.asarray(random.normal(size=shape), np.float32) for shape in shapes] for _ in range(3)]
    ends = []
    for count in (1, 2):
        threads(count)
        with kernels.use("numba"):
            ends.append(run(name, options, starts, grads)[0])
    with kernels.use("numpy"):
        plain = run(name, options, starts, grads)[0]
    for i in range(len(shapes)):
        with kernels.use("numba"):
            (alone,) = run(name, options, [starts[i]], [[row[i]] for row in grads])[0]
        np.testing.assert_array_equal(ends[0][i], ends[1][i])
        np.testing.assert_array_equal(ends[0][i], alone)
        np.testing.assert_allclose(ends[0][i], plain[i], rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_parameter_listed_twice_steps_twice(name, options, backend):
    start, grads = rng(3).normal(size=5), [rng(4).normal(size=5)] * 6
    param = nn.Parameter(minicnn.tensor(start.copy()))
    with pytest.warns(UserWarning, match="duplicate"):
        optimizer = getattr(optim, name)([param, param], **options)
    with kernels.use(backend):
        for grad in grads[:3]:
            param.grad = minicnn.tensor(grad)
            optimizer.step()
    np.testing.assert_allclose(param.numpy(force=True), by_formula(name, options, start, grads), rtol=1e-10)


@pytest.mark.parametrize("backend", BACKENDS)
def test_parameters_of_two_types_in_one_group(backend):
    starts = [rng(3).normal(size=4).astype(kind) for kind in (np.float32, np.float64, np.float32)]
    grads = [[rng(t).normal(size=4).astype(s.dtype) for s in starts] for t in range(5)]
    with kernels.use(backend), kernels.record() as used:
        ends, _ = run("Adam", {"lr": 0.1}, starts, grads)
    assert len(used) == 2 * len(grads)
    for i, end in enumerate(ends):
        assert end.dtype == starts[i].dtype
        np.testing.assert_allclose(end, by_formula("Adam", {"lr": 0.1}, starts[i], [g[i] for g in grads]), rtol=1e-5)


def test_a_state_that_was_replaced_is_noticed():
    params = [nn.Parameter(minicnn.ones(2)) for _ in range(2)]
    optimizer = optim.SGD(params, lr=1.0, momentum=0.5)
    for param in params:
        param.grad = minicnn.zeros(2)
    optimizer.step()
    optimizer.state[params[1]]["momentum_buffer"] = minicnn.full((2,), 2.0)
    optimizer.step()
    assert [p.tolist() for p in params] == [[1.0, 1.0], [0.0, 0.0]]
    adam = optim.Adam(params, lr=0.1)
    for _ in range(2):
        adam.step()
    adam.state[params[0]]["step"].fill_(7.0)
    adam.step()
    assert [adam.state[p]["step"].item() for p in params] == [8.0, 3.0]


@pytest.mark.usefixtures("of_the_cpu")  # whose compiled loops leave it to the reference
@pytest.mark.parametrize("name", ["SGD", *NAMES])
def test_half_precision_is_the_references(name):
    starts, grads = starts_and_grads(np.float16)
    with kernels.use("numba"), kernels.record() as used:
        ends, _ = run(name, {"lr": 0.01}, starts, grads[:3])
    assert {u.backend for u in used} == {"numpy"}
    assert all(e.dtype == np.float16 and np.isfinite(e).all() for e in ends)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_diverging_run_goes_to_infinity_without_warnings(backend):
    starts = [np.full(40, 3e38, np.float32)]
    with kernels.use(backend):
        ends, _ = run("SGD", {"lr": 1e10, "momentum": 0.9}, starts, [[np.full(40, -3e38, np.float32)]] * 3)
    assert np.isposinf(ends[0]).all()


@pytest.mark.parametrize(
    ("name", "options"), [("SGD", {"lr": 0.05, "momentum": 0.9}), *((name, {"lr": 1e-3}) for name in NAMES)]
)
def test_a_small_network_trains_as_in_torch(name, options):
    torch = pytest.importorskip("torch")
    random = rng(5)
    images = random.normal(size=(20, 8, 1, 12, 12)).astype(np.float32)
    labels = random.integers(0, 4, size=(20, 8))
    losses = []
    for package in (torch, minicnn):
        package.manual_seed(42)
        make = package.nn
        layers = (make.Conv2d(1, 4, 5), make.Tanh(), make.AvgPool2d(2), make.Flatten(), make.Dropout(0.25))
        net = make.Sequential(*layers, make.Linear(64, 4))
        optimizer = getattr(package.optim, name)(net.parameters(), **options)
        criterion = make.CrossEntropyLoss()
        row = []
        for x, y in zip(images, labels, strict=True):
            optimizer.zero_grad()
            loss = criterion(net(package.tensor(x)), package.tensor(y))
            loss.backward()
            optimizer.step()
            row.append(loss.item())
        losses.append(row)
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)


def test_memory_is_written_in_place_and_counted():
    param = nn.Parameter(minicnn.ones(3))
    memory = param.data
    optimizer = optim.SGD([param], lr=0.5)
    before = param._version.count
    param.grad = minicnn.ones(3)
    optimizer.step()
    assert memory.tolist() == [0.5] * 3
    assert param._version.count == before + 1


def test_a_step_between_forward_and_backward_is_refused():
    weight = nn.Parameter(minicnn.ones(2, 2))
    loss = (weight * weight).sum()
    weight.grad = minicnn.ones(2, 2)
    optim.SGD([weight], lr=0.1).step()
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        loss.backward()


@pytest.mark.parametrize("backend", BACKENDS)
def test_memory_that_is_not_contiguous(backend):
    starts, grads = starts_and_grads(shapes=[(3, 4)])
    expected = by_formula("Adam", {"lr": 0.1}, starts[0], [row[0] for row in grads])
    param = nn.Parameter(minicnn.tensor(starts[0].T.copy()).t())
    memory = param.data
    optimizer = optim.Adam([param], lr=0.1)
    with kernels.use(backend):
        for row in grads:
            param.grad = minicnn.tensor(row[0].T.copy()).t()
            optimizer.step()
    np.testing.assert_allclose(memory.numpy(force=True), expected, rtol=1e-10)


@pytest.mark.usefixtures("of_the_cpu")  # whose two backends it changes between
def test_new_memory_new_options_and_new_kernels_between_steps():
    starts, grads = starts_and_grads(shapes=[(5,)])
    param = nn.Parameter(minicnn.tensor(starts[0].copy()))
    optimizer = optim.SGD([param], lr=0.1, momentum=0.9)
    expected, buffer = starts[0], None
    for t, row in enumerate(grads[:12]):
        if t == 3:
            param.data = minicnn.tensor(param.numpy(force=True))
        if t == 5:
            optimizer.param_groups[0].update(lr=0.01, nesterov=True)
        if t == 8:
            optimizer.param_groups[0]["maximize"] = True
        g = -row[0] if t >= 8 else row[0]
        buffer = g if buffer is None else 0.9 * buffer + g
        expected = expected - (0.1 if t < 5 else 0.01) * (buffer if t < 5 else g + 0.9 * buffer)
        param.grad = minicnn.tensor(row[0])
        with kernels.use(BACKENDS[t % 2]), kernels.record() as used:
            optimizer.step()
        assert used[0].backend == BACKENDS[t % 2]
    np.testing.assert_allclose(param.numpy(force=True), expected, rtol=1e-12)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_parameters_without_a_gradient_stay(name, options):
    starts, grads = starts_and_grads(shapes=[(3,), (2,)])
    grads = [[a, None if t < 50 else b] for t, (a, b) in enumerate(grads)]
    ends, optimizer = run(name, options, starts, grads)
    for i, rows in enumerate(([r[0] for r in grads], [r[1] for r in grads[50:]])):
        np.testing.assert_allclose(ends[i], by_formula(name, options, starts[i], rows), rtol=1e-10, atol=1e-12)
    assert len(optimizer.param_groups) == 1


def test_groups():
    a, b = nn.Parameter(minicnn.ones(2)), nn.Parameter(minicnn.ones(2))
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.1}], lr=1.0)
    c = nn.Parameter(minicnn.ones(2))
    optimizer.add_param_group({"params": iter([c]), "lr": 0.5})
    for param in (a, b, c):
        param.grad = minicnn.ones(2)
    optimizer.step()
    assert [p.tolist() for p in (a, b, c)] == [[0.0, 0.0], [pytest.approx(0.9)] * 2, [0.5, 0.5]]
    assert [g["lr"] for g in optimizer.param_groups] == [1.0, 0.1, 0.5]


def test_named_parameters():
    layer = nn.Linear(2, 2)
    optimizer = optim.Adam(layer.named_parameters())
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.param_groups[0]["params"][0] is layer.weight
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]


def test_zero_grad():
    param = nn.Parameter(minicnn.ones(2))
    optimizer = optim.SGD([param])
    param.grad = minicnn.ones(2)
    grad = param.grad
    optimizer.zero_grad(set_to_none=False)
    assert param.grad is grad
    assert grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert param.grad is None


def test_closure():
    param = nn.Parameter(minicnn.ones(2))
    optimizer = optim.SGD([param], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (param * param).sum()
        loss.backward()
        return loss

    with minicnn.no_grad():
        assert optimizer.step(closure).item() == 2.0
    assert param.tolist() == [0.0, 0.0]
    assert optimizer.step() is None


def test_learning_rate_as_a_tensor():
    param = nn.Parameter(minicnn.ones(2))
    param.grad = minicnn.ones(2)
    optim.SGD([param], lr=minicnn.tensor(0.25)).step()
    assert param.tolist() == [0.75, 0.75]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_saved_optimizer_goes_on_bit_for_bit(name, options):
    starts, grads = starts_and_grads(np.float32)
    ends, _ = run(name, options, starts, grads)
    middle, first = run(name, options, starts, grads[:40])
    params = [nn.Parameter(minicnn.tensor(m.copy())) for m in middle]
    second = getattr(optim, name)(params, **{**options, "lr": 9.0})
    second.load_state_dict(pickle.loads(pickle.dumps(first.state_dict())))
    assert second.param_groups[0]["lr"] == first.param_groups[0]["lr"]
    for row in grads[40:]:
        for param, grad in zip(params, row, strict=True):
            param.grad = minicnn.tensor(grad)
        second.step()
    for param, end in zip(params, ends, strict=True):
        np.testing.assert_array_equal(param.numpy(force=True), end)


def test_loaded_state_is_a_copy_of_the_parameters_type():
    _, first = run("Adam", {}, *starts_and_grads(np.float32))
    double = [nn.Parameter(minicnn.zeros(s, dtype=float64)) for s in SHAPES]
    second = optim.Adam(double)
    second.load_state_dict(first.state_dict())
    state = second.state[double[0]]
    old = first.state[first.param_groups[0]["params"][0]]
    assert state["exp_avg"].dtype is float64
    assert state["step"].item() == STEPS
    assert state["step"] is not old["step"]
    assert state["exp_avg"].tolist() == old["exp_avg"].double().tolist()


def test_copies_are_independent():
    model = nn.Linear(3, 2)
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    model.weight.grad = minicnn.ones(2, 3)
    optimizer.step()
    twin_model, twin = copy.deepcopy((model, optimizer))
    assert twin.param_groups[0]["params"][0] is twin_model.weight
    twin_model.weight.grad = minicnn.ones(2, 3)
    before = model.weight.tolist()
    twin.step()
    assert model.weight.tolist() == before
    assert twin.state[twin_model.weight]["step"].item() == 2
    reloaded = pickle.loads(pickle.dumps(optimizer))
    assert reloaded.param_groups[0]["params"][0].tolist() == before


@pytest.mark.parametrize(("name", "options"), [("Adam", {"amsgrad": True}), *((name, {}) for name in NAMES)])
def test_torch_loads_our_state_and_we_load_theirs(name, options):
    torch = pytest.importorskip("torch")
    starts, grads = starts_and_grads(np.float32, [(3, 4), (7,)])
    params = [torch.nn.Parameter(torch.from_numpy(s.copy())) for s in starts]
    theirs = getattr(torch.optim, name)(params, lr=0.02, **options)
    for row in grads[:10]:
        for param, grad in zip(params, row, strict=True):
            param.grad = torch.from_numpy(grad.copy())
        theirs.step()
    saved = theirs.state_dict()
    saved["state"] = {
        k: {f: minicnn.tensor(v.numpy(force=True)) for f, v in fields.items()} for k, fields in saved["state"].items()
    }
    ours = getattr(optim, name)([nn.Parameter(minicnn.tensor(p.numpy(force=True).copy())) for p in params])
    ours.load_state_dict(saved)
    back = ours.state_dict()
    back["state"] = {k: {f: torch.tensor(v.numpy(force=True)) for f, v in s.items()} for k, s in back["state"].items()}
    theirs.load_state_dict(back)
    mine = ours.param_groups[0]["params"]
    for param, own, grad in zip(params, mine, grads[10], strict=True):
        param.grad, own.grad = torch.from_numpy(grad.copy()), minicnn.tensor(grad)
    theirs.step()
    ours.step()
    for param, own in zip(params, mine, strict=True):
        np.testing.assert_allclose(own.numpy(force=True), param.numpy(force=True), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "options"), [("SGD", {"lr": 0.1, "momentum": 0.9}), ("AdamW", {}), *((n, {}) for n in NAMES)]
)
def test_repr_is_torchs(name, options):
    torch = pytest.importorskip("torch")
    ours = getattr(optim, name)([minicnn.zeros(1)], **options)
    assert repr(ours) == repr(getattr(torch.optim, name)([torch.zeros(1)], **options))


def test_hooks():
    param = nn.Parameter(minicnn.ones(1))
    optimizer = optim.SGD([param], lr=1.0)
    seen = []
    before = optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append(("before", o is optimizer)))
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append(("after", o is optimizer)))
    optimizer.step()
    before.remove()
    optimizer.step()
    assert seen == [("before", True), ("after", True), ("after", True)]


def test_an_optimizer_of_ones_own():
    class Sign(optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        @minicnn.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.sub_(p.grad.sign() * group["lr"])

    param = nn.Parameter(minicnn.zeros(2))
    param.grad = minicnn.tensor([3.0, -2.0])
    Sign([param], lr=0.5).step()
    assert param.tolist() == [-0.5, 0.5]


WRONG = [
    ("SGD", {"lr": -1}, "Invalid learning rate: -1"),
    ("SGD", {"momentum": -0.1}, "Invalid momentum value: -0.1"),
    ("SGD", {"weight_decay": -2}, "Invalid weight_decay value: -2"),
    ("SGD", {"nesterov": True}, "Nesterov momentum requires a momentum and zero dampening"),
    ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "zero dampening"),
    ("Adam", {"lr": -1}, "Invalid learning rate: -1"),
    ("Adam", {"eps": -1}, "Invalid epsilon value: -1"),
    ("Adam", {"betas": (1.0, 0.9)}, "Invalid beta parameter at index 0: 1.0"),
    ("Adam", {"betas": (0.9, -0.5)}, "Invalid beta parameter at index 1: -0.5"),
    ("AdamW", {"weight_decay": -1}, "Invalid weight_decay value: -1"),
    ("Adagrad", {"lr_decay": -1}, "Invalid lr_decay value: -1"),
    ("Adagrad", {"initial_accumulator_value": -1}, "Invalid initial_accumulator_value value: -1"),
    ("RMSprop", {"alpha": -1}, "Invalid alpha value: -1"),
    ("RMSprop", {"lr": minicnn.ones(2)}, "Tensor lr must be 1-element"),
    ("Adadelta", {"rho": 1.1}, "Invalid rho value: 1.1"),
    ("Adamax", {"betas": (0.9, 1.0)}, "Invalid beta parameter at index 1: 1.0"),
    ("NAdam", {"momentum_decay": -1}, "Invalid momentum_decay value: -1"),
    ("RAdam", {"eps": -1}, "Invalid epsilon value: -1"),
    ("ASGD", {"weight_decay": -1}, "Invalid weight_decay value: -1"),
    ("Rprop", {"etas": (0.5, 0.9)}, "Invalid eta values: 0.5, 0.9"),
]


@pytest.mark.parametrize(("name", "options", "text"), WRONG)
def test_wrong_options(name, options, text):
    with pytest.raises(ValueError, match=text):
        getattr(optim, name)([nn.Parameter(minicnn.ones(1))], **options)


def test_wrong_parameters():
    param = nn.Parameter(minicnn.ones(1))
    with pytest.raises(ValueError, match="optimizer got an empty parameter list"):
        optim.SGD([])
    with pytest.raises(TypeError, match="should be an iterable of Tensors or dicts, but got Parameter"):
        optim.SGD(param)
    with pytest.raises(TypeError, match="optimizer can only optimize Tensors, but one of the params is int"):
        optim.SGD([3])
    with pytest.raises(ValueError, match="can't optimize a non-leaf Tensor"):
        optim.SGD([param * 2])
    with pytest.raises(TypeError, match="need to be organized in ordered collections"):
        optim.SGD([{"params": {param}}])
    with pytest.raises(ValueError, match="some parameters appear in more than one parameter group"):
        optim.SGD([{"params": [param]}, {"params": [param]}])
    with pytest.raises(TypeError, match="param_group must be a dict, but got <class 'list'>"):
        optim.SGD([param]).add_param_group([param])
    with pytest.warns(UserWarning, match="duplicate parameters"):
        optim.SGD([param, param])
    with pytest.raises(ValueError, match="Some param names are missing"):
        optim.SGD([("a", param), nn.Parameter(minicnn.ones(1))])
    with pytest.raises(RuntimeError, match=r"steps? outside autograd"):
        optim.Adam([param], differentiable=True)
    with pytest.raises(RuntimeError, match="cannot be `True` together"):
        optim.Adam([param], fused=True, foreach=True)
    with pytest.raises(NotImplementedError):
        optim.Optimizer([param], {}).step()


def test_wrong_states():
    one, two = (optim.SGD([nn.Parameter(minicnn.ones(1)) for _ in range(n)]) for n in (1, 2))
    with pytest.raises(ValueError, match="doesn't match the size of optimizer's group: 2 parameters instead of 1"):
        one.load_state_dict(two.state_dict())
    two.add_param_group({"params": [nn.Parameter(minicnn.ones(1))]})
    with pytest.raises(ValueError, match="different number of parameter groups: 2 instead of 1"):
        one.load_state_dict(two.state_dict())


def test_wrong_gradients_and_converted_models():
    param = nn.Parameter(minicnn.ones(3))
    param.grad = minicnn.ones(3)
    param.data = minicnn.ones(2)
    with pytest.raises(RuntimeError, match=r"gradient has shape \[3\] and dtype float32, its parameter \[2\]"):
        optim.Adam([param]).step()
    param.data = minicnn.ones(3)
    optimizer = optim.Adam([param])
    optimizer.step()
    param.data = minicnn.ones(3, dtype=float64)
    param.grad = minicnn.ones(3, dtype=float64)
    with pytest.raises(RuntimeError, match=r"state has dtype float32 .* make the optimizer after model.to"):
        optimizer.step()
