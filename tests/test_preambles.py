"""What scripts set before they begin: devices, switches, mixed precision; and old names of autograd."""

import math
import warnings

import numpy as np
import pytest

import minicnn
from minicnn import amp, nn, optim


@pytest.fixture(autouse=True)
def _no_gpu(monkeypatch):
    """As on a machine without a GPU."""
    monkeypatch.delenv("MINICNN_DEVICE", raising=False)
    monkeypatch.setattr(minicnn.backend, "_what_a_gpu_lacks", lambda: "no GPU in this test")


# --- devices ------------------------------------------------------------------------------------------


def test_cuda_without_a_gpu():
    cuda = minicnn.cuda
    assert (cuda.is_available(), cuda.device_count(), cuda.is_initialized(), cuda.is_bf16_supported()) == (0, 0, 0, 0)
    state = minicnn.get_rng_state()
    assert cuda.manual_seed(1) is cuda.manual_seed_all(2) is cuda.empty_cache() is cuda.synchronize() is None
    assert minicnn.equal(state, minicnn.get_rng_state())  # the host's numbers go on
    assert cuda.memory_allocated() == cuda.memory_reserved() == 0
    for ask in (cuda.current_device, cuda.get_device_name, cuda.get_device_capability, lambda: cuda.set_device(0)):
        with pytest.raises(RuntimeError, match=r"cuda\.\w+\(\): no GPU in this test"):
            ask()


def test_accelerator_without_a_gpu():
    accelerator = minicnn.accelerator
    assert not accelerator.is_available()
    assert (accelerator.device_count(), accelerator.current_accelerator()) == (0, None)
    for ask in (accelerator.current_device_index, accelerator.synchronize):
        with pytest.raises(RuntimeError, match="no GPU in this test"):
            ask()


def test_backends_keep_what_they_are_given():
    backends = minicnn.backends
    assert not backends.mps.is_available()
    assert not backends.mps.is_built()
    assert not backends.cuda.is_built()
    assert not backends.cudnn.is_available()
    assert backends.cudnn.version() is None
    assert (backends.cudnn.enabled, backends.cudnn.benchmark, backends.cudnn.deterministic) == (True, False, False)
    backends.cudnn.benchmark = True
    assert minicnn.backends.cudnn.benchmark
    backends.cudnn.benchmark = False
    assert not backends.cuda.matmul.allow_tf32


def test_cuda_can_mean_the_cpu(monkeypatch, capsys):
    with pytest.raises(RuntimeError, match="`device` is cuda: no GPU in this test"):
        minicnn.ones(1).cuda()
    monkeypatch.setenv("MINICNN_DEVICE", "auto")
    minicnn.backend._say_that_cuda_is_the_cpu.cache_clear()
    x = minicnn.ones(2, requires_grad=True)
    assert x.cuda() is x
    assert x.to("cuda:1") is x
    assert minicnn.zeros(2, device="cuda").device == minicnn.device("cpu")
    minicnn.cuda.set_device(0)
    minicnn.set_default_device("cuda")
    minicnn.set_default_tensor_type("torch.cuda.FloatTensor")
    assert not minicnn.cuda.is_available()
    assert minicnn.tensor([1.0]).cuda(non_blocking=True).device.type == "cpu"
    assert capsys.readouterr().err == "minicnn: what the script sends to cuda stays on the CPU here (no GPU).\n"


# --- switches -----------------------------------------------------------------------------------------


def test_switches_remember():
    assert not minicnn.are_deterministic_algorithms_enabled()
    minicnn.use_deterministic_algorithms(True, warn_only=True)
    assert minicnn.are_deterministic_algorithms_enabled()
    assert minicnn.is_deterministic_algorithms_warn_only_enabled()
    minicnn.use_deterministic_algorithms(False)
    with pytest.raises(TypeError, match="`mode` must be bool, not int"):
        minicnn.use_deterministic_algorithms(1)
    minicnn.set_float32_matmul_precision("high")
    assert minicnn.get_float32_matmul_precision() == "high"
    with pytest.warns(UserWarning, match="`precision` is 'low', not one of 'highest', 'high', 'medium'"):
        minicnn.set_float32_matmul_precision("low")
    minicnn.set_float32_matmul_precision("highest")
    minicnn.set_num_interop_threads(2)
    assert minicnn.get_num_interop_threads() == 2
    with pytest.raises(RuntimeError, match="`threads` is 0"):
        minicnn.set_num_interop_threads(0)
    assert minicnn.set_flush_denormal(True) is False


