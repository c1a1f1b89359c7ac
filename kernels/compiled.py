"""The only place that calls njit: lazy, cached on disk under a key that cannot go stale.

Numba's own cache looks at the file of the compiled function and nothing else: an intrinsic edited in
another file, or another vector width, would still hit. So the cache lies in a folder named by a hash
over every Python file in kernels/, Numba's version and the vector width.

Numba is imported, and a function compiled, at its first call: `import minicnn` stays light.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import notice, simd, threads, together
from .recorder import recorder

_INNER = {"fastmath": {"contract", "nsz"}, "error_model": "numpy"}

_lock = threading.RLock()
_launch = threading.RLock()


def user_cache() -> Path:
    """The folder for what minicnn keeps between runs: MINICNN_CACHE, else the system's cache folder."""
    if chosen := os.environ.get("MINICNN_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "minicnn"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/minicnn"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minicnn"


@functools.lru_cache(maxsize=1)
def cache_folder() -> Path:
    """Where compiled kernels lie: one folder for each state of the sources."""
    import numba

    digest = hashlib.sha256(f"numba {numba.__version__} width {simd.vector_bytes()}".encode())
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return user_cache() / "kernels" / digest.hexdigest()[:24]


def warm() -> bool:
    """Whether kernels of this state of the sources were compiled before, on this machine."""
    return next(cache_folder().rglob("*.nbi"), None) is not None  # Numba's index of one function


@functools.lru_cache(maxsize=1)
def _numba() -> Any:
    """Numba, with the thread pool made ours."""
    if "OMP_WAIT_POLICY" not in os.environ:
        # GNU OpenMP's threads spin for 14 ms before they sleep. Where another process wants the core, that
        # keeps the very thread waiting that they wait for: steps of 3 ms took 280. A shorter spin bridges the
        # gap between two kernels and no more (measured: a step 15 % longer on a quiet machine, 20 times
        # shorter on a busy one). libgomp reads it when it is loaded, at the first parallel launch.
        os.environ.setdefault("GOMP_SPINCOUNT", "4000")
    import numba

    if "NUMBA_THREADING_LAYER" not in os.environ:
        # A parallel region costs 4 µs with OpenMP, 41 µs with workqueue; tbb is absent from the wheels.
        numba.config.THREADING_LAYER_PRIORITY = ["omp", "tbb", "workqueue"]
    threads.own_the_pool(numba)
    from numba.core.registry import cpu_target

    context = cpu_target.target_context
    with _optimisation(0):  # Numba compiles its reference counting at each start: 5 MB less of LLVM are read for it
        context.refresh()
    return numba


def loaded() -> bool:
    """Whether Numba is loaded: a compiled loop costs nothing but its own start."""
    return _numba.cache_info().currsize > 0


def compiled(*, parallel: bool = False, fastmath: Any = frozenset({"contract", "nsz"})) -> Callable[[Any], Any]:
    """Decorate a loop to be compiled at its first call.

    Arguments have to be normalised by the caller: 1-d C-contiguous writable arrays and numbers, so
    that each function is compiled once per element type. `fastmath` allows fused multiply-add and
    ignores the sign of zero, but keeps the order of sums.
    """

    def decorate(function: Any) -> Any:
        return Compiled(function, parallel, fastmath)

    return decorate


def inner(function: Any) -> Any:
    """Decorate a helper that only compiled loops call (their files are imported when Numba is wanted)."""
    # without the wrappers that Python would call it through
    return _numba().njit(**_INNER, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)


def inlined(function: Any) -> Any:
    """As `inner`, but its code becomes part of its callers': for a helper that gets several arrays for a few numbers.

    An array is seven arguments, and Numba counts who refers to it by two calls that LLVM can neither drop nor look
    through: a row of thirty numbers took four times as long.
    """
    return _numba().njit(**_INNER, inline="always")(function)


def _announce(name: str) -> None:
    """Called before `name` is loaded or compiled: say what takes long, and get help, where nothing is there yet."""
    cold = not COMPILATIONS and not warm()
    notice.before_first_call(name, cold, cache_folder())
    if cold:
        together.start(threads.available())


def entry_point(function: Any, signature: Any) -> int:
    """The address of a function of numbers and addresses as machine code, for loops that call it as such."""
    with _lock:
        numba = _numba()
        before = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = str(cache_folder())
        _announce(function.__name__)
        started = time.perf_counter()
        try:
            with _optimisation(), together.turn(cache_folder(), f"{function.__qualname__} {signature}"):
                made = numba.cfunc(
                    signature, cache=True, fastmath={"contract", "nsz"}, error_model="numpy", nopython=True
                )(function)
        finally:
            numba.config.CACHE_DIR = before
        _entry_points.append(made)
        COMPILATIONS.append((function.__name__, time.perf_counter() - started, made.cache_hits > 0))
        return int(made.address)


_entry_points: list[Any] = []  # kept, for their machine code goes with them


@contextmanager
def _optimisation(level: int = 2) -> Iterator[None]:
    """LLVM's level. -O2 is a third less to wait for than -O3, and the same speed, since the vectors are written out."""
    from numba import config

    before = config.OPT
    config.OPT = type(before)(level)
    try:
        yield
    finally:
        config.OPT = before


class Compiled:
    """A loop, and its machine code once it has been called."""

    def __init__(self, function: Any, parallel: bool, fastmath: Any) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.parallel = parallel
        self.fastmath = set(fastmath)
        self._dispatcher: Any = None

    @property
    def dispatcher(self) -> Any:
        """Numba's dispatcher: made at the first use, with its cache in our folder."""
        if self._dispatcher is None:
            with _lock:
                if self._dispatcher is None:
                    numba = _numba()
                    before = numba.config.CACHE_DIR
                    numba.config.CACHE_DIR = str(cache_folder())
                    try:
                        dispatcher = numba.njit(
                            parallel=self.parallel, fastmath=self.fastmath, cache=True, error_model="numpy", nogil=True
                        )(self.function)
                    finally:
                        numba.config.CACHE_DIR = before
                    dispatcher._compile_for_args = functools.partial(self._compile, dispatcher._compile_for_args)
                    self._dispatcher = dispatcher
        return self._dispatcher

    def _compile(self, compile_for: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What Numba's dispatcher calls for arguments of types that it has not seen: load or compile."""
        dispatcher = self._dispatcher
        types = tuple(dispatcher.typeof_pyval(arg) for arg in args)
        with _lock:
            _announce(self.function.__name__)
            hits = sum(dispatcher.stats.cache_hits.values())
            started = time.perf_counter()
            with _optimisation(), together.turn(cache_folder(), f"{self.function.__qualname__} {types}"):
                result = compile_for(*args, **kwargs)
            took = time.perf_counter() - started
            COMPILATIONS.append((self.function.__name__, took, sum(dispatcher.stats.cache_hits.values()) > hits))
            return result

    def __call__(self, *args: Any) -> Any:
        if recorder.calls is not None:  # not to be done now: the call itself is wanted
            recorder.calls.append((self, args))
            return None
        dispatcher = self._dispatcher
        if dispatcher is None:
            return self._first_call(args)
        if self.parallel and _pool_is_fragile():
            with _launch:
                return dispatcher(*args)
        return dispatcher(*args)

    def ready(self, args: tuple[Any, ...]) -> Callable[..., Any]:
        """The machine code for arguments of these types, compiled if need be and not run.

        Without Numba's look at the types of the arguments a call takes a third of the time.
        """
        if self.parallel and _pool_is_fragile():
            return self
        with _lock:
            dispatcher = self.dispatcher
            types = tuple(dispatcher.typeof_pyval(arg) for arg in args)
            if types not in dispatcher.overloads:
                dispatcher._compile_for_args(*args)
            entry: Callable[..., Any] = dispatcher.overloads[types].entry_point
            return entry

    def _first_call(self, args: tuple[Any, ...]) -> Any:
        with _lock, _launch:  # two threads must not compile one function at once, nor launch
            dispatcher = self.dispatcher
            threads.enter()
            return dispatcher(*args)


COMPILATIONS: list[tuple[str, float, bool]] = []  # (function, seconds to load or compile it, from the disk cache)


@functools.lru_cache(maxsize=1)
def _fragile_after_launch() -> bool:
    import numba

    return numba.threading_layer() == "workqueue"  # aborts when two Python threads launch at once


_fragile: bool | None = None


def _pool_is_fragile() -> bool:
    global _fragile
    if _fragile is None:
        try:
            _fragile = _fragile_after_launch()
        except ValueError:  # nothing was launched in parallel yet
            return True
    return _fragile
