"""Transforms: torchvision's values, pixels, draws and texts.

torchvision itself is not needed: torch and Pillow do its work; the rest are literal goldens.
"""

import numpy as np
import pytest
from PIL import Image

import minicnn.transforms as T
from minicnn.autograd.tensor import Tensor
from minicnn.functional.generator import Generator, default_generator
from minicnn.transforms import draws


def grey(height=28, width=28):
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width), dtype=np.uint8))


def colour(height=9, width=12):
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8))


def pixels(img):
    """(H, W) or (H, W, C) of a PIL image or tensor (C, H, W)."""
    if isinstance(img, Tensor):
        return img.numpy().transpose(1, 2, 0).squeeze()
    return np.asarray(img)


def as_tensor(img):
    return T.PILToTensor()(img)


# --- to tensors and back


def test_to_tensor_divides_by_255_rounded_once():
    every = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for given in (every, every[:, :, None], Image.fromarray(every)):
        out = T.ToTensor()(given).numpy()
        assert (out.shape, out.dtype) == ((1, 16, 16), np.float32)
        assert out.flags.c_contiguous
        np.testing.assert_array_equal(out.ravel(), (np.arange(256) / 255.0).astype(np.float32))
    torch = pytest.importorskip("torch")
    np.testing.assert_array_equal(out[0], torch.from_numpy(every).float().div(255).numpy())


def test_to_tensor_channels_first_and_other_types():
    img = colour()
    np.testing.assert_array_equal(
        T.ToTensor()(img).numpy(), (np.asarray(img).transpose(2, 0, 1) / 255.0).astype(np.float32)
    )
    for mode, kind in (("I", np.int32), ("F", np.float32), ("I;16", np.int16)):
        source = np.array([[1, 2], [3, 400]], np.uint16 if mode == "I;16" else kind)
        out = T.ToTensor()(Image.fromarray(source)).numpy()
        assert out.dtype == kind
        assert out.tolist() == [[[1, 2], [3, 400]]]
    assert T.ToTensor()(Image.fromarray(np.array([[True, False]]))).tolist() == [[[1.0, 0.0]]]
    assert T.ToTensor()(np.array([[1.5]])).numpy().dtype == np.float64
    with pytest.raises(TypeError, match=r"pic should be PIL Image or ndarray\. Got <class 'list'>"):
        T.ToTensor()([1])
    with pytest.raises(ValueError, match=r"pic should be 2/3 dimensional\. Got 1 dimensions"):
        T.ToTensor()(np.zeros(3))


def test_pil_to_tensor_keeps_bytes():
    out = T.PILToTensor()(colour()).numpy()
    assert out.dtype == np.uint8
    np.testing.assert_array_equal(out, np.asarray(colour()).transpose(2, 0, 1))
    with pytest.raises(TypeError, match="pic should be PIL Image"):
        T.PILToTensor()(out)
    with pytest.raises(TypeError, match="uint16"):
        T.PILToTensor()(Image.fromarray(np.array([[70]], np.uint16)))


@pytest.mark.parametrize("img", [grey(5, 7), colour(5, 7)], ids=["L", "RGB"])
def test_there_and_back(img):
    for forth in (T.ToTensor(), T.PILToTensor(), np.asarray):
        back = T.ToPILImage()(forth(img))
        assert (back.mode, back.size) == (img.mode, img.size)
        np.testing.assert_array_equal(np.asarray(back), np.asarray(img))


def test_to_pil_modes():
    assert T.ToPILImage("F")(np.ones((2, 2), np.float32)).mode == "F"
    assert T.ToPILImage()(np.ones((2, 2), np.int32)).mode == "I"
    assert T.ToPILImage()(np.ones((2, 2), np.int16)).mode == "I;16"
    assert T.ToPILImage()(np.ones((2, 2, 2), np.uint8)).mode == "LA"
    assert T.ToPILImage()(np.ones((2, 2, 4), np.uint8)).mode == "RGBA"
    assert T.ToPILImage("HSV")(np.ones((2, 2, 3), np.uint8)).mode == "HSV"
    with pytest.raises(ValueError, match=r"Incorrect mode \(RGB\) for 1 channels of uint8"):
        T.ToPILImage("RGB")(np.ones((2, 2), np.uint8))
    with pytest.raises(ValueError, match=r"> 4 channels\. Got 5"):
        T.ToPILImage()(np.ones((2, 2, 5), np.uint8))
    with pytest.raises(ValueError, match=r"2/3 dimensional\. Got 4"):
        T.ToPILImage()(np.ones((1, 2, 2, 3), np.uint8))
    with pytest.raises(TypeError, match="Input type int64 is not supported"):
        T.ToPILImage()(np.ones((2, 2), np.int64))
    with pytest.raises(TypeError, match="Tensor or ndarray"):
        T.ToPILImage()(3)


