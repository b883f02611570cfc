"""What is watched of texts: how long they are, which words they hold, and their classes where these are known."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.cells import Text
from ..data.dataset import Split
from ..data.reading import open_csv
from ..data.scripts import Finder
from ..inference.prediction import tabulate
from ..inference.reference import Watched
from ..schema import Schema

# The model is asked about so many texts at once.
ASKED_AT_ONCE = 1_000


@dataclass(frozen=True)
class Part:
    """Some recent texts: what is watched of them, those that the model takes, and their classes where these are known.

    `refused` counts those that cannot be used, by the reason; `tied` is as in the shifts.
    """

    examples: int
    watched: Watched
    features: NDArray[np.object_]
    target: "pd.Series[str] | None"
    refused: Mapping[str, int]
    is_measured: bool
    tied: int = 1


def watch(rows: Split, schema: Schema) -> Watched:
    """Return what is watched of texts that a model has learned from."""
    return {**watch_texts(rows.features.tolist()), schema.target.name: rows.target.to_numpy(object)}


def watch_texts(texts: Sequence[str]) -> Watched:
    """Return the lengths of texts (texts,), and all their words (words,)."""
    find = Finder()
    words = [list(find(text.lower())) for text in texts]
    return {
        "characters": np.array([len(text) for text in texts], dtype=np.float64),
        "number of words": np.array([len(found) for found in words], dtype=np.float64),
        "words": np.array(list(chain.from_iterable(words)), dtype=object),
    }


def read_recent(source: Path, schema: Schema) -> Iterator[Part]:
    """Yield the texts of a CSV file, some at a time; their classes may be beside them.

    Raises DataError for a file that is no table, or lacks the column of texts.
    """
    with open_csv(source, schema.separator) as table:
        table.require([schema.text])
        target = schema.target.name if schema.target.name in table.names else None
        readers = {schema.text: Text(), **({target: Text(tidy=True)} if target else {})}
        for chunk in table.chunks(readers):
            yield part_of(chunk.astype("str").fillna(""), schema, target)


def part_of(frame: pd.DataFrame, schema: Schema, target: str | None) -> Part:
    """Return some texts."""
    texts = frame[schema.text]
    empty, long = texts.str.strip() == "", texts.str.len() > schema.max_characters
    refused = {
        "the text is empty": int(empty.sum()),
        f"it has more than {schema.max_characters} characters": int(long.sum()),
    }
    watched = dict(watch_texts(texts.tolist()))
    sound = frame[~empty & ~long]
    if target:
        watched[target] = frame[target].astype(object).where(frame[target] != "", None).to_numpy()
        sound = sound[sound[target].isin(schema.target.categories)]
    return Part(
        examples=len(frame),
        watched=watched,
        features=sound[schema.text].to_numpy(object),
        target=sound[target] if target else None,
        refused=+Counter(refused),
        is_measured=target is not None,
    )


def answers_of(scores: NDArray[Any], target: Any, schema: Schema) -> Watched:
    """Return what the model answers, as people read it: numbers, or words."""
    table = tabulate(pd.DataFrame(index=range(len(scores))), scores, schema)
    return {str(name): values.to_numpy() for name, values in table.items()}
