"""minicnn.save and minicnn.load: PyTorch's files both ways, devices, whole models, and files that survive a crash."""

from __future__ import annotations

import copy
import io
import os
import pickle
import sys
import zipfile
from collections import Counter, OrderedDict, defaultdict, deque

import numpy as np
import pytest

import minicnn
from minicnn import nn, optim, serialization
from minicnn.serialization import LoadError, load_file, save_file

DTYPES = ("float32", "float64", "float16", "int8", "int16", "int32", "int64", "uint8", "bool")
OPTIMIZERS = {
    "SGD": {"lr": 0.1, "momentum": 0.9},
    "Adam": {"amsgrad": True},
    "AdamW": {"weight_decay": 0.1},
}


@pytest.fixture
def torch():
    """PyTorch, where it is installed."""
    return pytest.importorskip("torch")


def through(obj, save, load, **options):
    """`obj`, saved by one and loaded by the other."""
    file = io.BytesIO()
    save(obj, file)
    file.seek(0)
    return load(file, **options)


def plain(value):
    """The value as plain Python and NumPy, for comparison across libraries; says of each tensor all that counts."""
    name = type(value).__name__
    if name in ("Tensor", "Parameter"):
        array = value.detach().numpy()
        kind = "p" if isinstance(value, nn.Parameter) or "torch.nn" in type(value).__module__ else "t"
        told = [step for step, length in zip(value.stride(), array.shape, strict=True) if length > 1 and array.size]
        return (kind, array.dtype.str, array.shape, array.tobytes(), told, value.requires_grad)
    if isinstance(value, dict):
        metadata = plain(getattr(value, "_metadata", None))
        return (name, [(plain(k), plain(v)) for k, v in value.items()], metadata)
    if isinstance(value, list | tuple):
        return (name, [plain(item) for item in value])
    if name in ("dtype", "device"):
        return (name, str(value).rpartition(".")[2])
    return (type(value).__name__, value)


def something(rng, library, depth=0):
    """An object such as people save, made with `library`: equal seeds make equal ones with minicnn and torch."""
    kind = rng.integers(0, 10 if depth < 3 else 6)
    if kind < 3:
        return some_tensor(rng, library)
    if kind == 3:
        return [None, True, False, 0, -1, 255, 256, 65536, 2**31, -(2**31) - 1, 2**70][rng.integers(11)]
    if kind == 4:
        return [0.1, float("inf"), -0.0, 1e300, "text", "Grüße 🙂", "", b"\x00\xff", 1 + 2j, bytearray(b"x")][
            rng.integers(10)
        ]
    if kind == 5:
        return [library.float32, library.device("cpu"), library.Size([2, 3]), {1, 2}, library.device("cuda:1")][
            rng.integers(5)
        ]
    parts = [something(rng, library, depth + 1) for _ in range(rng.integers(0, 4))]
    if kind == 6:
        return parts
    if kind == 7:
        return tuple(parts)
    pairs = {f"name.{i}" if i % 2 else i: part for i, part in enumerate(parts)}
    return pairs if kind == 8 else OrderedDict(pairs)


def some_tensor(rng, library):
    """A tensor of any type and memory order."""
    shape = tuple(int(n) for n in rng.integers(0, 4, rng.integers(0, 4)))
    kind = DTYPES[rng.integers(len(DTYPES))]
    tensor = library.from_numpy(np.asarray(rng.integers(0, 2 if kind == "bool" else 100, shape)).astype(kind))
    way = rng.integers(0, 5)
    if way == 1 and len(shape) > 1:
        tensor = tensor.transpose(0, 1)
    elif way == 2 and shape and shape[0] > 1:
        tensor = tensor[1:]
    elif way == 3:
        tensor = tensor.unsqueeze(0).expand(3, *shape)
    elif way == 4 and kind.startswith("float"):
        return library.nn.Parameter(tensor, requires_grad=bool(rng.integers(2)))
    return tensor


@pytest.mark.parametrize("direction", ["ours to torch", "torch to ours", "ours to ours"])
def test_any_object_goes_both_ways(torch, rng, direction):
    for _ in range(150):
        seed = int(rng.integers(2**32))
        ours = [something(np.random.default_rng(seed), minicnn) for _ in range(3)]
        theirs = [something(np.random.default_rng(seed), torch) for _ in range(3)]
        if direction == "ours to torch":
            found, expected = through(ours, minicnn.save, torch.load, weights_only=True), theirs
        elif direction == "torch to ours":
            found, expected = through(theirs, torch.save, minicnn.load), ours
        else:
            found, expected = through(ours, minicnn.save, minicnn.load), ours
        assert plain(found) == plain(expected), seed


