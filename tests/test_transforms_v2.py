"""torchvision.transforms.v2: the same pixels from the same seed as torchvision, and whole samples."""

import pickle

import numpy as np
import pytest
from PIL import Image
from torchvision_reference import reference

import minicnn
from minicnn import transforms
from minicnn.transforms import v2

ROWS = {  # what is made with either library's v2
    "CenterCrop": lambda v: v.CenterCrop(20),
    "ColorJitter": lambda v: v.ColorJitter(0.4, 0.3, 0.2, 0.1),
    "FiveCrop": lambda v: v.FiveCrop(12),
    "TenCrop": lambda v: v.TenCrop(12),
    "GaussianBlur": lambda v: v.GaussianBlur(5),
    "Grayscale": lambda v: v.Grayscale(3),
    "Pad": lambda v: v.Pad(3, padding_mode="reflect"),
    "RandomAdjustSharpness": lambda v: v.RandomAdjustSharpness(2, p=0.7),
    "RandomAffine": lambda v: v.RandomAffine(30, translate=(0.1, 0.2), scale=(0.8, 1.2), shear=10),
    "RandomAutocontrast": lambda v: v.RandomAutocontrast(),
    "RandomCrop": lambda v: v.RandomCrop(20, padding=2),
    "RandomCrop of the width": lambda v: v.RandomCrop((20, 28)),
    "RandomCrop pad_if_needed": lambda v: v.RandomCrop(36, pad_if_needed=True),
    "RandomEqualize": lambda v: v.RandomEqualize(),
    "RandomGrayscale": lambda v: v.RandomGrayscale(0.5),
    "RandomHorizontalFlip": lambda v: v.RandomHorizontalFlip(),
    "RandomInvert": lambda v: v.RandomInvert(),
    "RandomPerspective": lambda v: v.RandomPerspective(p=0.8),
    "RandomPosterize": lambda v: v.RandomPosterize(3),
    "RandomResizedCrop": lambda v: v.RandomResizedCrop(16),
    "RandomRotation": lambda v: v.RandomRotation(40),
    "RandomSolarize": lambda v: v.RandomSolarize(100),
    "RandomVerticalFlip": lambda v: v.RandomVerticalFlip(),
    "Resize": lambda v: v.Resize(19),
    "RGB": lambda v: v.RGB(),
    "Identity": lambda v: v.Identity(),
    "RandAugment": lambda v: v.RandAugment(),
    "TrivialAugmentWide": lambda v: v.TrivialAugmentWide(),
    "AutoAugment": lambda v: v.AutoAugment(),
    "AutoAugment CIFAR10": lambda v: v.AutoAugment(v.AutoAugmentPolicy.CIFAR10),
    "RandomApply": lambda v: v.RandomApply([v.RandomRotation(30), v.RandomInvert(1.0)], p=0.6),
    "RandomChoice": lambda v: v.RandomChoice([v.RandomInvert(1.0), v.RandomRotation(30), v.Identity()], p=[1, 2, 3]),
    "RandomOrder": lambda v: v.RandomOrder([v.RandomRotation(30), v.RandomInvert(), v.RandomCrop(20)]),
    "Compose": lambda v: v.Compose([v.RandomCrop(24), v.RandomHorizontalFlip(), v.ColorJitter(0.3)]),
}


@pytest.fixture
def theirs():
    """torchvision.transforms.v2."""
    reference()
    import torchvision.transforms.v2 as found

    return found


def photo(size=(28, 31)):
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


def pixels(value):
    if isinstance(value, tuple | list):
        return [pixels(item) for item in value]
    return np.asarray(value) if isinstance(value, Image.Image) else value.numpy()


def assert_same(got, expected, few=0.0):
    if isinstance(expected, list):
        assert len(got) == len(expected)
        for a, b in zip(got, expected, strict=True):
            assert_same(a, b)
    elif few:
        assert np.abs(got.astype(int) - expected).max() <= 1
        assert (got != expected).mean() < few
    else:
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("name", ROWS)
def test_the_pixels_of_pil_images(theirs, name):
    import torch

    ours, other = ROWS[name](v2), ROWS[name](theirs)
    for seed in range(8):
        torch.manual_seed(seed)
        minicnn.manual_seed(seed)
        expected, got = other(photo()), ours(photo())
        few = 0.002 if name == "GaussianBlur" else 0.0  # half-way between two bytes: another order of sums
        assert_same(pixels(got), pixels(expected), few)
        assert minicnn.rand(1).item() == torch.rand(1).item(), "as many numbers are drawn"