def test_default_device_and_type():
    minicnn.set_default_device("cpu")
    minicnn.set_default_device(None)
    assert minicnn.get_default_device() == minicnn.device("cpu")
    with pytest.raises(RuntimeError, match="`device` is cuda: no GPU in this test"):
        minicnn.set_default_device("cuda")
    try:
        minicnn.set_default_tensor_type("torch.DoubleTensor")
        assert minicnn.tensor([1.0]).dtype is minicnn.float64
        minicnn.set_default_tensor_type(minicnn.FloatTensor)
        assert minicnn.get_default_dtype() is minicnn.float32
    finally:
        minicnn.set_default_dtype(minicnn.float32)
    for wrong in ("torch.LongTensor", minicnn.IntTensor, "torch.cuda.FloatTensor"):
        with pytest.raises(TypeError, match="expected FloatTensor or DoubleTensor"):
            minicnn.set_default_tensor_type(wrong)


def test_memory_formats_are_names():
    assert repr(minicnn.channels_last) == "minicnn.channels_last"
    assert repr(minicnn.strided) == "minicnn.strided"
    x = minicnn.ones(1, 2, 3, 3)
    assert x.to(memory_format=minicnn.channels_last).contiguous(memory_format=minicnn.contiguous_format) is x
    assert nn.Conv2d(1, 1, 1).to(memory_format=minicnn.channels_last)(x[:, :1]).shape == (1, 1, 3, 3)


# --- mixed precision ----------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [amp.autocast, minicnn.autocast])
def test_autocast(make):
    with make("cpu", enabled=False) as entered:
        assert isinstance(entered, amp.autocast)
    with pytest.warns(UserWarning, match="autocast is disabled"):
        context = make(device_type="cuda", dtype=minicnn.float16)

    @context
    def double(x):
        return x * 2

    assert double(3) == 6
    with pytest.raises(NotImplementedError, match="float32 and float64 only; give enabled=False"):
        make("cpu")
    with pytest.raises(RuntimeError, match="`device_type` is 'gpu', expected 'cpu' or 'cuda'"):
        make("gpu", enabled=False)


def test_the_older_address():
    with pytest.warns(UserWarning, match="autocast is disabled"), minicnn.cuda.amp.autocast():
        pass
    with pytest.warns(UserWarning, match="GradScaler is disabled"):
        assert not minicnn.cuda.amp.GradScaler().is_enabled()
    assert not minicnn.cuda.amp.GradScaler(enabled=False).is_enabled()


def scaled_training(library, scaler, optimizer_class):
    """Losses and factors of a training in which one gradient overflows; the same for minicnn and torch."""
    weight = library.nn.Parameter(library.ones(3))
    optimizer = optimizer_class([weight], lr=0.1)
    told = []
    for step in range(6):
        optimizer.zero_grad()
        factor = float("inf") if step == 2 else 1.0
        loss = (weight * weight).sum() * factor
        scaler.scale(loss).backward()
        if step == 3:
            scaler.unscale_(optimizer)
            library.nn.utils.clip_grad_norm_([weight], 0.5)
        scaler.step(optimizer)
        scaler.update()
        told.append((weight.tolist(), scaler.get_scale(), scaler.state_dict()))
    return told


@pytest.mark.parametrize("options", [{}, {"init_scale": 8.0, "growth_interval": 2, "backoff_factor": 0.25}])
def test_grad_scaler_is_pytorchs(options):
    torch = pytest.importorskip("torch")
    ours = scaled_training(minicnn, amp.GradScaler("cpu", **options), optim.SGD)
    theirs = scaled_training(torch, torch.amp.GradScaler("cpu", **options), torch.optim.SGD)
    for (a, *rest_a), (b, *rest_b) in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
        assert rest_a == rest_b


