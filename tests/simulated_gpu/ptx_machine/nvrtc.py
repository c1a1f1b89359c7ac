"""A .cu file's text as PTX, by NVRTC; kept on disk, for it takes seconds."""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cuda.bindings import nvrtc

from .parse import Module, parse

ARCHITECTURE = 90


@functools.lru_cache(maxsize=256)
def compiled(text: str, options: Sequence[str]) -> Module:
    """The module of a .cu file's text; RuntimeError with NVRTC's words where it does not compile."""
    _, *version = nvrtc.nvrtcVersion()
    wanted = [*options, "-ftz=true", f"--gpu-architecture=compute_{ARCHITECTURE}"]  # CuPy asks for -ftz, too
    key = hashlib.sha256(repr((text, wanted, version)).encode()).hexdigest()  # an option has a hash of all headers
    file = _folder() / f"{key[:32]}.ptx"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        made = file.with_suffix(f".{os.getpid()}")
        made.write_bytes(_compiled(text, wanted))
        made.replace(file)
    return parse(file.read_text(encoding="utf-8"))


def _folder() -> Path:
    kept = os.environ.get("MINICNN_CACHE")
    return Path(kept) / "ptx" if kept else Path(tempfile.gettempdir()) / f"minicnn-ptx-{os.getuid()}"


def _compiled(text: str, options: Sequence[str]) -> bytes:
    _, program = nvrtc.nvrtcCreateProgram(text.encode(), b"kernel.cu", 0, None, None)
    (status,) = nvrtc.nvrtcCompileProgram(program, len(options), [option.encode() for option in options])
    if status != nvrtc.nvrtcResult.NVRTC_SUCCESS:
        _, size = nvrtc.nvrtcGetProgramLogSize(program)
        log = b" " * max(size, 2)
        nvrtc.nvrtcGetProgramLog(program, log)
        raise RuntimeError(f"NVRTC refuses a .cu file:\n{log.decode()}")
    _, size = nvrtc.nvrtcGetPTXSize(program)
    ptx = b" " * size
    nvrtc.nvrtcGetPTX(program, ptx)
    nvrtc.nvrtcDestroyProgram(program)
    return ptx.rstrip(b"\0")