def test_normalize_equals_torch_bit_for_bit():
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(2).random((2, 3, 4, 5), dtype=np.float32)
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    theirs = [torch.as_tensor(v, dtype=torch.float32)[:, None, None] for v in (mean, std)]
    want = torch.from_numpy(x.copy()).sub_(theirs[0]).div_(theirs[1]).numpy()
    given = Tensor(x)
    np.testing.assert_array_equal(T.Normalize(mean, std)(given).numpy(), want)
    assert not np.array_equal(given.numpy(), want)
    assert T.Normalize(mean, std, inplace=True)(given) is given
    np.testing.assert_array_equal(given.numpy(), want)


def test_normalize_of_mnist_golden():
    out = T.Compose([T.ToTensor(), T.Normalize((0.1307,), (0.3081,))])(np.array([[0, 255]], np.uint8))
    np.testing.assert_allclose(out.numpy().ravel(), [-0.42421296, 2.8214867], rtol=1e-7)


def test_normalize_errors():
    ok = Tensor(np.zeros((1, 2, 2), np.float32))
    with pytest.raises(TypeError, match=r"Got <class 'PIL.Image.Image'>: put ToTensor\(\) first"):
        T.Normalize((0.5,), (0.5,))(grey())
    with pytest.raises(TypeError, match="should be a float tensor"):
        T.Normalize((0.5,), (0.5,))(as_tensor(grey()))
    with pytest.raises(ValueError, match="std evaluated to zero"):
        T.Normalize((0.5,), (0.0,))(ok)
    with pytest.raises(ValueError, match="`mean` has 3 values, expected 1 or as many as the image has channels, 1"):
        T.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))(ok)
    with pytest.raises(ValueError, match=r"size \(..., C, H, W\)"):
        T.Normalize((0.5,), (0.5,))(Tensor(np.zeros((2, 2), np.float32)))


def test_grayscale():
    np.testing.assert_array_equal(pixels(T.Grayscale()(colour())), np.asarray(colour().convert("L")))
    three = pixels(T.Grayscale(3)(colour()))
    np.testing.assert_array_equal(three, np.asarray(colour().convert("L"))[:, :, None].repeat(3, 2))
    r, g, b = (np.float32(v) for v in (100, 150, 200))
    out = T.Grayscale(3)(Tensor(np.array([r, g, b], np.float32).reshape(3, 1, 1))).numpy()
    np.testing.assert_allclose(out.ravel(), [0.2989 * r + 0.587 * g + 0.114 * b] * 3, rtol=1e-6)
    with pytest.raises(ValueError, match="either 1 or 3, got 2"):
        T.Grayscale(2)(colour())


# --- geometry


@pytest.mark.parametrize("size", [(32, 32), [14, 20], 32, (14,), 7])
@pytest.mark.parametrize("mode", list(T.InterpolationMode))
def test_resize_is_pillows(size, mode):
    img = grey(28, 21)
    number = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}
    short = size if isinstance(size, int) else size[0]
    pair = isinstance(size, tuple | list) and len(size) == 2
    height, width = size if pair else (int(short * 28 / 21), short)
    want = img.resize((width, height), number[mode.value.removesuffix("-exact")])
    for given in (mode, number[mode.value.removesuffix("-exact")]):
        np.testing.assert_array_equal(pixels(T.Resize(size, given)(img)), np.asarray(want))


def test_resize_goldens_and_errors():
    ramp = Image.fromarray(np.array([[0, 100], [100, 200]], np.uint8))
    np.testing.assert_array_equal(
        pixels(T.Resize(4)(ramp)),
        [[0, 25, 75, 100], [25, 50, 100, 125], [75, 100, 150, 175], [100, 125, 175, 200]],
    )
    halved = Image.fromarray(np.array([[0, 0, 80, 80]], np.uint8))  # shrinking looks beyond the two nearest pixels
    np.testing.assert_array_equal(pixels(T.Resize((1, 2))(halved)), [[11, 69]])
    img = grey(20, 10)
    assert T.Resize((20, 10))(img) is img
    assert T.Resize(10, max_size=15)(img).size == (7, 15)
    for arguments, told in (
        (((1, 2, 3),), "1 or 2 values"),
        ((0,), "positive"),
        (((8, 8), 2, 9), "`max_size` needs"),
        ((8, 2, 8), "strictly greater"),
    ):
        with pytest.raises(ValueError, match=told):
            T.Resize(*arguments)
    for arguments in ((2.5,), ("32",), (32, "bilinear")):
        with pytest.raises(TypeError, match="should be"):
            T.Resize(*arguments)
    with pytest.raises(NotImplementedError, match=r"a tensor can be resized in the modes .* got 'box'"):
        T.Resize(8, T.InterpolationMode.BOX)(as_tensor(img))
    with pytest.raises(TypeError, match="`img` should be a PIL image or a Tensor"):
        T.Resize(8)(np.zeros((8, 8)))


