"""The host random stream: the numbers PyTorch's CPU generator gives, bit for bit, from NumPy alone.

A script that is seeded alike starts from the same weights, visits the samples in the same order and drops the
same activations as under PyTorch. For that two things have to agree, and both are written down here:

* **The words.** PyTorch's CPU generator is the Mersenne Twister MT19937 (Matsumoto & Nishimura, 1998) seeded
  by Knuth's recurrence. NumPy has the same twister, so a :class:`Stream` keeps one and takes its 32-bit words
  in bulk.
* **The recipes**: how many words a draw takes, which of their bits count, and where the result is rounded. A
  recipe off by one word shifts every later number; one rounding too many changes half of all last digits.

The recipes were learnt by watching PyTorch 2.13 (x86-64, AVX2 or newer) and comparing bits;
tests/test_random.py repeats the comparison. Three of its habits explain most of the code. Its vectorised
loops use fused multiply-add, a*b + c rounded **once**; NumPy has none, hence `fma32` and `fma64`. Its
float32 normals use the polynomials of the Cephes library (Moshier, 1984-1992) for log, sin and cos, hence
`log_cephes` and `sincos_cephes`. And its scalar loops call the C library, as Python's `math` does, where
NumPy has vector code of its own: hence `libm`.
"""

from __future__ import annotations

import ctypes
import math
import operator
import os
import struct
from collections.abc import Sequence
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import DTypeLike

from minicnn.rounding import Array, fma32, fma64, libm, log_cephes, round_from64, sincos_cephes

Shape = SupportsIndex | Sequence[int]

_f32 = np.float32
_HEADER, _KEY, _TAIL = struct.Struct("<QiiQ"), 624, struct.Struct("<dddi4xf?3x")  # see Stream.state
_STATE_BYTES = _HEADER.size + 8 * _KEY + _TAIL.size  # 5,056
_CHUNK = 1 << 14  # numbers made at a time, a multiple of 16: the temporaries of a chunk stay in the cache