def test_grad_scaler_without_torch():
    weights = [step[0] for step in scaled_training(minicnn, amp.GradScaler("cpu", init_scale=4.0), optim.SGD)]
    np.testing.assert_allclose(weights[:2], [[0.8] * 3, [0.64] * 3], rtol=1e-6)
    assert weights[2] == weights[1]  # the infinite gradient was left out
    disabled = amp.GradScaler("cpu", enabled=False)
    loss = minicnn.ones(1)
    assert disabled.scale(loss) is loss
    assert (disabled.state_dict(), disabled.get_scale()) == ({}, 1.0)
    disabled.load_state_dict({})
    disabled.update()


def test_grad_scaler_speaks_of_misuse():
    weight = nn.Parameter(minicnn.ones(1))
    optimizer = optim.SGD([weight], lr=0.1)
    scaler = amp.GradScaler("cpu")
    with pytest.raises(RuntimeError, match=r"update\(\) needs a step\(\)"):
        scaler.update()
    with pytest.raises(RuntimeError, match=r"have no gradients: call backward\(\) first"):
        scaler.step(optimizer)
    assert [s.item() for s in scaler.scale([weight, weight])] == [65536.0] * 2
    scaler.scale(weight).backward()
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match=r"unscale_\(\) has already been called"):
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    with pytest.raises(RuntimeError, match=r"step\(\) has already been called"):
        scaler.step(optimizer)
    with pytest.raises(RuntimeError, match=r"unscale_\(\) is being called after step\(\)"):
        scaler.unscale_(optimizer)
    scaler.update(new_scale=2.0)
    assert scaler.get_scale() == 2.0
    other = amp.GradScaler("cpu")
    other.load_state_dict(scaler.state_dict())
    assert other.get_scale() == 2.0
    with pytest.raises(RuntimeError, match="`state_dict` is empty"):
        other.load_state_dict({})
    with pytest.raises(ValueError, match=r"`growth_factor` is 1\.0, expected more than 1"):
        amp.GradScaler("cpu", growth_factor=1.0)
    with pytest.raises(ValueError, match=r"`backoff_factor` is 2\.0, expected less than 1"):
        amp.GradScaler("cpu", backoff_factor=2.0)
    with pytest.raises(ValueError, match="`outputs` must be a Tensor or an iterable of Tensors, got int"):
        scaler.scale(1)


# --- old names of autograd, and a search for nan ------------------------------------------------------


def test_variable():
    x = minicnn.ones(2)
    v = minicnn.autograd.Variable(x, requires_grad=True)
    assert isinstance(v, minicnn.Tensor)
    assert isinstance(x, minicnn.autograd.Variable)
    assert not isinstance(1, minicnn.autograd.Variable)
    assert (v is x, v.requires_grad, x.requires_grad) == (False, True, False)
    x[0] = 5
    assert v.tolist() == [5, 1]  # the same memory
    assert minicnn.autograd.Variable().shape == (0,)
    with pytest.warns(UserWarning, match="volatile was removed"):
        minicnn.autograd.Variable(x, volatile=True)
    with pytest.raises(TypeError, match="`data` has to be a tensor, but got list"):
        minicnn.autograd.Variable([1.0])


def test_data_parallel_passes_on():
    layer = nn.Linear(2, 1)
    parallel = nn.DataParallel(layer, device_ids=[0, 1])
    x = minicnn.ones(3, 2)
    assert minicnn.equal(parallel(x), layer(x))
    assert minicnn.equal(nn.parallel.data_parallel(layer, x, range(2)), layer(x))
    assert list(parallel.state_dict()) == ["module.weight", "module.bias"]
    assert (parallel.module, parallel.device_ids) == (layer, [])


