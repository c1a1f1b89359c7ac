"""make_grid and save_image: torchvision's pixels, in tensors and in files."""

import io

import numpy as np
import pytest
from PIL import Image
from torchvision_reference import reference

import minicnn
from minicnn.utils.vision import make_grid, save_image

RNG = np.random.default_rng(4)
IMAGES = {
    "colour": RNG.normal(0.5, 0.6, (11, 3, 5, 4)).astype(np.float32),
    "grey": RNG.random((6, 1, 3, 7), dtype=np.float32),
    "two channels": RNG.random((3, 2, 4, 4), dtype=np.float32),
    "one of a batch": RNG.random((1, 3, 4, 6), dtype=np.float32),
    "single": RNG.random((3, 4, 6), dtype=np.float32),
    "single grey": RNG.random((1, 4, 6), dtype=np.float32),
    "matrix": RNG.random((4, 6), dtype=np.float32),
    "bytes": RNG.integers(0, 256, (9, 3, 4, 4), dtype=np.uint8),
    "doubles": RNG.random((4, 3, 4, 4)),
}
OPTIONS = [
    {},
    {"nrow": 3},
    {"nrow": 4, "padding": 0},
    {"padding": 5, "pad_value": 0.7},
    {"normalize": True},
    {"normalize": True, "value_range": (0.2, 0.8)},
    {"normalize": True, "scale_each": True, "nrow": 2},
    {"scale_each": True},
]


@pytest.fixture(scope="module")
def theirs():
    return reference().utils


@pytest.mark.parametrize("options", OPTIONS, ids=repr)
@pytest.mark.parametrize("name", IMAGES)
def test_grids_are_torchvisions(theirs, name, options):
    import torch

    if name == "bytes" and (options.get("normalize") or "pad_value" in options):
        options = {"pad_value": 255}
    source = IMAGES[name].copy()
    ours = make_grid(minicnn.tensor(source), **options)
    wanted = theirs.make_grid(torch.from_numpy(source.copy()), **options)
    assert tuple(ours.shape) == tuple(wanted.shape)
    np.testing.assert_array_equal(ours.numpy(), wanted.numpy())
    assert str(ours.dtype).split(".")[1] == str(wanted.dtype).split(".")[1]
    if source.ndim == 4:
        listed = make_grid([minicnn.tensor(image) for image in source], **options)
        np.testing.assert_array_equal(listed.numpy(), wanted.numpy())
    np.testing.assert_array_equal(source, IMAGES[name])


@pytest.mark.parametrize("name", ["colour", "grey", "single", "matrix", "doubles"])
@pytest.mark.parametrize("options", [{}, {"nrow": 4, "normalize": True}], ids=repr)
def test_files_are_torchvisions(theirs, tmp_path, name, options):
    import torch

    ours, wanted = io.BytesIO(), io.BytesIO()
    save_image(minicnn.tensor(IMAGES[name]), ours, "png", **options)
    theirs.save_image(torch.from_numpy(IMAGES[name].copy()), wanted, "png", **options)
    assert ours.getvalue() == wanted.getvalue()
    save_image(minicnn.tensor(IMAGES[name]), tmp_path / "grid.png", **options)
    assert (tmp_path / "grid.png").read_bytes() == wanted.getvalue()
    save_image(minicnn.tensor(IMAGES[name]), str(tmp_path / "grid.jpg"), **options)
    assert (tmp_path / "grid.jpg").read_bytes()[6:10] == b"JFIF"


def test_values_are_rounded_and_cut_off(tmp_path):
    """By hand, for machines without torchvision: 0.5 of 255 is 127.5, one step up from there is 128."""
    values = np.array([-1, 0, 0.5 / 255, 0.49 / 255, 0.5, 0.998, 1, 7], np.float32)
    save_image(minicnn.tensor(values.reshape(1, 2, 4)), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        pixels = np.asarray(image)
    assert pixels.shape == (2, 4, 3)
    assert pixels[..., 0].ravel().tolist() == [0, 0, 1, 0, 128, 254, 255, 255]


def test_layout_and_gradients():
    """A grid by hand: two images of one row, a frame of one pixel; what comes from a network is taken too."""
    images = minicnn.tensor([[[[1.0, 2.0]]], [[[3.0, 4.0]]]], requires_grad=True)
    grid = make_grid(images * 1, padding=1, pad_value=9)
    assert not grid.requires_grad
    assert grid[0].tolist() == [[9, 9, 9, 9, 9, 9, 9], [9, 1, 2, 9, 3, 4, 9], [9, 9, 9, 9, 9, 9, 9]]
    hidden = minicnn.nn.Conv2d(1, 3, 3)(minicnn.rand(16, 1, 6, 6))  # batch innermost in memory
    plain = minicnn.tensor(hidden.detach().numpy().copy())
    np.testing.assert_array_equal(make_grid(hidden).numpy(), make_grid(plain).numpy())


def test_what_is_refused():
    image = minicnn.zeros(1, 2, 2)
    with pytest.raises(TypeError, match="tensor or list of tensors expected, got <class 'tuple'>"):
        make_grid((image,))
    with pytest.raises(TypeError, match="got a list containing <class 'int'>"):
        make_grid([image, 3])
    with pytest.raises(TypeError, match=r"value_range has to be a tuple \(min, max\) if specified, got \[0, 1\]"):
        make_grid(image, normalize=True, value_range=[0, 1])
    with pytest.raises(ValueError, match=r"two to four axes, got shape \(3,\)"):
        make_grid(minicnn.zeros(3))
    with pytest.raises(RuntimeError, match="stack"):
        make_grid([image, minicnn.zeros(1, 3, 2)])
