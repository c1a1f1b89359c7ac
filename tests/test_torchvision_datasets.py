"""Data sets beside torchvision 0.28.0: the same files, samples, attributes and texts, and the user's own folders."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision_reference import reference

import minicnn
from minicnn import datasets, transforms
from minicnn.datasets import folder
from minicnn.functional.generator import default_generator
from minicnn.utils.data import DataLoader


@pytest.fixture
def theirs():
    return reference()


@pytest.fixture(autouse=True)
def _a_machine_without_data(monkeypatch, tmp_path):
    for name in ("MINICNN_DATA", "MINICNN_SAMPLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def check_samples(ours, theirs, numbers):
    for i in numbers:
        (image, target), (their_image, their_target) = ours[i], theirs[i]
        assert type(target) is type(their_target)
        assert target == their_target
        assert (image.mode, image.size) == (their_image.mode, their_image.size)
        assert image.tobytes() == their_image.tobytes()


# --- the published ones


def test_published_files_are_torchvisions(theirs):
    for name in ("MNIST", "FashionMNIST", "KMNIST"):
        ours, other = getattr(datasets, name), getattr(theirs.datasets, name)
        assert ours.resources == other.resources
        assert ours.classes == other.classes
    for name in ("CIFAR10", "CIFAR100"):
        ours, other = getattr(datasets, name), getattr(theirs.datasets, name)
        assert ours.archive == (other.filename, other.tgz_md5)
        assert (ours.base_folder, ours.names_file) == (other.base_folder, other.meta["filename"])
        for files, listed in ((ours.train_files, other.train_list), (ours.test_files, other.test_list)):
            assert files == [file for file, _ in listed]


def unpacked_sample(root, name):
    """The embedded sample of MNIST as a folder that torchvision filled: packed files and plain ones."""
    raw = root / name / "raw"
    raw.mkdir(parents=True)
    for path in (datasets.sample_root() / "MNIST" / "raw").glob("*.gz"):
        shutil.copy(path, raw)
        (raw / path.stem).write_bytes(gzip.decompress(path.read_bytes()))


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST", "KMNIST"])
@pytest.mark.parametrize("train", [True, False])
def test_one_folder_for_both(theirs, tmp_path, name, train):
    unpacked_sample(tmp_path, name)
    options = {"train": train, "transform": None, "target_transform": None, "download": False}
    ours = getattr(datasets, name)(tmp_path, **options)
    other = getattr(theirs.datasets, name)(tmp_path, **options)
    np.testing.assert_array_equal(ours.data.numpy(), other.data.numpy())
    np.testing.assert_array_equal(ours.targets.numpy(), other.targets.numpy())
    assert (ours.classes, ours.class_to_idx, len(ours)) == (other.classes, other.class_to_idx, len(other))
    assert ours.raw_folder == other.raw_folder
    check_samples(ours, other, (0, 7, -1))
    assert repr(ours) == repr(other)


def test_texts_with_transforms(theirs, tmp_path):
    unpacked_sample(tmp_path, "MNIST")
    for options in (
        lambda T: {"transform": T.Compose([T.Resize(32), T.ToTensor(), T.Normalize((0.1,), (0.3,))])},
        lambda T: {"target_transform": T.Lambda(abs)},
        lambda T: {"transform": T.RandomRotation(10), "target_transform": T.Lambda(abs)},
    ):
        texts = [
            repr(package.datasets.MNIST(str(tmp_path), **options(package.transforms))) for package in (theirs, minicnn)
        ]
        assert texts[0] == texts[1]


def test_names_of_old_scripts(theirs):
    digits = datasets.MNIST(datasets.sample_root(), train=False)
    for old, new in (("data", "data"), ("labels", "targets")):
        for part in ("train", "test"):
            assert isinstance(getattr(theirs.datasets.MNIST, f"{part}_{old}"), property)
            with pytest.warns(UserWarning, match=f"{part}_{old} has been renamed {new}"):
                assert getattr(digits, f"{part}_{old}") is getattr(digits, new)


def test_where_there_is_no_sample(tmp_path, monkeypatch):
    monkeypatch.setenv("MINICNN_SAMPLE", "1")
    with pytest.raises(RuntimeError, match="There is no KMNIST in") as caught:
        datasets.KMNIST(tmp_path)
    assert "MINICNN_SAMPLE" not in str(caught.value)
    assert "KMNIST/raw" in str(caught.value)
    assert len(datasets.FashionMNIST(tmp_path, train=False)) == 400


# --- noise


@pytest.mark.parametrize(
    "options",
    [
        {"image_size": (3, 16, 20), "size": 5},
        {"image_size": (1, 2, 3), "num_classes": 3, "random_offset": 100},
        {"image_size": (4, 6, 6), "target_transform": lambda target: target + 1},
    ],
)
def test_fake_data_are_torchvisions(theirs, options):
    import torch

    ours, other = datasets.FakeData(**options), theirs.datasets.FakeData(**options)
    torch.manual_seed(3)
    default_generator.manual_seed(3)
    torch.randn(3)
    default_generator.normal((3,))
    check_samples(ours, other, range(5))
    assert default_generator.state() == torch.get_rng_state().numpy().tobytes()
    assert repr(ours) == repr(other)
    for data in (ours, other):
        with pytest.raises(IndexError, match="FakeData index out of range"):
            data[len(data)]


def test_fake_data_in_batches():
    data = datasets.FakeData(10, (3, 8, 8), transform=transforms.ToTensor())
    images, labels = next(iter(DataLoader(data, 4)))
    assert tuple(images.shape) == (4, 3, 8, 8)
    assert labels.tolist() == [data[i][1] for i in range(4)]


# --- the user's own folders


@pytest.fixture
def pictures(tmp_path):
    """Two classes, one with a folder in it and a file that is no image."""
    root = tmp_path / "pictures"
    rng = np.random.default_rng(0)
    for name, shape in (
        ("dog/b.png", (4, 5, 3)),
        ("dog/a.PNG", (3, 3)),
        ("cat/deep/down/c.bmp", (2, 6, 3)),
        ("cat/z.png", (5, 5, 4)),
        ("cat/10.jpeg", (8, 8, 3)),
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(path)
    (root / "dog" / "notes.txt").write_text("none")
    (root / "readme.txt").write_text("none")
    return root


def test_image_folder_is_torchvisions(theirs, pictures):
    for root in (pictures, str(pictures)):
        ours, other = datasets.ImageFolder(root), theirs.datasets.ImageFolder(root)
        for name in ("classes", "class_to_idx", "samples", "imgs", "targets", "extensions"):
            assert getattr(ours, name) == getattr(other, name), name
        check_samples(ours, other, range(5))
        assert repr(ours) == repr(other)
    options = {"is_valid_file": lambda path: path.endswith("png"), "loader": Image.open, "target_transform": str}
    ours, other = datasets.ImageFolder(pictures, **options), theirs.datasets.ImageFolder(pictures, **options)
    assert ours.samples == other.samples
    image, target = ours[0]
    assert (image.mode, target) == ("RGBA", "0")
    image.close()


def test_image_folder_in_batches(pictures):
    transform = transforms.Compose([transforms.Resize((4, 4)), transforms.ToTensor()])
    data = datasets.ImageFolder(pictures, transform=transform)
    for workers in (0, 2):
        batches = list(DataLoader(data, 3, num_workers=workers))
        assert [tuple(images.shape) for images, _ in batches] == [(3, 3, 4, 4), (2, 3, 4, 4)]
        assert [labels.tolist() for _, labels in batches] == [[0, 0, 0], [1, 1]]


def test_folders_of_other_files(theirs, pictures):
    def text(path):
        with open(path) as file:
            return file.read()

    shutil.rmtree(pictures / "cat")
    ours = datasets.DatasetFolder(str(pictures), text, extensions=(".txt",))
    other = theirs.datasets.DatasetFolder(str(pictures), text, extensions=(".txt",))
    assert (ours.samples, ours[0], len(ours)) == (other.samples, ("none", 0), 1)
    assert repr(ours) == repr(other)


def test_a_subclass_says_what_its_classes_are(pictures):
    class Dogs(datasets.ImageFolder):
        def find_classes(self, directory):
            return ["dog"], {"dog": 5}

    assert Dogs(pictures).targets == [5, 5]


def test_folders_that_are_refused(theirs, pictures):
    for module in (folder, theirs.datasets.folder):
        with pytest.raises(FileNotFoundError, match="Couldn't find any class folder in"):
            module.ImageFolder(pictures / "dog")
        with pytest.raises(FileNotFoundError):
            module.ImageFolder(pictures / "nowhere")
        for options in ({}, {"extensions": ".png", "is_valid_file": bool}):
            with pytest.raises(ValueError, match="Both extensions and is_valid_file cannot be None or not None"):
                module.make_dataset(pictures, **options)
        with pytest.raises(ValueError, match="'class_to_index' must have at least one entry"):
            module.make_dataset(pictures, {}, ".png")
        with pytest.raises(ValueError, match="class_to_idx parameter cannot be None"):
            module.ImageFolder.make_dataset(pictures, None)
        (pictures / "empty").mkdir(exist_ok=True)
        with pytest.raises(FileNotFoundError, match=r"Found no valid file for the classes empty\. Supported .*\.webp"):
            module.ImageFolder(pictures)
        assert module.ImageFolder(pictures, allow_empty=True).classes == ["cat", "dog", "empty"]
        assert module.make_dataset(pictures, {"fish": 0, "dog": 1}, ".png", allow_empty=True) == [
            (str(pictures / "dog" / "a.PNG"), 1),
            (str(pictures / "dog" / "b.png"), 1),
        ]
        assert module.is_image_file("a/b.TIFF")
        assert not module.is_image_file("a.txt")
    assert folder.IMG_EXTENSIONS == theirs.datasets.folder.IMG_EXTENSIONS


def test_modules_that_scripts_import(tmp_path):
    """Under `python -m minicnn.run`: where torchvision keeps its names, there they are."""
    script = tmp_path / "script.py"
    script.write_text(
        "from torchvision.datasets.folder import IMG_EXTENSIONS, default_loader, make_dataset\n"
        "from torchvision.datasets.mnist import FashionMNIST\n"
        "from torchvision.datasets.cifar import CIFAR10\n"
        "from torchvision.transforms.transforms import Compose\n"
        "import torchvision\n"
        "print(len(IMG_EXTENSIONS), CIFAR10 is torchvision.datasets.CIFAR10)\n"
        "print(Compose is torchvision.transforms.Compose)\n"
        "print(torchvision.transforms.functional.hflip.__name__, torchvision.utils.save_image.__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "minicnn.run", str(script)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(minicnn.__file__).parents[1])},
    )
    assert (done.stdout, done.stderr) == ("9 True\nTrue\nhflip save_image\n", "")
