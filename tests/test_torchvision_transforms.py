"""Transforms beside torchvision 0.28.0: the same pixels, the same draws, the same texts.

A case is a line of a script, run once with minicnn's names and once with torchvision's. PIL images come out equal
to the byte; tensors to rounding, for torch adds up in another order.
"""

import inspect
import random
import warnings
from enum import Enum

import numpy as np
import pytest
from PIL import Image
from torchvision_reference import reference

import minicnn
import minicnn.transforms as T
from minicnn import datasets
from minicnn.functional.generator import default_generator
from minicnn.utils import vision


@pytest.fixture(scope="module")
def theirs():
    return reference()


def picture(height, width, channels):
    """Smooth colours with noise and black and white spots: all that changes of colour treat differently."""
    rng = np.random.default_rng(height)
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    values = 127 + 90 * np.sin(x / 4 + c) * np.cos(y / 5 - c) + rng.normal(0, 15, (height, width, channels))
    values[:3, :5], values[-4:, -3:] = 0, 255
    values[5:8, 5:8] = values[5:8, 5:8].mean(axis=2, keepdims=True)
    return values.clip(0, 255).astype(np.uint8)


IMAGES = {"L": picture(28, 21, 1), "RGB": picture(23, 30, 3), "even": picture(16, 16, 3)}


def as_pil(name):
    return Image.fromarray(IMAGES[name].squeeze())


def planes(name, kind):
    array = np.ascontiguousarray(IMAGES[name].transpose(2, 0, 1))
    return array if kind == "uint8" else (array / np.float32(255)).astype(kind)