def test_the_usual_pipeline(theirs):
    import torch

    def made(v, library):
        return v.Compose(
            [
                v.ToImage(),
                v.RandomResizedCrop(size=(16, 16), antialias=True),
                v.RandomHorizontalFlip(p=0.5),
                v.ToDtype(library.float32, scale=True),
                v.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
            ]
        )

    for seed in range(5):
        torch.manual_seed(seed)
        minicnn.manual_seed(seed)
        expected, got = made(theirs, torch)(photo()), made(v2, minicnn)(photo())
        assert got.dtype is minicnn.float32
        assert np.abs(got.numpy() - expected.numpy()).max() < 0.02  # a step of a byte: torch resizes bytes as bytes


@pytest.mark.parametrize(("kind", "scale"), [("float32", True), ("float64", True), ("int32", True), ("float32", False)])
def test_types(theirs, kind, scale):
    import torch

    expected = theirs.Compose([theirs.ToImage(), theirs.ToDtype(getattr(torch, kind), scale=scale)])(photo())
    got = v2.Compose([v2.ToImage(), v2.ToDtype(getattr(minicnn, kind), scale=scale)])(photo())
    np.testing.assert_array_equal(got.numpy(), expected.numpy())
    assert str(v2.ToDtype(minicnn.float32, scale=scale)) == str(theirs.ToDtype(torch.float32, scale=scale))


def test_arrays_become_images(theirs):
    for array in (np.arange(6, dtype=np.uint8).reshape(2, 3), np.arange(24, dtype=np.float32).reshape(2, 3, 4)):
        np.testing.assert_array_equal(v2.ToImage()(array).numpy(), theirs.ToImage()(array).numpy())


def test_functions(theirs):
    F, G = theirs.functional, v2.functional
    image = photo()
    for call in (
        lambda f: f.horizontal_flip(image),
        lambda f: f.vertical_flip(image),
        lambda f: f.resize(image, [9, 9]),
        lambda f: f.crop(image, 1, 2, 9, 8),
        lambda f: f.to_image(image),
        lambda f: f.adjust_contrast(image, 1.5),
        lambda f: f.rotate(image, 30.0),
        lambda f: f.pad(image, [2]),
    ):
        np.testing.assert_array_equal(pixels(call(G)), pixels(call(F)))
    assert list(G.get_size(image)) == F.get_size(image)
    np.testing.assert_array_equal(
        G.to_dtype(G.to_image(image), scale=True).numpy(), F.to_dtype(F.to_image(image), scale=True).numpy()
    )


def test_whole_samples():
    flip = v2.RandomHorizontalFlip(p=1.0)
    image = photo()
    mirrored = np.asarray(image)[:, ::-1]
    got, label = flip(image, 3)
    assert label == 3
    np.testing.assert_array_equal(np.asarray(got), mirrored)
    sample = v2.Compose([flip, v2.ToImage()])({"image": image, "label": minicnn.tensor(1), "name": "x"})
    np.testing.assert_array_equal(sample["image"].numpy(), mirrored.transpose(2, 0, 1))
    assert (sample["label"].item(), sample["name"]) == (1, "x")
    pair = v2.Compose([flip, v2.Lambda(lambda value: value + 1, int)])(image, 3)
    assert pair[1] == 4
    first, second = v2.Resize(4)([minicnn.zeros(3, 8, 8), minicnn.zeros(5)])
    assert (first.shape, second.shape) == ((3, 4, 4), (5,))


def test_a_transform_of_ones_own():
    class Brighter(v2.Transform):
        def make_params(self, flat_inputs):
            return {"by": len(flat_inputs)}

        def transform(self, inpt, params):
            return inpt + params["by"]

    image, label = Brighter()(minicnn.zeros(1, 2, 2), 7)
    assert (image.sum().item(), label) == (4, 7)
    with pytest.raises(NotImplementedError, match=r"Transform lacks `transform\(inpt, params\)`"):
        v2.Transform()(minicnn.zeros(1, 2, 2))


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.5])
@pytest.mark.parametrize("kind", ["MixUp", "CutMix"])
def test_mixed_batches(theirs, kind, alpha):
    """torchvision's shares and boxes from one seed, many times over: some draws of gamma numbers are refused."""
    import torch

    rng = np.random.default_rng(1)
    images, labels = rng.standard_normal((5, 2, 9, 14)).astype(np.float32), rng.integers(0, 4, 5)
    ours, other = (getattr(v, kind)(alpha=alpha, num_classes=4) for v in (v2, theirs))
    torch.manual_seed(3)
    minicnn.manual_seed(3)
    for _ in range(40):
        expected = other(torch.tensor(images), torch.tensor(labels))
        got = ours(minicnn.tensor(images), minicnn.tensor(labels))
        for a, b in zip(got, expected, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=0, atol=1e-6)
    assert minicnn.rand(1).item() == torch.rand(1).item(), "as many numbers are drawn"