@pytest.mark.parametrize("kind", DTYPES)
def test_every_type(torch, kind):
    values = np.array([[0, 1, 2], [3, 100, 127]]).astype(kind)
    ours, theirs = minicnn.from_numpy(values.copy()), torch.from_numpy(values.copy())
    assert plain(through(theirs, torch.save, minicnn.load)) == plain(ours)
    assert plain(through(ours, minicnn.save, torch.load)) == plain(theirs)
    assert through(ours.dtype, minicnn.save, minicnn.load) is ours.dtype


@pytest.mark.parametrize("kind", ["complex64", "uint16", "float8_e5m2"])
def test_a_type_that_minicnn_lacks_is_named(torch, kind):
    with pytest.raises(
        LoadError, match=rf"numbers of type torch\..*{kind[:6]}.*, which minicnn does not have.*\.float\(\)"
    ):
        through(torch.ones(2, dtype=getattr(torch, kind)), torch.save, minicnn.load)


def test_bfloat16(torch, tmp_path):
    pytest.importorskip("ml_dtypes")
    ours, theirs = (library.tensor([1.5, -3.0]).to(library.bfloat16) for library in (minicnn, torch))
    found = through({"x": ours, "kind": ours.dtype}, minicnn.save, torch.load)
    assert found["kind"] is torch.bfloat16
    assert torch.equal(found["x"], theirs)
    back = through({"x": theirs, "kind": theirs.dtype}, torch.save, minicnn.load)
    assert back["kind"] is minicnn.bfloat16
    assert back["x"].dtype is minicnn.bfloat16
    assert back["x"].float().tolist() == [1.5, -3.0]
    save_file({"x": ours}, tmp_path / "x.safetensors")
    assert load_file(tmp_path / "x.safetensors")["x"].float().tolist() == [1.5, -3.0]
    with pytest.raises(ValueError, match=r"'x' of type bfloat16, which \.npz cannot hold: use \.safetensors"):
        save_file({"x": ours}, tmp_path / "x.npz")


def test_bits_are_kept(torch):
    values = np.array([np.nan, -np.nan, np.inf, -0.0, 1e-45, np.pi], np.float32)
    values[1:2].view(np.uint32)[:] = 0x7FC12345  # a NaN with a message
    for save, load in ((minicnn.save, torch.load), (torch.save, minicnn.load)):
        library = minicnn if save is minicnn.save else torch
        found = through(library.from_numpy(values.copy()), save, load)
        assert found.numpy().tobytes() == values.tobytes()


# --- sharing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["ours to torch", "torch to ours", "ours to ours"])
def test_views_share_memory_after_loading(torch, direction):
    library, save, load = {
        "ours to torch": (minicnn, minicnn.save, torch.load),
        "torch to ours": (torch, torch.save, minicnn.load),
        "ours to ours": (minicnn, minicnn.save, minicnn.load),
    }[direction]
    x = library.arange(6.0).reshape(2, 3)
    found = through({"row": x[1], "turned": x.t(), "whole": x, "again": x}, save, load)
    assert found["whole"] is found["again"]
    found["whole"][1, 2] = 50
    assert found["row"].tolist() == [3, 4, 50]
    assert found["turned"].tolist() == [[0, 3], [1, 4], [2, 50]]
    assert tuple(found["turned"].stride()) == (1, 3)


def test_tied_weights_stay_tied(torch):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
            self.b.weight = self.a.weight

    found = through(Tied().state_dict(), minicnn.save, minicnn.load)
    found["a.weight"].zero_()
    assert not found["b.weight"].any()


def test_the_memory_is_written_once():
    x = minicnn.zeros(1000, 100)
    file = io.BytesIO()
    minicnn.save([x[i] for i in range(100)], file)
    assert len(file.getvalue()) < 400_000 + 10_000


def test_memory_shared_by_two_types_is_refused():
    x = np.zeros(8, np.float32)
    pair = [minicnn.from_numpy(x), minicnn.from_numpy(x.view(np.int32))]
    with pytest.raises(RuntimeError, match=r"share memory, one as float32 and one as int32.*\.clone\(\)"):
        minicnn.save(pair, io.BytesIO())


@pytest.mark.parametrize(
    "array", [np.arange(6.0)[::-1], np.zeros((2, 3), "f4,f8")["f1"], np.zeros(9, "u1")[1:].view("f8")]
)
def test_arrays_that_pytorch_cannot_have_are_saved_as_copies(array):
    found = through(minicnn.Tensor(array), minicnn.save, minicnn.load)
    np.testing.assert_array_equal(found.numpy(), array)


def test_batch_last_activations_are_saved_plain(torch):
    x = nn.Conv2d(1, 4, 3)(minicnn.rand(32, 1, 8, 8))
    found = through(x, minicnn.save, torch.load)
    assert found.requires_grad
    assert found.is_contiguous()
    np.testing.assert_array_equal(found.detach().numpy(), x.detach().numpy())


