"""`python -m minicnn warmup [NETWORK …]`: compile the kernels now, so that no later run waits for them."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

import minicnn
from minicnn import kernels, nn, optim
from minicnn.kernels import compiled, notice
from minicnn.models import NETWORKS, RECIPES, Recipe
from minicnn.train import make_trainer
from minicnn.training.data import Data, ImageArray

BATCHES = 4  # of each recipe: one as it comes, the others as a captured step, if it is captured
IMAGES = {"mnist": (60_000, (28, 28)), "cifar10": (50_000, (32, 32, 3))}  # in a data set, of what shape


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code: 0, 2 for wrong arguments, 130 for Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m minicnn warmup",
        description="Compile the kernels that training needs into the cache, with a few steps on random images.",
    )
    names = ", ".join(NETWORKS)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"some of: {names} (default: all)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.add_argument("--help-compiling", action="store_true", help=argparse.SUPPRESS)  # kernels/together.py
    options = parser.parse_args(arguments)
    for name in options.networks:
        if name not in NETWORKS:
            print(f"python -m minicnn warmup: no network {name!r}; there are: {names}", file=sys.stderr)
            return 2
    if kernels.preference() == "numpy":
        print("MINICNN_KERNELS=numpy is set: the NumPy reference compiles nothing")
        return 0
    if options.help_compiling:
        _step_backwards()
        return 0
    begun, first = time.perf_counter(), len(compiled.COMPILATIONS)
    try:
        _warm_up(options.networks or list(NETWORKS), options.quiet or not sys.stderr.isatty())
    except KeyboardInterrupt:
        print(f"stopped by Ctrl-C; what was compiled is in {kernels.cache_folder()}", file=sys.stderr)
        return 130
    loops = compiled.COMPILATIONS[first:]
    fresh = sum(not from_cache for _, _, from_cache in loops)
    print(
        f"{fresh} loops compiled, {len(loops) - fresh} were there: {time.perf_counter() - begun:.1f} s; "
        f"the cache is {kernels.cache_folder()}"
    )
    return 0


def _warm_up(names: Sequence[str], quiet: bool) -> None:
    from tqdm import tqdm

    runs = [(name, recipe) for name in names for recipe in _recipes(name)]
    with tqdm(total=len(runs), disable=quiet, leave=False, unit="run", file=sys.stderr) as bar:
        for name, recipe in runs:
            with notice.watch(lambda loop, name=name: bar.set_description_str(f"{name}: {loop}")):  # type: ignore[misc]
                _run(name, recipe)
            bar.update()


def _step_backwards() -> None:
    """Small steps of which only the way back is compiled: another process compiles the way forward."""
    for name in ("lenet5", "lenet5-relu"):
        model, size = NETWORKS[name].build(), NETWORKS[name].image_size
        optimizer = optim.Adam(model.parameters())
        for parameter in model.parameters():
            parameter.grad = minicnn.zeros_like(parameter)
        optimizer.step()
        with kernels.use("numpy"):
            loss = nn.functional.cross_entropy(model(minicnn.rand(32, 1, size, size)), minicnn.randint(0, 10, (32,)))
        loss.backward()


def _recipes(name: str) -> Iterator[Recipe]:
    found = (NETWORKS[name].recipe(recipe) for recipe in RECIPES)
    yield from (recipe for recipe in found if recipe is not None)


def _run(name: str, recipe: Recipe, silent: Callable[..., None] = lambda *_: None) -> None:
    """One epoch over a few batches of random images and the short one that ends an epoch; one validation."""
    network = NETWORKS[name]
    count, shape = IMAGES[network.dataset]
    rest = 0 if recipe.drop_last else count % recipe.batch_size
    train = _random_images(BATCHES * recipe.batch_size + rest, shape)
    validation = _random_images(recipe.validation_batch_size, shape)
    data = Data(train, validation, network.dataset, "chance", [str(label) for label in range(10)])
    data.fit(network.image_size, recipe.shift, recipe.pad, recipe.normalize)
    settings: dict[str, Any] = asdict(recipe) | {"epochs": 1, "seed": 0, "device": "cpu", "softmax_output": False}
    make_trainer(settings, network, data).run(silent, silent)


def _random_images(count: int, shape: tuple[int, ...]) -> ImageArray:
    rng = np.random.default_rng(0)
    return ImageArray(rng.integers(0, 256, (count, *shape), np.uint8), rng.integers(0, 10, count))


if __name__ == "__main__":
    sys.exit(main())
