"""minicnn.load of the format that PyTorch wrote before 1.6."""

from __future__ import annotations

import io

import numpy as np
import pytest
from objects import DTYPES, plain, something

import minicnn
from minicnn import nn
from minicnn.serialization import LoadError


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
