"""Who computes: the arrays decide the device, a preference decides within it, `record` tells the truth."""

import importlib
import os
import sys

import numpy as np
import pytest

from minicnn import kernels
from minicnn.kernels import activation, dispatch, gemm, im2col, layout, reorder

F4 = np.dtype("float32")
RELU = activation.Sizes("relu", "forward", 5, F4)
X = np.array([-2, -1, 0, 1, 2], F4)


class GpuArray:
    """An array of a GPU, as far as dispatch can see: not NumPy's."""

    shape, dtype, ndim, size = (1, 1, 4, 4), F4, 4, 16


pytestmark = pytest.mark.usefixtures("own_plans")


@pytest.fixture
def own_plans(monkeypatch):
    """Each test starts without plans and without a preference, and leaves none behind."""
    monkeypatch.setattr(dispatch, "_plans", {})
    monkeypatch.setattr(dispatch, "_environment", None)


def hide(monkeypatch, *libraries):
    """As if these libraries were not installed: None in sys.modules is what Python has for that."""
    for name in libraries:
        monkeypatch.setitem(sys.modules, name, None)


def backend_of(kernel="activation", sizes=RELU, *ins):
    """The backend that `run` takes."""
    with kernels.record() as used:
        kernels.run(kernel, sizes, *(ins or (X,)))
    return used[-1].backend


def test_the_fastest_backend_is_the_default():
    assert backend_of() == "numba"


def test_use_prefers_a_backend_and_restores_the_old_preference():
    with kernels.use("numpy"):
        assert kernels.preference() == "numpy"
        assert backend_of() == "numpy"
        with kernels.use("numba"):
            assert backend_of() == "numba"
        assert backend_of() == "numpy"
    assert kernels.preference() is None
    assert backend_of() == "numba"


def test_use_restores_after_an_exception():
    def fail():
        with kernels.use("numpy"):
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert kernels.preference() is None


def test_the_environment_chooses_and_use_overrides_it(monkeypatch):
    monkeypatch.setattr(dispatch, "_environment", "numpy")
    assert backend_of() == "numpy"
    with kernels.use("numba"):
        assert backend_of() == "numba"
    monkeypatch.setattr(dispatch, "_environment", "")
    assert kernels.preference() is None


def test_a_wrong_name_is_an_error(monkeypatch):
    names = "expected one of cublas, cudnn, cupy, numba, numpy"
    with pytest.raises(ValueError, match=rf"`backend` is 'torch'; {names}"):
        kernels.use("torch").__enter__()
    monkeypatch.setattr(dispatch, "_environment", "Numba")
    with pytest.raises(ValueError, match=rf"MINICNN_KERNELS is 'Numba'; {names}"):
        kernels.run("activation", RELU, X)


def test_a_backend_asked_for_by_name_must_be_installed(monkeypatch):
    hide(monkeypatch, "cupy")
    with pytest.raises(ImportError, match=r"`backend` is 'cupy', but the library cupy is not installed"):
        kernels.use("cupy").__enter__()
    monkeypatch.setattr(dispatch, "_environment", "cupy")
    with pytest.raises(ImportError, match=r"MINICNN_KERNELS is 'cupy', but the library cupy is not installed"):
        kernels.plan("activation", RELU)


def test_a_missing_library_is_passed_over(monkeypatch):
    hide(monkeypatch, "numba")
    assert backend_of() == "numpy"


def test_a_broken_file_is_not_passed_over(monkeypatch):
    import_module = importlib.import_module

    def broken(name, *args):
        if name.endswith("activation.cpu_numba"):
            raise ModuleNotFoundError("No module named 'a_typing_error'")
        return import_module(name, *args)

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(ModuleNotFoundError, match="a_typing_error"):
        kernels.run("activation", RELU, X)


def test_none_means_the_next_backend():
    small = gemm.Sizes(2, 3, 4, F4, layout.PLAIN, layout.PLAIN, layout.PLAIN)
    a, b = np.ones((2, 4), F4), np.ones((4, 3), F4)
    assert backend_of("gemm", small, a, b) == "numpy"
    with kernels.use("numba"):  # a preference, not a command
        assert backend_of("gemm", small, a, b) == "numpy"
    halves = RELU._replace(dtype=np.dtype("float16"))
    assert backend_of("activation", halves, X.astype("float16")) == "numpy"


