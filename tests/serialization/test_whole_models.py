"""Files that hold whole models and optimisers, minicnn's and PyTorch's."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from objects import Net, through

import minicnn
from minicnn import nn, optim
from minicnn.serialization import LoadError


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
    with pytest.raises(pickle.UnpicklingError, match=r"objects\.Net, which.*model\.state_dict\(\).*weights_only=False"):
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
