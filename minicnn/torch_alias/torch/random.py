"""torch.random: the random state, of minicnn.functional.sampling."""

from minicnn import alias as _alias
from minicnn.functional.generator import fork_rng as fork_rng
from minicnn.functional.generator import get_rng_state as get_rng_state
from minicnn.functional.generator import initial_seed as initial_seed
from minicnn.functional.generator import manual_seed as manual_seed
from minicnn.functional.generator import seed as seed
from minicnn.functional.generator import set_rng_state as set_rng_state

_alias.show(__name__)
