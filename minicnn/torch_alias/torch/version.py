"""torch.version: whose version it is, and that there is neither CUDA nor ROCm in it."""

__version__ = "2.13.0+minicnn"
cuda: str | None = None
hip: str | None = None
debug = False
