"""Data sets of the user's own: a folder for each class, and in it the files of that class."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from minicnn.datasets.vision import Root, Transform, VisionDataset

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")

Sample = tuple[str, int]  # a file and the number of its class
IsValid = Callable[[str], bool]


def has_file_allowed_extension(filename: str, extensions: str | Sequence[str]) -> bool:
    """Whether the name ends with one of `extensions`, in small letters or capitals.

    >>> has_file_allowed_extension("cat.JPG", IMG_EXTENSIONS)
    True
    """
    return filename.lower().endswith(extensions if isinstance(extensions, str) else tuple(extensions))


def is_image_file(filename: str) -> bool:
    """Whether the name is that of an image."""
    return has_file_allowed_extension(filename, IMG_EXTENSIONS)


def find_classes(directory: Root) -> tuple[list[str], dict[str, int]]:
    """The names of the folders in `directory`, sorted, and the number of each. FileNotFoundError if there is none."""
    classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
    if not classes:
        raise FileNotFoundError(f"Couldn't find any class folder in {directory}.")
    return classes, {name: number for number, name in enumerate(classes)}


def make_dataset(
    directory: Root,
    class_to_idx: dict[str, int] | None = None,
    extensions: str | Sequence[str] | None = None,
    is_valid_file: IsValid | None = None,
    allow_empty: bool = False,
) -> list[Sample]:
    """(file, class) for every file in the folders of `class_to_idx`, at any depth, in the order of classes and names.

    Either `extensions` or `is_valid_file` says which files count: ValueError for both or none, and for an empty
    `class_to_idx`. FileNotFoundError if a class has no files, unless `allow_empty`.
    """
    directory = os.path.expanduser(directory)
    if class_to_idx is None:
        _, class_to_idx = find_classes(directory)
    elif not class_to_idx:
        raise ValueError("'class_to_index' must have at least one entry to collect any samples.")
    if (extensions is None) == (is_valid_file is None):
        raise ValueError("Both extensions and is_valid_file cannot be None or not None at the same time")
    found: list[Sample] = []
    empty = []
    for name in sorted(class_to_idx):
        before = len(found)
        for folder, _, files in sorted(os.walk(os.path.join(directory, name), followlinks=True)):
            for path in (os.path.join(folder, file) for file in sorted(files)):
                if is_valid_file(path) if is_valid_file else has_file_allowed_extension(path, extensions or ()):
                    found.append((path, class_to_idx[name]))
        if len(found) == before:
            empty.append(name)
    if empty and not allow_empty:
        told = extensions if isinstance(extensions, str) else ", ".join(extensions or ())
        known = f"Supported extensions are: {told}" if told else ""
        raise FileNotFoundError(f"Found no valid file for the classes {', '.join(empty)}. {known}")
    return found


def pil_loader(path: Root) -> Any:
    """The image in the file `path`, of mode RGB."""
    from PIL import Image

    with open(path, "rb") as file:  # Pillow would leave it open until the image is thrown away
        return Image.open(file).convert("RGB")


default_loader = pil_loader


class DatasetFolder(VisionDataset):
    """The files `root/CLASS/.../FILE` as samples (what `loader` makes of the path, number of the class).

    Classes are the folders in `root`, sorted; which files count as in :func:`make_dataset`. `classes`,
    `class_to_idx`, `samples` (file, class) and `targets` tell what was found. A subclass may redefine `find_classes`
    and `make_dataset`.
    """

    def __init__(
        self,
        root: Root,
        loader: Callable[[str], Any],
        extensions: Sequence[str] | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        is_valid_file: IsValid | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        assert self.root is not None
        classes, class_to_idx = self.find_classes(self.root)
        samples = self.make_dataset(
            self.root,
            class_to_idx=class_to_idx,
            extensions=extensions,
            is_valid_file=is_valid_file,
            allow_empty=allow_empty,
        )
        self.loader = loader
        self.extensions = extensions
        self.classes = classes
        self.class_to_idx = class_to_idx
        self.samples = samples
        self.targets = [number for _, number in samples]

    @staticmethod
    def make_dataset(
        directory: Root,
        class_to_idx: dict[str, int],
        extensions: Sequence[str] | None = None,
        is_valid_file: IsValid | None = None,
        allow_empty: bool = False,
    ) -> list[Sample]:
        """The samples, (file, class) each; see the function :func:`make_dataset`."""
        if class_to_idx is None:  # the function would find classes by itself, and not those of a subclass
            raise ValueError("The class_to_idx parameter cannot be None.")
        return make_dataset(directory, class_to_idx, extensions, is_valid_file, allow_empty)

    def find_classes(self, directory: Root) -> tuple[list[str], dict[str, int]]:
        """(names of the classes, number of each)."""
        return find_classes(directory)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self._transformed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


class ImageFolder(DatasetFolder):
    """The images `root/CLASS/.../FILE`, as PIL images of mode RGB; `imgs` is another name for `samples`.

    Files that end as images do, unless `is_valid_file` says which; see :class:`DatasetFolder`.
    """

    def __init__(
        self,
        root: Root,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        loader: Callable[[str], Any] = default_loader,
        is_valid_file: IsValid | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(
            root,
            loader,
            IMG_EXTENSIONS if is_valid_file is None else None,
            transform=transform,
            target_transform=target_transform,
            is_valid_file=is_valid_file,
            allow_empty=allow_empty,
        )
        self.imgs = self.samples