def test_batches_to_mix_may_be_dicts_with_shares(theirs):
    import torch

    def batch(library):
        images = library.arange(24.0).reshape(2, 1, 3, 4)
        return {"weight": 3, "Label": library.tensor([[1.0, 0.0], [0.5, 0.5]]), "x": images}

    torch.manual_seed(0)
    minicnn.manual_seed(0)
    got, other = v2.CutMix()(batch(minicnn)), batch(torch)
    expected = theirs.CutMix()(other["x"], other["Label"])  # to torchvision the first tensor of a dict is the image
    assert list(got) == ["weight", "Label", "x"]
    assert got["weight"] == 3
    np.testing.assert_array_equal(got["x"].numpy(), expected[0].numpy())
    np.testing.assert_allclose(got["Label"].numpy(), expected[1].numpy(), rtol=1e-6)


BATCH = minicnn.zeros(2, 1, 4, 4)


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda: v2.MixUp(alpha=0), ValueError, "`alpha` must be above 0, got 0"),
        (lambda: v2.MixUp(labels_getter=3), ValueError, "'default' or a callable, but got 3"),
        (lambda: v2.MixUp()(photo(), 1), ValueError, r"MixUp\(\) does not support PIL images"),
        (lambda: v2.CutMix()(BATCH), ValueError, "must be a dictionary or a two-tuple"),
        (lambda: v2.CutMix()({"x": BATCH}), ValueError, r"the sample has the keys \['x'\]; pass `labels_getter`"),
        (lambda: v2.CutMix(labels_getter=len)(BATCH, BATCH), ValueError, "labels must be a tensor, but got"),
        (lambda: v2.MixUp()(BATCH, minicnn.tensor([0, 1])), ValueError, "num_classes must be passed"),
        (lambda: v2.MixUp(num_classes=2)(BATCH, minicnn.ones(2, 3)), ValueError, "must match num_classes: 3 != 2"),
        (lambda: v2.MixUp()(BATCH, BATCH), ValueError, r"a tensor of shape \[2, 1, 4, 4\] instead"),
        (lambda: v2.MixUp()(BATCH[0], minicnn.ones(2, 3)), ValueError, "4 dims, but got 3 dimensions"),
        (lambda: v2.MixUp(num_classes=2)(BATCH, minicnn.tensor([1])), ValueError, "of the labels: 2 != 1"),
        (lambda: v2.Compose([]), ValueError, r"Pass at least one transform, got `transforms`=\[\]"),
        (lambda: v2.Compose(3), TypeError, "should be a sequence of callables, got 3"),
        (lambda: v2.RandomApply([abs], p=2), ValueError, r"interval \[0.0, 1.0\], got 2"),
        (lambda: v2.RandomChoice([abs], p=[1, 2]), ValueError, "number of transforms: 2 != 1"),
        (lambda: v2.Lambda(3), TypeError, "should be callable, got 3"),
        (lambda: v2.ToDtype("float32"), TypeError, "`dtype` must be a dtype, got 'float32'"),
        (lambda: v2.ToDtype(minicnn.float32)(photo()), TypeError, "put ToImage"),
        (lambda: v2.ToImage()("x"), TypeError, "Found no image in the sample"),
        (lambda: v2.functional.to_image("x"), TypeError, "Input can either be a Tensor, an array, or a PIL image"),
        (lambda: v2.Resize(3)(photo(), photo()), NotImplementedError, "2 PIL images, expected one"),
        (lambda: v2.RandomCrop(40)(photo()), ValueError, r"crop size \(40, 40\) is larger than"),
        (lambda: v2.RGB()(minicnn.zeros(2, 3, 3)), TypeError, "1 or 3 channels, got 2"),
        (lambda: v2.ToTensr, AttributeError, "did you mean 'ToTensor'"),
    ],
)
def test_what_is_refused(call, error, told):
    with pytest.raises(error, match=told):
        call()