class Stream:
    """PyTorch's CPU generator: equal seeds and equal calls give equal numbers.

    Shapes are an integer or a sequence of integers; every draw returns a new NumPy array in C order.

    >>> Stream(0).uniform(3)
    array([0.4962566 , 0.7682218 , 0.08847743], dtype=float32)
    >>> Stream(0).randperm(5)
    array([4, 0, 1, 3, 2])
    """

    def __init__(self, seed: int = 67280421310721) -> None:  # what PyTorch's default generator is born with
        self._twister = np.random.MT19937()
        words = ctypes.c_uint32 * (_KEY + 1)
        self._memory: Array = np.ctypeslib.as_array(words.from_address(self._twister.ctypes.state_address))
        self.manual_seed(seed)

    # ---- seed and state

    def manual_seed(self, seed: int) -> Stream:
        """Restart at `seed`, -2**63 <= seed < 2**64 (negative ones wrap), of which the low 32 bits count."""
        if isinstance(seed, bool) or not hasattr(seed, "__index__"):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__} as `seed`")
        number = operator.index(seed)
        if not -(2**63) <= number < 2**64:
            raise ValueError(f"Overflow when unpacking long long: `seed` is {number}, expected -2**63 <= seed < 2**64")
        self._seed = number % 2**64
        self._set_twister(np.random.RandomState(self._seed & 0xFFFFFFFF).get_state(legacy=False)["state"])
        self._seeded = self._memory.copy()  # for `state`, which tells whether no word was drawn yet
        self._pending: float | None = None  # the second value of a Box-Muller pair, see `_normal_serial`
        return self

    def initial_seed(self) -> int:
        """The seed last set, in 0 ... 2**64 - 1."""
        return self._seed

    def seed(self) -> int:
        """Restart at a seed from the operating system, 53 bits as in PyTorch, and return it."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little") >> 11)
        return self._seed

    def state(self) -> bytes:
        """The 5,056 bytes of `torch.get_rng_state()`, from which PyTorch goes on where this stream stands.

        Little endian: seed, words left before the next twist (counted from 1), seeded?, index of the next
        word, the 624 words as 64-bit integers; then the normal cache (x, y, rho, y is pending?) and one of
        float32 that nothing uses.
        """
        position = int(self._memory[-1])
        fresh = np.array_equal(self._memory, self._seeded)
        header = _HEADER.pack(self._seed, _KEY + 1 - position, 1, 0 if fresh else position)
        tail = _TAIL.pack(0.0, self._pending or 0.0, 0.0, self._pending is not None, 0.0, False)
        return header + self._memory[:-1].astype("<u8").tobytes() + tail

    def set_state(self, state: bytes) -> None:
        """Go on from the bytes of `state()` or of `torch.get_rng_state()`; RuntimeError for any others."""
        state = bytes(state)
        if len(state) != _STATE_BYTES:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_STATE_BYTES} "
                f"but found the input RNG state size to be {len(state)}"
            )
        seed, left, seeded, following = _HEADER.unpack_from(state)
        fresh = (left, following) == (1, 0)  # just seeded: as if the last of 624 words had been taken
        if seeded != 1 or not (fresh or (1 <= left <= _KEY and left + following == _KEY + 1)):
            raise RuntimeError("Invalid mt19937 state: pass what `state()` or torch.get_rng_state() gave")
        key = np.frombuffer(state, "<u8", _KEY, _HEADER.size).astype(np.uint32)
        _, y, _, is_pending, _, _ = _TAIL.unpack_from(state, len(state) - _TAIL.size)
        self._seed, self._pending = seed, y if is_pending else None
        self._set_twister({"key": key, "pos": _KEY + 1 - left})
        self._seeded = self._memory.copy() if fresh else np.empty(0, np.uint32)

    def __getstate__(self) -> dict[str, Any]:
        """For copies and pickles: the twister belongs to this stream alone, its state to every copy."""
        public = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return {"state": self.state(), "public": public}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Stream.__init__(self)
        Stream.set_state(self, state["state"])
        vars(self).update(state["public"])

    def memory(self) -> Array:
        """The twister itself, uint32 (625,): its 624 words and how many of them were taken (624: the next draw
        makes new ones). A kernel that draws reads it and writes it, and every other draw goes on from there.

        The memory is the same as long as the stream lives.
        """
        return self._memory

    def _set_twister(self, state: dict[str, Any]) -> None:
        whole: Any = {"bit_generator": "MT19937", "state": state}
        self._twister.state = whole

    # ---- words, and the fractions in [0, 1) made of them

    def _words(self, n: int) -> Array:
        """`n` 32-bit words, each in a uint64."""
        return self._twister.random_raw(n)

    def _long_words(self, n: int) -> Array:
        """`n` 64-bit words; of the two words drawn for each, the first is the high half."""
        pairs = self._words(2 * n).reshape(n, 2)
        return (pairs[:, 0] << np.uint64(32)) | pairs[:, 1]

    def _fractions32(self, n: int) -> Array:
        return (self._words(n) & np.uint64(2**24 - 1)).astype(_f32) * _f32(2**-24)

    def _fractions64(self, n: int) -> Array:
        return (self._long_words(n) & np.uint64(2**53 - 1)) * 2.0**-53

    # ---- draws

    def uniform(self, shape: Shape, low: float = 0.0, high: float = 1.0, dtype: DTypeLike = np.float32) -> Array:
        """`rand`, `uniform_`: low + (high - low) * fraction; high - low is rounded first, the rest once.

        float16 computes in float32 and is rounded at the end. A value rounded up to `high` becomes `low`.
        """
        dtype, n = _floating("uniform", dtype), _count(shape)
        low, high, largest = float(low), float(high), float(np.finfo(dtype).max)
        for name, bound in (("from", low), ("to", high)):
            if not abs(bound) <= largest:
                raise RuntimeError(f"{name} is out of bounds for {dtype}: found from={low}, to={high}")
        if low > high:
            raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low} > to={high}")
        if high - low > largest:
            raise RuntimeError(f"uniform_ expects to-from <= {largest}, but found from={low}, to={high}")
        values = np.empty(n, dtype)
        for start in range(0, n, _CHUNK):
            part = values[start : start + _CHUNK]  # a view
            if dtype == np.float64:
                part[:] = fma64(self._fractions64(part.size), np.float64(high - low), np.float64(low))
            else:
                part[:] = fma32(self._fractions32(part.size), _f32(high) - _f32(low), _f32(low))
        values[values == dtype.type(high)] = low  # rounding may reach `high`, which is no part of the range
        return values.reshape(shape)

    def normal(
        self,
        shape: Shape,
        mean: float = 0.0,
        std: float = 1.0,
        dtype: DTypeLike = np.float32,
        *,
        contiguous: bool = True,
    ) -> Array:
        """`randn`, `normal_`: Box-Muller pairs, taken eight at a time from 16 fractions (Box & Muller, 1958).

        When the length is no multiple of 16, the *last 16* values are overwritten by a block of 16 new
        fractions, so 17 normals take 33 words. Fewer than 16 values, and tensors that PyTorch holds
        non-contiguously (`contiguous=False`; the values in the order of memory), come one by one by another
        recipe: `_normal_serial`.
        """
        dtype, n = _floating("normal", dtype), _count(shape)
        if not std >= 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
        if n < 16 or not contiguous:
            values = fma64(self._normal_serial(n), np.float64(std), np.float64(mean))
            return round_from64(values, dtype).reshape(shape)
        double = dtype == np.float64
        draw, block = (self._fractions64, _normals64) if double else (self._fractions32, _normals32)
        values, whole = np.empty(n, dtype), n - n % 16
        for start in range(0, whole, _CHUNK):
            stop = min(start + _CHUNK, whole)
            values[start:stop] = block(draw(stop - start).reshape(-1, 16), mean, std).ravel()
        if n > whole:
            if dtype != np.float16:  # which goes block by block; else fractions fill the whole tensor first
                draw(n - whole)
            values[-16:] = block(draw(16).reshape(1, 16), mean, std).ravel()
        return values.reshape(shape)

    def _normal_serial(self, n: int) -> Array:
        """Standard normals one by one, float64, from the C library's functions.

        The second value of a pair waits for the next call, however much later; only a new seed or state
        forgets it. So three normals take eight words and leave one value behind.
        """
        values = [] if self._pending is None or n == 0 else [self._pending]
        for angle, u in self._fractions64(2 * ((n - len(values) + 1) // 2)).reshape(-1, 2).tolist():
            radius, angle = math.sqrt(-2.0 * math.log1p(-u)), 2.0 * math.pi * angle
            values += [radius * math.cos(angle), radius * math.sin(angle)]
        if n:
            self._pending = values[n] if len(values) > n else None
        return np.array(values[:n], np.float64)

    def randint(self, shape: Shape, low: int, high: int) -> Array:
        """int64 in [low, high): a word modulo the range, a 64-bit word from a range of 2**28 on."""
        low, high = operator.index(low), operator.index(high)
        if low >= high:
            raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
        if low < -(2**63) or high > 2**63 - 1:
            raise ValueError(f"Overflow when unpacking long long: low={low}, high={high} exceed 64 bits")
        span, n = high - low, _count(shape)
        words = self._long_words(n) if span >= 2**28 else self._words(n)
        wrapped = words % np.uint64(span) + np.uint64(low % 2**64)  # negative `low`: modulo 2**64, as in C
        return wrapped.view(np.int64).reshape(shape)

    def random63(self) -> int:
        """An integer in [0, 2**63): `torch.empty((), dtype=torch.int64).random_()`, a DataLoader's seed."""
        return int(self._long_words(1)[0]) & (2**63 - 1)

    def randperm(self, n: int) -> Array:
        """0 ... n-1 in random order, int64: Fisher & Yates's shuffle from the front, n - 1 words."""
        n = _count(n)
        places = np.arange(max(n - 1, 0), dtype=np.uint64)
        partners = places + self._words(len(places)) % (np.uint64(n) - places)
        return self._exchanged(n, partners.view(np.int64))

    def _exchanged(self, n: int, partners: Array) -> Array:
        """0 ... n-1 after exchanging the elements at i and partners[i], one i after the other."""
        order = list(range(n))  # a list, for its single elements are far quicker to swap than an array's
        for place, partner in enumerate(partners.tolist()):
            order[place], order[partner] = order[partner], order[place]
        return np.array(order, np.int64)

    def bernoulli(self, shape: Shape, p: float) -> Array:
        """bool, True with probability `p`: `bernoulli_(p)`, dropout. Two words an element, any dtype."""
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
        kept = np.empty(_count(shape), np.bool_)
        for start in range(0, kept.size, _CHUNK):
            part = kept[start : start + _CHUNK]  # a view
            np.less(self._fractions64(part.size), p, out=part)
        return kept.reshape(shape)

    def bernoulli_from(self, p: Array) -> Array:
        """bool, True with probability `p[i]`: `torch.bernoulli(p)`. One word an element, for float64 two."""
        p = np.asarray(p)
        draw = self._fractions64 if _floating("bernoulli", p.dtype) == np.float64 else self._fractions32
        if not ((p >= 0) & (p <= 1)).all():
            raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got false: see `p`")
        return (draw(p.size) < p.ravel()).reshape(p.shape)

    def exponential(self, shape: Shape, lambd: float = 1.0, dtype: DTypeLike = np.float32) -> Array:
        """`exponential_`: -log(1 - fraction) / lambd in float64, then rounded to `dtype`."""
        dtype = _floating("exponential", dtype)
        if not lambd > 0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
        values = libm(math.log1p, -self._fractions64(_count(shape))) * (-1.0 / lambd)
        return round_from64(values, dtype).reshape(shape)

    def log_normal(self, shape: Shape, mean: float = 1.0, std: float = 2.0, dtype: DTypeLike = np.float32) -> Array:
        """`log_normal_`: e to the power of normals, one by one as `_normal_serial` draws them."""
        dtype = _floating("log_normal", dtype)
        if not std > 0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std}")
        exponents = fma64(self._normal_serial(_count(shape)), np.float64(std), np.float64(mean))
        return round_from64(libm(math.exp, exponents), dtype).reshape(shape)

    def cauchy(self, shape: Shape, median: float = 0.0, sigma: float = 1.0, dtype: DTypeLike = np.float32) -> Array:
        """`cauchy_`: median + sigma * tan(pi * (fraction - 1/2)) in float64, then rounded to `dtype`."""
        dtype = _floating("cauchy", dtype)
        if not sigma > 0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
        epsilon = float(np.finfo(np.float64).eps)
        angles = math.pi * (self._fractions64(_count(shape)).clip(epsilon, 1 - epsilon) - 0.5)
        values = fma64(libm(math.tan, angles), np.float64(sigma), np.float64(median))
        return round_from64(values, dtype).reshape(shape)

    def geometric(self, shape: Shape, p: float) -> Array:
        """`geometric_`: how many trials of chance `p` until one succeeds, float64 of whole numbers."""
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
        fractions = self._fractions64(_count(shape)).tolist()
        logs = np.array([math.log(u) if u else -math.inf for u in fractions])
        return np.ceil(logs / math.log1p(-p)).reshape(shape)

    def multinomial(self, weights: Array, k: int, replacement: bool = False) -> Array:
        """`k` indices per row of `weights` (C,) or (N, C), in proportion to them: int64 (k,) or (N, k).

        Without replacement: the k largest of weight / Exp(1), an exponential race. One draw (k = 1) is such a
        race too. With replacement: each fraction is looked up in the running sum, kept in float32 or float64
        as `weights` is.
        """
        weights, k = np.asarray(weights), operator.index(k)
        dtype = _floating("multinomial", weights.dtype)
        if weights.ndim not in (1, 2):
            raise RuntimeError(f"prob_dist must be 1 or 2 dim, but `weights` has shape {weights.shape}")
        if k <= 0:
            raise RuntimeError(f"cannot sample n_sample <= 0 samples: `k` is {k}")
        if not replacement and k > weights.shape[-1]:
            raise RuntimeError(
                "cannot sample n_sample > prob_dist.size(-1) samples without replacement: "
                f"`k` is {k}, `weights` has shape {weights.shape}"
            )
        if not (np.isfinite(weights) & (weights >= 0)).all():
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
        if not (weights > 0).any(axis=-1).all():
            raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
        if not replacement or k == 1:
            with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
                race = weights / self.exponential(weights.shape, dtype=dtype)
            return np.argsort(-race, axis=-1, kind="stable")[..., :k].copy()
        sums = np.cumsum(weights, axis=-1, dtype=np.result_type(dtype, _f32))
        sums /= sums[..., -1:].copy()
        sums[..., -1] = 1
        fractions = self._fractions64(k * weights[..., 0].size).reshape(-1, k)
        found = [np.searchsorted(row, u) for row, u in zip(np.atleast_2d(sums), fractions, strict=True)]
        return np.array(found, np.int64).reshape(*weights.shape[:-1], k)

    def trunc_normal(
        self,
        shape: Shape,
        mean: float = 0.0,
        std: float = 1.0,
        a: float = -2.0,
        b: float = 2.0,
        dtype: DTypeLike = np.float32,
    ) -> Array:
        """`nn.init.trunc_normal_`: normals within [a, b] by rejection, each round drawing the *whole* shape.

        Where [a, b] holds more than 0.3 of the mass, normals are drawn until they fall inside. Where it holds
        less, that would take long: uniform proposals are kept with probability density / highest density in
        [a, b]. (There float16 can differ from PyTorch, which rounds the density after other steps.)
        """
        dtype = _floating("trunc_normal", dtype)
        if _normal_cdf((b - mean) / std) - _normal_cdf((a - mean) / std) > 0.3:
            low, high = dtype.type(a), dtype.type(b)
            values = self.normal(shape, mean, std, dtype)
            while (outside := (values < low) | (values > high)).any():
                values = np.where(outside, self.normal(shape, mean, std, dtype), values)
            return values
        log_peak = dtype.type(-0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2)
        values, pending = np.empty(shape, dtype), np.ones(shape, np.bool_)
        while pending.any():
            proposals = self.uniform(shape, a, b, dtype)
            values = np.where(pending, proposals, values)
            distance = (proposals - dtype.type(mean)) / dtype.type(std)
            log_density = distance**2 * dtype.type(-0.5) - log_peak
            with np.errstate(divide="ignore"):
                pending &= np.log(self.uniform(shape, dtype=dtype)) > log_density
        return values