RANDOM = [
    "T.RandomRotation(30)",
    "T.RandomRotation((10, 90), T.InterpolationMode.BILINEAR, fill=77)",
    "T.RandomRotation(45, expand=True, center=(3, 5))",
    "T.RandomAffine(15)",
    "T.RandomAffine((-5, 40), translate=(0.1, 0.3), scale=(0.7, 1.3), shear=10)",
    "T.RandomAffine(0, shear=[-5, 5, 3, 20], interpolation=T.InterpolationMode.BILINEAR, fill=9, center=[2, 8])",
    "T.RandomPerspective(0.6, p=0.8)",
    "T.ColorJitter(0.4, 0.4, 0.4, 0.2)",
    "T.ColorJitter(brightness=(0.2, 2.5), saturation=3)",
    "T.ColorJitter(contrast=0.9, hue=(-0.5, 0.5))",
    "T.RandomResizedCrop(14)",
    "T.RandomResizedCrop((9, 17), scale=(0.5, 1), ratio=(0.2, 7))",
    "T.RandomResizedCrop(12, scale=(0.9, 1), ratio=(4, 5))",
    "T.RandomCrop((12, 10), padding=[2, 1], padding_mode='reflect')",
    "T.RandomCrop(33, pad_if_needed=True, fill=3)",
    "T.RandomHorizontalFlip(0.6)",
    "T.RandomVerticalFlip()",
    "T.RandomGrayscale(0.5)",
    "T.GaussianBlur(5)",
    "T.GaussianBlur((3, 7), sigma=1.5)",
    "T.RandomInvert()",
    "T.RandomPosterize(3)",
    "T.RandomSolarize(100.0)",
    "T.RandomAdjustSharpness(2)",
    "T.RandomAutocontrast()",
    "T.RandomEqualize()",
    "T.RandomApply([T.RandomRotation(10), T.ColorJitter(0.1)], p=0.3)",
    "T.RandomChoice([T.RandomRotation(10), T.RandomHorizontalFlip(1.0)], p=[0.3, 0.7])",
    "T.RandomChoice([T.RandomRotation(10), T.RandomHorizontalFlip(1.0)])",
    "T.RandomOrder([T.RandomRotation(10), T.RandomCrop(10), T.RandomVerticalFlip()])",
    "T.Compose([T.Resize(24), T.RandomCrop(20, 4), T.RandomHorizontalFlip(), T.Grayscale(3)])",
]
AUGMENT = [
    "T.TrivialAugmentWide()",
    "T.TrivialAugmentWide(5, T.InterpolationMode.BILINEAR, fill=[50])",
    "T.RandAugment()",
    "T.RandAugment(4, 25, fill=128)",
    "T.AutoAugment()",
    "T.AutoAugment(T.AutoAugmentPolicy.CIFAR10, fill=7)",
    "T.AutoAugment(T.AutoAugmentPolicy.SVHN)",
]
FIXED = [
    "T.Resize(40)",
    "T.Resize((11, 17))",
    "T.Resize([15])",
    "T.Resize(10, max_size=12)",
    "T.Resize((50, 13), T.InterpolationMode.BICUBIC)",
    "T.Resize(9, T.InterpolationMode.NEAREST)",
    "T.Resize((33, 12), T.InterpolationMode.NEAREST_EXACT)",
    "T.CenterCrop(9)",
    "T.CenterCrop((35, 8))",
    "T.Pad(3)",
    "T.Pad((1, 4), fill=8)",
    "T.Pad([1, 2, 3, 4], padding_mode='edge')",
    "T.Pad(2, padding_mode='reflect')",
    "T.Pad((0, 3), padding_mode='symmetric')",
    "T.Grayscale()",
    "T.Grayscale(num_output_channels=3)",
    "F.rotate(img, 90)",
    "F.rotate(img, 180)",
    "F.rotate(img, -33.5, T.InterpolationMode.BILINEAR, expand=True)",
    "F.rotate(img, 20, fill=[5])",
    "F.affine(img, 0, [3, -2], 1.0, [0.0, 0.0])",
    "F.affine(img, 25, (1, 0), 0.8, 5, center=[4, 4], fill=[7])",
    "F.perspective(img, [[0, 0], [20, 0], [20, 15], [0, 15]], [[2, 3], [17, 1], [19, 14], [1, 12]])",
    "F.adjust_brightness(img, 0)",
    "F.adjust_brightness(img, 1.7)",
    "F.adjust_contrast(img, 0.3)",
    "F.adjust_contrast(img, 1.9)",
    "F.adjust_saturation(img, 0)",
    "F.adjust_saturation(img, 2.2)",
    "F.adjust_hue(img, 0.13)",
    "F.adjust_hue(img, -0.4)",
    "F.adjust_gamma(img, 2.2)",
    "F.adjust_gamma(img, 0.6, gain=1.2)",
    "F.adjust_sharpness(img, 0.0)",
    "F.adjust_sharpness(img, 3.0)",
    "F.invert(img)",
    "F.autocontrast(img)",
    "F.gaussian_blur(img, 3)",
    "F.gaussian_blur(img, [5, 3], [0.5, 2.0])",
    "F.crop(img, 2, 3, 10, 8)",
    "F.crop(img, -2, 5, 40, 40)",
    "F.center_crop(img, [10])",
    "F.resized_crop(img, 1, 2, 12, 9, [20, 20])",
    "F.five_crop(img, 8)",
    "F.ten_crop(img, (7, 9), vertical_flip=True)",
    "F.hflip(F.vflip(img))",
    "F.pad(img, [2, 3])",
    "F.resize(img, 13)",
    "F.rgb_to_grayscale(img, 3)",
]
BYTES = ["F.posterize(img, 2)", "F.solarize(img, 130)", "F.equalize(img)"]
FOR_BYTES = ("Posterize", "Solarize", "Equalize")
PIL_ONLY = [
    "F.to_grayscale(img, 3)",
    "T.Resize(14, T.InterpolationMode.LANCZOS)",
    "T.Resize((9, 30), T.InterpolationMode.BOX)",
    "T.Resize((40, 8), T.InterpolationMode.HAMMING)",
    "T.RandomRotation(20, T.InterpolationMode.BICUBIC)",
    "F.to_tensor(img)",
    "F.pil_to_tensor(img)",
    "F.to_pil_image(F.to_tensor(img))",
    "F.get_dimensions(img), F.get_image_size(img), F.get_image_num_channels(img)",
]
COLOURS_ONLY = [
    "T.Pad(2, fill=(1, 2, 3))",
    "T.RandomRotation(20, fill=(10, 20, 30))",
    "T.RandomAffine(5, fill=[200, 100, 50])",
]


def run(case, module, img):
    names = {"T": module, "F": module.functional, "img": img}
    result = eval(case, names)
    return result(img) if callable(result) else result


def seed(theirs, number):
    import torch

    torch.manual_seed(number)
    default_generator.manual_seed(number)
    random.seed(number)


def same_place():
    """Whether both generators have drawn equally much."""
    import torch

    return torch.empty((), dtype=torch.int64).random_().item() == default_generator.random63()


