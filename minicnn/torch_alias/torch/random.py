"""torch.random: the random state, of minicnn.functional.sampling."""

from minicnn import alias as _alias
from minicnn.functional.sampling import fork_rng as fork_rng
from minicnn.functional.sampling import get_rng_state as get_rng_state
from minicnn.functional.sampling import initial_seed as initial_seed
from minicnn.functional.sampling import manual_seed as manual_seed
from minicnn.functional.sampling import seed as seed
from minicnn.functional.sampling import set_rng_state as set_rng_state

_alias.show(__name__)
