"""Tensors on a GPU, real or simulated: where they are, how they get there and back, and minicnn.cuda."""

from __future__ import annotations

import copy
import io
import os
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import minicnn
from minicnn import backend, cuda, nn, optim
from minicnn.nn import functional as F
from minicnn.utils.data import DataLoader, TensorDataset

if (reason := backend.why_no_gpu()) is not None:
    pytest.skip(reason, allow_module_level=True)

import cupy

CUDA = minicnn.device("cuda", 0)


def gpu(*shape: int, seed: int = 0) -> Any:
    return minicnn.tensor(np.random.default_rng(seed).standard_normal(shape).astype(np.float32), device="cuda")


# --- where tensors are --------------------------------------------------------------------------------


def test_there_and_back() -> None:
    x = minicnn.tensor([[1.0, 2.0], [3.0, 4.0]])
    y = x.cuda()
    assert (y.device, y.is_cuda, y.is_cpu, y.get_device(), str(y.device)) == (CUDA, True, False, 0, "cuda:0")
    assert y.to("cuda") is y
    assert y.to(CUDA) is y
    assert y.cuda(0) is y
    assert y.cpu().tolist() == x.tolist() == y.tolist()
    assert y.cpu().device == minicnn.device("cpu")
    assert x.to(y).is_cuda
    assert y.to("cuda", minicnn.float64).dtype is minicnn.float64
    assert y.type() == "minicnn.cuda.FloatTensor"
    with pytest.raises(RuntimeError, match="CUDA error: invalid device ordinal: `device` is cuda:7"):
        x.to("cuda:7")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int8", "uint8", "bool", "int64", "float64"])
def test_every_type_travels(dtype: str) -> None:
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    kind = getattr(minicnn, dtype)
    x = minicnn.tensor([0, 1, 1], dtype=kind)
    y = x.cuda()
    assert (y.dtype, y.device) == (kind, CUDA)
    assert y.tolist() == x.tolist()
    assert y.float().tolist() == [0, 1, 1]
    assert y.cpu().dtype is kind


def test_gradients_travel() -> None:
    x = minicnn.tensor([1.0, 2.0], requires_grad=True)
    y = (x.cuda() * gpu(2)).sum()
    y.backward()
    assert x.grad is not None
    assert x.grad.device.type == "cpu"
    np.testing.assert_allclose(x.grad.numpy(), gpu(2).cpu().numpy())


def test_a_number_on_the_cpu_goes_along_and_other_tensors_do_not() -> None:
    number = minicnn.tensor(2.0, requires_grad=True)
    y = gpu(3) * number
    assert y.is_cuda
    y.sum().backward()
    assert number.grad is not None
    assert number.grad.device.type == "cpu"
    pattern = r"Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"
    for wrong in (
        lambda: gpu(3) + minicnn.ones(3),
        lambda: minicnn.ones(3) * gpu(1).sum(),
        lambda: minicnn.ones(1, 3) @ gpu(3),
    ):
        with pytest.raises(RuntimeError, match=pattern):
            wrong()


def test_numpy_gets_no_gpu_tensor() -> None:
    for ask in (lambda: gpu(3).numpy(), lambda: np.asarray(gpu(3))):
        with pytest.raises(TypeError, match=r"can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu\(\)"):
            ask()
    assert isinstance(gpu(3).numpy(force=True), np.ndarray)


def test_prints_its_device() -> None:
    assert repr(minicnn.tensor([1.0, 2.5], device="cuda")) == "tensor([1.0000, 2.5000], device='cuda:0')"
    assert f"{minicnn.tensor(1.5, device='cuda')}" == "1.5"
    x = minicnn.ones(1, device="cuda", requires_grad=True)
    assert repr(x * 2) == "tensor([2.], device='cuda:0', grad_fn=<MulBackward0>)"
    assert repr(nn.Parameter(gpu(0))).startswith("Parameter containing:\ntensor([], device='cuda:0'")


