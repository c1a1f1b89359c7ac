"""Files: PyTorch's .pth, state_dicts as .safetensors and .npz, and checkpoints of a training run."""

from minicnn.serialization.allowed import add_safe_globals as add_safe_globals
from minicnn.serialization.allowed import clear_safe_globals as clear_safe_globals
from minicnn.serialization.allowed import get_safe_globals as get_safe_globals
from minicnn.serialization.allowed import safe_globals as safe_globals
from minicnn.serialization.checkpoints import Checkpoint as Checkpoint
from minicnn.serialization.checkpoints import load_checkpoint as load_checkpoint
from minicnn.serialization.checkpoints import load_weights as load_weights
from minicnn.serialization.checkpoints import save_checkpoint as save_checkpoint
from minicnn.serialization.errors import LoadError as LoadError
from minicnn.serialization.pth import load as load
from minicnn.serialization.pth import save as save
from minicnn.serialization.state_files import load_file as load_file
from minicnn.serialization.state_files import save_file as save_file
