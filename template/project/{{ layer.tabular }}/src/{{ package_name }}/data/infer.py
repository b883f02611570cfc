"""Infer the schema of a table: what each column holds, or why nothing can be learned from it."""

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from ..columns import Choices, Column, Kind, word_key
from ..errors import DataError
from .cells import TRUTHS, Date, Number, Reader
from .kinds import UNIT, Hints, find_readers, is_code
from .reading import Table
from .summary import GROUPS, LISTED, OVERRIDE

MAX_CATEGORIES = 50
MAX_SHOWN = 3
# Words that are in one row each tell nothing of others.
MOST_SINGLE = 0.5
# Fewer rows tell nothing of a column.
LEAST_ROWS = 3
ID_NAME = re.compile(r"(^|[^a-z])(id|ids|uuid|guid|key|nr|no|index|number|unnamed: \d+)$|\(column \d+\)$")
ID_IN_CAMELS = re.compile(r"[a-z](Id|ID|Nr|No|Key|Number)$")
POSTAL_NAME = re.compile(r"(^|[^a-z])(zip|zip.?code|postal.?code|post.?code|plz)([^a-z]|$)")
WORDS_OF_TEXT = 4
NUMBER_LIKE = re.compile(r"[-+(]?\W?[0-9][0-9.,'\s]*([eE][-+]?[0-9]+)?\W?\)?")
DATE_LIKE = re.compile(r"[0-9]{1,4}[-/. ]([0-9]{1,2}|[A-Za-z]{3,9})[-/. ,]+[0-9]{1,4}")

log = logging.getLogger(__name__)


def read_freely(table: Table, choices: Choices, kinds: Mapping[str, Kind]) -> tuple[pd.DataFrame, dict[str, Reader]]:
    """Return the columns that are not ignored, and how each is read; `kinds` says what some of them are.

    Raises DataError where the file is broken, a column is not there, or its cells are not of the kind that is said.
    """
    table.require([*choices.ignore, *kinds, *choices.ties])
    hints = Hints(choices.missing, choices.decimal, choices.day_first)
    names = [name for name in table.names if name not in (*choices.ignore, choices.group)]
    readers: dict[str, Reader] = {name: hints.text for name in names if kinds.get(name) in ("category", "boolean")}
    frame, found = find_readers(table, [name for name in names if name not in readers], hints)
    for name, reader in found.items():
        if kinds.get(name) == "date" and not isinstance(reader, Date):
            raise DataError(f"{table.path}: column {name!r} holds no dates in one form that is read, as 2001-12-31")
        if kinds.get(name) == "number" and not isinstance(reader, Number):
            readers[name] = Number(missing=tuple(sorted(hints.words)))
    forced = table.frame(readers)
    parts = {name: forced[name] if name in readers else frame[name] for name in names}
    return pd.DataFrame(parts, copy=False), {name: {**found, **readers}[name] for name in names}


def infer_columns(
    frame: pd.DataFrame, readers: Mapping[str, Reader], choices: Choices, source: str, target: str | None = None
) -> tuple[tuple[Column, ...], dict[str, str]]:
    """Infer what each column but the target holds; return them, and those left out with the reason.

    Raises DataError if no column is left.
    """
    columns, ignored = [], dict.fromkeys(choices.ignore, LISTED)
    ignored |= dict.fromkeys([choices.group] if choices.group else [], GROUPS)
    rows = with_target(frame, target)
    for name in frame.columns.drop([target] if target else []):
        kind = choices.kinds.get(name)
        # Only all rows together are counted without a gap.
        reason = None if kind else why_no_feature(frame[name], readers[name]) or why_unusable(rows[name])
        if reason:
            ignored[name] = reason
        else:
            columns.append(infer_column(rows[name], readers[name], kind))
    if not columns:
        why = "; ".join(f"{name!r} {reason}" for name, reason in ignored.items())
        raise DataError(f"{source}: no column is left to learn from: {why}; {OVERRIDE}")
    return tuple(columns), ignored


def with_target(frame: pd.DataFrame, target: str | None) -> pd.DataFrame:
    """Return the rows with a target; categorical columns have the categories of these rows alone."""
    if target is None or not frame[target].hasnans:
        return frame
    rows = frame.dropna(subset=[target])
    texts = rows.select_dtypes("category")
    return rows.assign(**{str(name): cells.cat.remove_unused_categories() for name, cells in texts.items()})


def why_no_feature(values: pd.Series, reader: Reader) -> str | None:
    """Return why the column names rows instead of describing them, or None if it does not."""
    present, name = values.dropna(), str(values.name)
    if len(present) < LEAST_ROWS or isinstance(reader, Date):
        return None
    if isinstance(reader, Number):
        numbers = present.to_numpy(np.float64)
        if not (numbers == np.floor(numbers)).all():
            return None
        if is_postal(name):
            return "holds postal codes, which are no numbers"
        if not reader.plain or len(np.unique(numbers)) < len(values):
            return None
        if np.ptp(numbers) == len(numbers) - 1:
            return "only counts the rows"
        return "holds another number in each row, and is named as ids are" if is_id(name) else None
    different = present.unique().tolist()
    if len(different) == len(values):
        return f"is different in every row, as {'free text is' if is_prose(present) else 'ids and names are'}"
    if len(different) > MAX_CATEGORIES and all(map(is_code, different)):
        return f"holds {len(different)} different codes, which are no numbers, as of ids or postal codes"
    return None