def both(theirs, case, mine, other, number):
    """(our result, torchvision's) with the same random numbers, and the generators in the same place behind."""
    seed(theirs, number)
    ours = run(case, T, mine)
    python = random.getstate()
    random.seed(number)
    wanted = run(case, theirs.transforms, other)
    assert same_place()
    assert random.getstate() == python
    return ours, wanted


def check_equal(ours, theirs):
    assert type(ours).__name__ == type(theirs).__name__
    if isinstance(ours, tuple | list):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            check_equal(a, b)
    elif isinstance(ours, int):
        assert ours == theirs
    elif isinstance(ours, Image.Image):
        assert (ours.mode, ours.size) == (theirs.mode, theirs.size)
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    else:
        assert (ours.numpy().dtype, tuple(ours.shape)) == (theirs.numpy().dtype, tuple(theirs.shape))
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize("case", [*RANDOM, *FIXED, *BYTES, *PIL_ONLY])
@pytest.mark.parametrize("name", ["L", "RGB"])
def test_pil_images_are_equal(theirs, case, name):
    img = as_pil(name)
    for number in range(12 if case in RANDOM else 1):
        ours, wanted = both(theirs, case, img, img, number)
        if "blur" in case.lower():  # floating sums, rounded: one pixel in 100,000 falls to the other side
            check_close(*(T.PILToTensor()(img) for img in (ours, wanted)))
        else:
            check_equal(ours, wanted)


@pytest.mark.parametrize("case", AUGMENT)
def test_ready_made_augmentation(theirs, case):
    import torch

    for number in range(60):
        check_equal(*both(theirs, case, as_pil("RGB"), as_pil("RGB"), number))
        array = planes("RGB", "uint8")
        ours, wanted = both(theirs, case, minicnn.tensor(array), torch.from_numpy(array), number)
        apart = abs(ours.numpy().astype(int) - wanted.numpy())
        assert (apart > 3).mean() <= 0.01  # a step of rounding, and what solarize and posterize make of it
    with pytest.raises(ValueError, match="policy 'mnist' is not recognized"):
        T.AutoAugment("mnist")
    assert sum(len(T.AutoAugment(policy).policies) for policy in T.AutoAugmentPolicy) == 75


@pytest.mark.parametrize("case", [*RANDOM, *AUGMENT])
def test_draws_in_double_precision(theirs, case):
    """Fractions take two words where the default type is float64."""
    import torch

    torch.set_default_dtype(torch.float64)
    minicnn.set_default_dtype(minicnn.float64)
    try:
        for number in range(3):
            ours, wanted = both(theirs, case, as_pil("RGB"), as_pil("RGB"), number)
            check_close(*(T.PILToTensor()(img) for img in (ours, wanted)))
    finally:
        torch.set_default_dtype(torch.float32)
        minicnn.set_default_dtype(minicnn.float32)


@pytest.mark.parametrize("case", COLOURS_ONLY)
def test_a_colour_for_each_channel(theirs, case):
    for number in range(3):
        check_equal(*both(theirs, case, as_pil("RGB"), as_pil("RGB"), number))


def check_close(ours, theirs):
    if isinstance(ours, tuple):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            check_close(a, b)
        return
    a, b = ours.numpy(), theirs.numpy()
    assert (a.dtype, a.shape) == (b.dtype, b.shape)
    if a.dtype == np.uint8:
        apart = abs(a.astype(int) - b.astype(int))
        assert apart.max() <= 1
        assert (apart > 0).sum() <= max(1, 0.01 * apart.size)
    else:
        np.testing.assert_allclose(a, b, atol=3e-6 * max(1, abs(b).max()))


TENSORS = [(case, "uint8") for case in [*RANDOM, *FIXED, *BYTES]]
TENSORS += [(case, "float32") for case in [*RANDOM, *FIXED] if not any(name in case for name in FOR_BYTES)]


@pytest.mark.parametrize(("case", "kind"), TENSORS)
@pytest.mark.parametrize("name", ["L", "RGB", "even"])
def test_tensors_are_close(theirs, case, kind, name):
    import torch

    array = planes(name, kind)
    for number in range(5 if case in RANDOM else 1):
        ours, wanted = both(theirs, case, minicnn.tensor(array), torch.from_numpy(array.copy()), number)
        check_close(ours, wanted)


