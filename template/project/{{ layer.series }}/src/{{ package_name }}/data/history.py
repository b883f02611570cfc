"""Read the table of series, infer how far apart its times are, and check every load against that."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import DataError
from ..schema import Frequency, Layout, Notation, Schema
from .cells import ISO, NO_NUMBER, Number, Reader, Text, example_of
from .frequency import find_fault, infer_frequency
from .kinds import AmbiguityError, Hints, choose_date, find_dates, find_readers
from .reading import Table, open_csv
from .summary import NOT_NAMED, Summary
from .times import ClockError, TimeReader, is_time

MAX_REPORTED = 5
SEVERAL = "If the table holds several series, say which column tells them apart: data.series in params.yaml."
REFRESH = "if the data has changed, run the data command with --refresh"

log = logging.getLogger(__name__)


def open_history(
    path: Path, schema_path: Path, layout: Layout, *, refresh: bool = False
) -> tuple[pd.DataFrame, Schema]:
    """Read the table and check it against its schema, which is inferred first if it is new or `refresh` is set.

    Rows that follow the last value of a series hold only what is known of its future, and are left out. What was used
    is told in the log, and is a `Summary` in the `attrs` of the frame. Raises DataError that names column, row, time
    and the next step.
    """
    schema = None if refresh else known_schema(schema_path, path.name, layout)
    frequency = schema.frequency if schema else None
    with open_csv(path) as table:
        table.require(layout.columns)
        form = schema.time_form if schema else find_form(table, layout)
        notations = schema.notations if schema else find_notations(table, layout)
        reader = TimeReader(layout.timezone, form)
        rows = pd.concat(table.chunks(readers_of(layout, notations)))
    whole = parse_table(rows, layout, path, reader, frequency)
    frame = whole[observed(whole, layout)]
    future = len(whole) - len(frame)
    summary = Summary(
        source=path.name,
        rows=len(whole),
        rows_left_out={f"no value of {layout.target!r} follows in their series": future} if future else {},
        columns=tuple(layout.columns),
        columns_left_out={name: NOT_NAMED for name in table.names if name not in layout.columns},
    )
    log.info("\n".join(summary.lines()))
    check_numbers(frame, layout.target, path)
    if schema is None:
        check_order(frame, layout, path, utc=reader.utc)
        schema = infer_schema(frame, path, layout)
        written = {"separator": table.dialect.separator, "time_form": form, "notations": notations}
        schema = schema.model_copy(update={**written, "utc": reader.utc})
        schema_path.parent.mkdir(parents=True, exist_ok=True)
        schema.save(schema_path)
        log.info("wrote %s", schema_path)
        tell_season(schema)
    if schema.utc != reader.utc:
        raise DataError(f"{path}: {'no' if schema.utc else 'the'} times have an offset from UTC now; {REFRESH}")
    check_frequency(frame, schema, path, utc=schema.utc)
    check_length(frame, layout, layout.lags + layout.horizon, path)
    frame.attrs["summary"] = summary.model_dump()
    return frame, schema


def find_form(table: Table, layout: Layout) -> str | None:
    """Return in which form all times are written, as strptime has it; None for ISO 8601, and where there is none.

    Raises DataError where a day may be a month, and nothing says which.
    """
    cells = table.different(layout.time)
    dates = [] if any(map(is_time, cells)) or not cells else find_dates(cells)
    if not dates:
        return None
    try:
        form = choose_date(dates, cells, layout.day_first).form
    except AmbiguityError as error:
        raise DataError(f"{table.path}, column {layout.time!r}: {error}") from None
    log.info("column %r: times are read as %s", layout.time, example_of(form))
    return form


def find_notations(table: Table, layout: Layout) -> dict[str, Notation]:
    """Return how numbers are written, of columns where programs write them otherwise.

    Raises DataError where they can be read in two ways, and nothing says which.
    """
    _, readers = find_readers(table, [layout.target, *layout.known], Hints(decimal=layout.decimal))
    numbers = {name: reader for name, reader in readers.items() if isinstance(reader, Number) and not reader.plain}
    for name, number in numbers.items():
        log.info("column %r: numbers are read as %s", name, number.example)
    kept = Notation.model_fields
    return {name: Notation(**{each: getattr(number, each) for each in kept}) for name, number in numbers.items()}


def read_rows(table: Table, schema: Schema, *, refuse: bool = True) -> Iterator[pd.DataFrame]:
    """Yield the columns that are used, some rows at a time: numbers as float64, times and ids as text.

    Raises DataError that names a column that is not there, or the first cells that are no number, if they are refused.
    """
    table.require(schema.columns)
    yield from table.chunks(readers_of(schema, schema.notations), refuse=refuse)


def readers_of(layout: Layout, notations: Mapping[str, Notation]) -> dict[str, Reader]:
    """Return how each column that is used is read."""
    readers: dict[str, Reader] = {
        name: Number(missing=NO_NUMBER, truths=True, **notations.get(name, Notation()).model_dump())
        for name in [layout.target, *layout.known]
    }
    text = Text(tidy=True)
    return readers | dict.fromkeys([layout.time, *([layout.series] if layout.series else [])], text)


def known_schema(schema_path: Path, source: str, layout: Layout) -> Schema | None:
    """Return the schema on disk, or None if there is none or it describes another table or layout."""
    if not schema_path.exists():
        return None
    schema = Schema.read(schema_path)
    return schema if schema.source == source and schema.same_layout(layout) else None


def infer_schema(frame: pd.DataFrame, path: Path, layout: Layout) -> Schema:
    """Infer the frequency from the longest series. Raises DataError when there is none, or nothing ever changes."""
    if frame[layout.target].nunique() < 2:
        raise DataError(f"{path}: column {layout.target!r} never changes; there is nothing to forecast")
    longest = max((times_of(rows, layout) for _, rows in each_series(frame, layout)), key=len)
    if len(longest) < 2:
        raise DataError(f"{path}: no series has more than one row; there is nothing to learn from")
    try:
        frequency = infer_frequency(longest)
    except ValueError as error:
        raise DataError(f"{path}: column {layout.time!r}: {error}") from None
    numbers = frame[[layout.target, *layout.known]]
    ranges = {str(name): (float(values.min()), float(values.max())) for name, values in numbers.items()}
    return Schema(
        **{name: getattr(layout, name) for name in Layout.model_fields},
        source=path.name,
        frequency=frequency,
        ranges=ranges,
    )


def tell_season(schema: Schema) -> None:
    """Say in the log where values mostly repeat after another number of steps than params.yaml says."""
    usual, season = schema.frequency.usual_season, schema.season
    if usual and season > 1 and season % usual:
        told = "the times are %s, and values of such mostly repeat after %d of them; season in params.yaml is %d"
        log.warning(told, schema.frequency.name, usual, season)


def parse_table(
    frame: pd.DataFrame, layout: Layout, path: Path, reader: TimeReader, frequency: Frequency | None
) -> pd.DataFrame:
    """Return the columns that are used, with times as datetimes that are evenly apart.

    Raises DataError that names the first value that is none; the target alone may miss values.
    """
    if layout.series:
        refuse_missing(frame[layout.series], path)
    times = parse_times(frame, layout, path, reader)
    first = times[frame[layout.series] == frame[layout.series].iloc[0]] if layout.series and len(frame) else times
    reader.settle(list(first), frequency)
    even = pd.Series([reader.even(time) for time in times], times.index, dtype="datetime64[us]")
    table = frame[layout.columns].assign(**{layout.time: even})
    for name in layout.known:
        check_numbers(table, name, path)
    return table


def parse_times(frame: pd.DataFrame, layout: Layout, path: Path, reader: TimeReader) -> pd.Series:
    """Return the times as they are written. Raises DataError that names the first text that is none."""
    texts = frame[layout.time]
    refuse_missing(texts, path)
    series = frame[layout.series] if layout.series else [None] * len(texts)
    times = []
    for row, text, name in zip(texts.index, texts, series, strict=True):
        try:
            times.append(reader.read(text, name))
        except ClockError as error:
            raise DataError(f"{place(path, texts.name, row)}: {text!r}: {error}") from None
        except ValueError:
            form = example_of(reader.form or ISO)
            raise DataError(f"{place(path, texts.name, row)}: {text!r} is no time; write times as {form}") from None
    return pd.Series(times, texts.index, dtype=object)


def refuse_missing(values: pd.Series, path: Path) -> None:
    """Raise DataError that names the first missing value."""
    for row in values.index[values.isna()]:
        raise DataError(f"{place(path, values.name, row)}: the value is missing; fill it in")


def check_numbers(frame: pd.DataFrame, column: str, path: Path) -> None:
    """Raise DataError that names the first missing value of a column of numbers."""
    if not len(frame):
        raise DataError(f"{path}: column {column!r} holds no value")
    refuse_missing(frame[column], path)


def observed(frame: pd.DataFrame, layout: Layout) -> pd.Series:
    """Return for each row whether its series has a value there or later."""
    there = frame[layout.target].notna()[::-1]
    later = there.groupby(frame[layout.series]).cummax() if layout.series else there.cummax()
    return later[::-1]


def each_series(frame: pd.DataFrame, layout: Layout) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the id and the rows of each series; a table of one series is named after its target."""
    if layout.series is None:
        yield layout.target, frame
    else:
        yield from ((str(name), rows) for name, rows in frame.groupby(layout.series, sort=False))


