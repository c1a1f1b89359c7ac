"""The loops: every computation that NumPy or CuPy alone would do too slowly, once a device.

A leaf of the project: nothing here imports the rest of minicnn. Start with README.md in this folder.
"""

from .compiled import cache_folder as cache_folder
from .compiled import warm as warm
from .dispatch import Output as Output
from .dispatch import Plan as Plan
from .dispatch import execute as execute
from .dispatch import in_order as in_order
from .dispatch import names as names
from .dispatch import plan as plan
from .dispatch import preference as preference
from .dispatch import record as record
from .dispatch import run as run
from .dispatch import use as use