def test_anomalies_are_found():
    def root_of_zero():
        x = minicnn.zeros(1, requires_grad=True)
        (minicnn.sqrt(x) * 0).sum().backward()
        return x.grad.item()

    assert math.isnan(root_of_zero())
    with minicnn.autograd.set_detect_anomaly(True):
        assert minicnn.is_anomaly_enabled()
        with (
            pytest.warns(UserWarning, match="Error detected in SqrtBackward0. Traceback of forward call"),
            pytest.raises(RuntimeError, match="Function 'SqrtBackward0' returned nan values in its 0th output"),
        ):
            root_of_zero()
    assert not minicnn.is_anomaly_enabled()
    with warnings.catch_warnings(), minicnn.autograd.set_detect_anomaly(True, check_nan=False):
        assert not minicnn.is_anomaly_check_nan_enabled()
        assert math.isnan(root_of_zero())
    with pytest.warns(UserWarning, match="Anomaly Detection"), minicnn.autograd.detect_anomaly():
        (minicnn.ones(2, requires_grad=True) * 2).sum().backward()  # nothing to find
    assert minicnn.is_anomaly_check_nan_enabled()


def test_fork_rng():
    minicnn.manual_seed(3)
    with minicnn.functional.generator.fork_rng():
        inside = minicnn.rand(3)
    assert minicnn.equal(minicnn.rand(3), inside)
    with minicnn.functional.generator.fork_rng(enabled=False):
        inside = minicnn.rand(3)
    assert not minicnn.equal(minicnn.rand(3), inside)


# --- summary ------------------------------------------------------------------------------------------

TABLE = """\
----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
================================================================
            Conv2d-1             [4, 6, 24, 24]             156
              ReLU-2             [4, 6, 24, 24]               0
       BatchNorm2d-3             [4, 6, 24, 24]              12
            Linear-4                    [4, 10]          34,570
================================================================
Total params: 34,738
Trainable params: 34,582
Non-trainable params: 156
----------------------------------------------------------------
Input size (MB): 0.01
Forward/backward pass size (MB): 0.32
Params size (MB): 0.13
Estimated Total Size (MB): 0.46
----------------------------------------------------------------
"""


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU())
        self.fc = nn.Linear(6 * 24 * 24, 10)
        self.b = nn.BatchNorm2d(6)

    def forward(self, x):
        return self.fc(self.b(self.c(x)).flatten(1))


def test_summary(capsys):
    net = Net()
    net.c.requires_grad_(False)
    minicnn.manual_seed(1)
    minicnn.utils.summary.summary(net, (1, 28, 28), batch_size=4)
    assert capsys.readouterr().out == TABLE  # torchsummary 1.5.1's text for this network
    drawn = minicnn.rand(1)
    minicnn.manual_seed(1)
    minicnn.rand(2, 1, 28, 28)
    assert minicnn.equal(minicnn.rand(1), drawn)  # it draws what torchsummary draws
    assert not net.c[0]._forward_hooks
    with pytest.raises(ValueError, match="`device` is 'tpu', expected 'cuda' or 'cpu'"):
        minicnn.utils.summary.summary(net, (1, 28, 28), device="tpu")


