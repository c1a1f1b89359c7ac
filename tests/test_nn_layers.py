"""Layers, losses and nn.utils compute as torch does; wrong arguments are refused."""

from __future__ import annotations

import numpy as np
import pytest

import minicnn
from minicnn import kernels, nn
from minicnn.dtypes import float64
from minicnn.nn import functional as F

pytestmark = pytest.mark.usefixtures("on_device")

BACKENDS = ["numpy", "numba"]


def lenet5(nn):
    return nn.Sequential(
        nn.Conv2d(1, 6, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(16, 120, 5),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(120, 84),
        nn.Tanh(),
        nn.Linear(84, 10),
    )


# --- layers ---------------------------------------------------------------------------------------

LAYERS = {
    "linear": (lambda nn: nn.Linear(4, 3), (5, 4)),
    "linear of 3-d": (lambda nn: nn.Linear(4, 3, bias=False), (2, 5, 4)),
    "conv": (
        lambda nn: nn.Conv2d(2, 4, (3, 2), stride=2, padding=1, dilation=(2, 1), groups=2),
        (3, 2, 8, 7),
    ),
    "conv same": (lambda nn: nn.Conv2d(2, 3, (4, 3), padding="same", dilation=2), (2, 2, 9, 8)),
    "conv valid": (lambda nn: nn.Conv2d(2, 3, 3, padding="valid"), (2, 2, 6, 6)),
    "conv unbatched": (lambda nn: nn.Conv2d(2, 3, 3), (2, 6, 6)),
    "conv reflect": (lambda nn: nn.Conv2d(2, 3, 3, padding=(1, 2), padding_mode="reflect"), (2, 2, 6, 6)),
    "conv replicate": (lambda nn: nn.Conv2d(2, 3, 4, padding="same", padding_mode="replicate"), (2, 2, 6, 6)),
    "conv circular": (lambda nn: nn.Conv2d(2, 3, 3, padding=(2, 1), padding_mode="circular"), (2, 2, 6, 5)),
    "conv of lines": (lambda nn: nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2), (17, 4, 9)),
    "conv of one line": (lambda nn: nn.Conv1d(2, 3, (5,), padding="same", bias=False), (2, 7)),
    "conv of lines reflect": (lambda nn: nn.Conv1d(2, 3, 3, padding=2, padding_mode="reflect"), (3, 2, 7)),
    "conv of lines circular": (lambda nn: nn.Conv1d(2, 3, 4, padding="same", padding_mode="circular"), (3, 2, 7)),
    "transposed lines": (lambda nn: nn.ConvTranspose1d(4, 2, 3, 2, 1, 1, 2, True, 2), (17, 4, 5)),
    "transposed": (lambda nn: nn.ConvTranspose2d(4, 2, 3, 2, 1, (1, 0), 2, True, 1), (2, 4, 5, 4)),
    "max": (lambda nn: nn.MaxPool2d(3, 2, 1, ceil_mode=True), (2, 3, 8, 7)),
    "average": (lambda nn: nn.AvgPool2d((2, 3), padding=1, count_include_pad=False), (2, 3, 8, 7)),
    "average divided": (lambda nn: nn.AvgPool2d(2, divisor_override=3), (2, 3, 8, 7)),
    "adaptive": (lambda nn: nn.AdaptiveAvgPool2d((3, None)), (2, 3, 8, 7)),
    "global": (lambda nn: nn.AdaptiveAvgPool2d(1), (2, 3, 8, 7)),
    "adaptive of lines": (lambda nn: nn.AdaptiveAvgPool1d(3), (17, 3, 7)),
    "adaptive max": (lambda nn: nn.AdaptiveMaxPool2d((3, None)), (17, 3, 8, 7)),
    "adaptive max of lines": (lambda nn: nn.AdaptiveMaxPool1d(2), (2, 3, 7)),
    "max of lines": (lambda nn: nn.MaxPool1d(3, 2, 1, 2, ceil_mode=True), (17, 3, 8)),
    "average of lines": (lambda nn: nn.AvgPool1d(3, 2, padding=1, count_include_pad=False), (17, 3, 8)),
    "power average": (lambda nn: nn.LPPool2d(1.0, (2, 3), stride=1), (2, 3, 4, 5)),
    "power average of lines": (lambda nn: nn.LPPool1d(1, 2, ceil_mode=True), (2, 3, 5)),
    "local response norm": (lambda nn: nn.LocalResponseNorm(4, alpha=0.1, k=2), (17, 5, 3, 2)),
    "zero pad": (lambda nn: nn.ZeroPad2d((1, 0, 2, -1)), (17, 3, 4, 5)),
    "zero pad of lines": (lambda nn: nn.ZeroPad1d(2), (17, 3, 4)),
    "constant pad": (lambda nn: nn.ConstantPad2d(1, 3.5), (2, 3, 4, 5)),
    "constant pad of lines": (lambda nn: nn.ConstantPad1d((1, 2), -1), (3, 4)),
    "reflection pad": (lambda nn: nn.ReflectionPad2d((1, 2, 0, 3)), (17, 3, 4, 5)),
    "reflection pad of lines": (lambda nn: nn.ReflectionPad1d(3), (17, 3, 4)),
    "replication pad": (lambda nn: nn.ReplicationPad2d(2), (3, 4, 5)),
    "replication pad of lines": (lambda nn: nn.ReplicationPad1d((0, 5)), (2, 3, 4)),
    "circular pad": (lambda nn: nn.CircularPad2d((1, 2, 3, 0)), (17, 3, 4, 5)),
    "circular pad of lines": (lambda nn: nn.CircularPad1d(2), (3, 4)),
    "upsample": (lambda nn: nn.Upsample(scale_factor=(2, 1.5)), (17, 3, 4, 5)),
    "upsample lines": (lambda nn: nn.Upsample(7, mode="linear", align_corners=True), (17, 3, 4)),
    "upsample smoothly": (lambda nn: nn.Upsample(scale_factor=2, mode="bicubic"), (2, 3, 4, 5)),
    "upsample nearest": (lambda nn: nn.UpsamplingNearest2d((7, 9)), (2, 3, 4, 5)),
    "upsample bilinear": (lambda nn: nn.UpsamplingBilinear2d(scale_factor=2), (17, 3, 4, 5)),
    "pixel shuffle": (lambda nn: nn.PixelShuffle(2), (17, 8, 2, 3)),
    "pixel unshuffle": (lambda nn: nn.PixelUnshuffle(2), (17, 2, 4, 6)),
    "channel shuffle": (lambda nn: nn.ChannelShuffle(2), (17, 6, 3, 2)),
    "unfold": (lambda nn: nn.Unfold((2, 3), dilation=2, padding=1, stride=(1, 2)), (2, 3, 5, 6)),
    "fold": (lambda nn: nn.Fold((4, 5), 2, padding=(0, 1), stride=1), (2, 12, 18)),
    "relu": (lambda nn: nn.ReLU(), (3, 4)),
    "relu in place": (
        lambda nn: nn.Sequential(nn.Identity(), nn.Linear(4, 4), nn.ReLU(inplace=True)),
        (3, 4),
    ),
    "tanh": (lambda nn: nn.Tanh(), (3, 4)),
    "sigmoid": (lambda nn: nn.Sigmoid(), (3, 4)),
    "relu6": (lambda nn: nn.ReLU6(), (30, 4)),
    "hardtanh": (lambda nn: nn.Hardtanh(-0.5, 0.7), (3, 4)),
    "leaky relu": (lambda nn: nn.LeakyReLU(0.2), (9, 2, 3, 3)),
    "prelu": (lambda nn: nn.PReLU(), (3, 4)),
    "prelu of channels": (lambda nn: nn.PReLU(2, init=0.1), (9, 2, 3, 3)),
    "elu": (lambda nn: nn.ELU(1.5), (3, 4)),
    "selu": (lambda nn: nn.SELU(), (3, 4)),
    "celu": (lambda nn: nn.CELU(0.5), (3, 4)),
    "gelu": (lambda nn: nn.GELU(), (9, 2, 3, 3)),
    "gelu by tanh": (lambda nn: nn.GELU("tanh"), (3, 4)),
    "silu": (lambda nn: nn.SiLU(), (3, 4)),
    "mish": (lambda nn: nn.Mish(), (3, 4)),
    "hardsigmoid": (lambda nn: nn.Hardsigmoid(), (3, 4)),
    "hardswish": (lambda nn: nn.Hardswish(), (3, 4)),
    "hardshrink": (lambda nn: nn.Hardshrink(), (3, 4)),
    "softshrink": (lambda nn: nn.Softshrink(0.3), (3, 4)),
    "tanhshrink": (lambda nn: nn.Tanhshrink(), (3, 4)),
    "log sigmoid": (lambda nn: nn.LogSigmoid(), (3, 4)),
    "softplus": (lambda nn: nn.Softplus(2.0, 1.5), (3, 4)),
    "softsign": (lambda nn: nn.Softsign(), (3, 4)),
    "threshold": (lambda nn: nn.Threshold(0.1, 20.0), (3, 4)),
    "glu": (lambda nn: nn.GLU(1), (3, 4, 2)),
    "softmin": (lambda nn: nn.Softmin(1), (3, 4)),
    "softmax of pixels": (lambda nn: nn.Softmax2d(), (2, 3, 4, 5)),
    "softmax of pixels of one": (lambda nn: nn.Softmax2d(), (3, 4, 5)),
    "silu in place": (lambda nn: nn.Sequential(nn.Linear(4, 4), nn.SiLU(True), nn.Hardswish(True)), (3, 4)),
    "softmax": (lambda nn: nn.Softmax(dim=0), (3, 4)),
    "log softmax": (lambda nn: nn.LogSoftmax(dim=-1), (3, 4)),
    "batch norm": (lambda nn: nn.BatchNorm2d(3), (17, 3, 4, 5)),
    "batch norm 1d": (lambda nn: nn.BatchNorm1d(3, eps=0.1, momentum=None), (17, 3)),
    "batch norm of lines": (lambda nn: nn.BatchNorm1d(3, bias=False), (2, 3, 9)),
    "batch norm without weights": (lambda nn: nn.BatchNorm2d(3, affine=False), (2, 3, 4, 5)),
    "batch norm in evaluation": (lambda nn: nn.BatchNorm2d(3).eval(), (9, 3, 4, 5)),
    "group norm": (lambda nn: nn.GroupNorm(2, 4, bias=False), (9, 4, 3, 3)),
    "group norm without weights": (lambda nn: nn.GroupNorm(2, 4, 0.1, affine=False), (2, 4, 3)),
    "layer norm": (lambda nn: nn.LayerNorm([3, 4]), (9, 3, 4)),
    "layer norm without bias": (lambda nn: nn.LayerNorm(4, bias=False), (9, 3, 4)),
    "rms norm": (lambda nn: nn.RMSNorm(4), (9, 3, 4)),
    "rms norm without weights": (lambda nn: nn.RMSNorm([3, 4], 0.1, elementwise_affine=False), (9, 3, 4)),
    "instance norm": (lambda nn: nn.InstanceNorm2d(4), (9, 4, 3, 3)),
    "instance norm with weights": (lambda nn: nn.InstanceNorm2d(4, affine=True), (2, 4, 3, 3)),
    "instance norm of one": (lambda nn: nn.InstanceNorm2d(4, affine=True), (4, 3, 3)),
    "instance norm of lines": (lambda nn: nn.InstanceNorm1d(4, track_running_stats=True), (2, 4, 3)),
    "instance norm in evaluation": (lambda nn: nn.InstanceNorm1d(4, track_running_stats=True).eval(), (2, 4, 3)),
    "flatten": (lambda nn: nn.Flatten(), (2, 3, 4)),
    "unflatten": (lambda nn: nn.Unflatten(1, (2, -1)), (3, 4)),
    "lenet5": (lenet5, (4, 1, 32, 32)),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", LAYERS)
def test_layers_compute_as_torchs(name, backend):
    torch = pytest.importorskip("torch")
    make, shape = LAYERS[name]
    torch.manual_seed(1)
    minicnn.manual_seed(1)
    theirs, ours = make(torch.nn), make(nn)
    assert repr(ours) == repr(theirs)
    data = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    x, y = minicnn.tensor(data, requires_grad=True), torch.tensor(data, requires_grad=True)
    with kernels.use(backend):
        out = ours(x)
        expected = theirs(y)
        cotangent = np.random.default_rng(1).normal(size=tuple(expected.shape)).astype(np.float32)
        out.backward(minicnn.tensor(cotangent))
    expected.backward(torch.tensor(cotangent))
    np.testing.assert_allclose(out.numpy(force=True), expected.numpy(force=True), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(x.grad.numpy(force=True), y.grad.numpy(force=True), rtol=1e-4, atol=1e-5)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.numpy(force=True), q.grad.numpy(force=True), rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("size", [(9, 8), (1, 2, 10, 9), [10, 8]])
def test_transposed_convolution_of_a_wanted_size(size):
    layer = nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1)
    assert tuple(layer(minicnn.zeros(1, 3, 5, 5), output_size=[9, 9]).shape) == (1, 2, 9, 9)
    out = layer(minicnn.zeros(1, 3, 5, 4 + (tuple(size)[-1] > 8)), output_size=size)
    assert tuple(out.shape[-2:]) == tuple(size)[-2:]
    with pytest.raises(
        ValueError, match=r"requested an output size of \[11, 9\], but valid sizes range from \[9, 9\] to"
    ):
        layer(minicnn.zeros(1, 3, 5, 5), output_size=[11, 9])
    with pytest.raises(ValueError, match=r"output_size must have 2 or 4 elements \(got 3\)"):
        layer(minicnn.zeros(1, 3, 5, 5), output_size=[1, 9, 9])


@pytest.mark.parametrize("size", [9, 10])
def test_transposed_convolution_of_a_wanted_length(size):
    layer = nn.ConvTranspose1d(3, 2, 3, stride=2, padding=1)
    assert tuple(layer(minicnn.zeros(1, 3, 5), output_size=[size]).shape) == (1, 2, size)
    assert tuple(layer(minicnn.zeros(3, 5), output_size=(2, size)).shape) == (2, size)
    with pytest.raises(ValueError, match=r"requested an output size of \[11\], but valid sizes range from \[9\] to"):
        layer(minicnn.zeros(1, 3, 5), output_size=[11])
    with pytest.raises(ValueError, match=r"output_size must have 1 or 3 elements \(got 2\)"):
        layer(minicnn.zeros(1, 3, 5), output_size=[1, 9])


def test_max_pool_with_indices():
    values, indices = nn.MaxPool2d(2, return_indices=True)(minicnn.arange(16.0).reshape(1, 1, 4, 4))
    assert values.flatten().tolist() == [5.0, 7.0, 13.0, 15.0]
    assert indices.flatten().tolist() == [5, 7, 13, 15]


@pytest.mark.usefixtures("of_the_cpu")  # on the GPU nobody looks whether an index is inside
def test_unpooling_puts_numbers_back():
    x = minicnn.arange(25.0).reshape(1, 1, 5, 5)
    there, back = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
    assert repr(back) == "MaxUnpool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0))"
    y = back(*there(x), output_size=x.shape)
    assert y.shape == x.shape
    assert y.flatten().nonzero().flatten().tolist() == [6, 8, 16, 18]
    with pytest.raises(RuntimeError, match=r"invalid max index: 18 .output volumes are of size 4x4"):
        back(*there(x))
    there, back = nn.MaxPool1d(2, return_indices=True), nn.MaxUnpool1d(2)
    assert repr(back) == "MaxUnpool1d(kernel_size=(2,), stride=(2,), padding=(0,))"
    assert back(*there(x[0, 0]), output_size=[5])[1].tolist() == [0.0, 6.0, 0.0, 8.0, 0.0]
    values, places = nn.AdaptiveMaxPool1d(2, return_indices=True)(x[0, 0])
    assert values[0].tolist() == places[0].tolist() == [2, 4]
    assert nn.AdaptiveMaxPool2d(2, return_indices=True)(x)[1].flatten().tolist() == [12, 14, 22, 24]


PAIRS = {
    "cosine": lambda nn: nn.CosineSimilarity(dim=-1),
    "distance": lambda nn: nn.PairwiseDistance(p=1, keepdim=True),
    "bilinear": lambda nn: nn.Bilinear(4, 4, 3),
    "bilinear without bias": lambda nn: nn.Bilinear(4, 4, 2, bias=False),
}


@pytest.mark.parametrize("name", PAIRS)
def test_layers_of_two_inputs_compute_as_torchs(name):
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    minicnn.manual_seed(1)
    ours, theirs = PAIRS[name](nn), PAIRS[name](torch.nn)
    assert repr(ours) == repr(theirs)
    a, b = np.random.default_rng(0).normal(size=(2, 5, 4)).astype(np.float32)
    got, want = ours(minicnn.tensor(a), minicnn.tensor(b)), theirs(torch.tensor(a), torch.tensor(b))
    np.testing.assert_allclose(got.numpy(force=True), want.numpy(force=True), rtol=1e-4, atol=1e-5)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_array_equal(p.numpy(force=True), q.numpy(force=True))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "options",
    [{}, {"momentum": None}, {"momentum": 0.5, "affine": False}, {"track_running_stats": False}, {"bias": False}],
)
def test_batch_norm_keeps_torchs_statistics(options, backend):
    torch = pytest.importorskip("torch")
    ours, theirs = nn.BatchNorm2d(4, **options), torch.nn.BatchNorm2d(4, **options)
    assert repr(ours) == repr(theirs)
    random = np.random.default_rng(0)
    with kernels.use(backend):
        for shape in ((33, 4, 3, 2), (1, 4, 2, 2), (5, 4, 1, 1)):
            data = (3 * random.normal(size=shape) + 2).astype(np.float32)
            ours(minicnn.tensor(data))
            theirs(torch.tensor(data))
        for layer in (ours, theirs):
            layer.eval()
        got, want = ours(minicnn.tensor(data)).numpy(force=True), theirs(torch.tensor(data)).numpy(force=True)
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)
    saved, expected = ours.state_dict(), theirs.state_dict()
    assert list(saved) == list(expected)
    for name, value in saved.items():
        assert value.shape == tuple(expected[name].shape)
        np.testing.assert_allclose(value.numpy(force=True), expected[name].numpy(force=True), rtol=1e-5, atol=1e-6)
    if ours.running_var is not None:
        ours.reset_running_stats()
        assert ours.num_batches_tracked.item() == 0
        assert ours.running_var.tolist() == [1.0] * 4


