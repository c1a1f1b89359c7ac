"""The host stream gives PyTorch's numbers, bit for bit: recorded from torch 2.13, and from torch where it is
installed.

Comparisons are of bytes and of the generator's whole state, so a word drawn too many or too few shows as
well.
"""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

import numpy as np
import pytest

from minicnn.rounding import fma32, fma64
from minicnn.stream import Stream

SEEDS = [0, 42, 2**40 + 17, -3]
SIZES = [1, 3, 15, 16, 17, 33, 1003]
FLOATS = ["float16", "float32", "float64"]


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def digest(*arrays: Any) -> str:
    return hashlib.sha256(b"".join(np.asarray(array).tobytes() for array in arrays)).hexdigest()[:16]


def assert_same(stream: Stream, torch: Any, mine: Any, theirs: Any) -> None:
    mine, theirs = np.asarray(mine), theirs.numpy()
    assert (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape)
    assert mine.tobytes() == theirs.tobytes()
    assert stream.state() == torch.get_rng_state().numpy().tobytes()


# ---- recorded values

DRAWS = {
    "uniform": lambda s, n: s.uniform(n, -0.1, 0.1),
    "uniform float64": lambda s, n: s.uniform(n, -1 / 3, 2 / 7, np.float64),
    "uniform float16": lambda s, n: s.uniform(n, dtype=np.float16),
    "normal": lambda s, n: s.normal(n),
    "normal mean std": lambda s, n: s.normal(n, 0.1, 0.37),
    "randint": lambda s, n: s.randint(n, -5, 95),
    "randint wide": lambda s, n: s.randint(n, -(2**63), 2**63 - 1),
    "randperm": lambda s, n: s.randperm(n),
    "bernoulli": lambda s, n: s.bernoulli(n, 0.3),
    "bernoulli_from": lambda s, n: s.bernoulli_from(np.linspace(0, 1, n, dtype=np.float32)),
    "exponential": lambda s, n: s.exponential(n, 0.3),
    "multinomial": lambda s, n: s.multinomial(np.arange(1, n + 1, dtype=np.float32), n // 2 + 1),
    "multinomial again": lambda s, n: s.multinomial(np.arange(1, n + 1, dtype=np.float32), n + 2, True),
    "trunc_normal": lambda s, n: s.trunc_normal(n, 0, 0.02, -0.05, 0.03),
}
RECORDED = {  # sha256 over all SEEDS and SIZES, from torch 2.13
    "uniform": "120093b5802c748e",
    "uniform float64": "4b5d6968e97ff997",
    "uniform float16": "c08d56f1026279cd",
    "normal": "b7ba8462d420b2ba",
    "normal mean std": "48db2c055d8e90dd",
    "randint": "19dd868a9b2becfd",
    "randint wide": "0b66319a8c55ba16",
    "randperm": "42b794859d75ecce",
    "bernoulli": "7b175eae739646f3",
    "bernoulli_from": "87a16acc8561eb59",
    "exponential": "a7047c09409887d1",
    "multinomial": "ab938df4cab3ea1a",
    "multinomial again": "72fe7f9d90bdf926",
    "trunc_normal": "75281c844d7a3ea3",
}


@pytest.mark.parametrize("draw", DRAWS)
def test_recorded_from_torch(draw: str) -> None:
    values = [DRAWS[draw](Stream(seed), n) for seed, n in itertools.product(SEEDS, SIZES)]
    assert digest(*values) == RECORDED[draw]


def test_first_values() -> None:
    assert Stream(0).uniform(3).tolist() == [0.49625658988952637, 0.7682217955589294, 0.08847743272781372]
    assert Stream(42).uniform((2, 1)).tolist() == [[0.8822692632675171], [0.9150039553642273]]
    assert Stream(0).randperm(8).tolist() == [4, 0, 7, 3, 2, 5, 1, 6]
    assert Stream().initial_seed() == 67280421310721
    assert Stream(-3).initial_seed() == 2**64 - 3


def test_second_normal_of_a_pair_survives_other_draws_until_a_new_seed() -> None:
    whole = Stream(1).normal(4, dtype=np.float64)
    stream = Stream(1)
    first = stream.normal(3, dtype=np.float64)
    stream.uniform(5)
    stream.normal(16)
    assert [*first, *stream.normal(1, dtype=np.float64)] == whole.tolist()
    stream.normal(1)
    assert stream.manual_seed(1).normal(4, dtype=np.float64).tolist() == whole.tolist()


def test_state_round_trip() -> None:
    stream = Stream(7)
    for draw in (lambda s: None, lambda s: s.uniform(5), lambda s: s.normal(3), lambda s: s.uniform(624)):
        draw(stream)
        copy = Stream()
        copy.set_state(stream.state())
        assert copy.state() == stream.state()
        assert copy.initial_seed() == 7
        assert copy.normal(33).tobytes() == stream.normal(33).tobytes()
        assert copy.normal(2).tobytes() == stream.normal(2).tobytes()


def test_fused_multiply_add_rounds_once() -> None:
    """Exact arithmetic decides: Fraction to float rounds correctly. float32 by way of the tie it must not
    make."""
    from fractions import Fraction

    rng = np.random.default_rng(0)
    a, b = rng.random(2000), np.float64(rng.standard_normal())
    for c in (0.0, 1.0, -b * 0.5, b * 2.0**-54, 1e-18, -1e10):
        exact = [float(Fraction(x) * Fraction(float(b)) + Fraction(float(c))) for x in a.tolist()]
        assert fma64(a, b, np.float64(c)).tolist() == exact
    tie, tiny = (
        np.float32([1 + 2**-12]),
        np.float32(2**-100),
    )  # (1 + 2**-12)**2 lies half-way between two float32
    assert fma32(tie, tie[0], np.float32(0)).tolist() == [float(np.float32(1 + 2**-11))]
    assert fma32(tie, tie[0], tiny).tolist() == [float(np.float32(1 + 2**-11 + 2**-23))]


def test_values_never_reach_the_upper_bound() -> None:
    values = Stream(0).uniform(1000, 1, 1 + 2**-22)
    assert set(values.tolist()) == {1.0, 1 + 2**-23}
    assert Stream(0).uniform(100_000, dtype=np.float16).max() < 1


def test_random_seed_differs() -> None:
    stream = Stream(0)
    seed = stream.seed()
    assert 0 <= seed < 2**53
    assert seed == stream.initial_seed() != stream.seed()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s: s.manual_seed(2**64), ValueError, "Overflow when unpacking long long: `seed` is 1844"),
        (lambda s: s.manual_seed(-(2**63) - 1), ValueError, "Overflow when unpacking long long"),
        (lambda s: s.manual_seed(1.5), RuntimeError, "manual_seed expected a long, but got float"),
        (lambda s: s.set_state(b"short"), RuntimeError, "of size 5056 but found .* to be 5"),
        (lambda s: s.set_state(bytes(5056)), RuntimeError, "Invalid mt19937 state"),
        (lambda s: s.uniform(3, 2, 1), RuntimeError, "found from=2.0 > to=1.0"),
        (lambda s: s.uniform(3, 0, np.nan), RuntimeError, "to is out of bounds for float32"),
        (lambda s: s.uniform(3, -3e38, 3e38), RuntimeError, "uniform_ expects to-from <= 3.4"),
        (lambda s: s.uniform(-1), RuntimeError, "negative dimension -1"),
        (lambda s: s.uniform(3, dtype=np.int64), NotImplementedError, "not implemented for int64"),
        (lambda s: s.normal(3, 0, -1), RuntimeError, "normal expects std >= 0.0, but found std -1"),
        (lambda s: s.randint(3, 5, 5), RuntimeError, "from=5 >= to=5"),
        (lambda s: s.randint(3, 0, 2**63), ValueError, "Overflow"),
        (lambda s: s.bernoulli(3, 1.5), RuntimeError, r"expects p to be in \[0, 1\], but got p=1.5"),
        (lambda s: s.bernoulli_from(np.array([2.0])), RuntimeError, "Expected p_in >= 0 && p_in <= 1"),
        (lambda s: s.exponential(3, 0), RuntimeError, "exponential_ expects lambda > 0.0"),
        (lambda s: s.multinomial(np.ones(2), 3), RuntimeError, "cannot sample n_sample > prob_dist"),
        (lambda s: s.multinomial(np.ones(2), 0), RuntimeError, "cannot sample n_sample <= 0"),
        (lambda s: s.multinomial(np.array([1.0, -1.0]), 1), RuntimeError, "`inf`, `nan` or element < 0"),
        (lambda s: s.multinomial(np.zeros((2, 2)), 1), RuntimeError, "sum of probabilities <= 0"),
        (lambda s: s.multinomial(np.ones((1, 1, 1)), 1), RuntimeError, "must be 1 or 2 dim"),
    ],
)
def test_bad_arguments(call: Any, error: type[Exception], message: str) -> None:
    stream = Stream(3)
    before = stream.state()
    with pytest.raises(error, match=message):
        call(stream)
    assert stream.state() == before


