"""`python -m minicnn.train NETWORK`: train a network of the course, and leave its results in a folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np

import minicnn
from minicnn import datasets
from minicnn.backend import resolve, why_no_gpu
from minicnn.command import Wrong
from minicnn.models import NETWORKS, RECIPES, Recipe
from minicnn.serialization import load_checkpoint, save_checkpoint
from minicnn.training import data as training_data
from minicnn.training import report
from minicnn.training.loop import DivergedError, Epoch, Trainer
from minicnn.training.meter import Totals
from minicnn.training.options import MOMENTUM, OF_A_RECIPE, OPTIMIZERS, make_parser
from minicnn.training.resident import Resident
from minicnn.training.schedules import SCHEDULES
from minicnn.training.screen import CtrlC, Screen, Stopped
from minicnn.utils.data import DataLoader

CHECKPOINT = "checkpoint.safetensors"
# settings of a recipe that checkpoints of older versions do not have: those runs took the defaults
LATER_SETTINGS = {
    "momentum", "weight_decay", "validation_batch_size", "validation_drop_last", "normalize", "pad"
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code: 0, 1 for a run that failed, 2 for wrong arguments or files, 130 for Ctrl-C."""
    options = make_parser().parse_args(arguments)
    try:
        settings, folder, checkpoint = _settings(options)
        with np.errstate(all="ignore"):  # a loss that is not finite is reported as what it is
            return _train(settings, folder, checkpoint, options)
    except (Wrong, datasets.DownloadError) as error:
        print(f"python -m minicnn.train: {error}", file=sys.stderr)
        return 2
    except (DivergedError, OSError) as error:
        print(f"stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped at once by Ctrl-C; nothing was saved since the last epoch", file=sys.stderr)
        return 130


def _settings(options: argparse.Namespace) -> tuple[dict[str, Any], Path, Any]:
    """The settings of the run (all that its checkpoint has to remember), its folder, and what to resume."""
    if options.resume is not None:
        allowed = {"resume", "epochs", "quiet", "threads", "root"}
        given = [n for n, v in vars(options).items() if v is not None and v is not False and n not in allowed]
        if given:
            flag = given[0].replace("_", "-")
            raise Wrong(f"--resume goes on with the settings of that run: --{flag} can't be changed")
        folder = Path(options.resume)
        try:
            checkpoint = load_checkpoint(folder / CHECKPOINT)
            settings = dict(checkpoint.info["settings"])
            settings["epochs"] = options.epochs or settings["epochs"]
            planned = SCHEDULES[settings["schedule"]].planned
        except (OSError, ValueError) as error:
            raise Wrong(f"--resume {folder}: {_one_line(error)}") from None
        except (KeyError, TypeError) as error:
            raise Wrong(f"--resume {folder}: its checkpoint is not one of this command ({_one_line(error)})") from None
        if options.epochs is not None and planned:
            raise Wrong("--epochs can't be changed with --resume: this run's learning rates are planned to its end")
        return settings, folder, checkpoint
    if options.network is None:
        raise Wrong(f"which network? One of: {', '.join(NETWORKS)} (see --help)")
    if options.softmax_output and options.network != "lenet5":
        raise Wrong("--softmax-output belongs to lenet5")
    settings = {
        "network": options.network,
        "dataset": options.dataset,
        "seed": 42 if options.seed is None else options.seed,
        "device": options.device or "cpu",
        "softmax_output": options.softmax_output,
    }
    return settings, _fresh_folder(options), None


def _check_device(name: str) -> None:
    """Refuse a device that is not there before anything is loaded."""
    try:
        place = resolve(name)
    except RuntimeError:
        raise Wrong(f"--device {name}: expected cpu, or cuda (cuda:0, cuda:1, …)") from None
    if place.type == "cuda" and (reason := why_no_gpu()) is not None:
        raise Wrong(f"--device {name}: {reason}")
    try:
        minicnn.empty(0, device=place)
    except RuntimeError as error:
        raise Wrong(f"--device {name}: {_one_line(error)}") from None


def _fresh_folder(options: argparse.Namespace) -> Path:
    """The output folder: never one that holds another run."""
    if options.output is not None:
        folder = Path(options.output)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise Wrong(f"--output {folder} exists and is not empty; --resume {folder} goes on with a run")
        return folder
    folder, number = Path("runs") / options.network, 2
    while folder.exists() and any(folder.iterdir()):
        folder, number = Path("runs") / f"{options.network}-{number}", number + 1
    return folder