# --- made there ---------------------------------------------------------------------------------------

MAKERS = [
    lambda m, **o: m.zeros(2, 3, **o),
    lambda m, **o: m.ones((2, 3), **o),
    lambda m, **o: m.full((2,), 7, **o),
    lambda m, **o: m.eye(3, 2, **o),
    lambda m, **o: m.arange(1, 6, 2, **o),
    lambda m, **o: m.linspace(0, 1, 5, **o),
    lambda m, **o: m.logspace(0, 1, 3, **o),
    lambda m, **o: m.tensor([1, 2], **o),
    lambda m, **o: m.as_tensor(np.ones(2, np.float32), **o),
    lambda m, **o: m.scalar_tensor(3, **o),
    lambda m, **o: m.rand(3, **o),
    lambda m, **o: m.randn(3, **o),
    lambda m, **o: m.randint(0, 9, (4,), **o),
    lambda m, **o: m.randperm(5, **o),
    lambda m, **o: m.normal(0.0, 1.0, (3,), **o),
    lambda m, **o: m.tril_indices(3, 3, **o),
]


@pytest.mark.parametrize("make", MAKERS)
def test_making_tensors_there(make: Any) -> None:
    minicnn.manual_seed(0)
    here = make(minicnn)
    minicnn.manual_seed(0)
    there = make(minicnn, device="cuda")
    minicnn.manual_seed(0)
    with minicnn.device("cuda"):
        by_default = make(minicnn)
        assert make(minicnn, device="cpu").device.type == "cpu"
    assert (here.device.type, there.device, by_default.device) == ("cpu", CUDA, CUDA)
    assert here.dtype is there.dtype is by_default.dtype
    assert here.tolist() == there.tolist() == by_default.tolist()


def test_the_default_device() -> None:
    assert minicnn.get_default_device().type == "cpu"
    try:
        minicnn.set_default_device("cuda")
        assert minicnn.zeros(1).is_cuda
        assert nn.Linear(2, 3).weight.is_cuda
        with minicnn.device("cpu"):
            assert not minicnn.zeros(1).is_cuda
        assert not minicnn.zeros_like(minicnn.zeros(1, device="cpu")).is_cuda
        assert not minicnn.from_numpy(np.zeros(1)).is_cuda
    finally:
        minicnn.set_default_device(None)
    assert not minicnn.zeros(1).is_cuda


def test_tensors_like_others() -> None:
    x = gpu(2, 3)
    for made in (
        minicnn.zeros_like(x), minicnn.ones_like(x), minicnn.empty_like(x), minicnn.full_like(x, 2), x.new_zeros(2),
        x.new_ones(2), x.new_tensor([1.0]), x.new_full((2,), 3), minicnn.rand_like(x), minicnn.randn_like(x),
        x.new(2, 2), minicnn.bernoulli(x.sigmoid()), x.clone().uniform_(), x.sigmoid().multinomial(2),
    ):  # fmt: skip
        assert made.device == CUDA
    assert not minicnn.zeros_like(x, device="cpu").is_cuda


# --- other libraries ----------------------------------------------------------------------------------


def test_memory_is_shared_with_cupy() -> None:
    x = gpu(2, 3)
    array = cupy.from_dlpack(x) if not hasattr(x._array, "_host") else x._array.view()
    array += 1
    assert x.tolist() == (gpu(2, 3) + 1).tolist()
    y = minicnn.from_dlpack(array)
    assert y.device == CUDA
    assert y.data_ptr() == x.data_ptr()
    assert x.__cuda_array_interface__["data"][0] == x.data_ptr()
    assert x.__dlpack_device__() == (2, 0)
    with pytest.raises(AttributeError):
        _ = minicnn.ones(1).__cuda_array_interface__
    z = minicnn.as_tensor(array) if not hasattr(array, "_host") else minicnn.from_dlpack(array)
    z.zero_()
    assert x.sum().item() == 0


