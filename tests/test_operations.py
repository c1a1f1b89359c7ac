"""Every row of the table (tests/operation_rows): values and gradients as torch's, as finite differences, and
the same whatever the memory of the inputs. With --device cuda on the GPU, against torch on the CPU."""

from __future__ import annotations

import pkgutil
import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import operation_rows
import pytest
from operation_rows import Row

import minicnn as mini
from minicnn import functional, kernels
from minicnn.autograd import engine
from minicnn.autograd.gradcheck import gradcheck, gradgradcheck
from minicnn.autograd.register import REGISTERED
from minicnn.autograd.tensor import Tensor
from minicnn.kernels import layout

FAMILIES = {
    info.name: import_module(f"operation_rows.{info.name}").table
    for info in pkgutil.iter_modules(operation_rows.__path__)
}
ROWS = [row for family in FAMILIES.values() for row in family.rows]
ERRORS = [error for family in FAMILIES.values() for error in family.errors]
SMOOTH = [row for row in ROWS if row.smooth and row.differentiable]
NUMPY_ALONE = {"elementwise", "shape", "index", "reduce", "matmul"}  # families without kernels
# what draws or keeps statistics, and moves between devices, is tested in files of its own
OTHERS = ("batch_norm", "creation", "inspection", "sampling", "sharing")
ELSEWHERE = {f"minicnn.functional.{family}" for family in OTHERS}


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


pytestmark = pytest.mark.usefixtures("on_device")  # where the rows make what they need besides, too


def named(rows: list[Row]) -> Any:
    """pytest.mark.parametrize over rows, each with a name of its own."""
    seen: dict[str, int] = {}
    ids = []
    for row in rows:
        seen[row.function] = seen.get(row.function, 0) + 1
        ids.append(f"{row.function.strip('_')}-{seen[row.function]}")
    return pytest.mark.parametrize("row", rows, ids=ids)


def flat(result: Any) -> list[Any]:
    """The results of an operation as a list."""
    return list(result) if isinstance(result, tuple | list) else [result]


def run(module: Any, row: Row, inputs: list[Any], make: Any) -> tuple[list[Any], list[Any]]:
    """Outputs, and gradients of the floating inputs for a random cotangent."""
    outputs = flat(row.call(module, *inputs))
    random = np.random.default_rng(3)
    wanted = [o for o in outputs if getattr(o, "requires_grad", False)]
    total = None
    for output in wanted:
        cotangent = make(random.standard_normal(tuple(output.shape))).to(output.device, output.dtype)
        term = (output * cotangent).sum()
        total = term if total is None else total + term
    if total is None:
        return outputs, []
    total.backward()
    return outputs, [x.grad for x in inputs if getattr(x, "requires_grad", False)]


def tensors(row: Row, dtype: Any = np.float64) -> list[Tensor]:
    """The inputs as leaves, which require grad where they are floating."""
    return [mini.as_tensor(a).requires_grad_(row.differentiable and a.dtype.kind == "f") for a in row.arrays(dtype)]


def torch_tensors(torch: Any, row: Row, dtype: Any = np.float64) -> list[Any]:
    """The same leaves in torch."""
    return [torch.tensor(x.numpy(force=True), requires_grad=x.requires_grad) for x in tensors(row, dtype)]


def number(value: Any) -> Any:
    """Anything comparable as an array."""
    if isinstance(value, Tensor):
        return value.numpy(force=True)
    return value.numpy(force=True) if hasattr(value, "detach") else np.asarray(value)


def check_close(ours: Any, theirs: Any, what: str, tolerance: float = 1e-12) -> None:
    """Equal shape, type and values; None counts as zeros."""
    if ours is None or theirs is None:
        assert all(x is None or not np.any(number(x)) for x in (ours, theirs)), what
        return
    a, b = number(ours), number(theirs)
    assert a.shape == b.shape, what
    assert a.dtype == b.dtype, what
    tolerance = {"float32": 1e-5, "float16": 1e-3}.get(a.dtype.name, tolerance)
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance, err_msg=what)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*degrees of freedom.*")
        warnings.filterwarnings("ignore", message=".*deprecated.*")
        warnings.filterwarnings("ignore", message="Using padding='same' with even kernel")
        warnings.filterwarnings("ignore", message="reduction: 'mean' divides")  # kl_div
        yield


