"""minicnn.save and minicnn.load: objects, types, shared memory and trainings go to PyTorch and back."""

from __future__ import annotations

import io

import numpy as np
import pytest
from objects import DTYPES, plain, something, through

import minicnn
from minicnn import nn
from minicnn.serialization import LoadError, load_file, save_file

OPTIMIZERS = {
    "SGD": {"lr": 0.1, "momentum": 0.9},
    "Adam": {"amsgrad": True},
    "AdamW": {"weight_decay": 0.1},
}


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
