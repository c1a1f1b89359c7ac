"""Batches made in one go: the same bits and the same random numbers as image after image."""

import numpy as np
import pytest

import minicnn
from minicnn import datasets, kernels
from minicnn import transforms as T
from minicnn.functional.generator import default_generator
from minicnn.utils.data import DataLoader, Dataset, Subset, TensorDataset, default_collate

MNIST_NORM = T.Normalize((0.1307,), (0.3081,))
USUAL = {
    "ToTensor": T.ToTensor(),
    "normalised": T.Compose([T.ToTensor(), MNIST_NORM]),
    "twice": T.Compose([T.ToTensor(), T.Normalize([0.5], [0.25]), T.Normalize(np.array([0.1]), np.array([3.0]))]),
    "shifted": T.Compose([T.RandomCrop(28, padding=2), T.ToTensor(), MNIST_NORM]),
    "mirrored": T.Compose([T.RandomHorizontalFlip(0.3), T.ToTensor()]),
    "padded": T.Compose([T.Pad((1, 2, 3, 0)), T.ToTensor()]),
    "cropped": T.Compose([T.RandomCrop((20, 9)), T.ToTensor()]),
    "all": T.Compose(
        [
            T.RandomHorizontalFlip(),
            T.Pad([2, 1]),
            T.Compose([T.RandomCrop((27, 31), padding=(5, 0, 2, 1)), T.RandomHorizontalFlip(0.1)]),
            T.Compose([T.ToTensor(), MNIST_NORM]),
        ]
    ),
    "enlarged": T.Compose([T.Resize((32, 32)), T.ToTensor(), MNIST_NORM]),
    "enlarged and shifted": T.Compose([T.Resize(40), T.RandomCrop(40, 3), T.RandomHorizontalFlip(), T.ToTensor()]),
    "made smaller": T.Compose([T.Resize((14, 14)), T.ToTensor()]),
    "its own size": T.Compose([T.Resize(28, T.InterpolationMode.BICUBIC), T.ToTensor()]),
    "nothing drawn": T.Compose([T.RandomCrop(28), T.ToTensor()]),
}
UNUSUAL = {
    "grey frame": T.Compose([T.RandomCrop(28, padding=2, fill=7), T.ToTensor()]),
    "mirror frame": T.Compose([T.RandomCrop(28, padding=2, padding_mode="reflect"), T.ToTensor()]),
    "negative frame": T.Compose([T.Pad(-2), T.ToTensor()]),
    "crop as needed": T.Compose([T.RandomCrop(30, pad_if_needed=True), T.ToTensor()]),
    "frame around a crop": T.Compose([T.RandomCrop(20), T.Pad(4), T.ToTensor()]),
    "two crops": T.Compose([T.RandomCrop(24), T.RandomCrop(20), T.ToTensor()]),
    "function": T.Compose([T.ToTensor(), T.Lambda(lambda x: x * 2)]),
    "upside down": T.Compose([T.RandomVerticalFlip(), T.ToTensor()]),
    "bytes": T.PILToTensor(),
    "lower, not narrower": T.Compose([T.Resize((14, 32)), T.ToTensor()]),
    "bicubic": T.Compose([T.Resize(32, T.InterpolationMode.BICUBIC), T.ToTensor()]),
    "turned": T.Compose([T.RandomRotation(10), T.ToTensor()]),
    "moved and jittered": T.Compose([T.RandomAffine(0, (0.1, 0.1)), T.ColorJitter(0.5, 0.5), T.ToTensor()]),
    "erased": T.Compose([T.ToTensor(), MNIST_NORM, T.RandomErasing(value="random")]),
    "perhaps cropped": T.Compose([T.RandomApply([T.RandomCrop(28, 2)], 0.5), T.ToTensor()]),
    "part enlarged": T.Compose([T.RandomResizedCrop(28), T.ToTensor()]),
    "a Sequential": T.Compose([minicnn.nn.Sequential(T.RandomCrop(28, 2), T.RandomHorizontalFlip()), T.ToTensor()]),
    "size of a crop": T.Compose([T.RandomCrop(20), T.Resize(28), T.ToTensor()]),
}


class OneByOne(Dataset):
    """The same samples without `get_batch`."""

    def __init__(self, dataset):
        self.dataset = dataset

    def __getitem__(self, index):
        return self.dataset[index]

    def __len__(self):
        return len(self.dataset)


def digits(transform=None, **options):
    return datasets.MNIST(datasets.sample_root(), train=False, transform=transform, **options)


def passed_through(dataset, seed=3, **options):
    """All batches of a shuffled pass and the place of the random stream behind them."""
    default_generator.manual_seed(seed)
    batches = list(DataLoader(dataset, 170, shuffle=True, **options))
    return batches, default_generator.random63()