@pytest.mark.parametrize(
    "case",
    [
        "T.Resize((40, 11), antialias=False)",
        "T.Resize(8, antialias=None)",
        "T.Resize((5, 60), T.InterpolationMode.BICUBIC, antialias=False)",
        "T.Resize((9, 31))",
        "T.Normalize((0.5, 0.4, 0.3), (0.2, 0.3, 0.4))",
        "T.RandomErasing(0.9)",
        "T.RandomErasing(0.7, scale=(0.1, 0.9), ratio=(0.1, 9), value='random')",
        "T.RandomErasing(1, value=[0.1, 0.2, 0.3])",
        "T.RandomErasing(1, scale=(0.95, 1.0), value=1)",
        "T.RandomErasing(1, value=[0.5])",
        "T.ConvertImageDtype(img.dtype)",
        "F.rotate(img, 45, fill=[0.5, 0.2, 0.1])",
        "F.normalize(img, [0.5], [0.2])",
    ],
)
@pytest.mark.parametrize("batch", [(), (2,)])
def test_floating_tensors(theirs, case, batch):
    import torch

    array = np.broadcast_to(planes("RGB", "float32"), (*batch, 3, 23, 30)).copy()
    for number in range(8):
        ours, wanted = both(theirs, case, minicnn.tensor(array), torch.from_numpy(array.copy()), number)
        check_close(ours, wanted)


@pytest.mark.parametrize(
    "case",
    [
        "F.adjust_brightness(img, 1.384)",
        "F.adjust_contrast(img, 0.7)",
        "F.adjust_saturation(img, 1.407)",
        "F.adjust_sharpness(img, 1.407)",
        "F.rgb_to_grayscale(img)",
        "F.invert(img)",
        "F.rotate(img, 33.0, T.InterpolationMode.BILINEAR)",
        "F.resize(img, [31, 9])",
        "F.gaussian_blur(img, 3, 0.8)",
    ],
)
@pytest.mark.parametrize("kind", ["int16", "int32", "float64"])
def test_other_types(theirs, case, kind):
    import torch

    array = IMAGES["RGB"].transpose(2, 0, 1).astype(kind) / (255 if kind == "float64" else 1)
    array = np.ascontiguousarray(array.astype(kind) * (1 if kind == "float64" else 7))
    ours, wanted = both(theirs, case, minicnn.tensor(array), torch.from_numpy(array.copy()), 0)
    a, b = ours.numpy(), wanted.numpy()
    assert (a.dtype, a.shape) == (b.dtype, b.shape)
    apart = abs(a.astype(np.float64) - b)
    if kind == "float64":
        assert apart.max() < 1e-7  # torchvision makes its places in float32
    else:
        assert apart.max() <= 1
        assert (apart > 0).mean() < 0.005


def test_contrast_is_spread_as_torch_divides(theirs):
    """255 / x is 255 · (1 / x) there, and 244 · 255 · (1 / 244) is less than 255."""
    import torch

    array = np.arange(4, 249, dtype=np.uint8).reshape(1, 5, 49)
    ours = T.functional.autocontrast(minicnn.tensor(array))
    assert ours.numpy().max() == 254
    check_equal(ours, theirs.transforms.functional.autocontrast(torch.from_numpy(array)))


def test_erasing_and_normalizing_in_place(theirs):
    import torch

    for case in ("T.RandomErasing(1, inplace=True)", "T.Normalize([0.5], [2.0], inplace=True)"):
        array = planes("RGB", "float32")
        mine, other = minicnn.tensor(array), torch.from_numpy(array.copy())
        ours, wanted = both(theirs, case, mine, other, 3)
        assert ours is mine
        assert wanted is other
        check_equal(ours, wanted)
    covered = T.functional.erase(mine, 2, 3, 4, 5, minicnn.zeros(3, 4, 5))
    assert covered is not mine
    check_equal(covered, theirs.transforms.functional.erase(other, 2, 3, 4, 5, torch.zeros(3, 4, 5)))