def test_instance_norm_keeps_torchs_statistics():
    torch = pytest.importorskip("torch")
    ours, theirs = (m.nn.InstanceNorm2d(4, affine=True, track_running_stats=True) for m in (minicnn, torch))
    random = np.random.default_rng(0)
    for shape in ((3, 4, 3, 2), (1, 4, 2, 2)):
        data = (3 * random.normal(size=shape) + 2).astype(np.float32)
        ours(minicnn.tensor(data))
        theirs(torch.tensor(data))
    saved, expected = ours.state_dict(), theirs.state_dict()
    assert list(saved) == list(expected)
    for name, value in saved.items():
        np.testing.assert_allclose(value.numpy(force=True), expected[name].numpy(force=True), rtol=1e-5, atol=1e-6)
    with pytest.warns(UserWarning, match="size at dim=1 does not match num_features"):
        nn.InstanceNorm1d(5)(minicnn.ones(2, 4, 3))


EMBEDDINGS = [{}, {"padding_idx": -2}, {"padding_idx": 1, "scale_grad_by_freq": True}, {"max_norm": 1.0},
              {"max_norm": 0.7, "norm_type": 1.0, "sparse": False}]  # fmt: skip


@pytest.mark.parametrize("options", EMBEDDINGS, ids=str)
def test_embeddings_are_torchs(options):
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    minicnn.manual_seed(1)
    ours, theirs = nn.Embedding(5, 3, **options), torch.nn.Embedding(5, 3, **options)
    assert repr(ours) == repr(theirs)
    np.testing.assert_array_equal(ours.weight.numpy(force=True), theirs.weight.numpy(force=True))
    rows = np.array([[0, 3, 1], [3, 3, 0]])
    a, b = ours(minicnn.tensor(rows)), theirs(torch.tensor(rows))
    np.testing.assert_allclose(a.numpy(force=True), b.numpy(force=True), rtol=1e-5)
    np.testing.assert_allclose(ours.weight.numpy(force=True), theirs.weight.numpy(force=True), rtol=1e-5)
    (a * a).sum().backward()
    (b * b).sum().backward()
    np.testing.assert_allclose(ours.weight.grad.numpy(force=True), theirs.weight.grad.numpy(force=True), rtol=1e-5)


