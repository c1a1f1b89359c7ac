"""Files: checkpoints of a training run."""

from minicnn.serialization.checkpoints import Checkpoint as Checkpoint
from minicnn.serialization.checkpoints import load_checkpoint as load_checkpoint
from minicnn.serialization.checkpoints import load_weights as load_weights
from minicnn.serialization.checkpoints import save_checkpoint as save_checkpoint