def test_torch_takes_and_gives_gpu_tensors() -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no GPU")
    x = gpu(2, 3)
    theirs = torch.from_dlpack(x)
    theirs.add_(1)
    torch.cuda.synchronize()
    assert x.tolist() == theirs.tolist()
    back = minicnn.from_dlpack(theirs)
    assert back.data_ptr() == theirs.data_ptr() == x.data_ptr()
    assert minicnn.as_tensor(theirs).data_ptr() == x.data_ptr() != minicnn.tensor(theirs).data_ptr()


# --- copies -------------------------------------------------------------------------------------------


def test_pickled_and_copied() -> None:
    x = gpu(2, 3).requires_grad_()
    twin = copy.deepcopy(x)
    assert twin.device == CUDA
    assert twin.requires_grad
    assert twin.tolist() == x.tolist()
    assert twin.data_ptr() != x.data_ptr()
    again = pickle.loads(pickle.dumps(x.detach()))
    assert again.tolist() == x.tolist()
    model = nn.Linear(2, 2).cuda()
    other = copy.deepcopy(model)
    assert other.weight.device == CUDA
    assert other.weight.data_ptr() != model.weight.data_ptr()


def test_saved_and_loaded() -> None:
    file = io.BytesIO()
    minicnn.save({"w": gpu(3), "n": minicnn.ones(1)}, file)
    for where, device in ((None, "cuda"), ("cpu", "cpu"), ("cuda", "cuda"), (lambda s, place: s, "cpu")):
        file.seek(0)
        loaded = minicnn.load(file, map_location=where)
        assert loaded["w"].device.type == device
        assert loaded["w"].tolist() == gpu(3).tolist()
    torch = pytest.importorskip("torch")
    file.seek(0)
    assert torch.load(file, map_location="cpu")["w"].tolist() == gpu(3).tolist()


def test_pinned_memory() -> None:
    x = minicnn.arange(6.0).reshape(2, 3)
    assert not x.is_pinned()
    y = x.pin_memory()
    assert y.is_pinned()
    assert y.pin_memory() is y
    assert y[1:].is_pinned()
    assert y.tolist() == x.tolist()
    z = y.to("cuda", non_blocking=True)
    cuda.synchronize()
    assert z.tolist() == x.tolist()
    with pytest.raises(RuntimeError, match="only dense CPU tensors can be pinned"):
        z.pin_memory()
    data = TensorDataset(x, minicnn.arange(2))
    for images, labels in DataLoader(data, batch_size=2, pin_memory=True):
        assert images.is_pinned()
        assert labels.is_pinned()
        assert images.cuda(non_blocking=True).tolist() == x.tolist()


def test_pinned_memory_may_be_written_to_after_a_copy() -> None:
    x = minicnn.arange(6.0).pin_memory()
    y = x.to("cuda")  # the GPU fetches it itself, and has done so
    x.fill_(9)
    assert y.tolist() == [0, 1, 2, 3, 4, 5]


# --- cuda ---------------------------------------------------------------------------------------------


def test_the_devices() -> None:
    assert cuda.is_available()
    assert cuda.device_count() >= 1
    assert cuda.current_device() == 0
    assert isinstance(cuda.get_device_name(), str)
    properties = cuda.get_device_properties(0)
    assert properties.total_memory > 0
    assert cuda.get_device_capability() == (properties.major, properties.minor)
    free, total = cuda.mem_get_info()
    assert 0 < free <= total
    with cuda.device(0), cuda.device_of(gpu(1)), cuda.device(None):
        assert cuda.current_device() == 0
    cuda.init()
    cuda.set_device("cuda:0")
    assert minicnn.accelerator.current_accelerator() == minicnn.device("cuda")


