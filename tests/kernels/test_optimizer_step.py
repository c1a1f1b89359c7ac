"""The kernel optimizer_step: each rule with each option against its formulas in float64, on every backend.

tests/test_optim.py follows the optimisers over a hundred steps, and compares them with PyTorch; here is one step, of
parameters of every size, alignment and number.
"""

import itertools

import numpy as np
import pytest
from contract import SLOW, each_float, run

from minicnn.kernels import optimizer_step

HYPER = {  # in the order of the contract
    "sgd": (0.1, 0.9, 0.3, 0.01),
    "adam": (0.1, 0.9, 0.99, 1e-8, 0.01, 0.3, 0.2),
    "adagrad": (0.1, 1e-8, 0.01),
    "rmsprop": (0.1, 0.9, 1e-8, 0.01, 0.5),
    "adadelta": (1.0, 0.9, 1e-6, 0.01),
    "adamax": (0.4, 0.99, 1e-8, 0.01, 0.1),
    "nadam": (0.1, 0.9, 0.99, 1e-8, 0.01, 0.3, 0.2, 0.1),
    "radam": (0.1, 0.9, 0.99, 1e-8, 0.01, 0.3, 0.2, 0.5),
    "asgd": (0.1, 0.02, 0.3, 0.01),
    "rprop": (0.5, 1.2, 1e-2, 1.5),
}
OPTIONS = {"sgd": ("momentum", "nesterov"), "adam": ("amsgrad", "decoupled"), "rmsprop": ("centered", "momentum"),
           "nadam": ("decoupled",), "radam": ("decoupled",)}  # fmt: skip
STATES = {"sgd": 0, "adagrad": 1, "rmsprop": 1, "asgd": 1}  # the others have two
CASES = [
    (rule, chosen)
    for rule in HYPER
    for count in range(4)
    for chosen in itertools.combinations(sorted(("maximize", *OPTIONS.get(rule, ()))), count)
    if "nesterov" not in chosen or "momentum" in chosen
]
each_case = pytest.mark.parametrize(
    ("rule", "options"), CASES, ids=lambda part: part if isinstance(part, str) else "-".join(part)
)


# --- the formulas of the contract ------------------------------------------------------------------


def mean_of(mean, beta, x):
    """The running mean."""
    return beta * mean + (1 - beta) * x


def sgd(p, g, h, options, b=None):
    """lr, momentum, dampening, weight_decay"""
    lr, momentum, dampening, _ = h
    if b is None:
        return [p - lr * g]
    b = momentum * b + (1 - dampening) * g
    return [p - lr * (g + momentum * b if "nesterov" in options else b), b]


def adam(p, g, h, options, m, v, largest=None):
    """lr, beta1, beta2, eps, weight_decay, bias_correction1, root2"""
    m, v = mean_of(m, h[1], g), mean_of(v, h[2], g * g)
    most = v if largest is None else np.maximum(v, largest)
    p = p - h[0] / h[5] * m / (np.sqrt(most) / h[6] + h[3])
    return [p, m, v] if largest is None else [p, m, v, most]


def adagrad(p, g, h, options, s):
    """rate, eps, weight_decay"""
    s = s + g * g
    return [p - h[0] * g / (np.sqrt(s) + h[1]), s]


def rmsprop(p, g, h, options, v, *more):
    """lr, alpha, eps, weight_decay, momentum"""
    v, under, states = mean_of(v, h[1], g * g), 0, []
    if "centered" in options:
        states = [mean_of(more[-1], h[1], g)]
        under = states[0] ** 2
    step = g / (np.sqrt(v - under) + h[2])
    if "momentum" in options:
        step = h[4] * more[0] + step
        states.insert(0, step)
    return [p - h[0] * step, v, *states]


def adadelta(p, g, h, options, v, a):
    """lr, rho, eps, weight_decay"""
    v = mean_of(v, h[1], g * g)
    d = np.sqrt(a + h[2]) / np.sqrt(v + h[2]) * g
    return [p - h[0] * d, v, mean_of(a, h[1], d * d)]


def adamax(p, g, h, options, m, u):
    """beta1, beta2, eps, weight_decay, rate"""
    m, u = mean_of(m, h[0], g), np.maximum(h[1] * u, abs(g) + h[2])
    return [p - h[4] * m / u, m, u]


def nadam(p, g, h, options, m, v):
    """lr, beta1, beta2, eps, weight_decay, bias_correction2, rate_g, rate_m"""
    m, v = mean_of(m, h[1], g), mean_of(v, h[2], g * g)
    d = np.sqrt(v / h[5]) + h[3]
    return [p - h[6] * g / d - h[7] * m / d, m, v]


def radam(p, g, h, options, m, v):
    """lr, beta1, beta2, eps, weight_decay, bias_correction1, root2, rectification"""
    m, v = mean_of(m, h[1], g), mean_of(v, h[2], g * g)
    factor = h[6] / (np.sqrt(v) + h[3]) * h[7] if h[7] else 1
    return [p - h[0] * m / h[5] * factor, m, v]


def asgd(p, g, h, options, ax):
    """eta, lambd, mu, weight_decay"""
    p = (1 - h[1] * h[0]) * p - h[0] * g
    return [p, ax + h[2] * (p - ax)]


def rprop(p, g, h, options, prev, s):
    """eta minus, eta plus, smallest and largest step"""
    direction = g * prev
    s = np.clip(s * np.where(direction > 0, h[1], np.where(direction < 0, h[0], 1)), h[2], h[3])
    g = np.where(direction < 0, 0, g)
    return [p - np.sign(g) * s, g, s]


