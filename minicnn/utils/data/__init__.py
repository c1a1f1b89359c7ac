"""Data sets, the order in which their samples are visited, and the loader that makes batches of them.

The names, arguments and random draws are those of torch.utils.data: the same seed visits the same samples.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minicnn.suggest import attribute_of as _attribute_of
from minicnn.utils.data.collate import default_collate as default_collate
from minicnn.utils.data.collate import default_convert as default_convert
from minicnn.utils.data.dataloader import DataLoader as DataLoader
from minicnn.utils.data.dataset import ChainDataset as ChainDataset
from minicnn.utils.data.dataset import ConcatDataset as ConcatDataset
from minicnn.utils.data.dataset import Dataset as Dataset
from minicnn.utils.data.dataset import IterableDataset as IterableDataset
from minicnn.utils.data.dataset import StackDataset as StackDataset
from minicnn.utils.data.dataset import Subset as Subset
from minicnn.utils.data.dataset import TensorDataset as TensorDataset
from minicnn.utils.data.dataset import random_split as random_split
from minicnn.utils.data.sampler import BatchSampler as BatchSampler
from minicnn.utils.data.sampler import RandomSampler as RandomSampler
from minicnn.utils.data.sampler import Sampler as Sampler
from minicnn.utils.data.sampler import SequentialSampler as SequentialSampler
from minicnn.utils.data.sampler import SubsetRandomSampler as SubsetRandomSampler
from minicnn.utils.data.sampler import WeightedRandomSampler as WeightedRandomSampler
from minicnn.utils.data.worker import WorkerInfo as WorkerInfo
from minicnn.utils.data.worker import get_worker_info as get_worker_info

if not _TYPE_CHECKING:  # type checkers know the names
    __getattr__ = _attribute_of(__name__)
