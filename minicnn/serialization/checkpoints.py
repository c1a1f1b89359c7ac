"""Checkpoints: everything a training run needs to go on as if it had never stopped, in one .safetensors file.

The file holds arrays, under names like `model/features.0.weight`, `optimizer/3/exp_avg`, `random/now`, and one
JSON text with the rest (learning rates, scheduler, position, history, settings), and a checksum of both. It is
read by the safetensors library and by `json`: a checkpoint is data and can run nothing.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from minicnn.autograd.tensor import Tensor
from minicnn.backend import CPU, to_device
from minicnn.files import write_atomically

FORMAT = "minicnn checkpoint 1"


@dataclass
class Checkpoint:
    """What a checkpoint holds: state_dicts, states of the random stream, and JSON values.

    `random_state` maps names ("now", "epoch_start") to the 5,056 bytes of a generator's state; `info` is any
    dictionary that JSON can hold.
    """

    model: dict[str, Tensor]
    optimizer: dict[str, Any] = field(default_factory=dict)
    scheduler: dict[str, Any] = field(default_factory=dict)
    random_state: dict[str, bytes] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)


def save_checkpoint(path: str | Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint` to `path`, atomically: a crash leaves the old file or the new one."""
    from safetensors.numpy import save

    arrays = {f"model/{name}": value._plain_array() for name, value in checkpoint.model.items()}
    numbers: dict[str, dict[str, Any]] = {}
    for index, state in checkpoint.optimizer.get("state", {}).items():
        for key, value in state.items():
            if isinstance(value, Tensor):
                arrays[f"optimizer/{index}/{key}"] = value._plain_array()
            else:
                numbers.setdefault(str(index), {})[key] = value
    for name, data in checkpoint.random_state.items():
        arrays[f"random/{name}"] = np.frombuffer(data, np.uint8)
    text = json.dumps(
        {
            "param_groups": checkpoint.optimizer.get("param_groups", []),
            "optimizer_numbers": numbers,
            "scheduler": checkpoint.scheduler,
            "info": checkpoint.info,
        }
    )
    arrays = {name: np.asarray(to_device(array, CPU), order="C") for name, array in arrays.items()}
    metadata = {"format": FORMAT, "minicnn": text, "sha256": _checksum(arrays, text)}
    write_atomically(Path(path), save(arrays, metadata=metadata))


def _checksum(arrays: dict[str, np.ndarray], text: str) -> str:
    """SHA-256 of all that a checkpoint holds: safetensors itself would not notice a flipped bit."""
    digest = hashlib.sha256(text.encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"\n{name} {array.dtype} {array.shape}\n".encode())
        digest.update(np.asarray(array, order="C").tobytes())
    return digest.hexdigest()


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint. FileNotFoundError if there is none, ValueError for a file that is not one."""
    arrays, metadata = _read(Path(path))
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path} is a .safetensors file, but not a minicnn checkpoint ({FORMAT!r})")
    text = metadata.get("minicnn", "")
    if metadata.get("sha256") != _checksum(arrays, text):
        raise ValueError(f"{path} is damaged: its content does not have its checksum")
    rest = json.loads(text)
    model: dict[str, Tensor] = {}
    state: dict[int, dict[str, Any]] = {}
    random_state: dict[str, bytes] = {}
    for name, array in arrays.items():
        kind, _, key = name.partition("/")
        if kind == "model":
            model[key] = Tensor(array)
        elif kind == "random":
            random_state[key] = array.tobytes()
        else:
            index, _, field_name = key.partition("/")
            state.setdefault(int(index), {})[field_name] = Tensor(array)
    for index, values in rest["optimizer_numbers"].items():
        state.setdefault(int(index), {}).update(values)
    groups = rest["param_groups"]
    for group in groups:  # JSON has no tuples
        group.update({k: tuple(v) for k, v in group.items() if isinstance(v, list) and k != "params"})
    return Checkpoint(model, {"state": state, "param_groups": groups}, rest["scheduler"], random_state, rest["info"])


def load_weights(path: str | Path) -> dict[str, Tensor]:
    """The model's state_dict in a checkpoint, for `model.load_state_dict(load_weights(path))`."""
    return load_checkpoint(path).model


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}")
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, UnicodeError, TypeError) as error:
        raise ValueError(f"{path} is damaged or no checkpoint: {error}") from None