def test_embedding_of_given_rows():
    rows = minicnn.arange(6.0).reshape(3, 2)
    frozen = nn.Embedding.from_pretrained(rows)
    free = nn.Embedding.from_pretrained(rows, freeze=False, padding_idx=0)
    assert (frozen.weight.requires_grad, free.weight.requires_grad) == (False, True)
    assert frozen(minicnn.tensor([2])).tolist() == [[4.0, 5.0]]
    assert free.padding_idx == 0
    with pytest.raises(AssertionError, match="2-dimensional, got 1"):
        nn.Embedding.from_pretrained(minicnn.ones(3))
    with pytest.raises(AssertionError, match=r"\[2, 2\] for 3 and 2"):
        nn.Embedding(3, 2, _weight=minicnn.ones(2, 2))
    with pytest.raises(AssertionError, match="`padding_idx` 3, 3 rows"):
        nn.Embedding(3, 2, padding_idx=3)


def test_batch_norm_loads_files_without_a_count():
    old, layer = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    old(minicnn.randn(5, 2))
    state = {k: v for k, v in old.state_dict().items() if k != "num_batches_tracked"}
    assert str(layer.load_state_dict(state)) == "<All keys matched successfully>"
    assert layer.running_mean.tolist() == old.running_mean.tolist()


