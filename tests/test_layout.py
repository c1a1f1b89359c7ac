"""The private batch-last state of tensors (kernels/layout.py): kept where it pays, never seen by the user."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import minicnn
from minicnn import kernels, nn
from minicnn.autograd import Function
from minicnn.kernels import layout
from minicnn.nn import functional as F

BATCHES = [16, 17, 33]  # one vector of float32, one and a bit, two and a bit

pytestmark = pytest.mark.usefixtures("numba")


@pytest.fixture
def numba():
    """Only the Numba convolutions choose the batch-last order."""
    with kernels.use("numba"):
        yield


def image(batch, channels=2, size=6):
    """Images that are the same in every test."""
    random = np.random.default_rng(3)
    return minicnn.tensor(random.standard_normal((batch, channels, size, size)).astype(np.float32))


def hidden(batch=17, requires_grad=False):
    """A batch-last tensor, as a convolution makes it, and the same numbers in a plain one."""
    weight = image(3, 2, 3)
    weight.requires_grad = requires_grad
    y = F.conv2d(image(batch), weight)
    assert y._batch_last
    assert layout.order_of(y._array) == layout.BATCH_LAST
    return y, minicnn.tensor(np.array(y._array, order="C"))


# --- where it is kept -------------------------------------------------------------------------------


def network(x, parameters, flatten):
    """Convolution, tanh, pooling, the dense layer: what comes after each."""
    w, b, v, c = parameters
    y = F.conv2d(x, w, b)
    z = minicnn.tanh(y)
    p = F.avg_pool2d(z, 2)
    m = F.max_pool2d(F.relu(p), 2, 1)
    f = flatten(m)
    return [y, z, p, m, f, F.linear(f, v, c)]


def parameters():
    """Weights and biases of `network`."""
    random = np.random.default_rng(5)
    shapes = (4, 2, 3, 3), (4,), (5, 4), (5,)
    return [nn.Parameter(minicnn.tensor(random.standard_normal(s).astype(np.float32))) for s in shapes]


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize(
    "flatten", [lambda x: x.flatten(1), lambda x: x.view(x.size(0), -1), lambda x: x.reshape(len(x), -1)]
)
def test_a_network_keeps_it(batch, flatten):
    ps = parameters()
    x = image(batch)
    with kernels.record() as used:
        steps = network(x, ps, flatten)
        loss = F.cross_entropy(steps[-1], minicnn.arange(batch) % 5)
        forward = [u.kernel for u in used]
        loss.backward()
    assert all(u.backend == "numba" for u in used if u.kernel != "gemm")  # BLAS takes the small ones
    assert [t._batch_last for t in steps] == [True] * 6
    assert np.shares_memory(steps[3]._array, steps[4]._array)
    assert forward.count("reorder") == 1  # the images of the DataLoader, which are plain
    assert forward[0] == "reorder"
    assert [u.kernel for u in used].count("reorder") <= 2  # and once more for the gradient of the first weights
    assert all(p.grad.is_contiguous() and not p.grad._batch_last for p in ps)
    with kernels.use("numpy"):
        qs = parameters()
        reference = network(image(batch), qs, flatten)
        assert not any(t._batch_last for t in reference)
        F.cross_entropy(reference[-1], minicnn.arange(batch) % 5).backward()
    for a, b in zip(steps, reference, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-4, atol=1e-5)
    for p, q in zip(ps, qs, strict=True):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize(
    "function",
    [
        lambda x: F.interpolate(x, scale_factor=2),
        lambda x: F.interpolate(x, (3, 7), mode="bilinear"),
        lambda x: F.pad(x, (1, 0, 2, 1)),
        lambda x: F.pad(x, (1, 2, 1, 0), "reflect"),
        lambda x: F.adaptive_avg_pool2d(x, 3),
        lambda x: F.adaptive_max_pool2d(x, (3, 1)),
        lambda x: F.pixel_unshuffle(x, 2),
        lambda x: F.pixel_shuffle(minicnn.cat([x, x, x, x], 1), 2),
        lambda x: F.channel_shuffle(x, 3),
        lambda x: F.local_response_norm(x, 2, 0.5),
        lambda x: F.max_pool1d(x.flatten(2), 3),
        lambda x: F.conv1d(x.view(len(x), 3, -1), minicnn.ones(2, 3, 2)),
    ],
)
def test_layers_keep_it_and_so_do_their_gradients(batch, function):
    seen = {}
    y, plain = hidden(batch, requires_grad=True)
    plain.requires_grad_()
    ours, expected = function(y), function(plain)
    assert ours._batch_last
    np.testing.assert_allclose(ours.detach().numpy(), expected.detach().numpy(), rtol=1e-5, atol=1e-6)
    cotangent = minicnn.tensor(np.random.default_rng(0).standard_normal(tuple(expected.shape)).astype(np.float32))
    y.register_hook(lambda g: seen.__setitem__("y", g))
    ours, expected = function(y), function(plain)
    ours.backward(cotangent)
    expected.backward(cotangent)
    np.testing.assert_allclose(seen["y"].numpy(), plain.grad.numpy(), rtol=1e-4, atol=1e-5)


def test_small_batches_stay_plain():
    y = F.conv2d(image(3), image(3, 2, 3))
    assert not y._batch_last
    assert y._array.flags.c_contiguous


def test_the_gradient_of_the_images_is_plain():
    x = image(17).requires_grad_()
    F.conv2d(x, image(3, 2, 3)).tanh().sum().backward()
    assert x.grad._array.flags.c_contiguous
    assert not x._batch_last


# --- what the user sees -----------------------------------------------------------------------------


@pytest.mark.parametrize("batch", BATCHES)
def test_it_answers_as_a_contiguous_tensor(batch):
    y, plain = hidden(batch)
    assert y.shape == plain.shape
    assert y.stride() == plain.stride() == (48, 16, 4, 1)
    assert y.stride(0) == 48
    assert y.is_contiguous()
    assert y.contiguous() is y
    assert y._batch_last  # asking changed nothing
    assert y.tolist() == plain.tolist()
    np.testing.assert_array_equal(hidden(batch)[0].numpy(), plain.numpy())


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.view(-1),
        lambda x: x.view(-1, 16),
        lambda x: x.view(17, 12, 4),
        lambda x: x.reshape(12, -1),
        lambda x: x.flatten(),
        lambda x: x[3],
        lambda x: x[:, 1],
        lambda x: x[2:9, :, ::2, -1],
        lambda x: x[x > 0],
        lambda x: x[[1, 1, 16]],
        lambda x: x[..., None, 0],
        lambda x: x.permute(1, 0, 2, 3),
        lambda x: x.transpose(0, 3),
        lambda x: x.unbind()[16],
        lambda x: x.split(5)[3],
        lambda x: x.unsqueeze(1),
        lambda x: x.unsqueeze(0),
        lambda x: x.to(minicnn.float64),
        lambda x: x.expand(2, -1, -1, -1, -1),
        lambda x: minicnn.stack([x, x]),
        lambda x: minicnn.cat([x, x]),
        lambda x: minicnn.cat([x, x], 1),
        lambda x: x.sum((0, 2)),
        lambda x: x.argmax(1),
        lambda x: F.pad(x, (1, 2)),
    ],
)
def test_views_and_indexing(view):
    y, plain = hidden()
    result, expected = view(y), view(plain)
    assert result.shape == expected.shape
    assert result.is_contiguous() == expected.is_contiguous()
    if result.is_contiguous():
        assert result.stride() == expected.stride()
    np.testing.assert_allclose(result.numpy(), expected.numpy(), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(y.numpy(), plain.numpy())


def test_views_share_memory():
    y, _ = hidden()
    for part in (y.view(-1), y[0], y.numpy(), y.detach().numpy(), y.flatten(1).numpy()):
        assert np.shares_memory(part if isinstance(part, np.ndarray) else part.numpy(), y.numpy())
    y[0].fill_(7)
    assert (y.numpy()[0] == 7).all()


def test_printing_leaves_it_alone():
    y, plain = hidden()
    assert repr(y) == repr(plain)
    assert f"{y}" == str(plain)
    assert y._batch_last


def test_aliases_go_on_sharing():
    y, _ = hidden()
    detached, flat = y.detach(), y.flatten(1)
    assert detached._batch_last
    assert flat._batch_last
    flat[0, 0] = 100.0  # makes all three plain, at once
    assert not any(t._batch_last for t in (y, detached, flat))
    assert y[0, 0, 0, 0].item() == detached[0, 0, 0, 0].item() == flat[0, 0].item() == 100.0
    detached.mul_(2)
    assert y[0, 0, 0, 0].item() == 200.0
    assert np.shares_memory(y.numpy(), flat.numpy())


def test_data_shares_memory():
    y, _ = hidden()
    y.data.zero_()
    assert not y.numpy().any()


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.add_(1),
        lambda x: x.mul_(x * 2),
        lambda x: x.relu_(),
        lambda x: x.tanh_(),
        lambda x: x.zero_(),
        lambda x: x.copy_(minicnn.arange(48.0).reshape(1, 3, 4, 4).expand(len(x), -1, -1, -1)),
        lambda x: x.__setitem__((slice(None), 1), 5.0),
        lambda x: x.__iadd__(image(len(x), 3, 4)),
        lambda x: F.dropout(x, 0.5, inplace=True),
        lambda x: F.relu(x, inplace=True),
    ],
)
def test_changes_in_place(change):
    y, plain = hidden()
    alias = y.detach()
    for tensor in (y, plain):
        minicnn.manual_seed(1)
        change(tensor)
    np.testing.assert_allclose(y.numpy(), plain.numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(alias.numpy(), y.numpy())


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize(
    "mix",
    [
        lambda a, b: a + b,
        lambda a, b: b - a,
        lambda a, b: a * b[:, :1],
        lambda a, b: b / (a * a + 1),
        lambda a, b: a.masked_fill(b > 0, 0.5),
        lambda a, b: minicnn.where(b > 0, a, b),
        lambda a, b: minicnn.maximum(a, b),
        lambda a, b: minicnn.cat([a, b], 1),
        lambda a, b: F.mse_loss(a, b, reduction="none"),
        lambda a, b: a.flatten(1) @ b.flatten(1).t(),
    ],
)
def test_mixed_operands(batch, mix):
    y, plain = hidden(batch)
    other = image(batch, 3, 4)
    a, b = y.detach().requires_grad_(), plain.detach().requires_grad_()
    ours, expected = mix(a, other), mix(b, other)
    np.testing.assert_allclose(ours.detach().numpy(), expected.detach().numpy(), rtol=1e-4, atol=1e-5)
    cotangent = minicnn.tensor(np.random.default_rng(0).standard_normal(tuple(expected.shape)).astype("float32"))
    ours.backward(cotangent)
    expected.backward(cotangent)
    np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-4, atol=1e-5)
    assert other.is_contiguous()


def test_masks_are_drawn_in_logical_order():
    y, plain = hidden()
    masks = []
    for tensor in (y, plain):
        minicnn.manual_seed(4)
        masks.append(F.dropout(tensor, 0.4).numpy() == 0)
    np.testing.assert_array_equal(*masks)


# --- leaving the process, other people's code --------------------------------------------------------


def test_copying_and_pickling():
    y, plain = hidden()
    for twin in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert not twin._batch_last
        assert not np.shares_memory(twin.numpy(), y.numpy())
        np.testing.assert_array_equal(twin.numpy(), plain.numpy())
    clone = hidden()[0].clone()
    np.testing.assert_array_equal(clone.numpy(), plain.numpy())


def test_numpy_and_other_libraries_see_plain_memory():
    _, plain = hidden()
    for read in (np.asarray, np.from_dlpack, lambda t: t.numpy(force=True), np.array):
        array = read(hidden()[0])
        assert array.flags.c_contiguous
        np.testing.assert_array_equal(array, plain.numpy())


def test_saving(tmp_path):
    from minicnn.serialization import Checkpoint, load_weights, save_checkpoint

    y, plain = hidden()
    save_checkpoint(tmp_path / "file", Checkpoint({"y": y}))
    np.testing.assert_array_equal(load_weights(tmp_path / "file")["y"].numpy(), plain.numpy())


def test_parameters_and_buffers_are_plain():
    y, plain = hidden()
    parameter = nn.Parameter(y)
    assert not parameter._batch_last
    np.testing.assert_array_equal(parameter.detach().numpy(), plain.numpy())
    layer = nn.Identity()
    layer.register_buffer("y", hidden()[0])
    np.testing.assert_array_equal(layer.state_dict()["y"].numpy(), plain.numpy())


def test_hooks_see_plain_tensors():
    seen = {}
    x = image(17)
    weight = image(3, 2, 3).requires_grad_()
    y = F.conv2d(x, weight)
    z = y.tanh()
    y.register_hook(lambda g: seen.__setitem__("y", g))
    z.register_hook(lambda g: g * 2)
    z.retain_grad()
    weight.register_hook(lambda g: seen.__setitem__("weight", g))
    F.avg_pool2d(z, 2).sum().backward()
    for grad in (*seen.values(), z.grad):
        assert type(grad) is minicnn.Tensor
        assert not grad._batch_last
        assert grad._array.flags.c_contiguous
    np.testing.assert_allclose(z.grad.numpy(), 0.5, atol=1e-6)
    np.testing.assert_allclose(seen["y"].numpy(), 0.5 * (1 - z.detach().numpy() ** 2), atol=1e-5)


def test_users_functions_get_plain_tensors():
    seen = []

    class Double(Function):
        @staticmethod
        def forward(ctx, a):
            seen.append(a._array.flags.c_contiguous)
            ctx.save_for_backward(a)
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            seen.append(grad._array.flags.c_contiguous)
            seen.append(ctx.saved_tensors[0]._array.flags.c_contiguous)
            return grad * 2

    weight = image(3, 2, 3).requires_grad_()
    F.avg_pool2d(Double.apply(F.conv2d(image(17), weight)).tanh(), 2).sum().backward()
    assert seen == [True, True, True]
    assert weight.grad is not None


def test_module_hooks_and_iteration():
    layer = nn.Conv2d(2, 3, 3)
    rows = []
    layer.register_forward_hook(lambda module, args, output: rows.extend(output))
    y = layer(image(17))
    assert len(rows) == 17
    np.testing.assert_array_equal(rows[16].detach().numpy(), y.detach().numpy()[16])


@pytest.mark.parametrize("batch", BATCHES)
def test_second_derivatives(batch):
    x = image(batch).requires_grad_()
    weight = image(3, 2, 3).requires_grad_()

    def penalty():
        loss = F.avg_pool2d(F.conv2d(x, weight).tanh(), 2).pow(2).sum()
        (grad,) = minicnn.autograd.grad(loss, x, create_graph=True)
        return minicnn.autograd.grad((grad * grad).sum(), weight)[0].numpy()

    fast = penalty()
    with kernels.use("numpy"):
        np.testing.assert_allclose(fast, penalty(), rtol=1e-3, atol=1e-3)


def test_a_dying_alias_is_no_trouble():
    y, plain = hidden()
    for _ in range(20):
        y.flatten(1).detach()
    assert y._batch_last
    flat = y.view(17, -1)
    del y
    np.testing.assert_array_equal(flat.numpy(), plain.flatten(1).numpy())