def test_plans_are_cached_by_sizes_and_preference():
    plan = kernels.plan("activation", RELU)
    assert kernels.plan("activation", activation.Sizes("relu", "forward", 5, np.dtype("float32"))) is plan
    assert kernels.plan("activation", RELU._replace(size=6)) is not plan
    with kernels.use("numpy"):
        assert kernels.plan("activation", RELU).backend == "numpy"
    assert kernels.plan("activation", RELU) is plan


def test_record_notes_every_kernel_and_nothing_outside():
    with kernels.record() as used:
        kernels.run("activation", RELU, X)
        with kernels.use("numpy"):
            kernels.run("reorder", reorder.Sizes(1, 5, F4, True), X)
    kernels.run("activation", RELU, X)
    assert used == [
        ("activation", "cpu", "numba", "one pass"),
        ("reorder", "cpu", "numpy", "NumPy"),
    ]
    assert used[0].kernel == "activation"


def test_the_innermost_record_counts():
    with kernels.record() as outer:
        with kernels.record() as inner:
            kernels.run("activation", RELU, X)
        kernels.run("activation", RELU, X)
    assert (len(inner), len(outer)) == (1, 1)


def test_a_copy_into_another_order_is_recorded_too():
    x = np.asfortranarray(np.ones((20, 30), F4))
    with kernels.record() as used:
        kernels.in_order(x, layout.PLAIN)
    assert [u.kernel for u in used] == ["reorder"]


def test_a_gpu_array_never_runs_on_the_cpu(monkeypatch):
    """Whatever is missing, whatever is preferred: an error, and no kernel of the CPU."""
    sizes = im2col.Sizes(1, 1, 4, 4, 2, 2, 3, 3, (1, 1), (0, 0), (1, 1), F4)
    hide(monkeypatch, "cupy", "numba_cuda")
    for preferred in ("numba", "numpy"):
        for kernel, of in (("activation", RELU), ("im2col", sizes)):
            with kernels.use(preferred), kernels.record() as used:
                with pytest.raises((LookupError, ImportError), match=r"numba_cuda( is not installed)?$"):
                    kernels.run(kernel, of, GpuArray())
                assert used == []
    with pytest.raises(LookupError, match=r"no GPU backend of kernel 'im2col' .* not installed: cupy, numba_cuda"):
        kernels.run("im2col", sizes, GpuArray())


def test_a_kernel_without_a_gpu_version_says_what_to_do(monkeypatch):
    assert dispatch.backends("im2col", "gpu") == ("cupy", "numba")
    assert dispatch.backends("gemm", "cpu") == ("numba", "numpy")
    monkeypatch.setitem(dispatch.BACKENDS, "gpu", ("of_another_day",))
    with pytest.raises(LookupError) as caught:
        dispatch.backends("reorder", "gpu")
    assert str(caught.value) == (
        "kernel 'reorder' has no GPU version yet: bring its arrays to the CPU (`.cpu()`), "
        "or write kernels/reorder/gpu_cupy.py (kernels/README.md says how)"
    )


def test_an_unknown_kernel_is_named():
    with pytest.raises(LookupError, match=r"there is no kernel 'conv3d'; kernels: activation, "):
        kernels.plan("conv3d", RELU)


def test_every_folder_with_a_backend_has_a_reference():
    root = os.path.dirname(dispatch.__file__)
    folders = {
        e.name
        for e in os.scandir(root)
        if e.is_dir() and any(f.startswith(("cpu_", "gpu_")) and f.endswith(".py") for f in os.listdir(e))
    }
    assert set(kernels.names()) == folders


def test_every_plan_states_what_it_needs():
    plan = kernels.plan("activation", RELU)
    assert plan.input_orders == (layout.PLAIN,)
    assert plan.outputs == (kernels.Output((5,), F4, layout.PLAIN, updated=False),)
    assert (plan.scratch_bytes, plan.backend) == (0, "numba")
    out = np.empty(5, F4)
    kernels.execute("activation", plan, [out], [X])  # buffers of the caller
    assert out.tolist() == [0, 0, 0, 1, 2]


def test_scratch_memory_is_kept_and_not_shared_between_threads():
    import threading

    mine = dispatch._scratch(1000)
    assert mine.size == 1000
    assert mine.ctypes.data % 64 == 0
    assert dispatch._scratch(500).ctypes.data == mine.ctypes.data
    theirs = []
    thread = threading.Thread(target=lambda: theirs.append(dispatch._scratch(1000)))
    thread.start()
    thread.join()
    assert not np.may_share_memory(mine, theirs[0])