@pytest.mark.parametrize("source", ["uint8", "int8", "int16", "int32", "int64", "float32", "float64"])
@pytest.mark.parametrize("target", ["uint8", "int8", "int16", "int32", "int64", "float32", "float64"])
def test_types_of_images(theirs, source, target):
    import torch

    kind = np.dtype(source)
    white = 1 if kind.kind == "f" else min(np.iinfo(kind).max, 2**50)
    array = (np.array([0, 0.2, 0.5, 0.7, 1]).reshape(1, 1, 5) * white).astype(kind)
    mine, other = minicnn.tensor(array), torch.from_numpy(array)
    try:
        wanted = theirs.transforms.functional.convert_image_dtype(other, getattr(torch, target))
    except RuntimeError:
        with pytest.raises(RuntimeError, match="cannot be performed safely"):
            T.functional.convert_image_dtype(mine, getattr(minicnn, target))
    else:
        check_equal(T.functional.convert_image_dtype(mine, getattr(minicnn, target)), wanted)


@pytest.mark.parametrize(
    "case",
    [
        *(case for case in [*RANDOM, *AUGMENT, *FIXED, *COLOURS_ONLY] if case.startswith("T.")),
        "T.RandomErasing()",
        "T.RandomErasing(0.3, (0.1, 0.2), (1, 2), 'random', True)",
        "T.FiveCrop(3)",
        "T.TenCrop([3, 4])",
        "T.ToTensor()",
        "T.ToPILImage('L')",
        "T.PILToTensor()",
        "T.Normalize([0.5], [0.5])",
        "T.Lambda(abs)",
        "T.RandomRotation([3, 4], fill=None)",
        "T.RandomPerspective()",
        "T.ColorJitter()",
        "T.RandomCrop([3, 4], 1)",
        "T.CenterCrop([3, 4])",
        "T.Compose([T.Compose([T.ToTensor()]), T.RandomApply([T.Grayscale()])])",
    ],
)
def test_texts(theirs, case):
    assert repr(eval(case, {"T": T})) == repr(eval(case, {"T": theirs.transforms}))


def test_signatures(theirs):
    """Names, order and defaults of all arguments."""
    pairs = [(T, theirs.transforms), (T.functional, theirs.transforms.functional), (vision, theirs.utils)]
    pairs += [(datasets, theirs.datasets), (datasets.folder, theirs.datasets.folder)]
    compared = 0
    for ours, other in pairs:
        for name in {*dir(ours)} & {*dir(other)}:
            mine, wanted = getattr(ours, name), getattr(other, name)
            if not getattr(mine, "__module__", "").startswith("minicnn.") or isinstance(mine, type(Enum)):
                continue
            for a, b in ((mine, wanted), *((getattr(k, "get_params", None) for k in (mine, wanted)),)):
                if a is not None:
                    assert arguments(a) == arguments(b), name
                    compared += 1
    assert compared > 100


def arguments(function):
    """(name, kind, default) of each; a type by its name, and where data lie may be left out here."""
    found = []
    for p in inspect.signature(function).parameters.values():
        default = p.default.__name__ if callable(p.default) else str(p.default).replace("torch.", "minicnn.")
        different = p.name in ("root", "loader")  # both need not be given, or are the same function by another name
        found.append((p.name, p.kind, None if different else default))
    return found


