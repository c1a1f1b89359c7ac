"""torch.random: the state of the random numbers of the CPU."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minicnn.functional.generator import default_generator as default_generator
from minicnn.functional.generator import fork_rng as fork_rng
from minicnn.functional.generator import get_rng_state as get_rng_state
from minicnn.functional.generator import initial_seed as initial_seed
from minicnn.functional.generator import manual_seed as manual_seed
from minicnn.functional.generator import seed as seed
from minicnn.functional.generator import set_rng_state as set_rng_state
from minicnn.suggest import attribute_of as _attribute_of

if not _TYPE_CHECKING:  # type checkers know the names
    __getattr__ = _attribute_of(__name__)