@pytest.mark.parametrize("shape", [0, (), (2, 0), (3, 1, 2)])
def test_shapes(shape: Any) -> None:
    stream, expected = Stream(0), np.empty(shape).shape
    draws = [
        stream.uniform(shape),
        stream.normal(shape),
        stream.randint(shape, 0, 3),
        stream.bernoulli(shape, 0.5),
        stream.bernoulli_from(np.full(shape, 0.5)),
        stream.exponential(shape),
        stream.trunc_normal(shape),
        stream.trunc_normal(shape, 0, 1, 2, 3),
    ]
    assert [draw.shape for draw in draws] == [expected] * len(draws)
    assert all(isinstance(draw, np.ndarray) for draw in draws)


# ---- torch beside it


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_floating_draws(torch: Any, seed: int, dtype: str) -> None:
    """One long sequence: every draw starts where the last one left the generator, pending normals
    included."""
    stream, theirs = Stream(seed), getattr(torch, dtype)
    torch.manual_seed(seed)
    for n in SIZES:
        for low, high in ((0, 1), (-0.1, 0.1), (-1 / 3, 2 / 7), (3.7, 1e3), (-1, -1 + 2**-22), (1, 1)):
            tensor = torch.empty(n, dtype=theirs).uniform_(low, high)
            assert_same(stream, torch, stream.uniform(n, low, high, dtype), tensor)
        for mean, std in ((0, 1), (0.1, 0.37), (-5, 1e-3)):
            tensor = torch.empty(n, dtype=theirs).normal_(mean, std)
            assert_same(stream, torch, stream.normal(n, mean, std, dtype), tensor)
            strided = torch.empty(n, 4, dtype=theirs)[:, ::2].normal_(mean, std)
            mine = stream.normal((n, 2), mean, std, dtype, contiguous=False)
            assert_same(stream, torch, mine, strided)
        for rate in (1, 0.3, 7.1):
            tensor = torch.empty(n, dtype=theirs).exponential_(rate)
            assert_same(stream, torch, stream.exponential(n, rate, dtype), tensor)
        for p in (0, 0.1, 1):
            tensor = torch.empty(n, dtype=theirs).bernoulli_(p).bool()
            assert_same(stream, torch, stream.bernoulli(n, p), tensor)
        p = np.linspace(0, 1, n, dtype=dtype)
        assert_same(stream, torch, stream.bernoulli_from(p), torch.bernoulli(torch.from_numpy(p)).bool())


