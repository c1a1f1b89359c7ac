"""A state_dict in a file, of the kind that the name says: .pth (or .pt), .safetensors, .npz.

All three give back the same tensors, bit for bit. A .safetensors and an .npz file hold tensors by name and nothing
else; whoever wants the learning rate or the optimiser in the same file takes .pth.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from minicnn.autograd.tensor import Tensor
from minicnn.serialization import pth, tensor_files
from minicnn.serialization.errors import LoadError

SUFFIXES = (".pth", ".pt", ".safetensors", ".npz")


def save_file(state_dict: Mapping[str, Tensor], path: str | os.PathLike[str]) -> None:
    """Write the tensors of `state_dict` to `path`, whose ending says how: .pth, .pt, .safetensors or .npz.

    The file is there as a whole or not at all. ValueError for another ending, TypeError for a value that is no
    Tensor or a name that is no text.

    >>> import tempfile, minicnn
    >>> from minicnn import nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_file(nn.Linear(3, 2).state_dict(), f"{folder}/linear.npz")
    ...     {name: tuple(tensor.shape) for name, tensor in load_file(f"{folder}/linear.npz").items()}
    {'weight': (2, 3), 'bias': (2,)}
    """
    target, suffix = _kind(path)
    for name, value in state_dict.items():
        if type(name) is not str or not isinstance(value, Tensor):
            raise TypeError(f"`state_dict` must hold Tensors by name; {name!r} is a {type(value).__name__}")
    if suffix in (".pth", ".pt"):
        pth.save(OrderedDict(state_dict), target)
        return
    tensor_files.write(state_dict, target)


def load_file(path: str | os.PathLike[str]) -> OrderedDict[str, Tensor]:
    """The state_dict in the file `path`, whose ending says of which kind it is: .pth, .pt, .safetensors or .npz.

    Nothing in the file can run: pickled objects in an .npz file are refused. LoadError for a file that is damaged
    or holds anything but tensors by name, ValueError for another ending, FileNotFoundError.
    """
    source, suffix = _kind(path)
    if suffix in (".pth", ".pt"):
        found = pth.load(source)
        if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
            raise LoadError(f"{source} holds more than tensors by name: read it with `load`")
        return found if isinstance(found, OrderedDict) else OrderedDict(found)
    return tensor_files.read(source)


def _kind(path: str | os.PathLike[str]) -> tuple[Path, str]:
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise ValueError(f"`path` is {str(path)!r}, which ends in none of {', '.join(SUFFIXES)}")
    return path, path.suffix
