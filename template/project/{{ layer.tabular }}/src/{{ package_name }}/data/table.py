"""Read a table, infer what its columns hold, and check every load against that."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from ..errors import DataError
from ..schema import MISSING, Column, Schema
from .reading import read_table

MAX_CATEGORIES = 50
MAX_REPORTED = 5
LISTED = "listed under data.ignore"

log = logging.getLogger(__name__)


def open_table(
    path: Path,
    schema_path: Path,
    infer: Callable[[pd.DataFrame], Schema],
    *,
    target: str | None = None,
    text: Sequence[str] = (),
    ignore: Sequence[str] = (),
    refresh: bool = False,
) -> tuple[pd.DataFrame, Schema]:
    """Read the table and check it against its schema, which is inferred first if it is new or `refresh` is set.

    Columns in `text` are taken as they are written, even where they look like numbers. Rows without a target are left
    out. Raises DataError that names column, row and rule.
    """
    schema = None if refresh else known_schema(schema_path, path.name, target, ignore)
    if schema is None:
        schema = infer(read_table(path, text))
        schema_path.parent.mkdir(parents=True, exist_ok=True)
        schema.save(schema_path)
        log.info("wrote %s", schema_path)
    frame = read_table(path, text_columns(schema.held))
    if target is not None and target in frame:
        frame = frame.dropna(subset=[target])
    check_table(frame, schema.held, path)
    return frame, schema


def text_columns(columns: Sequence[Column]) -> list[str]:
    """Return the columns to read as text, even where they look like numbers."""
    return [column.name for column in columns if column.kind == "category"]


def known_schema(schema_path: Path, source: str, target: str | None, ignore: Sequence[str]) -> Schema | None:
    """Return the schema on disk, or None if there is none or it describes another table, target or choice."""
    if not schema_path.exists():
        return None
    schema = Schema.read(schema_path)
    targets = [column.name for column in schema.held if column not in schema.columns]
    same_target = targets == ([target] if target else [])
    same_choice = set(ignore) == {name for name, reason in schema.ignored.items() if reason == LISTED}
    return schema if schema.source == source and same_target and same_choice else None


def infer_columns(
    frame: pd.DataFrame, source: str, ignore: Sequence[str], target: str | None = None
) -> tuple[tuple[Column, ...], dict[str, str]]:
    """Infer what each column but the target holds; return them, and those left out with the reason.

    Raises DataError if the target or an ignored column is not there, or no column is left.
    """
    apart = [*ignore, *([target] if target else [])]
    for name in apart:
        if name not in frame:
            raise DataError(f"{source} has no column {name!r}; it has {', '.join(map(str, frame.columns))}")
    columns, ignored = [], dict.fromkeys(ignore, LISTED)
    for name in frame.columns.drop(apart):
        if reason := why_unusable(frame[name]):
            ignored[name] = reason
            log.warning("column %r is left out: it %s", name, reason)
        else:
            columns.append(infer_column(frame[name]))
    if not columns:
        raise DataError(f"{source}: no column is left to learn from")
    return tuple(columns), ignored


def why_unusable(values: pd.Series) -> str | None:
    """Return why a model can learn nothing from the column, or None if it can."""
    present = values.dropna()
    if present.empty:
        return "holds no value"
    if present.nunique() == 1 and len(present) == len(values):
        return "holds one value only"
    if pd.api.types.is_integer_dtype(present) and len(present) > 2 and (present.diff().iloc[1:] == 1).all():
        return "only counts the rows"
    if not pd.api.types.is_numeric_dtype(present) and present.nunique() > MAX_CATEGORIES:
        return f"holds {present.nunique()} different texts, such as names, dates or free text"
    return None


def infer_column(values: pd.Series) -> Column:
    """Infer the kind of a column, and the range or the categories of its values."""
    present = values.dropna()
    name, nullable = str(values.name), len(present) < len(values)
    if pd.api.types.infer_dtype(present) == "boolean":
        return Column(name=name, kind="boolean", nullable=nullable)
    if pd.api.types.is_numeric_dtype(present):
        return Column(name=name, kind="number", nullable=nullable, minimum=present.min(), maximum=present.max())
    return Column(name=name, kind="category", nullable=nullable, categories=tuple(sorted(set(present.astype(str)))))


def check_table(frame: pd.DataFrame, columns: Sequence[Column], path: Path) -> None:
    """Check these columns of every row. Raises DataError that names column, row and rule of the first violations."""
    rules = pa.DataFrameSchema({column.name: _rule(column) for column in columns})
    try:
        rules.validate(frame, lazy=True)
    except SchemaErrors as error:
        found = [_explain(failure) for failure in error.failure_cases.to_dict("records")]
        more = [f"and {len(found) - MAX_REPORTED} more"] if len(found) > MAX_REPORTED else []
        advice = "If the data has changed on purpose, infer its schema anew: run the data command with --refresh."
        raise DataError("\n".join([f"{path} does not fit its schema:", *found[:MAX_REPORTED], *more, advice])) from None


def _rule(column: Column) -> pa.Column:
    """Return what every value of the column must fulfil."""
    if column.kind == "category":
        check = pa.Check.isin(column.categories, error=f"is not one of {', '.join(column.categories)}")
    elif column.kind == "boolean":
        check = pa.Check.isin([True, False], error="is neither True nor False")
    else:
        check = pa.Check(np.isfinite, error="is not finite")
    return pa.Column(float if column.kind == "number" else None, check, nullable=column.nullable, coerce=True)


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
    """Return the columns as a model takes them, numbers first: float32 with NaN, then text with MISSING."""
    numbers = {name: frame[name].astype(np.float32) for name in schema.numbers}
    texts = {name: frame[name].astype(object).fillna(MISSING) for name in schema.categories}
    return pd.DataFrame(numbers | texts, index=frame.index)
