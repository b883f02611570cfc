"""Read a table, infer what its columns hold, and check every load against that."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from ..columns import Column
from ..errors import DataError
from ..schema import MISSING, Schema
from .reading import BLANKS, LARGEST, Table, open_csv

MAX_CATEGORIES = 50
MAX_REPORTED = 5
REFRESH = "If the data has changed on purpose, infer its schema anew: run the data command with --refresh."
LISTED = "listed under data.ignore"
COUNTS = "only counts the rows"
TRUTHS = {"true": True, "false": False}

# For each column, the words that mean that a number is missing.
Words = Mapping[str, tuple[str, ...]]

log = logging.getLogger(__name__)


def open_table(
    path: Path,
    schema_path: Path,
    infer: Callable[[pd.DataFrame, Words], Schema],
    *,
    target: str | None = None,
    text: Sequence[str] = (),
    ignore: Sequence[str] = (),
    refresh: bool = False,
) -> tuple[pd.DataFrame, Schema]:
    """Read the table and check it against its schema, which is inferred first if it is new or `refresh` is set.

    Columns in `text` are taken as they are written, even where they look like numbers. Rows without a target are left
    out, and counted in the log. A schema is saved once the table fits it. Raises DataError that names column, row and
    rule.
    """
    with open_csv(path) as table:
        known = None if refresh else known_schema(schema_path, path.name, target, ignore)
        if known:
            whole, schema = read_columns(table, known.held), known
        else:
            whole, columns = guess_columns(table, text)
            missing = {column.name: column.missing for column in columns}
            schema = infer(whole, missing)
    frame = with_target(whole, target)
    if left_out := len(whole) - len(frame):
        log.warning("%s: %d of %d rows are left out, as they have no %r", path, left_out, len(whole), target)
    frame = frame[[column.name for column in schema.held]]
    check_table(frame, schema.held, path)
    if schema != known:
        schema_path.parent.mkdir(parents=True, exist_ok=True)
        schema.save(schema_path)
        log.info("wrote %s", schema_path)
    return frame, schema


def with_target(frame: pd.DataFrame, target: str | None) -> pd.DataFrame:
    """Return the rows that have a target, all if there is none to have."""
    return frame.dropna(subset=[target]) if target in frame else frame


def guess_columns(table: Table, text: Sequence[str]) -> tuple[pd.DataFrame, list[Column]]:
    """Return all columns, and whether each holds numbers, truth values or neither, as far as its cells say so.

    Columns in `text` are neither. Raises DataError where the file is broken.
    """
    frame, numbers = table.infer(text)
    columns = []
    for name in table.names:
        if name in numbers:
            columns.append(Column(name=name, kind="number", missing=numbers[name]))
        else:
            truths = name not in text and TRUTHS.keys() >= {cell.casefold() for cell in frame[name].dropna().unique()}
            columns.append(Column(name=name, kind="boolean" if truths and frame[name].notna().any() else "category"))
    return settle(frame, columns), columns


def read_columns(table: Table, columns: Sequence[Column]) -> pd.DataFrame:
    """Return the columns by their kinds: float64, truth values, or text; NaN or None where a value is missing.

    Raises DataError that names a column that is not there, or cells that are of another kind.
    """
    table.require([column.name for column in columns])
    numbers = {column.name: column.missing for column in columns if column.kind == "number"}
    texts = [column.name for column in columns if column.kind != "number"]
    return settle(table.frame(numbers, texts, tidy=True), columns)


def settle(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Return tidy text as truth values in those columns that hold them; what is none of them stays."""
    found = {column.name: frame[column.name] for column in columns}
    for column in columns:
        if column.kind == "boolean":
            cells = frame[column.name]
            truths = cells.str.casefold().map(TRUTHS)
            found[column.name] = truths.where(truths.notna(), cells).astype(object)
    return pd.DataFrame(found, index=frame.index)


def tidied(cells: pd.DataFrame) -> pd.DataFrame:
    """Return text without blanks at its ends, and NaN where nothing is left."""
    stripped = cells.apply(lambda column: column.str.strip(BLANKS))
    return stripped.where(stripped != "")


def known_schema(schema_path: Path, source: str, target: str | None, ignore: Sequence[str]) -> Schema | None:
    """Return the schema on disk, or None if there is none or it describes another table, target or choice.

    Raises DataError if it cannot be read.
    """
    if not schema_path.exists():
        return None
    try:
        schema = Schema.read(schema_path)
    except DataError as error:
        raise DataError(f"{error}; infer it anew: run the data command with --refresh") from None
    targets = [column.name for column in schema.held if column not in schema.columns]
    same_target = targets == ([target] if target else [])
    same_choice = set(ignore) == {name for name, reason in schema.ignored.items() if reason == LISTED}
    return schema if schema.source == source and same_target and same_choice else None


