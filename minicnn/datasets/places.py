"""Where the files of a data set are: in the user's folder, in that of MINICNN_DATA, in the cache, or on the web."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from minicnn.datasets.download import DownloadError, cache_folder
from minicnn.datasets.vision import Root


def find_files(
    name: str, root: Root | None, inside: str, files: Sequence[str], fetch: Callable[[Path], None] | None
) -> Path:
    """The first of the three places whose folder `inside` has all `files`; where none has, what `fetch` filled.

    RuntimeError that names the places and the ways out if there is nothing to fetch with; DownloadError if fetching
    fails.
    """
    places = [Path(place).expanduser() for place in (root, os.environ.get("MINICNN_DATA"), cache_folder()) if place]
    for place in places:
        if all((place / inside / file).is_file() for file in files):
            return place / inside
    out = (
        f"\nWays out:\n  - download=True fetches {name} when there is a network;\n  - put {', '.join(files)} into "
        f"{os.path.join('ROOT', inside)} and give root=ROOT or set MINICNN_DATA=ROOT."
    )
    if fetch is None:
        looked = "".join(f"\n  {place / inside}" for place in places)
        raise RuntimeError(f"Dataset not found. There is no {name} in{looked}{out}")
    try:
        fetch(places[0])
    except (DownloadError, OSError) as error:
        raise DownloadError(f"{name} could not be downloaded into {places[0]}: {error}{out}") from error
    return places[0] / inside
