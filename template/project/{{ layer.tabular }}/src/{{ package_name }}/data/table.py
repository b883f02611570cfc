"""Read a table, and check every load against its schema, which the first load infers."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..columns import Choices, Cleaning, Column, Features, Kind, word_key
from ..errors import DataError
from ..schema import MISSING, Schema
from .cells import TRUTHS, Date, Number, Reader, Text
from .infer import read_freely
from .kinds import Hints, find_readers
from .making import describe_made, make
from .outliers import warn_of_outliers
from .reading import Table, open_csv
from .splitting import GROUP, TIME
from .summary import Summary

MAX_REPORTED = 5
# None of any categories: one-hot, it is nothing but zeros.
OTHER = "(other)"
REFRESH = "If the data has changed on purpose, infer its schema anew: run the data command with --refresh."

Mask = NDArray[np.bool_]

log = logging.getLogger(__name__)


def open_table(
    path: Path,
    schema_path: Path,
    choices: Choices,
    infer: Callable[[pd.DataFrame, Mapping[str, Reader]], Schema],
    cleaning: Cleaning,
    *,
    target: str | None = None,
    kind: Kind | None = None,
    refresh: bool = False,
) -> tuple[pd.DataFrame, Schema]:
    """Read the table and check it against its schema, which is inferred first if it is new or `refresh` is set.

    The target is of this `kind`. Rows without one are left out, and those that `cleaning` says; what was used and what
    not is told in the log, and is a `Summary` in the `attrs` of the frame. A schema is saved once the table fits it.
    Raises DataError that names column, row and rule.
    """
    with open_csv(path) as table:
        table.require([target] if target else [])
        if target in choices.ties:
            raise DataError(f"{path}: {target!r} cannot be both what is predicted and what rows are split by")
        total = table.leave_out_total()
        known = None if refresh else known_schema(schema_path, path.name, target, choices)
        if known:
            whole, schema = read_columns(table, known.held), known
        else:
            kinds = {**choices.kinds, **({target: kind} if target and kind else {})}
            whole, schema = read_anew(table, choices, kinds, infer)
        whole = whole.assign(**read_ties(table, choices))
        repeated = find_repeated(table) if cleaning.duplicates == "drop" else np.zeros(len(whole), dtype=bool)
    reasons = {
        f"no {target!r}": whole[target].isna().to_numpy() if target else np.zeros(len(whole), dtype=bool),
        "equal to an earlier row, by cleaning.duplicates": repeated,
        "a value is missing, by cleaning.missing": find_incomplete(whole, schema, cleaning),
    }
    frame, left_out = leave_out(whole, reasons)
    summary = Summary(
        source=path.name,
        rows=len(whole) + int(total is not None),
        rows_left_out=left_out | ({f"the last row is a total, {total!r}": 1} if total is not None else {}),
        columns=tuple(column.name for column in schema.held),
        columns_left_out=schema.ignored,
        columns_unknown=unknown_names(table.names, schema),
    )
    log.info("\n".join(summary.lines()))
    if not len(frame):
        raise DataError(f"{path}: no row is left to learn from; cleaning in params.yaml says which are left out")
    frame.attrs["summary"] = summary.model_dump()
    check_table(frame, schema.held, path, advice=REFRESH)
    warn_of_outliers(frame, schema.held, cleaning)
    if schema != known:
        schema_path.parent.mkdir(parents=True, exist_ok=True)
        schema.save(schema_path)
        log.info("wrote %s", schema_path)
    return frame, without_missing(schema) if cleaning.missing == "drop" else schema


def read_anew(
    table: Table,
    choices: Choices,
    kinds: Mapping[str, Kind],
    infer: Callable[[pd.DataFrame, Mapping[str, Reader]], Schema],
) -> tuple[pd.DataFrame, Schema]:
    """Return all rows, and the schema that is inferred of them."""
    found, readers = read_freely(table, choices, kinds)
    schema = infer(found, readers).model_copy(update={"separator": table.dialect.separator})
    tell_blanks(table, [column.name for column in schema.held if column.kind == "category"])
    return settle(found, schema.held), schema


def leave_out(frame: pd.DataFrame, reasons: Mapping[str, NDArray[np.bool_]]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows that no reason speaks against, and how many each has cost beside those before it, if any."""
    out, counts = np.zeros(len(frame), dtype=bool), {}
    for reason, rows in reasons.items():
        if count := int((rows & ~out).sum()):
            counts[reason] = count
        out |= rows
    # Large tables are not copied for nothing.
    return frame[~out] if counts else frame, counts