DECAY = {"sgd": 3, "adam": 4, "adagrad": 2, "rmsprop": 3, "adadelta": 3, "adamax": 3, "nadam": 4, "radam": 4, "asgd": 3}


def expected(rule, options, grad, hyper, param, *states):
    """[param, state, …] after a step, in float64."""
    grad, param, *states = (np.asarray(a, np.float64) for a in (grad, param, *states))
    g = -grad if "maximize" in options else grad
    decay = hyper[DECAY[rule]] if rule in DECAY else 0
    if "decoupled" in options:
        param = (1 - hyper[0] * decay) * param
    else:
        g = g + decay * param
    return globals()[rule](param, g, hyper, options, *states)


# --- the tests -------------------------------------------------------------------------------------


def states_of(rule, options):
    """How many there are."""
    return STATES.get(rule, 2) + len({"momentum", "amsgrad", "centered"}.intersection(options))


def numbers(rng, dtype, sizes, states):
    """Parameters, then their states: the first larger than the others, as a mean of squares than a mean's square."""
    ranges = [(4, 5), (1, 1.5), (1, 1.5)][:states]
    arrays = [rng.standard_normal(size) for size in sizes]
    arrays += [rng.uniform(low, high, size) for low, high in ranges for size in sizes]
    return [array.astype(dtype) for array in arrays]


@each_float
@each_case
def test_a_step(backend, rng, dtype, rule, options):
    sizes = (3, 0, 40) if backend == SLOW else (5, 0, 1, 1030, 0, 4, 2500, 0)
    grads = [rng.standard_normal(size).astype(dtype) for size in sizes]
    before = numbers(rng, dtype, sizes, states_of(rule, options))
    z = optimizer_step.Sizes(rule, sizes, dtype, options)
    after = run(backend, "optimizer_step", z, *grads, np.array(HYPER[rule]), updated=before)
    assert len(after) == len(before)
    for i, grad in enumerate(grads):
        right = expected(rule, options, grad, HYPER[rule], *before[i :: len(sizes)])
        for got, want in zip(after[i :: len(sizes)], right, strict=True):
            tolerance = {"float32": 3e-5, "float64": 1e-12}[dtype.name]
            np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@each_float
def test_parameters_by_the_hundred(backend, rng, dtype):
    """More than one launch takes; each steps as it would alone, to the last bit."""
    sizes = tuple(int(size) for size in rng.integers(0, 4 if backend == SLOW else 40, 130))
    grads = [rng.standard_normal(size).astype(dtype) for size in sizes]
    before = numbers(rng, dtype, sizes, 2)
    z, hyper = optimizer_step.Sizes("adam", sizes, dtype, ()), np.array(HYPER["adam"])
    after = run(backend, "optimizer_step", z, *grads, hyper, updated=before)
    for i in (0, 63, 64, 129):
        alone = run(
            backend, "optimizer_step", z._replace(sizes=sizes[i : i + 1]), grads[i], hyper, updated=before[i::130]
        )
        for one, other in zip(after[i::130], alone, strict=True):
            assert one.tobytes() == other.tobytes()


@each_float
def test_an_infinite_parameter_without_decay_stays(backend, dtype):
    """0·inf is NaN, and nothing for the gradient."""
    param, grad, hyper = np.array([np.inf, -np.inf, 1], dtype), np.ones(3, dtype), np.array([0.5, 0, 0, 0.0])
    (after,) = run(
        backend, "optimizer_step", optimizer_step.Sizes("sgd", (3,), dtype, ()), grad, hyper, updated=[param]
    )
    assert after.tolist() == [np.inf, -np.inf, 0.5]


@each_float
def test_a_nan_in_the_gradient_shows(backend, dtype):
    grad = np.array([np.nan, 1], dtype)
    for rule in ("sgd", "adam", "adamax", "rprop"):
        states = [np.ones(2, dtype) for _ in range(states_of(rule, ()))]
        z = optimizer_step.Sizes(rule, (2,), dtype, ())
        param, *_ = run(
            backend, "optimizer_step", z, grad, np.array(HYPER[rule]), updated=[np.zeros(2, dtype), *states]
        )
        assert np.isnan(param).tolist() == [True, False]


def test_radam_before_it_is_rectified(backend, rng):
    """A rectification of 0 means a step of the mean alone."""
    hyper, dtype = np.array([*HYPER["radam"][:-1], 0]), np.dtype("float64")
    grad, before = rng.standard_normal(9), numbers(rng, dtype, (9,), 2)
    z = optimizer_step.Sizes("radam", (9,), dtype, ())
    param, *_ = run(backend, "optimizer_step", z, grad, hyper, updated=before)
    np.testing.assert_allclose(param, expected("radam", (), grad, hyper, *before)[0], rtol=1e-12)


@pytest.mark.parametrize(
    ("rule", "options"), [("sgd", ("momentum", "nesterov")), ("adam", ("amsgrad", "decoupled"))], ids=["sgd", "adam"]
)
def test_cuda_rounds_as_the_cpu(backend, rng, rule, options):
    """Products and sums are fused in the same places: equal gradients, equal bits."""
    if backend != "gpu cupy":
        pytest.skip("the reference fuses nothing, and Numba-CUDA what it likes")
    sizes, dtype = (700, 3), np.dtype("float32")
    grads = [rng.standard_normal(size).astype(dtype) for size in sizes]
    before = numbers(rng, dtype, sizes, states_of(rule, options))
    z, hyper = optimizer_step.Sizes(rule, sizes, dtype, options), np.array(HYPER[rule])
    one, other = (run(b, "optimizer_step", z, *grads, hyper, updated=before) for b in (backend, "numba"))
    assert [a.tobytes() for a in one] == [a.tobytes() for a in other]
