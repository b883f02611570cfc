"""What is watched of images: how large, bright and rich in contrast they are, and their labels where known."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.dataset import Split
from ..data.images import BadImage, Pixels, check_header, decode, for_each, read_file
from ..inference.batches import AT_ONCE, find_images
from ..inference.prediction import tabulate
from ..inference.reference import Watched
from ..schema import Schema

# To see what images are like, not all have to be read once more.
MOST_WATCHED = 1_000
# The model is asked about so many images at once.
ASKED_AT_ONCE = AT_ONCE


@dataclass(frozen=True)
class Part:
    """Some recent images: what is watched of them, paths of those that the model takes, and labels where known.

    `refused` counts those that cannot be used, by the reason; `tied` is as in the shifts.
    """

    examples: int
    watched: Watched
    features: NDArray[np.object_]
    target: "pd.Series[str] | None"
    refused: Mapping[str, int]
    is_measured: bool
    tied: int = 1


@dataclass(frozen=True)
class Seen:
    """The size of an image in its file, and its pixels as a model takes them."""

    width: int
    height: int
    pixels: Pixels


def watch(rows: Split, schema: Schema) -> Watched:
    """Return what is watched of images that a model has learned from; of many, some are looked at, evenly spread."""
    some = rows.features[:: ceil(len(rows.features) / MOST_WATCHED)].tolist()
    seen = [each for each in look_at(some, schema) if isinstance(each, Seen)]
    return {**watch_images(seen), schema.target.name: rows.target.to_numpy(object)}


def look_at(paths: Sequence[str], schema: Schema) -> list[Seen | str]:
    """Return what each file holds, or why it cannot be read."""

    def look(path: str) -> Seen | str:
        try:
            data = read_file(path)
            width, height = check_header(data)
            return Seen(width, height, decode(data, schema.size, schema.colour, schema.bits))
        except BadImage as error:
            return str(error)

    return list(for_each(look, paths))


def watch_images(seen: Sequence[Seen]) -> Watched:
    """Return widths and heights in pixels, and mean and spread of brightness from 0 to 255, each (images,)."""
    return {
        "width": np.array([each.width for each in seen], dtype=np.float64),
        "height": np.array([each.height for each in seen], dtype=np.float64),
        "brightness": np.array([each.pixels.mean() for each in seen], dtype=np.float64),
        "contrast": np.array([each.pixels.std() for each in seen], dtype=np.float64),
    }


def read_recent(source: Path, schema: Schema) -> Iterator[Part]:
    """Yield the images of a folder, some at a time; they are labelled where each is in a folder of a known label.

    Raises DataError for a folder without images.
    """
    root, names = find_images(source)
    labels = [PurePosixPath(name).parent.name for name in names]
    labelled = set(labels) <= set(schema.target.categories)
    for start in range(0, len(names), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        yield part_of([str(root / name) for name in names[part]], labels[part] if labelled else None, schema)


def part_of(paths: Sequence[str], labels: Sequence[str] | None, schema: Schema) -> Part:
    """Return some images."""
    looked = look_at(paths, schema)
    seen = [each for each in looked if isinstance(each, Seen)]
    good = [place for place, each in enumerate(looked) if isinstance(each, Seen)]
    truth = (
        None if labels is None else pd.Series([labels[place] for place in good], name=schema.target.name, dtype="str")
    )
    watched = {**watch_images(seen), **({} if truth is None else {schema.target.name: truth.to_numpy(object)})}
    return Part(
        examples=len(paths),
        watched=watched,
        features=np.array([paths[place] for place in good], dtype=object),
        target=truth,
        refused=Counter(each for each in looked if isinstance(each, str)),
        is_measured=truth is not None,
    )


def answers_of(scores: NDArray[Any], target: Any, schema: Schema) -> Watched:
    """Return what the model answers, as people read it: numbers, or words."""
    table = tabulate(pd.DataFrame(index=range(len(scores))), scores, schema)
    return {str(name): values.to_numpy() for name, values in table.items()}