def times_of(rows: pd.DataFrame, layout: Layout) -> list[datetime]:
    """Return the times of a series."""
    return list(rows[layout.time].dt.to_pydatetime())


def check_order(frame: pd.DataFrame, layout: Layout, path: Path, *, utc: bool) -> None:
    """Raise DataError that names the first time of a series that is there twice, or before an earlier row's."""
    _check_times(frame, layout, None, path, utc=utc)


def check_frequency(frame: pd.DataFrame, schema: Schema, path: Path, *, utc: bool) -> None:
    """Raise DataError that names the first gap of each series, or the series that has another frequency."""
    _check_times(frame, schema, schema.frequency, path, utc=utc)


def _check_times(frame: pd.DataFrame, layout: Layout, frequency: Frequency | None, path: Path, *, utc: bool) -> None:
    """Look for a fault in each series."""
    found = []
    for name, rows in each_series(frame, layout):
        times = [time.replace(tzinfo=UTC) for time in times_of(rows, layout)] if utc else times_of(rows, layout)
        if fault := find_fault(times, frequency):
            series = f"series {name!r}, " if layout.series else ""
            found.append(f"{series}column {layout.time!r}, row {rows.index[fault[0]] + 1}: {fault[1]}")
            found[-1] += explain_other(times, frequency)
            if layout.series is None and len(set(times)) < len(times):
                found[-1] += f"\n{SEVERAL}"
    if found:
        more = [f"and {len(found) - MAX_REPORTED} more series"] if len(found) > MAX_REPORTED else []
        raise DataError("\n".join([f"{path} is no table of equally spaced series:", *found[:MAX_REPORTED], *more]))


def explain_other(times: Sequence[datetime], frequency: Frequency | None) -> str:
    """Return a remark if the times are sound by themselves, only of another frequency than the data's."""
    if frequency is None or len(times) < 2:
        return ""
    other = infer_frequency(times)
    if find_fault(times, other):
        return ""
    return f"\nAll of this series is {other.name}; {REFRESH}."


def check_length(frame: pd.DataFrame, layout: Layout, least: int, path: Path) -> None:
    """Raise DataError that names a series with fewer rows than needed."""
    for name, rows in each_series(frame, layout):
        if len(rows) < least:
            last = f"row {rows.index[-1] + 1}, {rows[layout.time].iloc[-1]:%Y-%m-%d}"
            raise DataError(
                f"{path}: series {name!r} has {len(rows)} values (the last: {last}), and {least} are needed: "
                "add earlier ones, leave the series out, or lower lags or horizon in params.yaml"
            )


def place(path: Path, column: Any, row: Any) -> str:
    """Name a value of a table; rows count from 1, below the header."""
    return f"{path}: column {column!r}, row {row + 1}"