# --- training -----------------------------------------------------------------------------------------


def one_step(library, name, options):
    model = library.nn.Sequential(library.nn.Linear(3, 4), library.nn.BatchNorm1d(4))
    optimizer = getattr(library.optim, name)(model.parameters(), **options)
    optimizer.zero_grad()
    model(library.arange(12.0).reshape(4, 3)).sum().backward()
    optimizer.step()
    scheduler = library.optim.lr_scheduler.StepLR(optimizer, 2)
    return model, optimizer, scheduler


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_training_moves_to_the_other_library(torch, name):
    minicnn.manual_seed(3)
    torch.manual_seed(3)
    sides = {"ours": one_step(minicnn, name, OPTIMIZERS[name]), "theirs": one_step(torch, name, OPTIMIZERS[name])}
    for saver, loader in (("ours", "theirs"), ("theirs", "ours")):
        save, load = (minicnn.save, torch.load) if saver == "ours" else (torch.save, minicnn.load)
        states = [part.state_dict() for part in sides[saver]]
        for part, state in zip(sides[loader], through(states, save, load), strict=True):
            part.load_state_dict(state)
        for part, state in zip(sides[loader], states, strict=True):
            found = part.state_dict()
            assert list(found) == list(state)
        for ours, theirs in zip(sides["ours"][0].parameters(), sides["theirs"][0].parameters(), strict=True):
            assert ours.detach().numpy().tobytes() == theirs.detach().numpy().tobytes()


def test_random_state_goes_along(torch):
    minicnn.manual_seed(7)
    minicnn.rand(5)
    state = through({"rng": minicnn.get_rng_state()}, minicnn.save, torch.load)["rng"]
    before = torch.get_rng_state()
    torch.set_rng_state(state)
    assert torch.rand(3).tolist() == minicnn.rand(3).tolist()
    torch.set_rng_state(before)


# --- map_location -------------------------------------------------------------------------------------


def on_a_gpu(place="cuda:0"):
    """The bytes of a file whose tensor was saved on a GPU."""
    file = io.BytesIO()
    minicnn.save({"a": minicnn.arange(3.0)}, file)
    archive, result = zipfile.ZipFile(file), io.BytesIO()
    with zipfile.ZipFile(result, "w") as changed:
        for name in archive.namelist():
            data = archive.read(name)
            old, new = (b"X" + len(t).to_bytes(4, "little") + t for t in (b"cpu", place.encode()))
            changed.writestr(name, data.replace(old, new) if name.endswith(".pkl") else data)
    return result.getvalue()


@pytest.mark.parametrize(
    "map_location",
    [
        "cpu",
        minicnn.device("cpu"),
        {"cuda:0": "cpu"},
        lambda storage, place: storage,
        lambda storage, place: storage.cpu(),
    ],
)
def test_map_location(map_location):
    assert minicnn.load(io.BytesIO(on_a_gpu()), map_location=map_location)["a"].tolist() == [0, 1, 2]


def test_map_location_sees_storage_and_place():
    seen = []
    minicnn.load(
        io.BytesIO(on_a_gpu("cuda:3")), lambda storage, place: seen.append((storage.tolist(), place)) or storage
    )
    assert seen == [([0, 1, 2], "cuda:3")]