def test_memory_is_counted() -> None:
    cuda.empty_cache()
    before, reserved = cuda.memory_allocated(), cuda.memory_reserved()
    x = minicnn.zeros(1000, 1000, device="cuda")
    held = cuda.memory_allocated() - before
    assert 4_000_000 <= held < 4_100_000
    assert cuda.memory_reserved() >= cuda.memory_allocated()
    del x
    assert cuda.memory_allocated() == before
    assert cuda.max_memory_allocated() >= before + held
    cuda.reset_peak_memory_stats()
    assert cuda.max_memory_allocated() <= reserved


def test_streams_and_events() -> None:
    start, end = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
    assert start.query()
    with pytest.raises(ValueError, match="Both events must be recorded"):
        start.elapsed_time(end)
    start.record()
    stream = cuda.Stream()
    with cuda.stream(stream):
        assert cuda.current_stream() == stream
        stream.wait_event(start)
        y = gpu(100, 100) @ gpu(100, 100, seed=1)
        end.record()
    assert cuda.current_stream() == cuda.default_stream() != stream
    cuda.default_stream().wait_stream(stream)
    end.wait()
    end.synchronize()
    stream.synchronize()
    assert start.elapsed_time(end) >= 0
    assert end.query()
    assert stream.query()
    assert y.shape == (100, 100)
    with cuda.stream(None):
        pass
    with pytest.raises(ValueError, match="enable_timing=True"):
        cuda.Event().elapsed_time(end)


# --- networks -----------------------------------------------------------------------------------------