def test_batch_norm_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"expected 4D input \(got 2D input\)"):
        nn.BatchNorm2d(3)(minicnn.ones(2, 3))
    with pytest.raises(ValueError, match=r"expected 2D or 3D input \(got 4D input\)"):
        nn.BatchNorm1d(3)(minicnn.ones(2, 3, 1, 1))
    with pytest.raises(RuntimeError, match="running_mean should contain 4 elements"):
        nn.BatchNorm2d(3)(minicnn.ones(2, 4, 1, 1))


DROPOUTS = [("Dropout", (50, 7)), ("Dropout", (33, 2, 3, 5)), ("Dropout1d", (4, 9)), ("Dropout1d", (9, 4, 3)),
            ("Dropout2d", (33, 5, 2, 3)), ("Dropout2d", (2, 40, 1, 1)), ("Dropout3d", (3, 4, 2, 2, 2)),
            ("Dropout3d", (4, 2, 2, 2)), ("AlphaDropout", (33, 2, 3, 5)),
            ("FeatureAlphaDropout", (33, 2, 3, 5))]  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("name", "shape"), DROPOUTS)
def test_dropout_masks_are_torchs(name, shape, backend):
    torch = pytest.importorskip("torch")
    data = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    torch.manual_seed(4)
    minicnn.manual_seed(4)
    ours, theirs = getattr(nn, name)(0.3), getattr(torch.nn, name)(0.3)
    assert repr(ours) == repr(theirs)
    with kernels.use(backend):
        for _ in range(30):  # across several twists of the generator
            got, want = ours(minicnn.tensor(data)).numpy(force=True), theirs(torch.tensor(data)).numpy(force=True)
            if "Alpha" in name:  # scaled besides
                np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)
            else:
                np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(minicnn.get_rng_state().numpy(force=True), torch.get_rng_state().numpy(force=True))
    assert ours.eval()(minicnn.tensor(data)).tolist() == data.tolist()