def test_every_operation_has_a_row() -> None:
    rows = {row.function for row in ROWS} | {"cuda", "bfloat16"}  # the second needs a library: test_bfloat16.py
    registered = {f.__name__ for f in REGISTERED if f.__module__ not in ELSEWHERE}
    assert registered - rows == set()


@named(ROWS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_and_gradients_are_pytorchs(row: Row, dtype: Any, torch: Any) -> None:
    ours, our_grads = run(mini, row, tensors(row, dtype), mini.as_tensor)
    theirs, their_grads = run(torch, row, torch_tensors(torch, row, dtype), torch.tensor)
    assert len(ours) == len(theirs)
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        check_close(a, b, f"output {i}")
        if isinstance(a, Tensor) and row.differentiable:
            assert a.requires_grad == b.requires_grad
    assert len(our_grads) == len(their_grads)
    for i, (a, b) in enumerate(zip(our_grads, their_grads, strict=True)):
        check_close(a, b, f"gradient {i}")
    if row.grad_fn and our_grads:
        node = theirs[0].grad_fn
        assert (ours[0].grad_fn and ours[0].grad_fn.name()) == (node and node.name().rpartition("::")[2])


@named(SMOOTH)
@pytest.mark.usefixtures("of_the_cpu")
def test_gradients_are_finite_differences(row: Row) -> None:
    inputs = tensors(row)
    if not any(o.requires_grad for o in flat(row.call(mini, *inputs)) if isinstance(o, Tensor)):
        pytest.skip("nothing to differentiate")
    assert gradcheck(lambda *xs: row.call(mini, *xs), inputs, atol=1e-6)


@named([row for row in SMOOTH if row.second])
@pytest.mark.usefixtures("of_the_cpu")
def test_second_derivatives_are_finite_differences(row: Row) -> None:
    inputs = tensors(row)
    if not any(o.requires_grad for o in flat(row.call(mini, *inputs)) if isinstance(o, Tensor)):
        pytest.skip("nothing to differentiate")
    assert gradgradcheck(lambda *xs: row.call(mini, *xs), inputs, atol=1e-5, fast_mode=True)


@named([row for name, family in FAMILIES.items() if name not in NUMPY_ALONE for row in family.rows])
@pytest.mark.usefixtures("of_the_cpu")
def test_the_reference_kernels_agree(row: Row) -> None:
    fast, fast_grads = run(mini, row, tensors(row), mini.as_tensor)
    with kernels.use("numpy"):
        slow, slow_grads = run(mini, row, tensors(row), mini.as_tensor)
        few = sum(a.size for a in row.arrays()) <= 120  # finite differences take two runs for each number
        if few and row.smooth and any(o.requires_grad for o in slow):
            assert gradcheck(lambda *xs: row.call(mini, *xs), tensors(row), atol=1e-6)
    for a, b in zip(fast + fast_grads, slow + slow_grads, strict=True):
        check_close(a, b, "numba against numpy")


def second(module: Any, row: Row, inputs: list[Any], make: Any, grad: Any) -> list[Any]:
    """The gradients of a random combination of gradients."""
    random = np.random.default_rng(5)
    outputs = [o for o in flat(row.call(module, *inputs)) if getattr(o, "requires_grad", False)]
    leaves = [x for x in inputs if x.requires_grad]
    if not outputs:
        return []
    cotangents = [make(random.standard_normal(tuple(o.shape))) for o in outputs]
    first = grad([o * 1.5 for o in outputs], leaves, cotangents, create_graph=True, allow_unused=True)
    total = None
    for g in first:
        if g is not None:
            term = (g * g * make(random.standard_normal(tuple(g.shape)))).sum()
            total = term if total is None else total + term
    if not total.requires_grad:
        return [None] * len(leaves)
    return list(grad(total, leaves, allow_unused=True))


@named([row for row in ROWS if row.second and row.differentiable])
def test_second_derivatives_are_pytorchs(row: Row, torch: Any) -> None:
    ours = second(mini, row, tensors(row), mini.tensor, engine.grad)
    theirs = second(torch, row, torch_tensors(torch, row), torch.tensor, torch.autograd.grad)
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        check_close(a, b, f"second gradient {i}", 1e-10)


# --- the memory of the inputs -----------------------------------------------------------------------


def in_memory(array: np.ndarray, kind: str, requires_grad: bool = True) -> Tensor:
    """A leaf with the same elements and other strides."""
    if kind == "plain":
        result = mini.tensor(array)
    elif kind == "transposed":
        result = Tensor(mini.tensor(array.T.copy())._array.T)
    elif kind == "sliced":
        wide = np.zeros(tuple(2 * n + 1 for n in array.shape), array.dtype)
        places = (*(slice(1, None, 2) for _ in array.shape), ...)
        wide[places] = array
        result = Tensor(mini.tensor(wide)._array[places])
    else:
        memory = layout.empty(array.shape, array.dtype, layout.BATCH_LAST)
        memory[...] = array
        result = Tensor(memory)
        result._batch_last = array.ndim >= 2 and not memory.flags.c_contiguous
    result.requires_grad = requires_grad and array.dtype.kind == "f"
    return result


@named(ROWS)
@pytest.mark.parametrize("kind", ["transposed", "sliced", "batch_last", "mixed"])
def test_memory_order_changes_nothing(row: Row, kind: str, device: str) -> None:
    if device != "cpu" and kind in ("batch_last", "mixed"):
        pytest.skip("batch-last is an order of the CPU's")
    arrays = row.arrays()
    plain, plain_grads = run(mini, row, tensors(row), mini.as_tensor)
    kinds = ["batch_last"] + ["plain"] * len(arrays) if kind == "mixed" else [kind] * len(arrays)
    inputs = [in_memory(a, k, row.differentiable) for a, k in zip(arrays, kinds, strict=False)]
    other, other_grads = run(mini, row, inputs, mini.as_tensor)
    for a, b in zip(plain + plain_grads, other + other_grads, strict=True):
        check_close(a, b, kind)
    for x, array in zip(inputs, arrays, strict=True):
        np.testing.assert_array_equal(number(x), array)


@named([row for row in ROWS if any(make.__qualname__.startswith("normal") for make in row.inputs)])
@pytest.mark.usefixtures("of_the_cpu")
def test_batch_last_is_never_seen(row: Row) -> None:
    arrays = row.arrays()
    if all(a.ndim < 2 for a in arrays):
        pytest.skip("no batch-last input")
    plain = flat(row.call(mini, *tensors(row)))
    outputs = flat(row.call(mini, *(in_memory(a, "batch_last") for a in arrays)))
    for output, expected in zip(outputs, plain, strict=True):
        if isinstance(output, Tensor) and output._batch_last:
            assert output.is_contiguous()
            assert output.stride() == expected.stride()


def flow(operation: Any) -> tuple[Tensor, Tensor]:
    """A batch-last tensor and what the operation makes of it."""
    leaf = in_memory(np.arange(48.0).reshape(4, 3, 2, 2), "batch_last")
    return leaf, operation(leaf)


@pytest.mark.usefixtures("of_the_cpu")
@pytest.mark.parametrize(
    "operation",
    [
        lambda x: x.flatten(1),
        lambda x: x.view(4, -1),
        lambda x: x.view(x.shape[0], 3, 4),
        lambda x: x.reshape(4, 12),
        lambda x: functional.cat([x, x.detach() * 2], 1),
        lambda x: x * 2 + x,
        lambda x: x.clone(),
        lambda x: x.clamp(3, 20),
        lambda x: x.sum(2),
        lambda x: x.masked_fill(x > 3, 0),
    ],
)
def test_what_keeps_batch_last(operation: Any) -> None:
    leaf, output = flow(operation)
    assert leaf._batch_last
    assert output._batch_last
    assert layout.order_of(output._array) == layout.BATCH_LAST
    plain = operation(Tensor(np.arange(48.0).reshape(4, 3, 2, 2)))
    np.testing.assert_array_equal(number(output), number(plain))


@pytest.mark.usefixtures("of_the_cpu")
@pytest.mark.parametrize("order", [layout.PLAIN, layout.BATCH_LAST])
@pytest.mark.parametrize("dim", [None, 0, 1, (0, 2, 3), (2, 3)])
def test_long_sums_keep_their_digits(order: str, dim: Any) -> None:
    array = layout.empty((300, 4, 32, 32), np.float32, order)
    array[...] = np.random.default_rng(0).random(array.shape)
    array[...] += 1  # sums of about 460,000 terms: one after another would lose the fifth digit
    x = Tensor(array)
    x._batch_last = order == layout.BATCH_LAST
    exact = array.astype(np.float64)
    np.testing.assert_allclose(x.sum(dim).numpy(), exact.sum(dim), rtol=4e-6)
    np.testing.assert_allclose(x.mean(dim).numpy(), exact.mean(dim), rtol=4e-6)
    np.testing.assert_allclose(x.var(dim, correction=0).numpy(), exact.var(dim), rtol=4e-6)
    tall = Tensor(np.full((200_000, 3), 0.1, np.float32))
    np.testing.assert_allclose(tall.sum(0).numpy(), 20_000, rtol=1e-6)


@pytest.mark.usefixtures("of_the_cpu")
def test_flattened_gradient_stays_batch_last() -> None:
    from minicnn.functional.shape import View

    gradient = in_memory(np.arange(48.0).reshape(4, 12), "batch_last")._array
    assert layout.order_of(View(gradient, (4, 3, 2, 2))) == layout.BATCH_LAST
    assert np.shares_memory(View(gradient, (4, 3, 2, 2)), gradient)


@pytest.mark.usefixtures("of_the_cpu")
def test_views_of_batch_last_memory_go_on_sharing_it() -> None:
    leaf = in_memory(np.arange(48.0).reshape(4, 3, 2, 2), "batch_last").detach()
    flattened = leaf.view(4, -1)
    assert np.shares_memory(flattened._array, leaf._array)
    first = leaf[0]  # makes the memory plain, for both
    first.fill_(-1)
    assert not leaf._batch_last
    assert not flattened._batch_last
    np.testing.assert_array_equal(flattened.numpy()[0], -1)


# --- bad calls --------------------------------------------------------------------------------------

LOOKED_AT = {  # errors in the numbers, which are looked at on the CPU only: on a GPU it would mean waiting
    ("gather", RuntimeError), ("one_hot", RuntimeError), ("cross_entropy", IndexError), ("nll_loss", IndexError),
    ("inv", RuntimeError), ("cholesky", RuntimeError), ("embedding", IndexError),
    ("binary_cross_entropy", RuntimeError), ("gaussian_nll_loss", ValueError), ("multi_margin_loss", RuntimeError),
    ("multilabel_margin_loss", RuntimeError), ("max_unpool1d", RuntimeError), ("max_unpool2d", RuntimeError),
}  # fmt: skip


@pytest.mark.parametrize(
    ("function", "call", "error", "says"), ERRORS, ids=[f"{e[0]}-{i}" for i, e in enumerate(ERRORS)]
)
def test_what_pytorch_refuses_is_refused(
    function: str, call: Any, error: type[Exception], says: str, device: str
) -> None:
    if device != "cpu" and (function, error) in LOOKED_AT:
        pytest.skip("its numbers are looked at on the CPU only")
    with pytest.raises(error, match=f"(?s){says}") as caught:
        call(mini)
    assert len(str(caught.value)) > 15
    torch = pytest.importorskip("torch")
    with pytest.raises(error):
        call(torch)