def check_same(batches, others):
    assert len(batches) == len(others)
    for ours, theirs in zip(batches, others, strict=True):
        assert type(ours) is type(theirs) is list
        for a, b in zip(ours, theirs, strict=True):
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
            assert a.numpy().tobytes() == b.numpy().tobytes()


@pytest.mark.parametrize("name", [*USUAL, *UNUSUAL])
def test_batches_are_those_of_single_samples(backend, name):
    data = digits(USUAL.get(name) or UNUSUAL[name])
    with kernels.record() as used:
        batches, place = passed_through(data)
    assert [u.backend for u in used if u.kernel == "image_batch"] == [backend] * 6 * (name in USUAL)
    resized = name in ("enlarged", "enlarged and shifted", "made smaller")
    assert [u.backend for u in used if u.kernel == "image_resize"] == [backend] * 6 * resized
    expected, their_place = passed_through(OneByOne(data))
    check_same(batches, expected)
    assert place == their_place


@pytest.mark.parametrize("name", ["shifted", "mirrored", "all"])
def test_in_double_precision(name):
    data = digits(USUAL[name])
    minicnn.set_default_dtype(minicnn.float64)
    try:
        ours, theirs = passed_through(data), passed_through(OneByOne(data))
    finally:
        minicnn.set_default_dtype(minicnn.float32)
    assert ours[0][0][0].dtype is minicnn.float64
    check_same(ours[0], theirs[0])
    assert ours[1] == theirs[1]


def test_torch_agrees():
    """x / 255, then (x - mean) / std, each rounded once, as torchvision's functions compute it."""
    torch = pytest.importorskip("torch")
    data = digits(USUAL["normalised"])
    images, labels = next(iter(DataLoader(data, 100)))
    x = torch.from_numpy(data.data.numpy()[:100, None]).to(torch.float32).div(255)
    x = x.sub_(torch.tensor([0.1307])[:, None, None]).div_(torch.tensor([0.3081])[:, None, None])
    assert images.numpy().tobytes() == x.numpy().tobytes()
    assert labels.tolist() == data.targets.tolist()[:100]


def test_what_changes_the_samples_is_respected():
    class Doubled(datasets.MNIST):
        def __getitem__(self, index):
            image, label = super().__getitem__(index)
            return image * 2.0, label

    class Named(datasets.MNIST):
        """Changes nothing of its samples."""

    usual = USUAL["normalised"]
    doubled, named = digits(usual), digits(usual)
    doubled.__class__, named.__class__ = Doubled, Named  # made as MNIST, for the folder has the name of the class
    for data, fast in (
        (doubled, False),
        (named, True),
        (digits(usual, target_transform=lambda label: label + 1), False),
        (Subset(digits(usual), [5, 3, 999, 0]), True),
    ):
        with kernels.record() as used:
            batches, _ = passed_through(data)
        assert bool(used) == fast
        check_same(batches, passed_through(OneByOne(data))[0])


def test_changed_data():
    data = digits(USUAL["shifted"])
    data.data, data.targets = data.data[::3], data.targets[::3].to(minicnn.int32)  # not contiguous
    check_same(passed_through(data)[0], passed_through(OneByOne(data))[0])
    data.data = data.data.float()  # no bytes
    check_same(passed_through(data)[0], passed_through(OneByOne(data))[0])
    data = digits(USUAL["normalised"])
    data.data.numpy().flags.writeable = False
    check_same(passed_through(data)[0], passed_through(OneByOne(data))[0])


def test_indices():
    data = digits(USUAL["normalised"])
    images, labels = data.get_batch(np.array([-1, 0, -1000]))
    check_same([[images, labels]], [default_collate([data[-1], data[0], data[-1000]])])
    for index in (1000, -1001):
        with pytest.raises(IndexError, match=f"{index} is out of bounds"):
            data.get_batch(np.array([0, index]))


@pytest.mark.parametrize(
    ("transform", "error", "says"),
    [
        (T.Compose([T.ToTensor(), T.Normalize((0.5,), (0.0,))]), ValueError, "division by zero"),
        (T.Compose([T.ToTensor(), T.Normalize((0.5, 0.5), (1.0, 1.0))]), ValueError, "has 2 values"),
        (T.Compose([T.RandomCrop(29), T.ToTensor()]), ValueError, "larger than input image"),
        (None, TypeError, "ToTensor"),
    ],
)
def test_errors_are_those_of_single_samples(transform, error, says):
    with pytest.raises(error, match=says):
        next(iter(DataLoader(digits(transform), 10)))


def test_workers_make_the_same_batches():
    data = digits(USUAL["normalised"])
    check_same(passed_through(data, num_workers=1)[0], passed_through(data)[0])


def test_rows_of_tensors():
    data = TensorDataset(minicnn.rand(50, 2, 3), minicnn.arange(50))
    check_same(passed_through(data)[0], passed_through(OneByOne(data))[0])