def _recipe(options: argparse.Namespace, network: Any, is_sample: bool) -> Recipe:
    name = options.recipe or ("sample" if is_sample and network.sample is not None else "course")
    recipe = network.recipe(name)
    if recipe is None:
        those = [candidate for candidate in RECIPES if network.recipe(candidate) is not None]
        raise Wrong(f"--recipe {name}: {options.network} has only {' and '.join(those)}")
    given = {name: getattr(options, name) for name in OF_A_RECIPE}
    given = {name: value for name, value in given.items() if value is not None}
    if given.get("optimizer", recipe.optimizer) != recipe.optimizer:  # the recipe's were chosen for another one
        given.setdefault("lr", signature(OPTIMIZERS[given["optimizer"]]).parameters["lr"].default)
        given = {"momentum": None, "weight_decay": None, **given}
    recipe = replace(recipe, **given)
    if options.momentum is not None:
        if recipe.optimizer not in MOMENTUM:
            raise Wrong(f"--momentum belongs to {' and '.join(MOMENTUM)}; this run's --optimizer is {recipe.optimizer}")
        if recipe.schedule == "one-cycle":
            raise Wrong("--momentum: the schedule one-cycle moves it up and down by itself; choose another --schedule")
    return recipe


def _train(settings: dict[str, Any], folder: Path, checkpoint: Any, options: argparse.Namespace) -> int:
    if options.threads is not None:
        minicnn.set_num_threads(options.threads)
    try:
        network, data, trainer = _prepare(settings, checkpoint, options)
    except datasets.DownloadError:
        raise
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        if checkpoint is None:
            raise
        raise Wrong(f"--resume {folder}: its checkpoint does not fit: {_one_line(error)}") from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Wrong(f"--output {folder}: {error.strerror}") from None
    _announce(settings, network, data, trainer)
    screen = Screen(trainer, options.quiet)

    def keep() -> None:
        save_checkpoint(folder / CHECKPOINT, trainer.checkpoint(settings))

    def end_of_batch(totals: Totals) -> None:
        screen.batch(totals)
        ctrl_c.check()

    def end_of_epoch(epoch: Epoch) -> None:
        screen.epoch(epoch)
        keep()
        report.write_history(folder / "history.csv", trainer.history)
        if len(trainer.history) < trainer.epochs:
            ctrl_c.check()

    with CtrlC() as ctrl_c:
        try:
            trainer.run(end_of_batch, end_of_epoch)
        except Stopped:
            screen.close()
            keep()
            print(f"stopped by Ctrl-C; go on with: python -m minicnn.train --resume {folder}", file=sys.stderr)
            return 130
        finally:
            screen.close()
    _finish(settings, network, data, trainer, folder)
    return 0