def test_summary_of_several_inputs(capsys):
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 2), nn.Linear(4, 2, bias=False)

        def forward(self, x, y):
            return self.a(x), self.b(y)

    minicnn.utils.summary.summary(Two(), [(3,), (4,)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[3:5] == [
        "            Linear-1                    [-1, 2]               8",
        "            Linear-2                    [-1, 2]               8",
    ]
    assert lines[6] == "Total params: 16"


# --- types, and names that are rarely needed ----------------------------------------------------------


def test_limits_and_promotion_are_pytorchs():
    torch = pytest.importorskip("torch")
    names = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
    for name in names:
        ours, theirs = getattr(minicnn, name), getattr(torch, name)
        info = "finfo" if name.startswith("f") else "iinfo"
        if name != "bool":
            a, b = getattr(minicnn, info)(ours), getattr(torch, info)(theirs)
            assert repr(a) == repr(b)
            for attribute in ("bits", "min", "max", "eps", "tiny", "smallest_normal", "resolution", "dtype"):
                assert getattr(a, attribute, None) == getattr(b, attribute, None), attribute
        for other in names:
            mixed = minicnn.promote_types(ours, getattr(minicnn, other))
            assert mixed.name == str(torch.promote_types(theirs, getattr(torch, other))).partition(".")[2]
            cast = minicnn.can_cast(ours, getattr(minicnn, other))
            assert cast == torch.can_cast(theirs, getattr(torch, other)), (name, other)
    for a, b in ((1, 2), (1.0, 2), (True, 1)):
        assert minicnn.result_type(a, b).name == str(torch.result_type(a, b)).partition(".")[2]
    assert minicnn.result_type(minicnn.ones(1).half(), 2.0) is minicnn.float16
    assert (minicnn.pi, minicnn.e, minicnn.inf) == (math.pi, math.e, math.inf)


def test_backward_of_several():
    x = minicnn.ones(2, requires_grad=True)
    minicnn.autograd.backward([x * 2, (x * 3).sum()], [minicnn.tensor([1.0, 10.0]), None])
    assert x.grad.tolist() == [5, 23]
    minicnn.autograd.backward(x * 2, minicnn.ones(2), inputs=x)
    assert x.grad.tolist() == [7, 25]
    with pytest.raises(RuntimeError, match="got 2 tensors and 1 gradients; `grad_tensors` needs one for each"):
        minicnn.autograd.backward([x * 2, x * 3], [minicnn.ones(2)])
    with pytest.raises(RuntimeError, match="scalar outputs"):
        minicnn.autograd.backward(x * 2)


def test_old_names_warn():
    weight = nn.Parameter(minicnn.ones(4, 4))
    minicnn.manual_seed(1)
    with pytest.warns(FutureWarning, match="xavier_uniform is deprecated: it is called nn.init.xavier_uniform_"):
        nn.init.xavier_uniform(weight)
    minicnn.manual_seed(1)
    assert minicnn.equal(nn.init.xavier_uniform_(minicnn.ones(4, 4)), weight)
    weight.grad = minicnn.full((4, 4), 3.0)
    with pytest.warns(FutureWarning, match="it is called nn.utils.clip_grad_norm_ now"):
        assert nn.utils.clip_grad_norm([weight], 6.0).item() == 12.0
    assert weight.grad[0, 0].item() == pytest.approx(1.5)


def test_parameter_dict():
    torch = pytest.importorskip("torch")
    made = []
    for library in (minicnn, torch):
        pair = library.nn.ParameterDict({"b": library.ones(2), "a": library.nn.Parameter(library.zeros(1))})
        pair["c"] = 3
        pair.update([("d", library.ones(2, 2))])
        made.append(pair)
    ours, theirs = made
    assert repr(ours).replace("minicnn.", "torch.") == repr(theirs)
    assert list(ours) == list(theirs) == list(ours.keys()) == list(reversed(list(reversed(ours))))
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    assert (ours.get("x"), ours.get("c"), ours.setdefault("c", 4), ours.setdefault("e", 5)) == (None, 3, 3, 5)
    assert "a" in ours
    assert ours.pop("c") == 3
    assert len(ours) == len(ours.items()) == len(ours.values()) == 4
    with pytest.raises(KeyError):
        ours["c"]
    with pytest.raises(TypeError, match="`key` of a ParameterDict must be a string, got 1"):
        ours[1] = 2
    with pytest.raises(TypeError, match="should be called with an iterable"):
        ours.update(1)
    with pytest.raises(RuntimeError, match="should not be called"):
        ours()
    ours.clear()
    assert list(ours.parameters()) == []


def test_a_retained_gradient_is_what_hooks_leave():
    x = minicnn.ones(2, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda grad: grad * 10)
    y.sum().backward()
    assert y.grad.tolist() == [10, 10]
    assert x.grad.tolist() == [20, 20]
    with pytest.raises(RuntimeError, match="can't retain_grad on Tensor that has requires_grad=False"):
        minicnn.ones(1).retain_grad()
