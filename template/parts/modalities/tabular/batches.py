"""The rows of a CSV file, chunk by chunk, checked and encoded."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..data.reading import read_chunks
from ..data.table import check_table, encode_table, text_columns
from ..schema import Schema


@dataclass(frozen=True)
class Batch:
    """Some rows as they were read, their features as a model takes them, and the share read so far (0 to 1)."""

    rows: pd.DataFrame
    features: pd.DataFrame
    done: float


def read_batches(source: Path, schema: Schema) -> Iterator[Batch]:
    """Yield the rows of the file. Raises DataError that names column, row and rule."""
    for rows, done in read_chunks(source, text_columns(schema.columns)):
        check_table(rows, schema.columns, source)
        yield Batch(rows, encode_table(rows, schema), done)