class Net(nn.Module):
    """A bit of everything that trains."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3), nn.Tanh(),
            nn.AvgPool2d(2), nn.Flatten(),
        )  # fmt: skip
        self.drop, self.head = nn.Dropout(0.25), nn.Linear(6, 3)

    def forward(self, x: Any) -> Any:
        return self.head(self.drop(self.features(x)))


def trained(device: str, make: Any, steps: int = 4, rng: str = "host") -> tuple[list[float], nn.Module]:
    """Losses of a few steps, the same numbers on every device."""
    minicnn.manual_seed(3)
    model = Net().to(device)
    optimizer = make(model.parameters())
    images, labels = minicnn.randn(8, 1, 8, 8).to(device), minicnn.randint(0, 3, (8,)).to(device)
    losses = []
    with cuda.random.use(rng):
        for _ in range(steps):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            losses.append(loss.item())
    return losses, model


OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "Adam": lambda p: optim.Adam(p, lr=0.01),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.01, centered=True, momentum=0.5),
    "Rprop": lambda p: optim.Rprop(p, lr=0.01),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_network_trains_as_on_the_cpu_and_the_same_twice(name: str) -> None:
    here, _ = trained("cpu", OPTIMIZERS[name])
    there, model = trained("cuda", OPTIMIZERS[name])
    np.testing.assert_allclose(there, here, rtol=2e-4)
    assert all(p.is_cuda and p.grad.is_cuda for p in model.parameters())
    assert all(b.is_cuda for b in model.buffers())
    again, twin = trained("cuda", OPTIMIZERS[name])
    assert again == there
    for a, b in zip(model.state_dict().values(), twin.state_dict().values(), strict=True):
        np.testing.assert_array_equal(a.cpu().numpy(), b.cpu().numpy())


def test_its_own_generator_draws_the_same_masks_twice() -> None:
    first, _ = trained("cuda", OPTIMIZERS["SGD"], rng="device")
    second, _ = trained("cuda", OPTIMIZERS["SGD"], rng="device")
    assert first == second


def test_an_optimizer_of_the_gpu_is_saved_and_goes_on() -> None:
    def run(interrupted: bool) -> list[float]:
        minicnn.manual_seed(0)
        layer = nn.Linear(4, 2).cuda()
        optimizer = optim.Adam(layer.parameters(), lr=0.1)
        losses = []
        for step in range(4):
            if interrupted and step == 2:
                state = copy.deepcopy(optimizer.state_dict())
                optimizer = optim.Adam(layer.parameters(), lr=0.1)
                optimizer.load_state_dict(state)
                assert all(s["exp_avg"].is_cuda for s in optimizer.state.values())
                assert not any(s["step"].is_cuda for s in optimizer.state.values())
            optimizer.zero_grad()
            loss = (layer(gpu(3, 4)) ** 2).sum()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    assert run(True) == run(False)


def test_a_step_never_waits_for_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """No host reads in the steps of a training: they would end the overlap of Python and the GPU."""
    if not hasattr(cupy.zeros(1), "_host"):
        pytest.skip("only the stand-in counts waits")
    trained("cuda", OPTIMIZERS["Adam"], 1, "device")
    minicnn.manual_seed(0)
    model, images, labels = Net().cuda(), gpu(8, 1, 8, 8), minicnn.randint(0, 3, (8,)).cuda()
    optimizer = optim.Adam(model.parameters())

    def step() -> None:
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()

    step()
    waits: list[str] = []
    for name in ("get", "item", "__bool__", "__int__", "__float__", "tolist"):
        plain = getattr(cupy.ndarray, name)
        monkeypatch.setattr(
            cupy.ndarray, name, lambda self, *a, n=name, f=plain, **o: (waits.append(n), f(self, *a, **o))[1]
        )
    step()
    assert waits == []


def test_a_sum_where_places_meet_has_one_order() -> None:
    index = minicnn.tensor([2, 0, 2, 2, 1, 0], device="cuda")
    table = gpu(4, 5).requires_grad_()
    F.embedding(index, table).mul(gpu(6, 5, seed=1)).sum().backward()
    expected = np.zeros((4, 5), np.float32)
    for place, row in zip(index.tolist(), gpu(6, 5, seed=1).cpu().numpy(), strict=True):
        expected[place] += row
    assert table.grad is not None
    np.testing.assert_array_equal(table.grad.cpu().numpy(), expected)
    half = minicnn.zeros(3, dtype=minicnn.float16, device="cuda")
    half.scatter_add_(0, index[:3] % 3, minicnn.ones(3, dtype=minicnn.float16, device="cuda"))
    assert half.tolist() == [1, 0, 2]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_network_of_two_bytes_learns(dtype: str) -> None:
    """As under model.half() on PyTorch's GPUs: every kernel takes such numbers, and adds up in float32."""
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")

    def losses(kind: Any) -> list[float]:
        minicnn.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.GroupNorm(2, 4),
            nn.Conv2d(4, 6, 3), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(6), nn.Linear(6, 3),
        ).to("cuda", kind)  # fmt: skip
        optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        x, y = gpu(9, 1, 8, 8).to(kind), minicnn.arange(9, device="cuda") % 3
        found = []
        for _ in range(6):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y) + 0.1 * F.nll_loss(F.log_softmax(model(x), 1), y)
            loss.backward()
            optimizer.step()
            assert loss.dtype is kind
            found.append(loss.item())
        assert all(p.grad.dtype is kind for p in model.parameters())
        model.eval()
        with minicnn.no_grad():
            assert F.softmax(model(x), 1).sum(1).float().cpu().numpy() == pytest.approx(np.ones(9), abs=0.02)
        return found

    found, expected = losses(getattr(minicnn, dtype)), losses(minicnn.float32)
    assert expected[-1] < expected[0]
    np.testing.assert_allclose(found, expected, rtol=0.05 if dtype == "bfloat16" else 0.01)


# --- several GPUs, and commands -----------------------------------------------------------------------


