"""torchvision, as the oracle of transforms, data sets and grids: `reference()` gives it or skips the test.

torchvision 0.28.0 fits torch 2.13.0, but its wheel is made for CUDA: beside a torch for CPUs its operators cannot
be loaded, and its import stops at the first of them that it gives a shape rule. None of them is needed here, so they
are declared beforehand, by name alone. A script of its own process calls `declare_operators()` before its first
`import torchvision`.

    pip install --no-deps torchvision==0.28.0
"""

from __future__ import annotations

import importlib.util
from typing import Any

_OPERATORS = ("nms", "qnms", "roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool", "deform_conv2d")
_BACKWARD = ("roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool", "deform_conv2d")
_declared: list[Any] = []  # lives as long as the process: with the library go its operators


def declare_operators() -> bool:
    """Let `import torchvision` succeed without its compiled operators; False where torch or torchvision is missing."""
    if not all(importlib.util.find_spec(name) for name in ("torch", "torchvision")):
        return False
    if not _declared:
        import torch

        library = torch.library.Library("torchvision", "DEF")
        for name in (*_OPERATORS, *(f"_{name}_backward" for name in _BACKWARD)):
            library.define(f"{name}(Tensor a) -> Tensor")
        _declared.append(library)
    return True


def reference() -> Any:
    """The package torchvision, its submodules loaded; the test that asks is skipped where it is not installed."""
    import pytest

    if not declare_operators():
        pytest.skip("needs torch and torchvision (pip install --no-deps torchvision==0.28.0)")
    import torchvision
    import torchvision.datasets
    import torchvision.transforms
    import torchvision.utils

    return torchvision
