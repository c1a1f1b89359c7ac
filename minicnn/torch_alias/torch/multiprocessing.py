"""torch.multiprocessing: minicnn.multiprocessing."""

from minicnn import multiprocessing as _multiprocessing

globals().update({name: value for name, value in vars(_multiprocessing).items() if not name.startswith("_")})
