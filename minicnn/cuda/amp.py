"""torch.cuda.amp, the older address of mixed precision: `minicnn.amp` for the device "cuda"."""

from __future__ import annotations

from typing import Any

from minicnn import amp


class autocast(amp.autocast):
    """`amp.autocast("cuda", …)`: disabled, with a warning, where there is no GPU."""

    def __init__(self, enabled: bool = True, dtype: Any = None, cache_enabled: bool = True) -> None:
        super().__init__("cuda", dtype=dtype, enabled=enabled, cache_enabled=cache_enabled)


class GradScaler(amp.GradScaler):
    """`amp.GradScaler("cuda", …)`: disabled, with a warning, where there is no GPU."""

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)
