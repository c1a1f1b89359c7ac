"""Every public function that draws gives PyTorch's numbers, bit for bit, and leaves the generator where PyTorch's is.

tests/test_random.py tests the stream behind them. Here are the tensors: their types, their memory orders, the
functions of `nn.init`, dropout's masks, the samplers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import minicnn
import minicnn.utils.data

SEEDS = (0, 42, -3)
FLOATS = ("float16", "float32", "float64")
WHOLE = ("uint8", "int8", "int16", "int32", "int64")


def zeros(m: Any, kind: str, *shape: int) -> Any:
    return m.zeros(*shape, dtype=getattr(m, kind))


def line(m: Any, kind: str, low: float, high: float, n: int = 20) -> Any:
    return m.linspace(low, high, n).to(getattr(m, kind))


def transposed(m: Any, kind: str) -> Any:
    return zeros(m, kind, 4, 20).t()


def strided(m: Any, kind: str) -> Any:
    return zeros(m, kind, 4, 20)[:, ::2]


def turned(m: Any, kind: str) -> Any:
    return zeros(m, kind, 2, 3, 4, 5).permute(2, 0, 3, 1)


FLOATING = {  # of a floating type each
    "rand": lambda m, k: m.rand(3, 7, dtype=getattr(m, k)),
    "randn": lambda m, k: [m.randn(*s, dtype=getattr(m, k)) for s in ((3,), (5, 7), (4, 4), (1,))],
    "rand_like": lambda m, k: m.rand_like(zeros(m, k, 20)),
    "rand_like transposed": lambda m, k: m.rand_like(transposed(m, k)),
    "randn_like": lambda m, k: m.randn_like(zeros(m, k, 33)),
    "randn_like transposed": lambda m, k: m.randn_like(transposed(m, k)),
    "randn_like strided": lambda m, k: m.randn_like(strided(m, k)),
    "randint_like": lambda m, k: m.randint_like(zeros(m, k, 20), -3, 9),
    "randint": lambda m, k: m.randint(0, 9, (20,), dtype=getattr(m, k)),
    "uniform_": lambda m, k: zeros(m, k, 4, 20).uniform_(-1, 3),
    "uniform_ transposed": lambda m, k: transposed(m, k).uniform_(-1, 3),
    "uniform_ strided": lambda m, k: strided(m, k).uniform_(-1, 3),
    "uniform_ turned": lambda m, k: turned(m, k).uniform_(),
    "normal_": lambda m, k: zeros(m, k, 4, 20).normal_(1, 3),
    "normal_ transposed": lambda m, k: transposed(m, k).normal_(1, 3),
    "normal_ strided": lambda m, k: strided(m, k).normal_(1, 3),
    "normal_ turned": lambda m, k: turned(m, k).normal_(),
    "normal_ of a slice": lambda m, k: zeros(m, k, 4, 20)[1:3].normal_(1, 3),
    "normal of tensors": lambda m, k: m.normal(line(m, k, 0, 19), line(m, k, 1, 2)),
    "normal of few": lambda m, k: m.normal(line(m, k, 0, 4, 5), line(m, k, 1, 2, 5)),
    "normal broadcast": lambda m, k: m.normal(line(m, k, 0, 19).reshape(20, 1), line(m, k, 1, 2, 3)),
    "normal of means": lambda m, k: m.normal(line(m, k, 0, 19), 0.3),
    "normal of deviations": lambda m, k: m.normal(0.7, line(m, k, 1, 2)),
    "normal of a size": lambda m, k: m.normal(0.7, 2.0, (4, 5), dtype=getattr(m, k)),
    "exponential_": lambda m, k: zeros(m, k, 4, 20).exponential_(2.5),
    "exponential_ transposed": lambda m, k: transposed(m, k).exponential_(),
    "log_normal_": lambda m, k: [zeros(m, k, 20).log_normal_(), zeros(m, k, 33).log_normal_(0.5, 0.3)],
    "cauchy_": lambda m, k: zeros(m, k, 4, 20).cauchy_(0.5, 2.0),
    "bernoulli": lambda m, k: m.bernoulli(line(m, k, 0, 1).reshape(4, 5)),
    "bernoulli of a number": lambda m, k: [m.bernoulli(zeros(m, k, 20), 0.4), zeros(m, k, 20).bernoulli(0.4)],
    "bernoulli_ of chances": lambda m, k: zeros(m, k, 20).bernoulli_(line(m, k, 0, 1)),
    "multinomial": lambda m, k: m.multinomial(line(m, k, 0.1, 1), 5),
    "random_": lambda m, k: [zeros(m, k, 20).random_(*bounds) for bounds in ((), (10,), (-3, 10))],
}
ANY = {  # of any type that is no bool
    "bernoulli_": lambda m, k: zeros(m, k, 4, 20).bernoulli_(0.3),
    "bernoulli_ transposed": lambda m, k: transposed(m, k).bernoulli_(0.3),
    "geometric_": lambda m, k: zeros(m, k, 4, 20).geometric_(0.3),
    "random_ of two": lambda m, k: zeros(m, k, 20).random_(2),
}
DROPOUT = {
    "dropout": lambda m, k: m.nn.functional.dropout(m.ones(4, 20, dtype=getattr(m, k)), 0.3),
    "dropout1d": lambda m, k: m.nn.functional.dropout1d(m.ones(4, 5, 6, dtype=getattr(m, k)), 0.3),
    "dropout2d": lambda m, k: m.nn.functional.dropout2d(m.ones(4, 5, 3, 3, dtype=getattr(m, k)), 0.3),
}
INITS = [
    *(("uniform_", ()), ("normal_", (0, 0.02)), ("trunc_normal_", ()), ("trunc_normal_", (0, 0.02, -0.05, 0.05))),
    *(("xavier_uniform_", ()), ("xavier_normal_", (1.4,)), ("kaiming_uniform_", ())),
    *(("kaiming_normal_", ()), ("kaiming_normal_", (0, "fan_out", "relu")), ("sparse_", (0.2,))),
]


def own(m: Any) -> Any:
    return m.Generator().manual_seed(5)


def forked(m: Any) -> list[Any]:
    first = m.rand(3)
    with m.random.fork_rng():
        m.manual_seed(1)
        inside = m.rand(4)
    with m.random.fork_rng(enabled=False):
        after = m.randn(2)
    return [first, inside, after, m.randn(3)]


def split(m: Any) -> list[Any]:
    data = m.utils.data
    parts = data.random_split(list(range(20)), [15, 5])
    parts += data.random_split(list(range(20)), [0.5, 0.3, 0.2], generator=m.Generator().manual_seed(42))
    return [list(part.indices) for part in parts]


def sampled(m: Any) -> list[Any]:
    data, numbers = m.utils.data, list(range(20))
    return [
        list(data.RandomSampler(numbers)),
        list(data.RandomSampler(numbers, replacement=True, num_samples=50)),
        list(data.RandomSampler(numbers, num_samples=30)),
        list(data.SubsetRandomSampler([3, 4, 9, 1])),
        [list(batch) for batch in data.BatchSampler(data.RandomSampler(numbers), 6, False)],
    ]


def epochs(m: Any, **options: Any) -> list[Any]:
    loader = m.utils.data.DataLoader(m.arange(20), batch_size=6, shuffle=True, **options)
    return [batch for _ in range(2) for batch in loader]


OTHERS = {
    "randint of one bound": lambda m: [m.randint(5, (30,)), m.randint(high=9, size=(30,))],
    "randint of two": lambda m: [m.randint(3, 9, (30,)), m.randint(low=-3, high=9, size=(30,))],
    "randperm": lambda m: [m.randperm(n) for n in (0, 1, 2, 17, 1000, 20_000)],
    "randperm int32": lambda m: m.randperm(17, dtype=m.int32),
    "multinomial with replacement": lambda m: m.linspace(0.1, 1, 20).multinomial(50, replacement=True),
    "multinomial of rows": lambda m: m.linspace(0.1, 1, 20).reshape(4, 5).multinomial(3),
    "a generator of one's own": lambda m: [
        *(m.rand(5, generator=own(m)), m.randn(50, generator=own(m)), m.randperm(10, generator=own(m))),
        *(m.randint(0, 9, (5,), generator=own(m)), own(m).get_state(), own(m).initial_seed()),
        m.rand(3, generator=own(m).clone_state()),
    ],
    "the names of torch.random": lambda m: [m.random.get_rng_state(), m.random.initial_seed(), m.initial_seed()],
    "fork_rng": forked,
    "random_split": split,
    "samplers": sampled,
    "a shuffled loader": epochs,
    "a shuffled loader with a generator": lambda m: epochs(m, generator=own(m)),
}


def results(package: Any, draw: Any, seed: int, *arguments: Any) -> tuple[list[Any], bytes]:
    package.manual_seed(seed)
    drawn = draw(package, *arguments)
    return (drawn if isinstance(drawn, list) else [drawn]), package.get_rng_state().numpy().tobytes()


def check(draw: Any, *arguments: Any) -> None:
    torch = pytest.importorskip("torch")
    for seed in SEEDS:
        mine, my_state = results(minicnn, draw, seed, *arguments)
        theirs, their_state = results(torch, draw, seed, *arguments)
        assert len(mine) == len(theirs)
        for a, b in zip(mine, theirs, strict=True):
            if not hasattr(b, "numpy"):
                assert a == b
                continue
            assert a.dtype.name == str(b.dtype).removeprefix("torch.")
            assert tuple(a.stride()) == tuple(b.stride()) or b.numel() == 0
            assert a.detach().numpy().tobytes() == b.detach().numpy().tobytes()
        assert my_state == their_state


@pytest.mark.parametrize("kind", FLOATS)
@pytest.mark.parametrize("draw", FLOATING)
def test_floating_tensors(draw: str, kind: str) -> None:
    check(FLOATING[draw], kind)


@pytest.mark.parametrize("kind", [*FLOATS, *WHOLE])
@pytest.mark.parametrize("draw", ANY)
def test_tensors_of_every_type(draw: str, kind: str) -> None:
    check(ANY[draw], kind)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("draw", DROPOUT)
def test_masks(draw: str, kind: str) -> None:
    check(DROPOUT[draw], kind)


@pytest.mark.parametrize("draw", OTHERS)
def test_orders_generators_and_samplers(draw: str) -> None:
    check(OTHERS[draw])


@pytest.mark.filterwarnings("ignore:mean is more than 2 std")
@pytest.mark.parametrize("shape", [(5, 7), (20, 30), (6, 3, 5, 5)])
@pytest.mark.parametrize(("name", "arguments"), INITS)
def test_initialisation(name: str, arguments: tuple[Any, ...], shape: tuple[int, ...]) -> None:
    if name == "sparse_" and len(shape) != 2:
        pytest.skip("for matrices only")
    check(lambda m: getattr(m.nn.init, name)(m.empty(*shape), *arguments))


@pytest.mark.parametrize(
    ("layer", "arguments"), [("Linear", (10, 5)), ("Conv2d", (3, 8, 3)), ("ConvTranspose2d", (3, 8, 3))]
)
def test_layers_start_alike(layer: str, arguments: tuple[int, ...]) -> None:
    check(lambda m: list(getattr(m.nn, layer)(*arguments).parameters()))


def test_linspace_is_torchs_to_the_last_bit() -> None:
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(0)
    for kind in FLOATS[1:]:
        for n in (0, 1, 2, 3, 16, 57, 100):
            low, high = random.normal(size=2).tolist()
            ours, theirs = (m.linspace(low, high, n, dtype=getattr(m, kind)).numpy() for m in (minicnn, torch))
            assert ours.tobytes() == theirs.tobytes()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: minicnn.ones(3).log_normal_(0, 0), RuntimeError, "expects std > 0.0, but found std=0"),
        (lambda: minicnn.ones(3).cauchy_(0, -1), RuntimeError, "expects sigma > 0.0, but found sigma=-1"),
        (lambda: minicnn.ones(3).geometric_(1.0), RuntimeError, r"p to be in \(0, 1\), but got p=1.0"),
        (lambda: minicnn.ones(3, dtype=minicnn.bool).geometric_(0.5), NotImplementedError, "not implemented for bool"),
        (lambda: minicnn.ones(3, dtype=minicnn.int64).cauchy_(), NotImplementedError, "must be floating"),
        (lambda: minicnn.bernoulli(minicnn.ones(3), 1.5), RuntimeError, r"p to be in \[0, 1\], but got p=1.5"),
        (lambda: minicnn.nn.init.sparse_(minicnn.ones(3), 0.1), ValueError, "Only tensors with 2 dimensions"),
        (lambda: minicnn.random.no_such_name, AttributeError, "has no attribute 'no_such_name'"),
    ],
)
def test_what_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_fork_rng_goes_back_after_an_error() -> None:
    minicnn.manual_seed(3)
    state = minicnn.get_rng_state().tolist()

    def fail() -> None:
        with minicnn.random.fork_rng():
            raise KeyError(minicnn.rand(5))

    with pytest.raises(KeyError):
        fail()
    assert minicnn.get_rng_state().tolist() == state
    assert math.isclose(minicnn.rand(1).item(), minicnn.Generator().manual_seed(3).uniform(1).item())


def test_torch_random_has_its_names_at_both_places() -> None:
    from minicnn.functional import generator

    for name in ("default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed"):
        assert getattr(minicnn.random, name) is getattr(generator, name)


def test_seeds_of_a_gpu_that_is_not_there_are_taken() -> None:
    """And what needs one says so."""
    minicnn.cuda.manual_seed(1)
    minicnn.cuda.manual_seed_all(1)
    if minicnn.cuda.is_available():
        return
    assert minicnn.cuda.get_rng_state_all() == []
    with pytest.raises(RuntimeError, match=r"a GPU's random numbers: .*CuPy"):
        minicnn.cuda.get_rng_state()
