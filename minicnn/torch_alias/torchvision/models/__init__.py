"""torchvision.models: minicnn.models.vision."""

from importlib import import_module as _import_module

from minicnn import alias as _alias

for _file in ("alexnet", "googlenet"):  # files named as functions are: imported now, they do not hide those later
    _import_module(f"{__name__}.{_file}")
    del globals()[_file]
_alias.show(__name__, "minicnn.models.vision")
