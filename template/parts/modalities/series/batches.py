"""The series of a CSV file, checked, and the window at the end of each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pandas as pd

from ..data.history import (
    check_frequency,
    check_length,
    each_series,
    parse_table,
    read_rows,
    readers_of,
    refuse_missing,
)
from ..data.reading import Table, misfit, misfits, open_csv
from ..data.times import TimeReader, written_time
from ..data.windows import last_window
from ..errors import DataError
from ..schema import Schema

SERIES_AT_ONCE = 1_000


@dataclass(frozen=True)
class Batch:
    """The ids and origins of some series, their last windows, and the share predicted so far (0 to 1).

    Origins are datetimes with the offset that the series' last time has, if it has one. `refused` says why other series
    are left out.
    """

    rows: pd.DataFrame
    features: pd.DataFrame
    done: float
    refused: dict[str, str]


def read_batches(source: Path, schema: Schema, *, skip_bad: bool = False) -> Iterator[Batch]:
    """Yield the last windows of the file's series, some series at a time; one that does not fit is left out if it may.

    Where columns are known in advance, the last `horizon` rows of each series hold them and are what is forecast; their
    targets are not looked at. Raises DataError that names column, row and time.
    """
    reader = TimeReader(schema.timezone, schema.time_form)
    refused: dict[str, str] = {}
    skips = skip_bad and schema.series is not None
    tails = read_sound_tails(source, schema, reader, refused) if skips else read_tails(source, schema, reader)
    windows = [last_window(name, rows, schema) for name, rows in each_series(tails, schema)]
    for start in range(0, len(windows), SERIES_AT_ONCE):
        features = pd.concat(windows[start : start + SERIES_AT_ONCE])
        rows = features.index.to_frame(index=False)
        origins = [
            written_time(origin.to_pydatetime(), reader.last[name if schema.series else None], schema.frequency)
            for name, origin in features.index
        ]
        rows["origin"] = pd.Series(origins, dtype=object)
        done = (start + len(features)) / len(windows)
        yield Batch(rows, features, done, {} if start else refused)


def read_tails(source: Path, schema: Schema, reader: TimeReader) -> pd.DataFrame:
    """Return the last rows of each series, as many as a window takes; the file is read in chunks, every row checked."""
    tails: pd.DataFrame | None = None
    with open_csv(source, schema.separator) as table:
        for chunk in read_rows(table, schema):
            tails = follow(tails, chunk, schema, source, reader)
    if tails is None:
        raise DataError(f"{source} holds no rows")
    check_tails(tails, schema, source)
    return tails


def read_sound_tails(source: Path, schema: Schema, reader: TimeReader, refused: dict[str, str]) -> pd.DataFrame:
    """Return the last rows of each series that fits, and put why others do not into `refused`.

    Raises DataError where none fits, or a row names no series.
    """
    tails: dict[str, pd.DataFrame] = {}
    with open_csv(source, schema.separator) as table:
        for chunk in read_rows(table, schema, refuse=False):
            refuse_missing(chunk[str(schema.series)], source)
            for name, rows in each_series(chunk, schema):
                with refusing(name, refused):
                    if name not in refused:
                        check_cells(rows, schema, table)
                        found = follow(tails.get(name), rows, schema, source, reader)
                        if found is not None:
                            tails[name] = found
    for name, rows in tails.items():
        if name not in refused:
            with refusing(name, refused):
                check_tails(rows, schema, source)
    sound = [rows for name, rows in tails.items() if name not in refused]
    if not sound:
        raise DataError(f"{source} holds no series that fits: {next(iter(refused.values()), 'it has no rows')}")
    return pd.concat(sound)


@contextmanager
def refusing(name: str, refused: dict[str, str]) -> Iterator[None]:
    """Put what is raised because a series does not fit into `refused`."""
    try:
        yield
    except DataError as error:
        refused[name] = str(error)


def follow(
    tails: pd.DataFrame | None, chunk: pd.DataFrame, schema: Schema, source: Path, reader: TimeReader
) -> pd.DataFrame | None:
    """Return the last rows of the series with those of a chunk, or None where there are none. Raises DataError."""
    rows = parse_table(chunk, schema, source, reader, schema.frequency)
    rows = rows if tails is None else pd.concat([tails, rows])
    check_frequency(rows, schema, source, utc=reader.utc)
    parts = [part.tail(schema.lags + ahead_of(schema)) for _, part in each_series(rows, schema)]
    return pd.concat(parts) if parts else None


def check_cells(rows: pd.DataFrame, schema: Schema, table: Table) -> None:
    """Raise DataError that names the first cell that is no number."""
    for name, wrong in misfits(rows, readers_of(schema, schema.notations)).items():
        row, why = next(iter(wrong.items()))
        raise DataError(f"{table.path}: {misfit(name, row, table.cells(name, [row])[0], why)}")


def check_tails(tails: pd.DataFrame, schema: Schema, source: Path) -> None:
    """Raise DataError for a series that is too short, or misses a value that a forecast is made from."""
    check_length(tails, schema, schema.lags + ahead_of(schema), source)
    for _, part in each_series(tails, schema):
        refuse_missing(part[schema.target].head(schema.lags), source)


def ahead_of(schema: Schema) -> int:
    """Return how many rows of each series are known in advance."""
    return schema.horizon if schema.known else 0


def write_refused(file: TextIO, refused: dict[str, str]) -> int:
    """Write the series that are left out, with the reasons; return how many they are."""
    table = pd.DataFrame(refused.items(), columns=["series", "refused"])
    table.to_csv(file, index=False, header=file.tell() == 0)
    return len(table)


def write_batch(file: TextIO, batch: Batch, table: pd.DataFrame) -> None:
    """Write the table, with its header if it is the first."""
    table.to_csv(file, index=False, header=file.tell() == 0)