def _prepare(
    settings: dict[str, Any], checkpoint: Any, options: argparse.Namespace
) -> tuple[Any, training_data.Data, Trainer]:
    """Network, data and trainer of the run; `settings` gets the recipe of a new one."""
    network = NETWORKS[settings["network"]]
    _check_device(str(settings["device"]))
    try:
        data = training_data.load(settings["dataset"], options.root, network.dataset)
    except (OSError, ValueError) as error:
        raise Wrong(str(error)) from None
    if checkpoint is None:
        settings |= asdict(_recipe(options, network, data.is_sample)) | {"dataset": data.name}
    else:
        for field in fields(Recipe):
            if field.name in LATER_SETTINGS:
                settings.setdefault(field.name, field.default)
        if settings["dataset"] != data.name:
            raise Wrong(f"the run used {settings['dataset']}, which is not to be had now")
    if data.channels != network.channels:
        raise Wrong(
            f"{settings['network']} takes images of {_counted(network.channels, 'channel')}; "
            f"those of {data.title} have {data.channels}"
        )
    if len(data.classes) != 10 and "num_classes" not in signature(network.build).parameters:
        raise Wrong(f"{settings['network']} tells ten classes apart; {data.title} has {len(data.classes)}")
    data.fit(network.image_size, settings["shift"], settings["pad"], settings["normalize"])
    trainer = make_trainer(settings, network, data)
    if checkpoint is not None:
        trainer.restore(checkpoint)
    return network, data, trainer


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def make_trainer(settings: dict[str, Any], network: Any, data: training_data.Data) -> Trainer:
    """The network at its first weights, its optimiser, its schedule and its loaders, as `settings` say."""
    minicnn.manual_seed(settings["seed"])
    extra: dict[str, Any] = {"softmax_output": True} if settings["softmax_output"] else {}
    if len(data.classes) != 10:
        extra["num_classes"] = len(data.classes)
    model = network.build(**extra).to(settings["device"])
    train: DataLoader[Any] = DataLoader(
        data.train, settings["batch_size"], shuffle=True, drop_last=settings["drop_last"]
    )
    if len(train) == 0:
        raise Wrong(f"--batch-size {settings['batch_size']} is larger than the {len(data.train):,} training images")
    name, more = settings["optimizer"], {"weight_decay": settings["weight_decay"]}
    if name in MOMENTUM:
        more["momentum"] = MOMENTUM[name] if settings["momentum"] is None else settings["momentum"]
    more = {option: value for option, value in more.items() if value is not None}
    optimizer = OPTIMIZERS[name](model.parameters(), lr=settings["lr"], **more)
    schedule = SCHEDULES[settings["schedule"]]
    scheduler = schedule.build(optimizer, settings["lr"], settings["epochs"], len(train))
    validation: DataLoader[Any] = DataLoader(
        data.validation, settings["validation_batch_size"], drop_last=settings["validation_drop_last"]
    )
    device, every_batch = settings["device"], schedule.every_batch
    on_gpu = resolve(device).type == "cuda"
    loaders: list[Any] = [Resident(loader, device) if on_gpu else loader for loader in (train, validation)]
    return Trainer(
        model, optimizer, scheduler, loaders[0], loaders[1], settings["epochs"], device, network.criterion(),
        every_batch,
    )  # fmt: skip


def _announce(settings: dict[str, Any], network: Any, data: training_data.Data, trainer: Trainer) -> None:
    count = sum(p.numel() for p in trainer.model.parameters())
    where = f"{minicnn.get_num_threads()} CPU threads" if settings["device"] == "cpu" else settings["device"]
    print(f"{network.title}: {count:,} parameters, on {where}")
    held_out = "validation" if data.is_sample else "test"
    sizes = f"{len(data.train):,} training and {len(data.validation):,} {held_out} images"
    print(f"{data.title}: {sizes} from {data.source}")
    extras = [f"shifts of ±{settings['shift']} pixels"] if settings["shift"] else []
    extras += ["momentum {momentum:g}".format(**settings)] if settings["momentum"] is not None else []
    extras += ["weight decay {weight_decay:g}".format(**settings)] if settings["weight_decay"] is not None else []
    extras += ["padded, not enlarged"] if settings["pad"] else []
    extras += ["normalised"] if settings["normalize"] else []
    print(
        f"recipe: {_counted(settings['epochs'], 'epoch')}, batch {settings['batch_size']}, {settings['optimizer']}, "
        + ", ".join([f"{settings['schedule']} learning rate {settings['lr']:g}", *extras, f"seed {settings['seed']}"])
    )
    if trainer.history or trainer.totals.batches:
        epochs, batches = len(trainer.history), trainer.totals.batches
        print(f"resumed after {_counted(epochs, 'epoch')} and {_counted(batches, 'batch', 'batches')}")
    sys.stdout.flush()


def _counted(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def _finish(settings: dict[str, Any], network: Any, data: training_data.Data, trainer: Trainer, folder: Path) -> None:
    """The final figure and the pictures."""
    classes = len(data.classes)
    confusion = np.zeros((classes, classes), np.int64)
    result = trainer.evaluate(confusion)
    held_out = "validation" if data.is_sample else "test"
    accuracy = f"{100 * result.accuracy:.2f} %"
    print(f"{held_out} accuracy {accuracy}: {result.correct:,} of {result.samples:,} images")
    title = f"{network.title} on {data.title}"
    report.write_history(folder / "history.csv", trainer.history)
    report.draw_curves(folder / "curves.png", trainer.history, title, held_out)
    report.draw_confusion(folder / "confusion.png", confusion, data.classes, f"{title}\n{accuracy} {held_out} accuracy")
    print(f"in {folder}: {CHECKPOINT}, history.csv, curves.png, confusion.png")


if __name__ == "__main__":
    sys.exit(main())
