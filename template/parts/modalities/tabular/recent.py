"""What is watched of a table: every column that the model takes, as it was written, and what is predicted."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..columns import Column
from ..data.dataset import Split
from ..data.making import make
from ..data.reading import misfits, open_csv
from ..data.table import encode_table, find_misfits, reader_of, settle, take_others, values_of
from ..inference.prediction import tabulate
from ..inference.reference import Watched
from ..schema import MISSING, Schema

# The model is asked about so many rows at once.
ASKED_AT_ONCE = 20_000


@dataclass(frozen=True)
class Part:
    """Some recent rows: their columns, the features of those that the model takes, and their targets where known.

    `refused` counts those that cannot be used, by the reason; `tied` is as in the shifts.
    """

    examples: int
    watched: Watched
    features: pd.DataFrame
    target: pd.Series | None
    refused: Mapping[str, int]
    is_measured: bool
    tied: int = 1


def watch(rows: Split, schema: Schema) -> Watched:
    """Return the columns of rows that a model has learned from. Dates are left out: they always go on."""
    numbers = {name: rows.features[name].to_numpy(np.float64) for name in schema.all_numbers}
    words = {name: with_none(rows.features[name].to_numpy(object)) for name in schema.categories}
    return numbers | words | {column.name: values_of_target(rows.target, column) for column in targets(schema)}


def read_recent(source: Path, schema: Schema) -> Iterator[Part]:
    """Yield the rows of a CSV file, some at a time; what is predicted may be among the columns.

    Raises DataError for a file that is no table, or lacks a column.
    """
    with open_csv(source, schema.separator) as table:
        table.require([column.name for column in schema.columns])
        target = [column for column in targets(schema) if column.name in table.names]
        columns = [*schema.columns, *target]
        readers = {column.name: reader_of(column) for column in columns}
        for parsed in table.chunks(readers, refuse=False):
            wrong = misfits(parsed, readers)
            for name, rows in wrong.items():
                parsed.loc[list(rows), name] = np.nan
            frame = settle(parsed, columns)
            yield part_of(frame, wrong, schema, target[0] if target else None)


def part_of(frame: pd.DataFrame, wrong: Mapping[str, Mapping[int, str]], schema: Schema, target: Column | None) -> Part:
    """Return some rows; `wrong` are the cells that hold no number or date, by column and row."""
    refused, fits = Counter[str](), np.ones(len(frame), dtype=bool)
    for column in schema.columns:
        absent, unknown = find_misfits(frame[column.name], column, others=schema.takes_others)
        unread = frame.index.isin(list(wrong.get(column.name, ())))
        if column.kind == "boolean":
            frame[column.name] = frame[column.name].mask(unknown)
        for mask, why in ((unread, "cannot be read"), (absent, "is missing"), (unknown, "is new to the model")):
            refused[f"{column.name!r} {why}"] += int((mask & fits).sum())
            fits &= ~mask
    if target:
        # Features without a target are as good as any; that it is there, and no number, has to be told all the same.
        unread = frame.index.isin(list(wrong.get(target.name, ())))
        refused[f"{target.name!r} cannot be read"] += int((unread & fits).sum())
    values = values_of(frame, schema)
    made = make(values, schema) if schema.made else {}
    numbers = {name: made[name] if name in made else values[name] for name in schema.all_numbers}
    words = {name: with_none(values[name]) for name in schema.categories}
    truth = {target.name: values_of_target(frame[target.name], target)} if target else {}
    known = frame[target.name].notna().to_numpy() if target else True
    sound = frame[fits & known]
    taken = take_others(sound, schema.columns)[0] if schema.takes_others else sound
    return Part(
        examples=len(frame),
        watched=numbers | words | truth,
        features=encode_table(taken, schema),
        target=sound[target.name] if target else None,
        refused=+refused,
        is_measured=target is not None or not targets(schema),
    )


def answers_of(scores: NDArray[Any], target: Any, schema: Schema) -> Watched:
    """Return what the model answers, as people read it: numbers, or words."""
    table = tabulate(pd.DataFrame(index=range(len(scores))), scores, schema)
    found = {str(name): values.to_numpy() for name, values in table.items()}
    return {
        name: values if values.dtype.kind == "f" else values.astype(str).astype(object)
        for name, values in found.items()
    }


def targets(schema: Schema) -> list[Column]:
    """Return the column that is predicted, if there is one."""
    return [column for column in schema.held if column not in schema.columns]


def values_of_target(values: pd.Series, column: Column) -> NDArray[Any]:
    """Return what is predicted, as columns are watched."""
    if column.kind == "number":
        return values.to_numpy(np.float64)
    return with_none(values.astype(object).fillna(MISSING).to_numpy())


def with_none(words: NDArray[Any]) -> NDArray[np.object_]:
    """Return words with None for those that are missing."""
    found = words.copy()
    found[words == MISSING] = None
    return found
