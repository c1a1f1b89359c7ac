"""Compilation, its cache on disk, and the one thread pool: each in processes of their own."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from minicnn.kernels import threads

ROOT = Path(__file__).parents[2]
START = """
    import json, sys
    import numpy as np
    from minicnn import kernels
    from minicnn.kernels import activation, compiled, conv2d, dispatch, gemm, layout, threads
    F4 = np.dtype("float32")

    def relu(size=5):
        x = np.arange(size, dtype=F4) - 2
        with kernels.use("numba"):
            (y,) = kernels.run("activation", activation.Sizes("relu", "forward", size, F4), x)
        assert y.tolist() == np.maximum(x, 0).tolist()

    def hits():
        return [hit for name, seconds, hit in compiled.COMPILATIONS]
"""


def python(code, cache, tree=ROOT, **environment):
    """What `code` prints as JSON, run by a new Python with its own cache; AssertionError with its stderr."""
    names = ("MINICNN_KERNELS", "MINICNN_NUM_THREADS", "MINICNN_VECTOR_BYTES", "NUMBA_NUM_THREADS")
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(START) + textwrap.dedent(code)],
        env={**inherited, "MINICNN_CACHE": str(cache), "PYTHONPATH": str(tree), **environment},
        cwd=cache, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_importing_kernels_imports_no_compiler(tmp_path):
    heavy = "[name for name in ('numba', 'llvmlite', 'cupy', 'threadpoolctl') if name in sys.modules]"
    assert python(f"print(json.dumps({heavy}))", tmp_path) == []
    numpy_alone = f"""
        with kernels.use("numpy"):
            kernels.run("activation", activation.Sizes("relu", "forward", 5, F4), np.ones(5, F4))
        print(json.dumps({heavy}))
    """
    assert python(numpy_alone, tmp_path) == []


def test_the_second_process_finds_the_machine_code_of_the_first(tmp_path):
    code = """
        cold = not kernels.warm()
        relu()
        print(json.dumps([cold, hits(), str(compiled.cache_folder())]))
    """
    first, second = python(code, tmp_path), python(code, tmp_path)
    assert first[:2] == [True, [False]]
    assert second[:2] == [False, [True]]
    assert first[2] == second[2]
    assert Path(first[2]).is_relative_to(tmp_path)


def test_an_edited_kernel_file_is_compiled_anew(tmp_path):
    """Also where Numba's own key does not look: a helper in another file, and another vector width."""
    tree, cache = tmp_path / "tree", tmp_path / "cache"
    cache.mkdir()
    (tree / "minicnn").mkdir(parents=True)
    (tree / "minicnn" / "__init__.py").touch()
    shutil.copytree(ROOT / "kernels", tree / "minicnn" / "kernels", ignore=shutil.ignore_patterns("__pycache__"))
    code = """
        relu()
        print(json.dumps(hits()))
    """
    assert python(code, cache, tree) == [False]
    assert python(code, cache, tree) == [True]
    with (tree / "minicnn" / "kernels" / "simd.py").open("a") as file:
        file.write("# edited\n")
    assert python(code, cache, tree) == [False]
    assert python(code, cache, tree) == [True]
    assert python(code, cache, tree, MINICNN_VECTOR_BYTES="16") == [False]


def test_the_cache_lies_where_the_system_keeps_caches(monkeypatch, tmp_path):
    from minicnn.kernels import compiled

    monkeypatch.setenv("MINICNN_CACHE", str(tmp_path))
    assert compiled.user_cache() == tmp_path
    monkeypatch.delenv("MINICNN_CACHE")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert compiled.user_cache() == tmp_path / "xdg" / "minicnn"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert compiled.user_cache() == tmp_path / ".cache" / "minicnn"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert compiled.user_cache() == tmp_path / "Library" / "Caches" / "minicnn"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert compiled.user_cache() == tmp_path / "local" / "minicnn"


def test_blas_has_one_thread_once_a_kernel_has_run(tmp_path):
    code = """
        from threadpoolctl import threadpool_info

        def blas():
            return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

        a = np.ones((300, 300), F4)
        a @ a
        before = blas()
        relu()
        a @ a
        relu()
        print(json.dumps([before, blas()]))
    """
    before, after = python(code, tmp_path, OPENBLAS_NUM_THREADS="2", OMP_NUM_THREADS="2", MKL_NUM_THREADS="2")
    if not before:
        pytest.skip("threadpoolctl knows no BLAS library in this NumPy")
    assert set(after) == {1}


def test_a_wrong_vector_width_is_an_error(monkeypatch):
    from minicnn.kernels import simd

    monkeypatch.setenv("MINICNN_VECTOR_BYTES", "24")
    with pytest.raises(ValueError, match=r"MINICNN_VECTOR_BYTES is '24'; expected 16, 32 or 64"):
        simd.vector_bytes.__wrapped__()


@pytest.mark.parametrize("wrong", [0, -1, 1.0, "2", True, None])
def test_set_num_threads_takes_whole_numbers_from_one(wrong):
    with pytest.raises(RuntimeError, match=r"`n` must be a whole number of at least 1, got "):
        threads.set_num_threads(wrong)


@pytest.mark.parametrize("wrong", ["0", "-1", "two", "1.5", "", "²"])
def test_the_environment_takes_whole_numbers_from_one(monkeypatch, wrong):
    monkeypatch.setattr(threads, "_requested", None)
    monkeypatch.setenv("MINICNN_NUM_THREADS", wrong)
    with pytest.raises(ValueError, match=rf"MINICNN_NUM_THREADS is '{wrong}'; expected a whole number of at least 1"):
        threads.get_num_threads()


def test_the_number_of_threads_reaches_the_pool_in_every_python_thread(tmp_path):
    code = """
        import threading, queue
        import numba

        orders, answers = queue.Queue(), queue.Queue()

        def worker():  # a Python thread that has launched before and after each change
            while orders.get():
                relu()
                answers.put(numba.get_num_threads())

        thread = threading.Thread(target=worker)
        thread.start()

        def both():
            relu()
            orders.put(True)
            return [threads.get_num_threads(), numba.get_num_threads(), answers.get()]

        seen = [both()]
        for n in (1, 2, 100):
            threads.set_num_threads(n)
            seen.append(both())
        orders.put(False)
        thread.join()
        print(json.dumps(seen))
    """
    seen = python(code, tmp_path, MINICNN_NUM_THREADS="2", NUMBA_NUM_THREADS="3")
    assert seen == [[2, 2, 2], [1, 1, 1], [2, 2, 2], [100, 3, 3]]


@pytest.mark.parametrize("layer", ["", "workqueue"])
def test_two_python_threads_may_launch_at_once(tmp_path, layer):
    """From the very first call on; the layer `workqueue` would abort the process."""
    code = """
        import threading

        errors = []

        def work(size):
            try:
                for i in range(200):
                    relu(size + i)
                    with kernels.use("numba"):
                        x = np.ones((size, 7), F4)
                        kernels.in_order(x, layout.BATCH_LAST)
            except BaseException as error:
                errors.append(repr(error))

        both = [threading.Thread(target=work, args=(size,)) for size in (5, 20_000)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        import numba
        print(json.dumps([errors, numba.threading_layer()]))
    """
    errors, used = python(code, tmp_path, **({"NUMBA_THREADING_LAYER": layer} if layer else {}))
    assert errors == []
    assert used == (layer or used)
