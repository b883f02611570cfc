"""The series of a CSV file, checked, and the window at the end of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pandas as pd

from ..data.history import check_frequency, check_length, each_series, parse_table, read_rows, refuse_missing
from ..data.reading import open_csv
from ..data.windows import last_window
from ..errors import DataError
from ..schema import Schema

SERIES_AT_ONCE = 1_000


@dataclass(frozen=True)
class Batch:
    """The ids and origins of some series, their last windows, and the share predicted so far (0 to 1)."""

    rows: pd.DataFrame
    features: pd.DataFrame
    done: float


def read_batches(source: Path, schema: Schema) -> Iterator[Batch]:
    """Yield the last windows of the file's series, some series at a time.

    Where columns are known in advance, the last `horizon` rows of each series hold them and are what is forecast; their
    targets are not looked at. Raises DataError that names column, row and time.
    """
    tails = read_tails(source, schema)
    windows = [last_window(name, rows, schema) for name, rows in each_series(tails, schema)]
    for start in range(0, len(windows), SERIES_AT_ONCE):
        features = pd.concat(windows[start : start + SERIES_AT_ONCE])
        yield Batch(features.index.to_frame(index=False), features, done=(start + len(features)) / len(windows))


def read_tails(source: Path, schema: Schema) -> pd.DataFrame:
    """Return the last rows of each series, as many as a window takes; the file is read in chunks, every row checked."""
    ahead = schema.horizon if schema.known else 0
    tails: pd.DataFrame | None = None
    with open_csv(source, schema.separator) as table:
        for chunk in read_rows(table, schema):
            rows = parse_table(chunk, schema, source)
            rows = rows if tails is None else pd.concat([tails, rows])
            check_frequency(rows, schema, source)
            parts = [part.tail(schema.lags + ahead) for _, part in each_series(rows, schema)]
            tails = pd.concat(parts) if parts else None
    if tails is None:
        raise DataError(f"{source} holds no rows")
    check_length(tails, schema, schema.lags + ahead, source)
    for _, part in each_series(tails, schema):
        refuse_missing(part[schema.target].head(schema.lags), source)
    return tails


def write_batch(file: TextIO, batch: Batch, table: pd.DataFrame) -> None:
    """Write the table, with its header if it is the first."""
    table.to_csv(file, index=False, header=file.tell() == 0)