def find_repeated(table: Table) -> NDArray[np.bool_]:
    """Return for each row whether an earlier one has the same cells, in every column of the file."""
    return table.frame({name: Text() for name in table.names}).duplicated().to_numpy()


def find_incomplete(frame: pd.DataFrame, schema: Schema, cleaning: Cleaning) -> NDArray[np.bool_]:
    """Return for each row whether a value is missing that the model takes, if such rows are to be left out."""
    if cleaning.missing != "drop":
        return np.zeros(len(frame), dtype=bool)
    return frame[[column.name for column in schema.columns]].isna().any(axis="columns").to_numpy()


def without_missing(schema: Schema) -> Schema:
    """Return the schema of rows that are complete: the model takes no others."""
    columns = tuple(column.model_copy(update={"nullable": False}) for column in schema.columns)
    return schema.model_copy(update={"columns": columns})


def read_ties(table: Table, choices: Choices) -> dict[str, pd.Series]:
    """Return the groups or times of all rows, if params.yaml names them. Raises DataError where a time is none."""
    ties = {}
    if choices.group:
        ties[GROUP] = table.frame({choices.group: Text(tidy=True)})[choices.group]
    if choices.time:
        hints = Hints(choices.missing, choices.decimal, choices.day_first)
        frame, readers = find_readers(table, [choices.time], hints)
        if isinstance(readers[choices.time], Text):
            raise DataError(f"{table.path}: column {choices.time!r} is no time: it holds neither dates nor numbers")
        ties[TIME] = frame[choices.time]
    return ties


def unknown_names(names: Sequence[str], schema: Schema) -> tuple[str, ...]:
    """Return those names of columns that the schema does not have."""
    known = {*schema.ignored, *(column.name for column in schema.held)}
    return tuple(name for name in names if name not in known)


def tell_blanks(table: Table, names: Sequence[str]) -> None:
    """Say in the log which columns of words have blanks that are taken away."""
    for name, count in table.blank_ends(names).items():
        if count:
            log.warning("column %r: blanks at the ends of cells (%d of them) are no part of the words", name, count)


def known_schema(schema_path: Path, source: str, target: str | None, choices: Choices) -> Schema | None:
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
    return schema if schema.source == source and same_target and schema.decided == choices.decided() else None


def read_columns(table: Table, columns: Sequence[Column]) -> pd.DataFrame:
    """Return the columns by their kinds: float64, truth values, or text; NaN or None where a value is missing.

    Raises DataError that names a column that is not there, or cells that are of another kind.
    """
    table.require([column.name for column in columns])
    return settle(table.frame({column.name: reader_of(column) for column in columns}), columns)


def reader_of(column: Column) -> Reader:
    """Return how the cells of a column are read."""
    if column.kind == "number":
        notation: dict[str, Any] = {"thousands": column.thousands, "unit": column.unit, "brackets": column.brackets}
        return Number(missing=column.missing, decimal=column.decimal, **notation)
    return (
        Date(form=column.form, missing=column.missing)
        if column.kind == "date"
        else Text(tidy=True, missing=column.missing)
    )


