"""torch.backends.cudnn: `deterministic`, `benchmark` and `enabled` can be set; minicnn is always deterministic."""

from __future__ import annotations

allow_tf32 = True
benchmark = False
benchmark_limit = 10
deterministic = False
enabled = True


def is_available() -> bool:
    """False: minicnn's convolutions are its own."""
    return False


def version() -> int | None:
    """None: there is no cuDNN."""
    return None