def test_dropout2d_warns_of_shapes_that_are_no_images():
    with pytest.warns(UserWarning, match="3D input"):
        nn.Dropout2d()(minicnn.ones(2, 3, 4))
    with pytest.warns(UserWarning, match="2-D input"):
        nn.Dropout2d()(minicnn.ones(2, 3))
    with pytest.warns(UserWarning, match="1-D input"), pytest.raises(RuntimeError, match="at least 2 dimensions"):
        nn.Dropout2d()(minicnn.ones(2))


LOSSES = {
    "cross entropy": (lambda nn, t: nn.CrossEntropyLoss(), False),
    "weighted": (
        lambda nn, t: nn.CrossEntropyLoss(t([1.0, 2.0, 0.5]), ignore_index=1, reduction="sum"),
        False,
    ),
    "smoothed": (lambda nn, t: nn.CrossEntropyLoss(label_smoothing=0.1), False),
    "nll": (lambda nn, t: nn.NLLLoss(t([1.0, 2.0, 0.5])), False),
    "multi margin": (lambda nn, t: nn.MultiMarginLoss(2, 0.7, t([1.0, 2.0, 0.5])), False),
    "mse": (lambda nn, t: nn.MSELoss(), True),
    "mse sum": (lambda nn, t: nn.MSELoss(reduction="sum"), True),
    "l1": (lambda nn, t: nn.L1Loss(), True),
    "smooth l1": (lambda nn, t: nn.SmoothL1Loss(beta=0.3), True),
    "huber": (lambda nn, t: nn.HuberLoss("sum", 0.3), True),
    "bce with logits": (lambda nn, t: nn.BCEWithLogitsLoss(), True),
    "bce with weights": (
        lambda nn, t: nn.BCEWithLogitsLoss(t([1.0, 2.0, 0.5]), pos_weight=t([3.0, 1.0, 2.0])),
        True,
    ),
    "kl": (lambda nn, t: nn.KLDivLoss(reduction="batchmean", log_target=True), True),
    "poisson": (lambda nn, t: nn.PoissonNLLLoss(), True),
    "soft margin": (lambda nn, t: nn.SoftMarginLoss(), True),
    "hinge": (lambda nn, t: nn.HingeEmbeddingLoss(0.5), True),
    "labels": (lambda nn, t: nn.MultiLabelSoftMarginLoss(t([1.0, 2.0, 0.5])), True),
}
TRIPLES = {  # of two inputs and something more
    "gaussian": (lambda nn: nn.GaussianNLLLoss(full=True), "positive"),
    "ranking": (lambda nn: nn.MarginRankingLoss(0.3), "signs"),
    "cosine": (lambda nn: nn.CosineEmbeddingLoss(0.1), "sign"),
    "triplet": (lambda nn: nn.TripletMarginLoss(2.0, p=1.0, swap=True), "normal"),
}