def test_two_gpus() -> None:
    """In a process of its own, where the stand-in has two of them."""
    if not hasattr(cupy.zeros(1), "_host"):
        pytest.skip("of the stand-in's GPUs")
    code = """
import minicnn
from minicnn import cuda, nn, optim
a = minicnn.ones(2, device="cuda:1", requires_grad=True)
b = (a * 3 + a[[0, 0]]).sum()
b.backward()
print(a.device, b.device, a.grad.device, a.grad.tolist(), cuda.current_device())
try:
    a + minicnn.ones(2, device="cuda:0")
except RuntimeError as error:
    print(str(error)[:97])
with cuda.device(1):
    print(minicnn.zeros(1, device="cuda").device, minicnn.ones(1).cuda().device)
print(a.detach().to("cuda").device, a.detach().to("cuda:0").tolist())
model = nn.Linear(2, 2).to("cuda:1")
optimizer = optim.Adam(model.parameters())
model(a.detach()).sum().backward()
optimizer.step()
print(model.weight.device, cuda.device_count())
stream = cuda.Stream("cuda:1")
with cuda.stream(stream):
    print(cuda.current_device(), cuda.current_stream() == stream, cuda.current_stream(0) == stream)
print(cuda.current_device(), cuda.current_stream(1) == cuda.default_stream(1))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "MINICNN_SIMULATED_GPUS": "2"}, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [
        "cuda:1 cuda:1 cuda:1 [5.0, 3.0] 0",
        "Expected all tensors to be on the same device, but found at least two devices, cuda:1 and cuda:0!",
        "cuda:1 cuda:1",
        "cuda:0 [1.0, 1.0]",
        "cuda:1 2",
        "1 True False",
        "0 True",
    ], done.stderr


def test_a_script_of_torch_runs_on_the_gpu(tmp_path: Any) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import torch\n"
        "from torch import nn\n"
        "device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')\n"
        "torch.manual_seed(0)\n"
        "model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)).to(device)\n"
        "x, y = torch.randn(16, 4).to(device), torch.randint(0, 2, (16,), device=device)\n"
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "for step in range(3):\n"
        "    optimizer.zero_grad()\n"
        "    loss = nn.functional.cross_entropy(model(x), y)\n"
        "    loss.backward()\n"
        "    optimizer.step()\n"
        "    print(step, loss)\n",
        encoding="utf-8",
    )
    outputs = {}
    for device in ("cuda", "cpu"):
        done = subprocess.run(
            [sys.executable, "-m", "minicnn.run", "--device", device, str(script)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        outputs[device] = done.stdout
    assert outputs["cuda"].count("device='cuda:0'") == 3
    assert outputs["cuda"].replace(", device='cuda:0'", "") == outputs["cpu"]


def test_the_training_command_on_the_gpu(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m minicnn.train lenet5 --device cuda`: the CPU's losses, and the same bits twice."""
    from minicnn import datasets, serialization, train

    full = datasets.sample

    def few(name: str) -> Any:
        parts = full(name)
        for part, count in zip(parts, (48, 16), strict=True):
            part.data, part.targets = part.data[::60][:count], part.targets[::60][:count]
        return parts

    monkeypatch.setattr(datasets, "sample", few)
    monkeypatch.chdir(tmp_path)
    options = ["--dataset", "mnist-sample", "--epochs", "2", "--batch-size", "16", "--schedule", "constant", "--quiet"]
    histories, weights = {}, {}
    with cuda.random.use("host"):
        for name, device in (("here", "cpu"), ("there", "cuda"), ("again", "cuda")):
            assert train.main(["lenet5", *options, "--device", device, "--output", name]) == 0
            checkpoint = serialization.load_checkpoint(tmp_path / name / "checkpoint.safetensors")
            histories[name] = [{**line, "seconds": 0} for line in checkpoint.info["history"]]
            weights[name] = [value.numpy() for value in checkpoint.model.values()]
    assert histories["there"] == histories["again"]
    assert train.main(["--resume", "there", "--epochs", "3", "--quiet"]) == 0
    resumed = serialization.load_checkpoint(tmp_path / "there" / "checkpoint.safetensors")
    assert len(resumed.info["history"]) == 3
    assert np.isfinite(resumed.info["history"][2]["train_loss"])
    for a, b, c in zip(weights["there"], weights["again"], weights["here"], strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(a, c, atol=2e-3)
    for ours, theirs in zip(histories["there"], histories["here"], strict=True):
        assert ours["train_loss"] == pytest.approx(theirs["train_loss"], rel=1e-4)