@pytest.mark.parametrize("seed", SEEDS)
def test_integer_draws(torch: Any, seed: int) -> None:
    stream = Stream(seed)
    torch.manual_seed(seed)
    bounds = [(0, 10), (-5, 2**28 - 6), (-5, 2**28 - 5), (0, 2**32), (-(2**63), 2**63 - 1), (-(2**62), 2**62)]
    for n in [0, *SIZES]:
        for low, high in bounds:  # the second and third on either side of the switch to 64-bit words
            assert_same(stream, torch, stream.randint(n, low, high), torch.randint(low, high, (n,)))
        assert_same(stream, torch, stream.randperm(n), torch.randperm(n))
        assert_same(stream, torch, stream.random63(), torch.empty((), dtype=torch.int64).random_())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [(), (3,)])
def test_multinomial(torch: Any, dtype: str, rows: tuple[int, ...]) -> None:
    rng, stream = np.random.default_rng(0), Stream(5)
    torch.manual_seed(5)
    for n in SIZES:
        weights = (rng.random((*rows, n)) + 0.01).astype(dtype)
        for k, replacement in (
            (1, False),
            (min(n, 5), False),
            (n, False),
            (1, True),
            (2, True),
            (n + 3, True),
        ):
            tensor = torch.multinomial(torch.from_numpy(weights), k, replacement)
            assert_same(stream, torch, stream.multinomial(weights, k, replacement), tensor)


@pytest.mark.filterwarnings("ignore:mean is more than 2 std")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bounds", [(0, 1, -2, 2), (0, 0.02, -0.05, 0.03), (0.3, 0.7, -0.1, 0.2), (0, 1, 3, 4)])
def test_trunc_normal(torch: Any, dtype: str, bounds: tuple[float, ...]) -> None:
    stream = Stream(9)
    torch.manual_seed(9)
    for n in SIZES:
        tensor = torch.nn.init.trunc_normal_(torch.empty(n, dtype=getattr(torch, dtype)), *bounds)
        assert_same(stream, torch, stream.trunc_normal(n, *bounds, dtype), tensor)


def test_state_goes_both_ways(torch: Any) -> None:
    generator, stream = torch.Generator().manual_seed(11), Stream(12)
    for words in (0, 3, 621, 600, 24, 700):  # across and at the ends of a block of 624
        torch.rand(words, generator=generator)
        torch.randn(3, generator=generator)  # leaves a pending normal every other time
        stream.set_state(generator.get_state().numpy().tobytes())
        assert stream.state() == generator.get_state().numpy().tobytes()
        assert stream.initial_seed() == 11
        stream.uniform(words)
        stream.normal(5)
        generator.set_state(torch.frombuffer(bytearray(stream.state()), dtype=torch.uint8))
        assert torch.randn(17, generator=generator).numpy().tobytes() == stream.normal(17).tobytes()
        assert torch.randn(2, generator=generator).numpy().tobytes() == stream.normal(2).tobytes()


def test_order_of_a_shuffled_epoch(torch: Any) -> None:
    stream = Stream(3)
    torch.manual_seed(3)
    loader = torch.utils.data.DataLoader(list(range(100)), batch_size=100, shuffle=True)
    for _ in range(3):
        stream.random63()  # the iterator's base seed
        assert_same(stream, torch, Stream(stream.random63()).randperm(100), next(iter(loader)))