@pytest.mark.parametrize("name", TRIPLES)
def test_losses_of_three_tensors_are_torchs(name):
    torch = pytest.importorskip("torch")
    make, kind = TRIPLES[name]
    random = np.random.default_rng(0)
    a, b, c = (random.normal(size=(5, 3)).astype(np.float32) for _ in range(3))
    c = {"positive": abs(c) + 0.1, "signs": np.sign(c), "sign": np.sign(c[:, 0]), "normal": c}[kind]
    x, y = minicnn.tensor(a, requires_grad=True), torch.tensor(a, requires_grad=True)
    loss = make(nn)(x, minicnn.tensor(b), minicnn.tensor(c))
    expected = make(torch.nn)(y, torch.tensor(b), torch.tensor(c))
    assert repr(make(nn)) == repr(make(torch.nn))
    loss.backward()
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    np.testing.assert_allclose(x.grad.numpy(force=True), y.grad.numpy(force=True), rtol=1e-4, atol=1e-6)


def test_distances_are_torchs():
    torch = pytest.importorskip("torch")
    a, b = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    for make in (lambda nn: nn.CosineSimilarity(dim=-1), lambda nn: nn.PairwiseDistance(keepdim=True)):
        assert repr(make(nn)) == repr(make(torch.nn))
        ours, theirs = make(nn)(minicnn.tensor(a), minicnn.tensor(b)), make(torch.nn)(torch.tensor(a), torch.tensor(b))
        np.testing.assert_allclose(ours.numpy(force=True), theirs.numpy(force=True), rtol=1e-5)


