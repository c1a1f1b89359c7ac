"""One state_dict in three kinds of files: .pth, .safetensors, .npz."""

from __future__ import annotations

from collections import Counter, OrderedDict

import numpy as np
import pytest
from objects import DTYPES

import minicnn
from minicnn import nn
from minicnn.serialization import LoadError, load_file, save_file


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