@pytest.mark.skipif(minicnn.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("map_location", [None, {"cuda:1": "cpu"}, lambda storage, place: None])
def test_without_a_gpu_the_way_out_is_named(map_location):
    with pytest.raises(RuntimeError, match=r"cuda:0, and there is no GPU here.*map_location='cpu'"):
        minicnn.load(io.BytesIO(on_a_gpu()), map_location=map_location)


def test_wrong_places():
    with pytest.raises(LoadError, match=r"saved on a device 'xla:0', which minicnn does not have.*map_location='cpu'"):
        minicnn.load(io.BytesIO(on_a_gpu("xla:0")))
    with pytest.raises(TypeError, match="`map_location` returned something else than the storage"):
        minicnn.load(io.BytesIO(on_a_gpu()), map_location=lambda storage, place: [1])


# --- whole models -------------------------------------------------------------------------------------


class Net(nn.Module):
    """A model as a script defines it."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.fc = nn.Linear(2, 2)
        self.history = [0.5]

    def forward(self, x):
        return self.fc(self.conv(x).relu().mean((2, 3)))


def test_a_whole_model(tmp_path):
    path, model, x = tmp_path / "model.pt", Net().eval(), minicnn.rand(3, 1, 5, 5)
    minicnn.save(model, path)
    found = minicnn.load(path, weights_only=False)
    assert type(found) is Net
    assert found.history == [0.5]
    assert not found.training
    assert found(x).tolist() == model(x).tolist()
    assert all(isinstance(p, nn.Parameter) and p.requires_grad for p in found.parameters())
    found.train()
    found(x).sum().backward()
    assert all(p.grad is not None for p in found.parameters())


def test_a_whole_model_is_refused_unless_asked_for(tmp_path):
    minicnn.save(Net(), tmp_path / "model.pt")
    with pytest.raises(
        pickle.UnpicklingError, match=r"test_pth\.Net, which.*model\.state_dict\(\).*weights_only=False"
    ):
        minicnn.load(tmp_path / "model.pt")


def test_an_optimiser_and_its_model_together(tmp_path):
    model = Net()
    minicnn.save({"model": model, "optimizer": optim.SGD(model.parameters(), lr=0.5)}, tmp_path / "both.pt")
    found = minicnn.load(tmp_path / "both.pt", weights_only=False)
    assert found["optimizer"].param_groups[0]["params"][0] is found["model"].conv.weight


def test_pytorch_own_models_are_refused_unless_asked_for(torch):
    with pytest.raises(LoadError, match=r"torch\.nn\.modules\.linear\.Linear.*save.*`model\.state_dict\(\)`"):
        through(torch.nn.Linear(2, 2), torch.save, minicnn.load)


def test_what_only_pytorch_has_is_named(torch):
    with pytest.raises(LoadError, match=r"holds PyTorch's torch\.nn\.modules\.rnn\.LSTM, which minicnn does not have"):
        through(torch.nn.LSTM(2, 2), torch.save, minicnn.load, weights_only=False)


IMAGES = (2, 2, 6, 6)
LAYERS = {  # as PyTorch's, with the shape of an input
    "Linear(6, 3)": IMAGES,
    "Conv2d(2, 4, 3, stride=2, padding=1, groups=2)": IMAGES,
    "Conv2d(2, 4, 3, padding='same', dilation=2, bias=False)": IMAGES,
    "Conv2d(2, 4, 3, padding=1, padding_mode='reflect')": IMAGES,
    "Conv1d(2, 3, 3)": (2, 2, 6),
    "ConvTranspose2d(2, 3, 3, stride=2, output_padding=1)": IMAGES,
    "MaxPool2d(3, 2, 1, ceil_mode=True)": IMAGES,
    "AvgPool2d(2, count_include_pad=False)": IMAGES,
    "AdaptiveAvgPool2d(1)": IMAGES,
    "BatchNorm2d(2)": IMAGES,
    "Dropout2d(0.5)": IMAGES,
    "Flatten()": IMAGES,
    "Upsample(scale_factor=2, mode='bilinear', align_corners=True)": IMAGES,
    "ConstantPad2d((1, 2, 0, 1), 3.0)": IMAGES,
    "PReLU()": IMAGES,
    "LeakyReLU(0.1)": IMAGES,
    "GELU()": IMAGES,
    "Softmax(dim=1)": IMAGES,
    "Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 5))": IMAGES,
}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_whole_model_of_pytorch_becomes_one_of_minicnn(torch, layer):
    model = eval(layer if layer.startswith("nn.") else f"nn.{layer}", {"nn": torch.nn}).eval()
    found = through(model, torch.save, minicnn.load, weights_only=False)
    assert type(found) is getattr(nn, layer.partition("(")[0])
    assert repr(found) == repr(model)
    assert found.state_dict().keys() == model.state_dict().keys()
    x = np.random.default_rng(0).standard_normal(LAYERS[layer]).astype(np.float32)
    expected = model(torch.from_numpy(x)).detach().numpy()
    y = found(minicnn.from_numpy(x).requires_grad_())
    np.testing.assert_allclose(y.detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    y.sum().backward()
    handle = found.register_forward_hook(lambda *_: None)  # its hooks are PyTorch's empty dicts
    found(minicnn.from_numpy(x))
    handle.remove()
    assert copy.deepcopy(found).train().training


def test_an_optimiser_of_pytorch_becomes_one_of_minicnn(torch):
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    found, stepped = through([model, optimizer], torch.save, minicnn.load, weights_only=False)
    assert type(stepped) is optim.Adam
    assert stepped.param_groups[0]["params"][0] is found.weight
    found(minicnn.ones(1, 3)).sum().backward()
    stepped.step()
    optimizer.zero_grad()
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    np.testing.assert_allclose(found.weight.detach().numpy(), model.weight.detach().numpy(), rtol=1e-6)


@pytest.fixture
def nothing_allowed():
    """The list of allowed names is empty before and after the test."""
    serialization.clear_safe_globals()
    yield
    serialization.clear_safe_globals()


class Plain:
    """A class with attributes."""

    def __init__(self, value):
        self.value = value
        raise AssertionError("a pickle makes instances without __init__")


class Slotted:
    """A class with slots."""

    __slots__ = ("a", "b")


class Counting(Plain):
    """A class that takes its state itself."""

    def __setstate__(self, state):
        self.value = state["value"] + 1


def test_classes_that_the_user_allows(nothing_allowed):
    plain, slotted, counting = Plain.__new__(Plain), Slotted(), Counting.__new__(Counting)
    plain.value, slotted.a, counting.value = [minicnn.ones(2)], 3, 5
    objects = {"plain": plain, "slotted": slotted, "counting": counting}
    for kind in (Plain, Slotted):
        with pytest.raises(LoadError, match=rf"asks for .*test_pth\.{kind.__name__}|add_safe_globals"):
            through(objects, minicnn.save, minicnn.load)
        serialization.add_safe_globals([kind])
    with serialization.safe_globals([Counting]):
        assert set(serialization.get_safe_globals()) == {Plain, Slotted, Counting}
        found = through(objects, minicnn.save, minicnn.load)
    assert set(serialization.get_safe_globals()) == {Plain, Slotted}
    assert found["plain"].value[0].tolist() == [1, 1]
    assert found["slotted"].a == 3
    assert not hasattr(found["slotted"], "b")
    assert found["counting"].value == 6
    with pytest.raises(LoadError, match="Counting"):
        through(objects, minicnn.save, minicnn.load)


def test_containers_that_the_user_allows(nothing_allowed):
    objects = [deque([1, 2]), defaultdict(list, {"a": [1]})]
    with serialization.safe_globals([deque, defaultdict, list]):
        found = through(objects, minicnn.save, minicnn.load)
    assert found == objects
    assert found[1]["new"] == []


def test_a_model_whose_classes_are_allowed(nothing_allowed):
    model, x = Net().eval(), minicnn.rand(2, 1, 5, 5)
    with serialization.safe_globals([Net, nn.Conv2d, nn.Linear]):
        found = through(model, minicnn.save, minicnn.load)
    assert type(found) is Net
    assert found(x).tolist() == model(x).tolist()
    found.register_forward_hook(lambda *_: None)


def test_numpy_numbers_that_the_user_allows(nothing_allowed):
    scalar = np.float64(0.5).__reduce__()[0]
    with serialization.safe_globals([scalar, np.dtype, type(np.dtype("f8"))]):
        assert through([np.float64(0.5)], minicnn.save, minicnn.load) == [0.5]


def test_what_cannot_be_allowed(nothing_allowed):
    serialization.add_safe_globals([os.getcwd, (len, "sys.exit"), (print, "somewhere.print")])
    for name in ("posix.getcwd", "os.getcwd", "sys.exit"):
        with pytest.raises(LoadError, match=f"asks for {name}"):
            minicnn.serialization.values.found(*name.split("."))
    assert minicnn.serialization.values.found("somewhere", "print").kind is print
    with pytest.raises(TypeError, match="`safe_globals` has 5; expected classes and functions"):
        serialization.add_safe_globals([5])
    with pytest.raises(ValueError, match="a pair"):
        serialization.add_safe_globals([(print, 5)])


def test_numpy_numbers_are_refused_by_name():
    with pytest.raises(LoadError, match=r"asks for numpy\._?core\.multiarray\.scalar.*`float\(number\)`"):
        through({"accuracy": np.float64(0.99)}, minicnn.save, minicnn.load)
    assert through({"accuracy": np.float64(0.99)}, minicnn.save, minicnn.load, weights_only=False) == {"accuracy": 0.99}


def test_what_no_pickle_holds():
    with pytest.raises((AttributeError, pickle.PicklingError), match="lambda"):
        minicnn.save({"f": lambda: 1}, io.BytesIO())


# --- files --------------------------------------------------------------------------------------------


def test_paths_and_files(tmp_path, torch):
    x = minicnn.arange(3.0)
    minicnn.save(x, str(tmp_path / "a.pth"))
    minicnn.save(x, tmp_path / "b")
    with (tmp_path / "c").open("wb") as file:
        minicnn.save(x, file)
    buffer = io.BytesIO(b"before ")
    buffer.seek(7)
    minicnn.save(x, buffer)
    (tmp_path / "d").write_bytes(buffer.getvalue()[7:])
    for name in ("a.pth", "b", "c", "d"):
        assert minicnn.load(tmp_path / name).tolist() == torch.load(tmp_path / name).tolist() == [0, 1, 2]
        with (tmp_path / name).open("rb") as file:
            assert minicnn.load(file).tolist() == [0, 1, 2]
    assert minicnn.load(os.fspath(tmp_path / "b"), mmap=True).tolist() == [0, 1, 2]


def test_a_file_of_the_users_need_only_write_and_read():
    class OnlyWrite:
        def __init__(self):
            self.data = b""

        def write(self, data):
            self.data += bytes(data)

    class OnlyRead:
        def __init__(self, data):
            file = io.BytesIO(data)
            self.read, self.seek, self.tell = file.read, file.seek, file.tell

    target = OnlyWrite()
    minicnn.save([minicnn.ones(3), "x"], target)
    found = minicnn.load(OnlyRead(target.data))
    assert found[0].tolist() == [1, 1, 1]


def test_memory_in_the_file_is_aligned(tmp_path):
    minicnn.save({"odd name" * i: minicnn.ones(i + 1) for i in range(5)}, tmp_path / "x.pth")
    with zipfile.ZipFile(tmp_path / "x.pth") as archive:
        assert archive.testzip() is None
        infos = [info for info in archive.infolist() if "/data/" in info.filename]
    raw = (tmp_path / "x.pth").read_bytes()
    starts = [info.header_offset + 30 + int.from_bytes(raw[info.header_offset + 28 :][:2], "little") for info in infos]
    assert [(start + len(info.filename)) % 64 for start, info in zip(starts, infos, strict=True)] == [0] * 5


def test_equal_objects_make_equal_files(tmp_path):
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        minicnn.save({"a": minicnn.ones(3), "b": [1, "x"]}, file)
    assert files[0].getvalue() == files[1].getvalue()


def test_pytorch_maps_our_files(tmp_path, torch):
    minicnn.save({"a": minicnn.arange(3.0)}, tmp_path / "x.pth")
    assert torch.load(tmp_path / "x.pth", mmap=True)["a"].tolist() == [0, 1, 2]


def test_big_endian_files(torch):
    x = minicnn.tensor([1.5, -2.0])
    file = io.BytesIO()
    minicnn.save({"a": x, "b": minicnn.tensor([1, 2]), "c": minicnn.tensor([True])}, file)
    other = "big" if sys.byteorder == "little" else "little"
    archive, swapped = zipfile.ZipFile(file), io.BytesIO()
    sizes = {"0": 4, "1": 8, "2": 1}
    with zipfile.ZipFile(swapped, "w") as result:
        for name in archive.namelist():
            data = archive.read(name)
            if "/data/" in name:
                size = sizes[name.rpartition("/")[2]]
                data = (
                    np.frombuffer(data, f"V{size}").tobytes()
                    if size == 1
                    else np.frombuffer(data, f"u{size}").byteswap().tobytes()
                )
            result.writestr(name, other.encode() if name.endswith("byteorder") else data)
    found = minicnn.load(io.BytesIO(swapped.getvalue()))
    assert [v.tolist() for v in found.values()] == [[1.5, -2.0], [1, 2], [True]]
    assert torch.load(io.BytesIO(swapped.getvalue()))["a"].tolist() == [1.5, -2.0]


def test_files_without_checksums(torch):
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        assert through(torch.arange(3.0), torch.save, minicnn.load).tolist() == [0, 1, 2]
    finally:
        torch.serialization.set_crc32_options(before)


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.pth"
    minicnn.save({"old": 1}, path)

    class Fails:
        def __reduce__(self):
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        minicnn.save({"new": minicnn.ones(1000), "last": Fails()}, path)
    assert minicnn.load(path) == {"old": 1}

    def crash(*_):
        raise OSError("the disk is gone")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(OSError, match="the disk is gone"):
        minicnn.save({"new": 1}, path)
    assert minicnn.load(path) == {"old": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["x.pth"]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda d: minicnn.save(1, d / "missing" / "x"), RuntimeError, "the folder .* does not exist: create it"),
        (lambda d: minicnn.save(1, d), RuntimeError, "which is a folder"),
        (lambda d: minicnn.save(1, 5), AttributeError, "`f` is 5; expected a path or a file-like object"),
        (lambda d: minicnn.save(1, d / "x", pickle_module=copy), ValueError, "`pickle_module` is .*copy"),
        (
            lambda d: minicnn.save(1, d / "x", _use_new_zipfile_serialization=False),
            ValueError,
            "before 1.6 is not written",
        ),
        (lambda d: minicnn.load(d / "missing"), FileNotFoundError, "missing"),
        (lambda d: minicnn.load(5), AttributeError, "`f` is 5, which has no `read`.*BytesIO"),
        (lambda d: minicnn.load(io.BytesIO()), LoadError, "it is empty$"),
        (lambda d: minicnn.load(io.BytesIO(b"text")), LoadError, "it is no .pth file: it begins with b'text'"),
        (lambda d: minicnn.load(d / "x", pickle_module=copy), RuntimeError, "`pickle_module` is"),
    ],
)
def test_wrong_arguments(tmp_path, call, error, text):
    with pytest.raises(error, match=text):
        call(tmp_path)


def test_a_file_read_to_its_end_says_so():
    file = io.BytesIO()
    minicnn.save(1, file)
    with pytest.raises(LoadError, match=r"read to its end: `seek\(0\)`"):
        minicnn.load(file)


def test_the_first_format_is_refused_by_name():
    import tarfile

    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo("storages"))
    with pytest.raises(LoadError, match=r"tar archive, PyTorch's first format.*load it with PyTorch"):
        minicnn.load(io.BytesIO(file.getvalue()))


def test_other_protocols_are_refused_by_name(torch):
    file = io.BytesIO()
    torch.save({"a": 1}, file, pickle_protocol=4)
    file.seek(0)
    with pytest.raises(LoadError, match=r"protocol 4; only protocol 2.*pickle_protocol=2"):
        minicnn.load(file)


def test_pickle_options_are_for_ordinary_pickles():
    file = io.BytesIO()
    minicnn.save(1, file)
    file.seek(0)
    with pytest.warns(UserWarning, match="encoding: only for `weights_only=False`"):
        assert minicnn.load(file, encoding="latin1") == 1


# --- the format before PyTorch 1.6 --------------------------------------------------------------------


def old(torch, obj, **options):
    """A file of the format before 1.6."""
    file = io.BytesIO()
    torch.save(obj, file, _use_new_zipfile_serialization=False, **options)
    return file.getvalue()


@pytest.mark.parametrize("seed", range(20))
def test_old_files_have_the_same_objects(torch, seed):
    expected = something(np.random.default_rng(seed), torch)
    assert plain(minicnn.load(io.BytesIO(old(torch, expected)))) == plain(expected)


@pytest.mark.parametrize("kind", [*DTYPES, "bfloat16"])
def test_old_files_of_every_type(torch, kind):
    values = (torch.arange(6).reshape(2, 3) % 2).to(getattr(torch, kind))
    expected = {"x": values, "turned": values.t(), "none": values[:0], "one": values[1, 2]}
    got = minicnn.load(io.BytesIO(old(torch, expected)))
    assert {key: (str(x.dtype)[-4:], x.float().tolist(), x.stride()) for key, x in got.items()} == {
        key: (str(x.dtype)[-4:], x.float().tolist(), x.stride()) for key, x in expected.items()
    }


def test_what_shares_memory_in_an_old_file_shares_it_again(torch):
    x = torch.arange(12.0)
    x, tail, row = minicnn.load(io.BytesIO(old(torch, [x, x[4:], x.view(3, 4)[1]])))
    tail.fill_(7)
    assert x.tolist() == [0, 1, 2, 3] + 8 * [7]
    assert row.tolist() == 4 * [7]


def test_an_old_file_of_a_training(torch, tmp_path):
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.rand(2, 1, 5, 5)).sum().backward()
    optimizer.step()
    path = tmp_path / "old.tar"
    path.write_bytes(old(torch, {"epoch": 3, "model": model.state_dict(), "optimizer": optimizer.state_dict()}))
    got, expected = minicnn.load(path), torch.load(path)
    assert plain(got) == plain(expected)
    ours = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    assert str(ours.load_state_dict(got["model"])) == "<All keys matched successfully>"


def test_old_files_one_after_the_other(torch):
    file = io.BytesIO(b"head" + old(torch, torch.ones(3)) + old(torch, {"second": torch.zeros(2)}) + b"tail")
    file.seek(4)
    assert minicnn.load(file).tolist() == [1, 1, 1]
    assert minicnn.load(file)["second"].tolist() == [0, 0]
    assert file.read() == b"tail"


@pytest.mark.filterwarnings("ignore:Couldn't retrieve source code")
def test_an_old_file_of_a_whole_model(torch):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU())
    data = old(torch, model)
    with pytest.raises(LoadError, match=r"weights_only=False|not on the list|Sequential"):
        minicnn.load(io.BytesIO(data))
    got = minicnn.load(io.BytesIO(data), weights_only=False)
    assert isinstance(got, nn.Sequential)
    x = np.ones((2, 3), np.float32)
    assert np.allclose(got(minicnn.from_numpy(x)).detach().numpy(), model(torch.from_numpy(x)).detach().numpy())


def test_map_location_of_an_old_file(torch):
    data, seen = old(torch, torch.arange(3.0)), []

    def twin(storage, location):
        seen.append((len(storage), location))
        return storage.clone()  # of numbers that are still to come

    assert minicnn.load(io.BytesIO(data), map_location=twin).tolist() == [0, 1, 2]
    assert seen == [(3, "cpu")]
    assert minicnn.load(io.BytesIO(data), map_location="cpu").tolist() == [0, 1, 2]


# --- one state_dict, three files ----------------------------------------------------------------------


def all_types():
    """A state_dict with every type, empty and 0-d tensors, and awkward names."""
    rng = np.random.default_rng(0)
    state = {kind: minicnn.from_numpy(rng.integers(0, 2, (3, 2)).astype(kind)) for kind in DTYPES}
    state |= {"file": minicnn.tensor(3.0), "a.b-c/d": minicnn.zeros(0, 4), "turned": minicnn.rand(3, 2).t()}
    state["nan"] = minicnn.tensor([float("nan"), -0.0])
    return OrderedDict(state)


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors", ".npz"])
def test_three_files(tmp_path, suffix):
    state = all_types()
    save_file(state, tmp_path / f"x{suffix}")
    found = load_file(tmp_path / f"x{suffix}")
    assert isinstance(found, OrderedDict)
    assert set(found) == set(state)
    for name, value in state.items():
        assert found[name].dtype is value.dtype
        assert found[name].shape == value.shape
        assert found[name].numpy().tobytes() == value.numpy().tobytes(), name
        found[name].zero_()  # its memory is its own, and can be written to


def test_three_files_from_model_to_model(tmp_path):
    minicnn.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    for suffix in (".pth", ".safetensors", ".npz"):
        save_file(model.state_dict(), tmp_path / f"x{suffix}")
        other = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
        other.load_state_dict(load_file(tmp_path / f"x{suffix}"))
        for ours, theirs in zip(model.state_dict().values(), other.state_dict().values(), strict=True):
            assert ours.numpy().tobytes() == theirs.numpy().tobytes()


def test_others_read_and_write_them(tmp_path, torch):
    from safetensors.torch import load_file as theirs_load
    from safetensors.torch import save_file as theirs_save

    state = all_types()
    save_file(state, tmp_path / "x.safetensors")
    assert {k: v.numpy().tobytes() for k, v in theirs_load(tmp_path / "x.safetensors").items()} == {
        k: v.numpy().tobytes() for k, v in state.items()
    }
    theirs_save({"w": torch.arange(3.0)}, tmp_path / "y.safetensors")
    assert load_file(tmp_path / "y.safetensors")["w"].tolist() == [0, 1, 2]
    assert minicnn.load(tmp_path / "y.safetensors")["w"].tolist() == [0, 1, 2]
    save_file({k: v for k, v in state.items() if "/" not in k}, tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz", allow_pickle=False) as archive:
        assert archive["turned"].tolist() == state["turned"].tolist()
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "z.npz", a=np.arange(6.0).reshape(2, 3).T, b=np.array([1, 2], ">i4"))
        found = load_file(tmp_path / "z.npz")
        assert found["a"].tolist() == [[0, 3], [1, 4], [2, 5]]
        assert found["b"].tolist() == [1, 2]


def test_state_files_refuse(tmp_path, torch):
    with pytest.raises(ValueError, match=r"ends in none of \.pth, \.pt, \.safetensors, \.npz"):
        save_file({}, tmp_path / "x.bin")
    with pytest.raises(TypeError, match="`state_dict` must hold Tensors by name; 'lr' is a float"):
        save_file({"lr": 0.1}, tmp_path / "x.npz")
    minicnn.save({"lr": 0.1}, tmp_path / "x.pth")
    with pytest.raises(LoadError, match="holds more than tensors by name: read it with `load`"):
        load_file(tmp_path / "x.pth")
    for suffix in (".pth", ".safetensors", ".npz"):
        with pytest.raises(FileNotFoundError):
            load_file(tmp_path / f"missing{suffix}")
        (tmp_path / f"bad{suffix}").write_bytes(b"nothing of the kind, but long enough")
        with pytest.raises(LoadError, match=f"bad{suffix} can't be loaded"):
            load_file(tmp_path / f"bad{suffix}")
    np.savez(tmp_path / "objects.npz", a=np.array([Counter()], object))
    with pytest.raises(LoadError, match="'a' holds pickled objects, which could run code"):
        load_file(tmp_path / "objects.npz")
    np.savez(tmp_path / "complex.npz", a=np.ones(2, complex))
    with pytest.raises(LoadError, match="'a' is of type complex128, which minicnn does not have"):
        load_file(tmp_path / "complex.npz")
    np.savez_compressed(tmp_path / "bomb.npz", a=np.zeros(1 << 27, np.uint8))
    with pytest.raises(LoadError, match="claim 134,217,856 bytes; at most 67,108,864 are unpacked"):
        load_file(tmp_path / "bomb.npz")
