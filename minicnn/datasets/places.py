"""Where the files of a data set are: in the user's folder, in that of MINICNN_DATA, in the cache, or on the web."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from minicnn.datasets.download import DownloadError, cache_folder
from minicnn.datasets.vision import Root


def places(root: Root | None) -> list[Path]:
    """The folders that a data set is looked for in, in this order: the user's, that of MINICNN_DATA, the cache."""
    return [Path(place).expanduser() for place in (root, os.environ.get("MINICNN_DATA"), cache_folder()) if place]


def destination(root: Root | None) -> Path:
    """The folder that a download goes to: the user's or the cache, for that of MINICNN_DATA may be shared."""
    return Path(root or cache_folder()).expanduser()


def find_files(
    name: str, root: Root | None, inside: str, files: Sequence[str], fetch: Callable[[Path], None] | None
) -> Path:
    """The first of the `places` whose folder `inside` has all `files`; where none has, the one that `fetch` filled.

    RuntimeError that names the places and the ways out if there is nothing to fetch with; DownloadError if fetching
    fails.
    """
    looked_in = places(root)
    for place in looked_in:
        if all((place / inside / file).is_file() for file in files):
            return place / inside
    out = (
        f"\nWays out:\n  - download=True fetches {name} when there is a network;\n  - put {', '.join(files)} into "
        f"{os.path.join('ROOT', inside)} and give root=ROOT or set MINICNN_DATA=ROOT."
    )
    if fetch is None:
        looked = "".join(f"\n  {place / inside}" for place in looked_in)
        raise RuntimeError(f"Dataset not found. There is no {name} in{looked}{out}")
    into = destination(root)
    try:
        fetch(into)
    except (DownloadError, OSError) as error:
        raise DownloadError(f"{name} could not be downloaded into {into}: {error}{out}") from error
    return into / inside