@pytest.mark.parametrize("wrap", [lambda img: img, as_tensor], ids=["pil", "tensor"])
@pytest.mark.parametrize("img", [grey(9, 12), colour(9, 12)], ids=["L", "RGB"])
def test_center_crop_and_pad(wrap, img):
    source = np.asarray(img)
    channels = [(0, 0)] * (source.ndim - 2)
    np.testing.assert_array_equal(pixels(T.CenterCrop(4)(wrap(img))), source[2:6, 4:8])  # 2.5 rounds to even
    np.testing.assert_array_equal(pixels(T.CenterCrop((9, 5))(wrap(img))), source[:, 4:9])
    padded = np.pad(source, [(0, 1), (0, 0), *channels])
    np.testing.assert_array_equal(pixels(T.CenterCrop((10, 12))(wrap(img))), padded)
    for padding, (left, top, right, bottom) in (
        (2, (2, 2, 2, 2)),
        ((1, 2), (1, 2, 1, 2)),
        ([1, 0, 2, 3], (1, 0, 2, 3)),
    ):
        width = [(top, bottom), (left, right), *channels]
        want = np.pad(source, width, constant_values=7)
        np.testing.assert_array_equal(pixels(T.Pad(padding, fill=7)(wrap(img))), want)
        for mode in ("edge", "reflect", "symmetric"):
            np.testing.assert_array_equal(
                pixels(T.Pad(padding, padding_mode=mode)(wrap(img))), np.pad(source, width, mode=mode)
            )
    np.testing.assert_array_equal(pixels(T.Pad((-1, 0, 2, -3), 5)(wrap(img)))[:, :-2], source[:-3, 1:])


def test_pad_colours_and_errors():
    assert pixels(T.Pad(1, fill=(1, 2, 3))(colour()))[0, 0].tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match=r"'fill' does not match .* \(2 != 3\)"):
        T.Pad(1, fill=(1, 2))(colour())
    with pytest.raises(TypeError, match="a tensor is padded with one number"):
        T.Pad(1, fill=(1, 2, 3))(as_tensor(colour()))
    with pytest.raises(ValueError, match="not a 3 element tuple"):
        T.Pad((1, 2, 3))
    with pytest.raises(TypeError, match="inappropriate padding arg: '1'"):
        T.Pad("1")
    with pytest.raises(TypeError, match="inappropriate fill arg"):
        T.Pad(1, fill="red")
    with pytest.raises(ValueError, match="got 'mirror'"):
        T.Pad(1, padding_mode="mirror")


# --- what is random


class TorchDraws:
    """torchvision's draws, written with torch."""

    def __init__(self):
        self.torch = pytest.importorskip("torch")

    def seed(self, seed):
        self.torch.manual_seed(seed)
        default_generator.manual_seed(seed)

    def same_place(self):
        """Whether both generators have drawn equally much."""
        return self.torch.empty((), dtype=self.torch.int64).random_().item() == default_generator.random63()


@pytest.mark.parametrize("wrap", [lambda img: img, as_tensor], ids=["pil", "tensor"])
def test_flips_draw_as_torchvision(wrap):
    draws, img = TorchDraws(), grey(3, 4)
    draws.seed(7)
    for p in (0.5, 0.1, 0.9, 0.0, 1.0) * 8:
        for flip, axis in ((T.RandomHorizontalFlip(p), 1), (T.RandomVerticalFlip(p), 0)):
            want = np.flip(np.asarray(img), axis) if draws.torch.rand(1) < p else np.asarray(img)
            np.testing.assert_array_equal(pixels(flip(wrap(img))), want)
    assert draws.same_place()