def test_to_tensor_warns(theirs):
    with pytest.warns(UserWarning, match="is deprecated and will be removed") as ours:
        made = v2.ToTensor()
    with pytest.warns(UserWarning, match="ToTensor") as other:
        theirs.ToTensor()
    assert str(ours[0].message) == str(other[0].message)
    np.testing.assert_array_equal(made(photo()).numpy(), transforms.ToTensor()(photo()).numpy())


def test_classes_travel_between_processes():
    again = pickle.loads(pickle.dumps(v2.RandomRotation(30)))
    assert type(again) is v2.RandomRotation
    assert again.degrees == [-30, 30]


# --- the older ones that were missing ---------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [{"sigma": 1.5}, {"alpha": [30.0, 10.0], "sigma": [1.0, 2.0], "fill": 7}, {"sigma": 1.0, "nearest": True}],
)
@pytest.mark.parametrize("tensors", [False, True])
def test_elastic_transform(options, tensors):
    torchvision = reference()
    import torch

    nearest = "nearest" in options
    options = {key: value for key, value in options.items() if key != "nearest"}

    def made(T):
        return T.ElasticTransform(**options, **({"interpolation": T.InterpolationMode.NEAREST} if nearest else {}))

    ours, theirs = made(transforms), made(torchvision.transforms)
    for seed in range(3):
        torch.manual_seed(seed)
        minicnn.manual_seed(seed)
        image = photo()
        if tensors:
            array = np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))
            expected, got = theirs(torch.from_numpy(array)).numpy(), ours(minicnn.from_numpy(array)).numpy()
        else:
            expected, got = np.asarray(theirs(image)), np.asarray(ours(image))
        assert got.shape == expected.shape
        wrong = np.abs(got.astype(int) - expected) > (0 if nearest else 1)  # at the border of two pixels or two bytes
        assert wrong.mean() < 0.002
    assert str(ours) == str(theirs)


def test_elastic_transform_refuses():
    for call, error, told in [
        (lambda: transforms.ElasticTransform(alpha=[1.0]), ValueError, "alpha .* length should be 2. Got 1"),
        (lambda: transforms.ElasticTransform(sigma=3), TypeError, "sigma should be float or a sequence of floats"),
        (lambda: transforms.ElasticTransform(sigma=[1.0, 2]), TypeError, "sigma should be a sequence of floats"),
        (lambda: transforms.ElasticTransform(fill="x"), TypeError, "fill should be int or float"),
    ]:
        with pytest.raises(error, match=told):
            call()
    F = transforms.functional
    with pytest.raises(ValueError, match=r"should be \(1, 31, 28, 2\), but given \(1, 2\)"):
        F.elastic_transform(photo(), minicnn.zeros(1, 2))
    with pytest.raises(TypeError, match="displacement should be a Tensor, got int"):
        F.elastic_transform(photo(), 3)


def test_linear_transformation():
    torchvision = reference()
    import torch

    rng = np.random.default_rng(2)
    matrix, mean, images = (rng.normal(size=s).astype(np.float32) for s in ((12, 12), (12,), (4, 3, 2, 2)))
    theirs = torchvision.transforms.LinearTransformation(torch.from_numpy(matrix), torch.from_numpy(mean))
    ours = transforms.LinearTransformation(minicnn.from_numpy(matrix), minicnn.from_numpy(mean))
    for batch in (images, images[0]):
        expected, got = theirs(torch.from_numpy(batch)).numpy(), ours(minicnn.from_numpy(batch)).numpy()
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
    for call, error, told in [
        (lambda: transforms.LinearTransformation(minicnn.ones(2, 3), minicnn.ones(2)), ValueError, "should be square"),
        (lambda: transforms.LinearTransformation(minicnn.ones(2, 2), minicnn.ones(3)), ValueError, "same length 3"),
        (
            lambda: transforms.LinearTransformation(minicnn.ones(2, 2), minicnn.ones(2).double()),
            ValueError,
            "same dtype and device. Got minicnn.float32, cpu and minicnn.float64",
        ),
        (lambda: ours(minicnn.ones(3, 3, 3)), ValueError, r"incompatible shape. \[3 x 3 x 3\] != 12"),
        (lambda: ours(photo()), TypeError, "put ToTensor"),
    ]:
        with pytest.raises(error, match=told):
            call()