# ---- arguments


def _count(shape: Shape) -> int:
    sizes = [operator.index(size) for size in ([shape] if isinstance(shape, SupportsIndex) else shape)]
    for size in sizes:
        if size < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {size}: {sizes}")
    return math.prod(sizes)


def _floating(draw: str, dtype: DTypeLike) -> np.dtype[Any]:
    dtype = np.dtype(dtype)
    if dtype not in (np.float16, np.float32, np.float64):
        raise NotImplementedError(f'"{draw}" not implemented for {dtype}: `dtype` is a floating type')
    return dtype


def _normal_cdf(x: float) -> float:
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


# ---- Box-Muller on rows of 16 fractions: eight for radii, eight for angles; eight cosines, eight sines


def _normals32(fractions: Array, mean: float, std: float) -> Array:
    radius = np.sqrt(_f32(-2) * log_cephes(_f32(1) - fractions[:, :8]))
    sine, cosine = sincos_cephes(_f32(2 * math.pi) * fractions[:, 8:])
    return fma32(np.concatenate([radius * cosine, radius * sine], 1), _f32(std), _f32(mean))


def _normals64(fractions: Array, mean: float, std: float) -> Array:
    radius = np.sqrt(-2 * libm(math.log, 1 - fractions[:, :8]))
    angle = 2 * math.pi * fractions[:, 8:]
    values = np.concatenate([radius * libm(math.cos, angle), radius * libm(math.sin, angle)], 1)
    return fma64(values, np.float64(std), np.float64(mean))