REFUSED = [
    "T.RandomRotation(-3)",
    "T.RandomRotation((1, 2, 3))",
    "T.RandomRotation('a')",
    "T.RandomRotation(3, center=5)",
    "T.RandomRotation(3, fill=object())",
    "T.RandomAffine(3, translate=(0.1, 1.2))",
    "T.RandomAffine(3, scale=(0, 1))",
    "T.RandomAffine(3, shear=(1, 2, 3))",
    "T.RandomAffine(3, translate=0.1)",
    "T.ColorJitter(-1)",
    "T.ColorJitter(hue=0.6)",
    "T.ColorJitter(contrast=(2, 1))",
    "T.ColorJitter(contrast='a')",
    "T.RandomErasing(2)",
    "T.RandomErasing(scale=(-1, 2))",
    "T.RandomErasing(value='zero')",
    "T.RandomErasing(value=None)",
    "T.RandomErasing(scale=0.1)",
    "T.RandomErasing(1, value=(1, 2))(tensor)",
    "T.RandomResizedCrop((1, 2, 3))",
    "T.RandomResizedCrop(3, scale=1)",
    "T.GaussianBlur(4)",
    "T.GaussianBlur(3, sigma=-1)",
    "T.GaussianBlur(3, sigma=(2, 1))",
    "T.GaussianBlur(3, sigma=(1, 2, 3))",
    "T.FiveCrop(99)(img)",
    "T.RandomOrder(3)",
    "T.RandomChoice([], p=3)",
    "T.RandomPerspective(fill=object())",
    "F.adjust_hue(img, 0.7)",
    "F.adjust_gamma(img, -1)",
    "F.adjust_brightness(tensor, -1)",
    "F.adjust_contrast(tensor, -1)",
    "F.adjust_saturation(tensor, -1)",
    "F.adjust_sharpness(tensor, -1)",
    "F.adjust_brightness(tensor[:2], 1)",
    "F.posterize(img, 9)",
    "F.posterize(tensor, 3)",
    "F.solarize(tensor, 2)",
    "F.equalize(tensor)",
    "F.invert(tensor[0])",
    "F.rgb_to_grayscale(tensor[:2])",
    "F.rgb_to_grayscale(img, 2)",
    "F.to_grayscale(tensor)",
    "F.rotate(img, 'a')",
    "F.rotate(img, 3, center=3)",
    "F.rotate(tensor, 3, T.InterpolationMode.BICUBIC)",
    "F.rotate(tensor, 3, fill=[1, 2])",
    "F.rotate(img, 3, fill=[1, 2])",
    "F.affine(img, 'a', [0, 0], 1, 0)",
    "F.affine(img, 0, 3, 1, 0)",
    "F.affine(img, 0, [1], 1, 0)",
    "F.affine(img, 0, [0, 0], 0, 0)",
    "F.affine(img, 0, [0, 0], 1, 'a')",
    "F.affine(img, 0, [0, 0], 1, [1, 2, 3])",
    "F.affine(img, 0, [0, 0], 1, 0, center=3)",
    "F.perspective(img, [[0, 0]], [[0, 0]])",
    "F.gaussian_blur(img, 2)",
    "F.gaussian_blur(img, [3])",
    "F.gaussian_blur(img, 'a')",
    "F.gaussian_blur(img, 3, [1, 2, 3])",
    "F.gaussian_blur(img, 3, 0)",
    "F.gaussian_blur(img, 3, 'a')",
    "F.erase(img, 0, 0, 1, 1, tensor)",
    "F.convert_image_dtype(img)",
    "F.pad(tensor, 40, padding_mode='reflect')",
    "F.pad(img, 1, 'a')",
    "F.pad(tensor, 1, [1, 2, 3], 'edge')",
    "F.pad(tensor, [-20, 0])",
    "F.resize(tensor, 3, T.InterpolationMode.BOX)",
    "F.crop('a', 0, 0, 1, 1)",
]


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(theirs, case):
    """Both refuse, with the same class of exception; ours says what was given."""
    import torch

    kinds = []
    for module, tensor in ((T, minicnn.tensor), (theirs.transforms, torch.tensor)):
        names = {"T": module, "F": module.functional, "img": as_pil("RGB"), "tensor": tensor(planes("RGB", "float32"))}
        with pytest.raises(Exception) as caught:  # noqa: PT011 (which one is compared)
            eval(case, names)
        kinds.append(caught.type)
    assert issubclass(kinds[0], kinds[1]) or {*kinds} <= {ValueError, RuntimeError, NotImplementedError}


def test_warnings(theirs):
    for module in (T, theirs.transforms):
        with pytest.warns(UserWarning, match="Anti-alias option is always applied"):
            module.Resize(9, antialias=False)(as_pil("L"))
        for kind in (module.RandomErasing, module.RandomResizedCrop):
            arguments = {"size": 3} if kind is module.RandomResizedCrop else {}
            with pytest.warns(UserWarning, match="Scale and ratio should be of kind"):
                kind(**arguments, scale=(0.5, 0.1))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            module.Resize(9, antialias=False)(minicnn.zeros(1, 3, 3) if module is T else module.ToTensor()(as_pil("L")))


def test_transforms_are_modules():
    """As torchvision's they stand in nn.Sequential and in ModuleList, and a subclass redefines `forward`."""

    class Twice(T.RandomHorizontalFlip):
        def forward(self, img):
            return super().forward(super().forward(img))

    img = as_pil("RGB")
    check_equal(Twice(1.0)(img), img)
    chain = minicnn.nn.Sequential(T.Pad(2), T.CenterCrop(9))
    check_equal(chain(img), T.CenterCrop(9)(T.Pad(2)(img)))
    check_equal(T.RandomApply(minicnn.nn.ModuleList([T.Pad(2)]), p=1.0)(img), T.Pad(2)(img))