def infer_columns(
    frame: pd.DataFrame, missing: Words, source: str, ignore: Sequence[str], target: str | None = None
) -> tuple[tuple[Column, ...], dict[str, str]]:
    """Infer what each column but the target holds; return them, and those left out with the reason.

    `missing` says which words in columns of numbers mean that one is missing.
    Raises DataError if the target or an ignored column is not there, or no column is left.
    """
    apart = [*ignore, *([target] if target else [])]
    for name in apart:
        if name not in frame:
            raise DataError(f"{source} has no column {name!r}; it has {', '.join(map(str, frame.columns))}")
    columns, ignored = [], dict.fromkeys(ignore, LISTED)
    rows = with_target(frame, target)
    for name in frame.columns.drop(apart):
        # Only all rows together are counted without a gap.
        if reason := COUNTS if counts_rows(frame[name]) else why_unusable(rows[name]):
            ignored[name] = reason
            log.warning("column %r is left out: it %s", name, reason)
        else:
            columns.append(infer_column(rows[name], missing.get(name, ())))
    if not columns:
        raise DataError(f"{source}: no column is left to learn from")
    return tuple(columns), ignored


def counts_rows(values: pd.Series) -> bool:
    """Return whether the column holds one whole number after the other."""
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return numeric and len(values) > 2 and bool((values.diff().iloc[1:] == 1).all())


def why_unusable(values: pd.Series) -> str | None:
    """Return why a model can learn nothing from the column, or None if it can."""
    present = values.dropna()
    if present.empty:
        return "holds no value"
    if len(present) == len(values) and (present == present.iloc[0]).all():
        return "holds one value only"
    if not pd.api.types.is_numeric_dtype(present) and present.nunique() > MAX_CATEGORIES:
        return f"holds {present.nunique()} different texts, such as names, dates or free text"
    return None


def infer_column(values: pd.Series, missing: tuple[str, ...] = ()) -> Column:
    """Infer the kind of a column, and the range or the categories of its values."""
    present = values.dropna()
    name, nullable = str(values.name), len(present) < len(values)
    if not isinstance(present.dtype, pd.StringDtype) and pd.api.types.infer_dtype(present) == "boolean":
        return Column(name=name, kind="boolean", nullable=nullable)
    if pd.api.types.is_numeric_dtype(present):
        low, high = present.min(), present.max()
        return Column(name=name, kind="number", nullable=nullable, minimum=low, maximum=high, missing=missing)
    return Column(name=name, kind="category", nullable=nullable, categories=tuple(sorted(map(str, present.unique()))))


def check_table(frame: pd.DataFrame, columns: Sequence[Column], path: Path, *, advice: str = REFRESH) -> None:
    """Check these columns of every row.

    Raises DataError that names column, row and rule of the first violations, and ends with the advice.
    """
    rules = pa.DataFrameSchema({column.name: _rule(column) for column in columns})
    try:
        rules.validate(frame, lazy=True)
    except SchemaErrors as error:
        found = [_explain(failure) for failure in error.failure_cases.to_dict("records")]
        more = [f"and {len(found) - MAX_REPORTED} more"] if len(found) > MAX_REPORTED else []
        raise DataError("\n".join([f"{path} does not fit its schema:", *found[:MAX_REPORTED], *more, advice])) from None


def _rule(column: Column) -> pa.Column:
    """Return what every value of the column must fulfil."""
    if column.kind == "category":
        checks = [pa.Check.isin(column.categories, error=f"is not one of {', '.join(column.categories)}")]
    elif column.kind == "boolean":
        checks = [pa.Check.isin([True, False], error="is neither True nor False")]
    else:
        too_large = pa.Check(fits_float32, error="is larger than a model can take")
        checks = [pa.Check(np.isfinite, error="is not finite"), too_large]
    return pa.Column(float if column.kind == "number" else None, checks, nullable=column.nullable, coerce=True)


def fits_float32(values: "pd.Series[float]") -> "pd.Series[bool]":
    """Return for each number whether a model, which computes in float32, can take it; infinity is none at all."""
    return (values.abs() <= LARGEST) | np.isinf(values)


def _explain(failure: dict[str, object]) -> str:
    """Return one violation in words; rows count from 1, below the header."""
    rule, column, value, index = (failure[key] for key in ("check", "column", "failure_case", "index"))
    if rule == "column_in_dataframe":
        return f"column {value!r} is missing"
    where = f"column {column!r}, row {index + 1}" if isinstance(index, int | np.integer) else f"column {column!r}"
    if rule == "not_nullable":
        return f"{where}: the value is missing, and none was missing when the schema was inferred"
    if str(rule).startswith(("coerce_dtype", "dtype")):
        return f"{where}: {value!r} is not a number"
    return f"{where}: {value!r} {rule}"


def encode_table(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return the columns as a model takes them: numbers and dates as float64 with NaN, then text with MISSING."""
    numbers = {name: frame[name].astype(np.float64) for name in [*schema.numbers, *schema.dates]}
    texts = {name: frame[name].astype(object).fillna(MISSING) for name in schema.categories}
    return pd.DataFrame(numbers | texts, index=frame.index)