def settle(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Return the columns with tidy text as truth values, or as the categories that it spells in another way."""
    found = {}
    for column in columns:
        cells = frame[column.name]
        if column.kind == "boolean":
            cells = as_truths(cells)
        elif column.kind == "category":
            cells = keyed(cells) if column.many else spelled(cells, column.categories)
        found[column.name] = cells
    return pd.DataFrame(found, index=frame.index, copy=False)


def as_truths(cells: pd.Series) -> pd.Series:
    """Return the cells with truth values for the words that mean them, in either case."""
    return replaced(cells, lambda word: bool(TRUTHS[key]) if (key := word.casefold()) in TRUTHS else word)


def spelled(cells: pd.Series, categories: Sequence[str]) -> pd.Series:
    """Return text with each word as the categories spell it; a word that is none of them stays."""
    known = {word_key(word): word for word in categories}
    return replaced(cells, lambda word: known.get(word_key(word), word)).astype("str")


def keyed(cells: pd.Series) -> pd.Series:
    """Return text with each word in the one form that its spellings have in common."""
    return replaced(cells, word_key).astype("str")


def replaced(cells: pd.Series, value: Callable[[str], Any]) -> pd.Series:
    """Return the value of each cell of text; each different text is looked at once."""
    codes, different = pd.factorize(cells)
    values = np.array([*map(value, different), None], dtype=object)
    return pd.Series(values[codes], index=cells.index, name=cells.name, dtype=object)


def check_table(
    frame: pd.DataFrame, columns: Sequence[Column], path: Path, *, advice: str = "", others: bool = False
) -> None:
    """Check these columns of every row; `others` may be among the categories.

    Raises DataError that names column, row and rule of the first violations.
    """
    found = [problem for _, problem in table_problems(frame, columns, others=others)]
    if found:
        more = [f"and {len(found) - MAX_REPORTED} more"] if len(found) > MAX_REPORTED else []
        lines = [f"{path} does not fit its schema:", *found[:MAX_REPORTED], *more, advice]
        raise DataError("\n".join(line for line in lines if line))


def table_problems(frame: pd.DataFrame, columns: Sequence[Column], *, others: bool = False) -> list[tuple[int, str]]:
    """Return what is wrong with these columns, column by column: each row, and a sentence."""
    return [problem for column in columns for problem in find_problems(frame[column.name], column, others=others)]


def find_problems(values: pd.Series, column: Column, *, others: bool = False) -> list[tuple[int, str]]:
    """Return what is wrong with the values of a column: each row, and a sentence, in which they count from 1."""
    absent, wrong = find_misfits(values, column, others=others)
    rule = "the value is missing, and none was missing when the schema was inferred"
    found = [(row, f"{place(values, row)}: {rule}") for row in values.index[absent]]
    if not wrong.any():
        return found
    rule = {"category": f"is not one of {', '.join(column.categories)}", "boolean": "is neither True nor False"}.get(
        column.kind, "is not finite"
    )
    return found + [(row, f"{place(values, row)}: {values[row]!r} {rule}") for row in values.index[wrong]]


def find_misfits(values: pd.Series, column: Column, *, others: bool = False) -> tuple[Mask, Mask]:
    """Return which values of a column are missing and may not be, and which are none of those that it holds."""
    absent = values.isna().to_numpy()
    missing = absent & (not column.nullable)
    if column.many:
        return missing, np.zeros(len(values), dtype=bool)
    if column.kind == "category":
        return missing, ~absent & ~values.isin([*column.categories, *([OTHER] if others else [])]).to_numpy()
    if column.kind == "boolean":
        return missing, ~absent & ~values.isin([True, False]).to_numpy()
    return missing, np.isinf(values.to_numpy(np.float64))


def place(values: pd.Series, row: int) -> str:
    """Return where a value stands."""
    return f"column {str(values.name)!r}, row {row + 1}"


def take_others(frame: pd.DataFrame, columns: Sequence[Column]) -> tuple[pd.DataFrame, Counter[tuple[str, str]]]:
    """Return the columns with OTHER for words that are no categories, and how often each of these is there."""
    found, counts = {}, Counter[tuple[str, str]]()
    for column in columns:
        if column.kind == "category" and not column.many:
            cells = frame[column.name]
            others = cells.notna() & ~cells.isin(column.categories)
            counts.update((column.name, word) for word in cells[others])
            found[column.name] = cells.mask(others, OTHER)
    return frame.assign(**found), counts


def encode_table(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return the columns as a model takes them: numbers and dates as float64 with NaN, then text with MISSING."""
    found = values_of(frame, schema)
    made = make(found, schema) if schema.made else {}
    names = [*schema.all_numbers, *schema.dates, *schema.categories]
    return pd.DataFrame({name: made.get(name, found.get(name)) for name in names}, index=frame.index)


def values_of(frame: pd.DataFrame, schema: Schema) -> dict[str, NDArray[Any]]:
    """Return the columns of a table: numbers and dates as float64 with NaN, then text with MISSING."""
    numbers = {name: frame[name].to_numpy(np.float64) for name in [*schema.numbers, *schema.dates]}
    texts = {name: frame[name].astype(object).fillna(MISSING).to_numpy() for name in schema.categories}
    return numbers | texts


def with_made(frame: pd.DataFrame, schema: Schema, features: Features) -> Schema:
    """Return the schema with what prepare.py makes of the table, if it is to. Raises DataError where it cannot."""
    if not features.prepare:
        return schema
    values = values_of(frame, schema)
    made = describe_made(values, schema)
    for each in made:
        column = each.column
        log.info("prepare.py makes %r: %s%s", column.name, column.seen, ", missing in part" * column.nullable)
    return schema.model_copy(update={"made": made})