def test_probabilities_and_their_loss_are_torchs():
    torch = pytest.importorskip("torch")
    p, t = np.random.default_rng(0).random((2, 7, 3)).astype(np.float32)
    for options in ({}, {"reduction": "sum"}, {"weight": [1.0, 2.0, 0.5]}):
        ours, theirs = (
            m.nn.BCELoss(**(options | ({"weight": m.tensor(options["weight"])} if "weight" in options else {})))
            for m in (minicnn, torch)
        )
        assert ours(minicnn.tensor(p), minicnn.tensor(t)).item() == pytest.approx(
            theirs(torch.tensor(p), torch.tensor(t)).item(), rel=1e-5
        )


@pytest.mark.parametrize("library", ["minicnn", "torch"])
def test_warnings_of_losses(library):
    m = pytest.importorskip(library)
    for name in ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss"):
        with pytest.warns(UserWarning, match=r"target size \(.*Size\(\[3\]\)\) that is different to the input size "):
            getattr(m.nn, name)()(m.ones(2, 3), m.ones(3))
    with pytest.warns(UserWarning, match="'batchmean' divides only by the batch size"):
        m.nn.KLDivLoss()(m.zeros(2, 3), m.ones(2, 3))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_torchs(name, backend):
    torch = pytest.importorskip("torch")
    make, like_input = LOSSES[name]
    data = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    target = data[::-1].copy() if like_input else np.array([0, 2, 1, 1, 0])
    x, y = minicnn.tensor(data, requires_grad=True), torch.tensor(data, requires_grad=True)
    with kernels.use(backend):
        ours, theirs = make(nn, minicnn.tensor), make(torch.nn, torch.tensor)
        loss, expected = ours(x, minicnn.tensor(target)), theirs(y, torch.tensor(target))
        loss.backward()
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    np.testing.assert_allclose(x.grad.numpy(force=True), y.grad.numpy(force=True), rtol=1e-4, atol=1e-6)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert repr(ours) == repr(theirs)


def test_old_reduction_arguments():
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert nn.MSELoss(size_average=False).reduction == "sum"
    with pytest.warns(UserWarning, match="reduction='none'"):
        assert nn.NLLLoss(reduce=False).reduction == "none"


WRONG = [
    (
        lambda: nn.Conv2d(3, 4, 3, groups=2),
        "in_channels must be divisible by groups, got in_channels=3, groups=2",
    ),
    (lambda: nn.Conv2d(4, 3, 3, groups=2), "out_channels must be divisible by groups, got out_channels=3"),
    (lambda: nn.Conv2d(4, 4, 3, groups=0), "groups must be a positive integer, got groups=0"),
    (lambda: nn.Conv2d(4, 4, 3, padding="full"), "Invalid padding string 'full'"),
    (
        lambda: nn.Conv2d(4, 4, 3, padding="same", stride=2),
        r"not supported for strided convolutions, got stride=\(2, 2\)",
    ),
    (lambda: nn.Conv2d(4, 4, 3, padding_mode="mirror"), "but got padding_mode='mirror'"),
    (lambda: nn.ConvTranspose2d(4, 4, 3, padding_mode="reflect"), 'Only "zeros" padding mode is supported'),
    (lambda: nn.ConvTranspose1d(4, 4, 3, padding_mode="circular"), "supported for ConvTranspose1d, got 'circular'"),
    (lambda: nn.Conv1d(4, 4, 3, padding="same", stride=2), r"strided convolutions, got stride=\(2,\)"),
    (lambda: nn.Dropout2d(-0.5), "dropout probability has to be between 0 and 1, but got -0.5"),
    (lambda: nn.TripletMarginLoss(-1.0), "expected margin to be greater than 0, got -1.0 instead"),
    (lambda: nn.MultiMarginLoss(3), "only p == 1 and p == 2 supported, got 3"),
    (lambda: nn.MultiMarginLoss(weight=minicnn.ones(2, 2)), "weight to be None or 1D tensor, got 2D instead"),
    (lambda: nn.GroupNorm(4, 6), r"num_channels \(6\) must be divisible by num_groups \(4\)"),
    (lambda: nn.AlphaDropout(1.5), "dropout probability has to be between 0 and 1, but got 1.5"),
    (lambda: nn.InstanceNorm2d(6)(minicnn.ones(2, 3)), r"expected 3D or 4D input \(got 2D input\)"),
    (lambda: nn.InstanceNorm1d(5, affine=True)(minicnn.ones(2, 3, 4)), r"match num_features \(5\), but got: 3"),
    (lambda: nn.Dropout(1.5), "dropout probability has to be between 0 and 1, but got 1.5"),
]