def why_unusable(values: pd.Series) -> str | None:
    """Return why a model can learn nothing from the column, or None if it can."""
    present = values.dropna()
    if present.empty:
        return "holds no value"
    if len(present) == len(values) and (present == present.iloc[0]).all():
        return "holds one value only"
    if pd.api.types.is_numeric_dtype(present) or present.nunique() <= MAX_CATEGORIES:
        return None
    counts = present.value_counts()
    return why_text(counts.index[counts > 0].tolist(), int(counts[counts == 1].sum()) / len(present))


def why_text(cells: Sequence[str], single: float) -> str | None:
    """Return why a model can learn nothing from so many different cells, or None if it can.

    `single` is the share of rows whose cell is that of no other.
    """
    different = len(cells)
    if is_prose(pd.Series(cells)):
        return f"holds {different} different texts, and no text is read here"
    if odd := odd_among_numbers(cells):
        return told_odd(odd)
    if sum(DATE_LIKE.search(cell) is not None for cell in cells) > len(cells) / 2:
        return f"holds dates in a form that is not read, such as {cells[0]!r}; write them as 2001-12-31"
    if len({unit for cell in cells for unit in UNIT.findall(cell)}) > 1:
        return f"holds amounts in several units, such as {cells[0]!r}"
    if single > MOST_SINGLE:
        return f"holds {different} different words, and {single:.0%} of the rows one that is in no other"
    return None


def odd_among_numbers(cells: Sequence[str]) -> list[str]:
    """Return the cells that are no numbers, where most of the others are."""
    odd = [cell for cell in cells if not NUMBER_LIKE.fullmatch(cell)]
    return odd if len(odd) < len(cells) / 2 else []


def told_odd(odd: Sequence[str]) -> str:
    """Return what is said of words among numbers."""
    shown = ", ".join(map(repr, odd[:MAX_SHOWN]))
    return (
        f"holds numbers, and {len(odd)} {'word that is' if len(odd) == 1 else 'words that are'} none, such as {shown}; "
        "what means that a number is missing can be listed under data.missing"
    )


def is_prose(cells: pd.Series) -> bool:
    """Return whether cells hold sentences more than names."""
    return bool(cells.str.count(r"\s+").mean() + 1 >= WORDS_OF_TEXT)


def is_id(name: str) -> bool:
    """Return whether a column is named as ids are: customer_id, CustomerId, Unnamed: 0."""
    return bool(ID_NAME.search(name.lower()) or ID_IN_CAMELS.search(name))


def is_postal(name: str) -> bool:
    """Return whether a column is named as postal codes are."""
    return bool(POSTAL_NAME.search(name.lower()))


def infer_column(values: pd.Series, reader: Reader, kind: Kind | None = None) -> Column:
    """Infer the kind of a column if it is not said, how it is written, and the range or categories of its values."""
    present, name = values.dropna(), str(values.name)
    nullable = len(present) < len(values)
    if isinstance(reader, Number):
        return number_column(values, reader)
    if isinstance(reader, Date):
        return date_column(values, reader)
    different = present.unique()
    if kind is None and (odd := odd_among_numbers(different)):
        log.warning("column %r is taken for words: %s", name, told_odd(odd))
    truths = TRUTHS.keys() >= {cell.casefold() for cell in different}
    if kind == "boolean" or (kind is None and truths):
        return Column(name=name, kind="boolean", nullable=nullable, missing=tuple(reader.missing))
    if len(different) > MAX_CATEGORIES:
        return words_column(values, reader)
    words = merge_spellings(present)
    return Column(name=name, kind="category", nullable=nullable, categories=words, missing=tuple(reader.missing))


def number_column(values: pd.Series, reader: Number) -> Column:
    """Describe a column of numbers: their range, and how they are written."""
    present = values.dropna()
    return Column(
        name=str(values.name),
        kind="number",
        nullable=len(present) < len(values),
        minimum=present.min() if len(present) else None,
        maximum=present.max() if len(present) else None,
        missing=tuple(reader.missing),
        decimal=reader.decimal,
        thousands=reader.thousands,
        unit=reader.unit,
        brackets=reader.brackets,
    )


def date_column(values: pd.Series, reader: Date) -> Column:
    """Describe a column of dates: the first and the last, and how they are written."""
    present = values.dropna()
    moments = (datetime.fromtimestamp(end, UTC).replace(tzinfo=None) for end in (present.min(), present.max()))
    earliest, latest = moments if len(present) else (None, None)
    return Column(
        name=str(values.name),
        kind="date",
        nullable=len(present) < len(values),
        earliest=earliest,
        latest=latest,
        missing=tuple(reader.missing),
        form=reader.form,
    )


def words_column(values: pd.Series, reader: Reader) -> Column:
    """Describe a column of so many words that they are not listed."""
    present = values.dropna()
    words = len({word_key(word) for word in present.unique()})
    log.info("column %r: its %d words are not listed; other words may come, too", values.name, words)
    return Column(
        name=str(values.name),
        kind="category",
        nullable=len(present) < len(values),
        missing=tuple(reader.missing),
        words=words,
        example=word_key(present.value_counts().index[0]),
    )


def merge_spellings(present: pd.Series) -> tuple[str, ...]:
    """Return the different words, of those that are equal numbers the one that is written most often.

    What is one word, and what differs in case alone and stays two, is said in the log.
    """
    words: dict[str, str] = {}
    for word in present.value_counts().index:
        kept = words.setdefault(word_key(word), word)
        if kept != word:
            log.warning("column %r: %r is taken for %r", present.name, word, kept)
    cases: dict[str, str] = {}
    for word in sorted(words.values()):
        other = cases.setdefault(word.casefold(), word)
        if other != word:
            log.warning("column %r: %r and %r differ in case alone, and are two words", present.name, other, word)
    return tuple(sorted(words.values()))
