"""The rows of a CSV file, chunk by chunk, checked and encoded."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..data.reading import open_csv
from ..data.table import check_table, encode_table, reader_of, settle
from ..schema import Schema

MEND = "The model takes only what it was trained on: correct these rows, or train on data that has such values."


@dataclass(frozen=True)
class Batch:
    """Some rows as they were read, their features as a model takes them, and the share read so far (0 to 1)."""

    rows: pd.DataFrame
    features: pd.DataFrame
    done: float


def read_batches(source: Path, schema: Schema) -> Iterator[Batch]:
    """Yield the rows of the file. Raises DataError that names column, row and rule."""
    with open_csv(source) as table:
        table.require([column.name for column in schema.columns])
        readers = {column.name: reader_of(column) for column in schema.columns}
        read = 0
        for parsed, rows in table.chunks(readers, table.names):
            frame = settle(parsed, schema.columns)
            check_table(frame, schema.columns, source, advice=MEND)
            read += len(rows)
            yield Batch(rows, encode_table(frame, schema), read / max(table.rows, 1))