def test_activations_written_over_their_input_say_so():
    torch = pytest.importorskip("torch")
    for name in ("ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "CELU", "SiLU", "Mish", "Hardtanh", "Hardswish"):
        assert repr(getattr(nn, name)(inplace=True)) == repr(getattr(torch.nn, name)(inplace=True))
    assert repr(nn.Threshold(1, 2, True)) == repr(torch.nn.Threshold(1, 2, True))


def test_wrong_arguments_of_activations():
    with pytest.raises(AssertionError, match=r"max_val \(1.0\) must be greater than min_val \(2.0\)"):
        nn.Hardtanh(2.0, 1.0)
    with pytest.warns(FutureWarning, match="`min_value` is deprecated and renamed to `min_val`"):
        assert nn.Hardtanh(min_value=-2.0).min_val == -2.0
    with pytest.raises(ValueError, match="expected input to be 3D or 4D, got 2D instead"):
        nn.Softmax2d()(minicnn.ones(2, 3))


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_wrong_arguments(number):
    make, text = WRONG[number]
    with pytest.raises(ValueError, match=text):
        make()


def test_circular_padding_wants_lines_or_images():
    with pytest.raises(ValueError, match=r"expected 3D or 4D input \(got 2D input\)"):
        nn.CircularPad2d(1)(minicnn.ones(2, 3))
    with pytest.raises(ValueError, match=r"expected 2D or 3D input \(got 4D input\)"):
        nn.CircularPad1d(1)(minicnn.ones(2, 3, 4, 5))


def test_wrong_unflatten():
    with pytest.raises(TypeError, match="must be a tuple of ints, but found type int"):
        nn.Unflatten(1, 3)
    with pytest.raises(TypeError, match="element of type float at pos 1"):
        nn.Unflatten(1, (2, 1.5))


def test_types_and_devices_of_layers():
    assert nn.Linear(2, 2, dtype=float64, device="cpu").weight.dtype is float64
    assert nn.Conv2d(1, 1, 1, dtype=float64).bias.dtype is float64
    with pytest.warns(UserWarning, match="Initializing zero-element tensors is a no-op"):
        assert nn.Linear(2, 0).weight.numel() == 0


def test_functional_is_the_layers_own():
    x = minicnn.randn(2, 3)
    layer = nn.Linear(3, 2)
    np.testing.assert_array_equal(F.linear(x, layer.weight, layer.bias).numpy(force=True), layer(x).numpy(force=True))
    np.testing.assert_array_equal(F.tanh(x).numpy(force=True), nn.Tanh()(x).numpy(force=True))


# --- utils ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm_type", [2.0, 1, float("inf")])
@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_clip_grad_norm(norm_type, max_norm):
    grads = [np.random.default_rng(i).normal(size=s).astype(np.float32) for i, s in enumerate([(3, 4), (5,), ()])]
    params = [nn.Parameter(minicnn.zeros(g.shape)) for g in grads] + [nn.Parameter(minicnn.zeros(1))]
    for param, grad in zip(params, grads, strict=False):
        param.grad = minicnn.tensor(grad)
    total = nn.utils.clip_grad_norm_(iter(params), max_norm, norm_type)
    expected = np.linalg.norm(np.concatenate([g.ravel() for g in grads]).astype(np.float64), norm_type)
    assert total.item() == pytest.approx(expected, rel=1e-5)
    factor = min(1.0, max_norm / (expected + 1e-6))
    for param, grad in zip(params, grads, strict=False):
        np.testing.assert_allclose(param.grad.numpy(force=True), grad * factor, rtol=1e-5)
    assert params[-1].grad is None


def test_clip_grad_edge_cases():
    param = nn.Parameter(minicnn.zeros(3))
    assert nn.utils.clip_grad_norm_([param], 1.0).item() == 0.0
    param.grad = minicnn.tensor([np.inf, 1.0, -2.0])
    with pytest.raises(RuntimeError, match=r"total norm of order 2.0 .* is non-finite"):
        nn.utils.clip_grad_norm_(param, 1.0, error_if_nonfinite=True)
    nn.utils.clip_grad_value_(param, 1.5)
    assert param.grad.tolist() == [1.5, 1.0, -1.5]
    with pytest.warns(UserWarning, match="empty generator"):
        nn.utils.clip_grad_norm_((p for p in ()), 1.0)


def test_parameters_to_vector():
    net = nn.Linear(2, 3)
    vector = nn.utils.parameters_to_vector(net.parameters())
    assert vector.shape == (9,)
    vector.sum().backward()
    assert net.bias.grad.tolist() == [1.0, 1.0, 1.0]
    nn.utils.vector_to_parameters(minicnn.arange(9.0), net.parameters())
    assert net.weight.tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    assert net.bias.tolist() == [6.0, 7.0, 8.0]
    with pytest.raises(TypeError, match="expected Tensor, but got: list"):
        nn.utils.vector_to_parameters([1.0], net.parameters())
