"""The options of `python -m minicnn.train`."""

from __future__ import annotations

import argparse

from minicnn import optim
from minicnn.command import Parser
from minicnn.models import NETWORKS, RECIPES
from minicnn.training.data import TITLES
from minicnn.training.schedules import SCHEDULES

OPTIMIZERS = {
    "adadelta": optim.Adadelta, "adagrad": optim.Adagrad, "adam": optim.Adam, "adamax": optim.Adamax,
    "adamw": optim.AdamW, "nadam": optim.NAdam, "radam": optim.RAdam, "rmsprop": optim.RMSprop, "sgd": optim.SGD,
}  # fmt: skip
MOMENTUM = {"sgd": 0.9, "rmsprop": 0.0}  # of those that have one, where neither the recipe nor the user says
OF_A_RECIPE = ("epochs", "batch_size", "optimizer", "lr", "momentum", "weight_decay", "schedule")  # that options change
DATASETS = (*TITLES, "mnist-sample", "fashion-mnist-sample")

SCHEDULES_EXPLAINED = "\n".join(f"  {name:16}{schedule.explained}" for name, schedule in SCHEDULES.items())
EPILOG = f"""\
examples
  python -m minicnn.train lenet5                         the course's recipe, on MNIST
  python -m minicnn.train lenet5 --epochs 3 --lr 1e-3    a quick run: about 98 % after three epochs
  python -m minicnn.train lenet5 --recipe fast           99 % in six epochs (99.08 to 99.27 % with eight seeds)
  python -m minicnn.train lenet5-1998                    the network as published, partial connections and all
  python -m minicnn.train lenet5-relu --dataset fashion-mnist --optimizer nadam --schedule cosine
  python -m minicnn.train --resume runs/lenet5           go on where Ctrl-C (or a crash) stopped it

data
  Looked for in --root, then in the folder MINICNN_DATA, then in the user's cache, then fetched over
  https. Without --dataset and without network, a sample of 5,000 MNIST images that comes with minicnn
  is used (and said so), with a recipe made for so few; --recipe course keeps the course's.

schedules
{SCHEDULES_EXPLAINED}

output
  A folder (runs/NETWORK, or --output) with checkpoint.safetensors, history.csv, curves.png and
  confusion.png. A folder that holds a run is never overwritten: it is continued with --resume.
"""


def make_parser() -> Parser:
    """The options of the command."""
    parser = Parser(
        prog="python -m minicnn.train",
        description="Train a convolutional network on minicnn's own engine.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = ", ".join(NETWORKS)
    parser.add_argument("network", nargs="?", choices=NETWORKS, metavar="NETWORK", help=f"one of: {names}")
    add = parser.add_argument
    add("--dataset", choices=DATASETS, metavar="NAME", help=f"one of: {', '.join(DATASETS)} (default: the network's)")
    add("--root", metavar="FOLDER", help="where the data set is, or is put")
    add("--recipe", choices=RECIPES, help="which defaults to take (default: what suits the data)")
    add("--epochs", type=_positive, metavar="N", help="passes over the training images")
    add("--batch-size", type=_positive, metavar="N", help="images a step")
    add("--optimizer", choices=OPTIMIZERS, metavar="NAME", help=f"one of: {', '.join(OPTIMIZERS)}")
    add("--lr", type=_rate, metavar="RATE", help="learning rate (default: the recipe's; another optimiser's own)")
    add("--momentum", type=_share, metavar="M", help="of sgd (default: the recipe's, else 0.9) and rmsprop (0)")
    decay = "by how much weights shrink besides (default: 0; adamw's 0.01)"
    add("--weight-decay", type=_decay, metavar="W", help=decay)
    add("--schedule", choices=SCHEDULES, metavar="NAME", help="how the learning rate changes: one of those below")
    softmax = "lenet5 with a softmax before the cross-entropy (the course's slip)"
    add("--softmax-output", action="store_true", help=softmax)
    add("--seed", type=_seed, default=None, metavar="N", help="start of the random numbers (default: 42)")
    add("--device", default=None, metavar="NAME", help="cpu (default), or cuda: a GPU, where the data set lies, too")
    add("--threads", type=_positive, metavar="N", help="CPU threads (default: all)")
    add("--output", metavar="FOLDER", help="where the results go (default: runs/NETWORK)")
    add("--resume", metavar="FOLDER", help="go on with the run in this folder; only --epochs may change")
    add("--quiet", action="store_true", help="no progress bar, only the lines of the epochs")
    return parser


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _seed(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 2**64
    if not -(2**63) <= value < 2**64:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 64 bits")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _rate(text: str) -> float:
    value = _number(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _share(text: str) -> float:
    value = _number(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to below 1")
    return value


def _decay(text: str) -> float:
    value = _number(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 up")
    return value