@pytest.mark.parametrize("wrap", [lambda img: img, as_tensor], ids=["pil", "tensor"])
def test_random_crop_draws_as_torchvision(wrap):
    draws, img = TorchDraws(), grey(9, 12)
    draws.seed(3)
    padded = np.pad(np.asarray(img), 2, mode="reflect")
    for _ in range(20):
        i = draws.torch.randint(0, 13 - 8 + 1, size=(1,)).item()
        j = draws.torch.randint(0, 16 - 5 + 1, size=(1,)).item()
        crop = T.RandomCrop((8, 5), padding=2, padding_mode="reflect")
        np.testing.assert_array_equal(pixels(crop(wrap(img))), padded[i : i + 8, j : j + 5])
    np.testing.assert_array_equal(pixels(T.RandomCrop((9, 12))(wrap(img))), np.asarray(img))  # no draw
    assert draws.same_place()
    needed = T.RandomCrop(14, pad_if_needed=True, fill=9)(wrap(img))
    assert pixels(needed).shape == (14, 14)
    with pytest.raises(ValueError, match=r"crop size \(10, 12\) is larger than input image size \(9, 12\)"):
        T.RandomCrop((10, 12))(wrap(img))
    with pytest.raises(ValueError, match="only two dimensions"):
        T.RandomCrop((1, 2, 3))


def test_single_draws_are_those_of_tensors(rng):
    """`between`, `whole` and `happens` against the draws that are compared with torch bit for bit in test_random.py."""
    twin = Generator()
    seed = int(rng.integers(2**32))
    default_generator.manual_seed(seed)
    twin.manual_seed(seed)
    for scale in (1, 1e-30, 1e4, 3e37):
        for low, width in zip(rng.normal(0, scale, 300), abs(rng.normal(0, scale, 300)), strict=True):
            assert draws.between(low, low + width) == twin.uniform((1,), low, low + width)[0]
            assert draws.between(-width, width / 2**20) == twin.uniform((1,), -width, width / 2**20)[0]
    for _ in range(200):
        low, span = int(rng.integers(-(2**40), 2**40)), int(2 ** rng.uniform(0, 40))
        assert draws.whole(low, low + span) == twin.randint((1,), low, low + span)[0]
        p = rng.random()
        assert draws.happens(p) == (twin.uniform((1,))[0] < p)
    assert default_generator.random63() == twin.random63()
    with pytest.raises(RuntimeError, match="found from=2 > to=1"):
        draws.between(2, 1)
    with pytest.raises(RuntimeError, match="from=3 >= to=3"):
        draws.whole(3, 3)


def test_ties_of_a_sum_are_rounded_once():
    """2**24 + 1 lies between two float32 numbers; what is lost in float64 decides."""
    tie, little = 2.0**24 + 1, 2.0**-40
    assert draws._sum(tie, little) == 2**24 + 2
    assert draws._sum(tie, -little) == 2**24
    assert draws._sum(tie, 0.0) == 2**24
    assert draws._sum(-tie, -little) == -(2**24) - 2


# --- together


def test_compose_lambda_and_texts():
    chain = T.Compose([T.Resize((32, 32)), T.RandomCrop(32, padding=4), T.ToTensor(), T.Normalize((0.5,), (0.5,))])
    assert tuple(chain(grey()).shape) == (1, 32, 32)
    assert repr(chain) == (
        "Compose(\n"
        "    Resize(size=(32, 32), interpolation=bilinear, max_size=None, antialias=True)\n"
        "    RandomCrop(size=(32, 32), padding=4)\n"
        "    ToTensor()\n"
        "    Normalize(mean=(0.5,), std=(0.5,))\n"
        ")"
    )
    assert repr([T.CenterCrop(10), T.Pad(1), T.RandomHorizontalFlip(), T.RandomVerticalFlip(0.2)]) == (
        "[CenterCrop(size=(10, 10)), Pad(padding=1, fill=0, padding_mode=constant), "
        "RandomHorizontalFlip(p=0.5), RandomVerticalFlip(p=0.2)]"
    )
    assert repr([T.Grayscale(), T.ToPILImage(), T.ToPILImage("L"), T.PILToTensor(), T.Lambda(len)]) == (
        "[Grayscale(num_output_channels=1), ToPILImage(), ToPILImage(mode=L), PILToTensor(), Lambda()]"
    )
    assert T.Lambda(lambda x: 2 * x)(4) == 8
    with pytest.raises(TypeError, match="lambd should be callable, got 'int'"):
        T.Lambda(3)
    with pytest.raises(TypeError, match="PIL image or a Tensor"):
        T.RandomHorizontalFlip(1.0)("image")


def test_normalize_passes_gradients_to_the_image():
    image = Tensor(np.random.default_rng(0).random((2, 3, 3), np.float32), requires_grad=True)
    y = T.Normalize((0.5, 0.1), (0.25, 2.0))(image)
    y.sum().backward()
    assert image.grad[:, 0, 0].tolist() == [4, 0.5]
    plain = T.Normalize((0.5, 0.1), (0.25, 2.0))(image.detach())
    np.testing.assert_allclose(y.detach().numpy(), plain.numpy(), rtol=1e-6)
