"""What the plans of both GPU backends have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Output, Plan
from . import Sizes


def plan(z: Sizes, function: Any, packed: Callable[..., Any]) -> Plan:
    """A plan that starts `function` with what __init__.py calls ins, and its geometry `packed` for it."""
    right, channel = (z.C, 1) if z.channels_last else (1, z.H * z.W)  # steps in memory
    count, bits = z.N * z.C * z.OH * z.OW, f"u{z.dtype.itemsize}"
    geometry = packed(C=z.C, H=z.H, W=z.W, OH=z.OH, OW=z.OW, right=right, channel=channel)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        images, places, table = ins
        function(count, images, places, table.view(bits), outs[0].view(bits), np.int64(count), geometry)

    return Plan("a pixel a thread", (layout.PLAIN,) * 3, (Output((count,), z.dtype),), 0, run)
