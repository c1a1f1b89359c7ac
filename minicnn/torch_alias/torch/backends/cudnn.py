"""torch.backends.cudnn: minicnn.backends.cudnn. What a script sets here is set there, too."""

import sys
from types import ModuleType
from typing import Any

from minicnn import alias as _alias
from minicnn.backends import cudnn as _cudnn

_alias.show(__name__, "minicnn.backends.cudnn")


class _Switches(ModuleType):
    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_cudnn, name, value)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Switches
