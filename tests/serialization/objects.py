"""What the tests of minicnn.save and minicnn.load share: objects to save, and how to compare what is loaded."""

from __future__ import annotations

import io
from collections import OrderedDict

import numpy as np

from minicnn import nn

DTYPES = ("float32", "float64", "float16", "int8", "int16", "int32", "int64", "uint8", "bool")


def through(obj, save, load, **options):
    """`obj`, saved by one and loaded by the other."""
    file = io.BytesIO()
    save(obj, file)
    file.seek(0)
    return load(file, **options)


def plain(value):
    """The value as plain Python and NumPy, for comparison across libraries; says of each tensor all that counts."""
    name = type(value).__name__
    if name in ("Tensor", "Parameter"):
        array = value.detach().numpy()
        kind = "p" if isinstance(value, nn.Parameter) or "torch.nn" in type(value).__module__ else "t"
        told = [step for step, length in zip(value.stride(), array.shape, strict=True) if length > 1 and array.size]
        return (kind, array.dtype.str, array.shape, array.tobytes(), told, value.requires_grad)
    if isinstance(value, dict):
        metadata = plain(getattr(value, "_metadata", None))
        return (name, [(plain(k), plain(v)) for k, v in value.items()], metadata)
    if isinstance(value, list | tuple):
        return (name, [plain(item) for item in value])
    if name in ("dtype", "device"):
        return (name, str(value).rpartition(".")[2])
    return (type(value).__name__, value)


def something(rng, library, depth=0):
    """An object such as people save, made with `library`: equal seeds make equal ones with minicnn and torch."""
    kind = rng.integers(0, 10 if depth < 3 else 6)
    if kind < 3:
        return some_tensor(rng, library)
    if kind == 3:
        return [None, True, False, 0, -1, 255, 256, 65536, 2**31, -(2**31) - 1, 2**70][rng.integers(11)]
    if kind == 4:
        return [0.1, float("inf"), -0.0, 1e300, "text", "Grüße 🙂", "", b"\x00\xff", 1 + 2j, bytearray(b"x")][
            rng.integers(10)
        ]
    if kind == 5:
        return [library.float32, library.device("cpu"), library.Size([2, 3]), {1, 2}, library.device("cuda:1")][
            rng.integers(5)
        ]
    parts = [something(rng, library, depth + 1) for _ in range(rng.integers(0, 4))]
    if kind == 6:
        return parts
    if kind == 7:
        return tuple(parts)
    pairs = {f"name.{i}" if i % 2 else i: part for i, part in enumerate(parts)}
    return pairs if kind == 8 else OrderedDict(pairs)


def some_tensor(rng, library):
    """A tensor of any type and memory order."""
    shape = tuple(int(n) for n in rng.integers(0, 4, rng.integers(0, 4)))
    kind = DTYPES[rng.integers(len(DTYPES))]
    tensor = library.from_numpy(np.asarray(rng.integers(0, 2 if kind == "bool" else 100, shape)).astype(kind))
    way = rng.integers(0, 5)
    if way == 1 and len(shape) > 1:
        tensor = tensor.transpose(0, 1)
    elif way == 2 and shape and shape[0] > 1:
        tensor = tensor[1:]
    elif way == 3:
        tensor = tensor.unsqueeze(0).expand(3, *shape)
    elif way == 4 and kind.startswith("float"):
        return library.nn.Parameter(tensor, requires_grad=bool(rng.integers(2)))
    return tensor


class Net(nn.Module):
    """A model as a script defines it."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.fc = nn.Linear(2, 2)
        self.history = [0.5]

    def forward(self, x):
        return self.fc(self.conv(x).relu().mean((2, 3)))
