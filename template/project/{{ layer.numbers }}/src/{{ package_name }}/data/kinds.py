"""Find out what the columns of a table hold, and how numbers and dates in them are written."""

import logging
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from ..errors import DataError
from .cells import ISO, ISO_PATTERN, NO_NUMBER, Date, Number, Reader, Text
from .reading import SAMPLE_ROWS, Table

SYMBOLS = "$\u20ac\u00a3\u00a5\u20b9\u20a9\u20bd\u20ba%"
CODES = "USD EUR GBP JPY CHF CNY INR AUD CAD NZD SEK NOK DKK PLN CZK HUF BRL MXN ZAR KRW TRY RUB"
UNIT = re.compile(f"[{re.escape(SYMBOLS)}]|\\b(?:{'|'.join(CODES.split())})\\b")
DAYS = """
%Y-%m-%d  %Y/%m/%d  %Y.%m.%d  %d.%m.%Y  %d.%m.%y  %d/%m/%Y  %d/%m/%y  %m/%d/%Y  %m/%d/%y  %d-%m-%Y  %m-%d-%Y
%d-%b-%Y  %d-%b-%y  %d %b %Y  %d %B %Y  %d. %B %Y  %b %d, %Y  %B %d, %Y  %b %d %Y
"""
TIMES = ("", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
COMPACT = "%Y%m%d"
FORMS = tuple(f"{day.strip()}{time}" for time, day in product(TIMES, re.split(r"\s{2,}|\n", DAYS.strip())))
# What each part of a form looks like.
PARTS = {
    "Y": "[0-9]{4}",
    "y": "[0-9]{2}",
    "m": "(?:0?[1-9]|1[0-2])",
    "d": "(?:0?[1-9]|[12][0-9]|3[01])",
    "b": "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)",
    "B": "(?:January|February|March|April|May|June|July|August|September|October|November|December)",
    "H": "(?:[01]?[0-9]|2[0-3])",
    "I": "(?:0?[1-9]|1[0-2])",
    "M": "[0-5]?[0-9]",
    "S": "[0-5]?[0-9]",
    "p": "(?:AM|PM)",
}
COMPACT_PATTERN = re.compile("(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
# Codes: a zero before other figures, or more figures than a number keeps.
CODE = re.compile("0[0-9]+|[-+]?[0-9]{16,}")
MOST_EXACT = 2.0**53
# Figures in groups of three, as between thousands; no other figures beside them.
GROUPED = re.compile(r"^[^0-9.]*[1-9][0-9]{0,2}(\.[0-9]{3})*[^0-9.]*$|^[^0-9.]*0[^0-9.]*$")
# Fewer different values may look like compact dates by chance.
LEAST_COMPACT = 3

log = logging.getLogger(__name__)


class AmbiguityError(DataError):
    """The cells of a column can be read in more than one way."""


def pattern_of(form: str) -> re.Pattern[str]:
    """Return the regular expression of dates in a form; letters in either case."""
    escaped = re.escape(form).replace("\\ ", " ")
    return re.compile(re.sub("%([a-zA-Z])", lambda part: PARTS[part[1]], escaped), re.IGNORECASE)


PATTERNS = {ISO: re.compile(ISO_PATTERN)} | {form: pattern_of(form) for form in FORMS}


@dataclass(frozen=True)
class Hints:
    """What params.yaml says of cells: words for what is missing, the mark before decimals, whether days come first."""

    missing: tuple[str, ...] = ()
    decimal: str | None = None
    day_first: bool | None = None

    @property
    def words(self) -> set[str]:
        """What means that a number or a date is missing, in lower case."""
        return {*NO_NUMBER, *map(str.lower, self.missing)}

    @property
    def text(self) -> Text:
        """How text is read, in which only what is said to mean so is missing."""
        return Text(tidy=True, missing=self.missing)


def find_readers(table: Table, names: Sequence[str], hints: Hints) -> tuple[pd.DataFrame, dict[str, Reader]]:
    """Return all rows of these columns, and how each is read, as all of its cells allow.

    Raises DataError where the file is broken, or numbers or dates can be read in two ways and nothing says which.
    """
    head = table.attempt(dict.fromkeys(names, hints.text), SAMPLE_ROWS)
    readers, open_names = {}, []
    for name in names:
        cells = head[name].dropna().unique().tolist()
        try:
            readers[name] = find_reader(cells, hints)
        except AmbiguityError:
            readers[name] = hints.text
        if not cells or (isinstance(readers[name], Text) and could_be(cells, hints)):
            open_names.append(name)
    frame = table.attempt({name: lenient(reader, hints) for name, reader in readers.items()})
    doubted = {*open_names, *(name for name in names if is_doubted(readers[name], frame[name]))}
    changed = look_again(table, [name for name in names if name in doubted], readers, frame, hints)
    for name, reader in changed.items():
        values = table.attempt({name: lenient(reader, hints)})[name]
        if not isinstance(reader, Text) and np.isinf(values).any():
            # The form of a date, but no day of the calendar.
            changed[name] = hints.text
            values = table.attempt({name: changed[name]})[name]
        frame[name] = values
    return frame, with_words(table, frame, readers | changed, hints)


def look_again(
    table: Table, names: Sequence[str], readers: dict[str, Reader], frame: pd.DataFrame, hints: Hints
) -> dict[str, Reader]:
    """Return how columns are read of which the first rows did not tell all. Raises DataError for what stays open."""
    cells = {name: table.different(name) for name in names}
    found: dict[str, Reader] = {}
    ambiguous = []
    for name in names:
        try:
            found[name] = find_reader(cells[name], hints)
        except AmbiguityError:
            ambiguous.append(name)
    told = {name: told_mark(readers[name], frame[name]) for name in frame if name not in cells}
    told |= {name: mark_in(reader, cells[name]) for name, reader in found.items()}
    # What may be decimals or thousands is no evidence for others.
    points = [name for name, mark in told.items() if mark == {"."} and (name in cells or may_be_groups(frame[name]))]
    open_points = [name for name in points if in_groups(cells.get(name) or table.different(name))]
    marks = {mark for name, found_marks in told.items() if name not in open_points for mark in found_marks}
    if hints.decimal is None and len(marks) == 1:
        hints = replace(hints, decimal=marks.pop())
    if hints.decimal is None:
        warn_of_points(table, open_points)
    if hints.decimal == ",":
        others = [name for name in frame if name not in cells and told_mark(readers[name], frame[name]) == {"."}]
        ambiguous += others
        cells |= {name: table.different(name) for name in others}
    for name in ambiguous:
        try:
            found[name] = find_reader(cells[name], hints)
        except AmbiguityError as error:
            raise DataError(f"{table.path}, column {name!r}: {error}") from None
        if isinstance(found[name], Number):
            log.warning("column %r: decimals are taken to follow %r, as in other columns", name, hints.decimal)
    return found


def in_groups(cells: Sequence[str]) -> bool:
    """Return whether each point in cells of numbers may stand between thousands."""
    told = [cell for cell in cells if any(map(str.isdigit, cell))]
    return all(map(GROUPED.search, told)) and any("." in cell for cell in told)


def may_be_groups(values: pd.Series) -> bool:
    """Return whether numbers that were read with a point before decimals may have been thousands: some tell."""
    some = np.abs(values.dropna().to_numpy(np.float64)[:SAMPLE_ROWS])
    thousandths = some * 1_000
    return np.allclose(thousandths, np.round(thousandths), rtol=0, atol=1e-6) and not ((some > 0) & (some < 1)).any()


def warn_of_points(table: Table, names: Sequence[str]) -> None:
    """Say in the log how numbers are read whose points may stand between thousands, as nothing else tells."""
    for name in names:
        cell = next(cell for cell in table.different(name) if "." in cell)
        log.warning(
            "column %r: the point of %r is taken for one before decimals; if it stands between thousands, say "
            "decimal: ',' in params.yaml, under data",
            name,
            cell,
        )


def mark_in(reader: Reader, cells: Sequence[str]) -> set[str]:
    """Return what stands before decimals in these cells of numbers, if it does, or between thousands."""
    if not isinstance(reader, Number):
        return set()
    told = reader.thousands in (",", ".") or any(reader.decimal in cell for cell in cells)
    return {reader.decimal} if told else set()


def with_words(table: Table, frame: pd.DataFrame, readers: dict[str, Reader], hints: Hints) -> dict[str, Reader]:
    """Return the readers of numbers and dates with the words that were found for what is missing."""
    told = {name: reader for name, reader in readers.items() if isinstance(reader, Number | Date)}
    words = table.found_words([name for name in told if frame[name].isna().any()], hints.words)
    return readers | {name: replace(reader, missing=words.get(name, ())) for name, reader in told.items()}


def lenient(reader: Reader, hints: Hints) -> Reader:
    """Return what reads all words for what is missing, and leaves codes to be found."""
    if isinstance(reader, Number):
        return replace(reader, missing=hints.words, codes=False)
    return replace(reader, missing=hints.words) if isinstance(reader, Date) else reader


def is_doubted(reader: Reader, values: pd.Series) -> bool:
    """Return whether some cell of the column did not fit, or is a whole number with more figures than float64 has."""
    if isinstance(reader, Text):
        return False
    sizes = np.abs(values.to_numpy(np.float64))
    return bool((np.isinf(sizes) if isinstance(reader, Date) else sizes >= MOST_EXACT).any())


def could_be(cells: Sequence[str], hints: Hints) -> bool:
    """Return whether text may yet turn out as numbers or dates: each order, or each mark, allows it."""
    return any(
        not isinstance(find_reader(cells, replace(hints, decimal=mark, day_first=first)), Text)
        for mark, first in ((".", True), (",", False))
    )


def told_mark(reader: Reader, values: pd.Series) -> set[str]:
    """Return what stands before decimals in a column of numbers, if it has any, or between thousands."""
    if not isinstance(reader, Number):
        return set()
    finite = values.to_numpy(np.float64)
    finite = finite[np.isfinite(finite)]
    return {reader.decimal} if reader.thousands in (",", ".") or (finite != np.floor(finite)).any() else set()


def find_reader(cells: Collection[str], hints: Hints) -> Reader:
    """Return how these different tidy cells are read: as numbers, dates, or else text.

    Raises AmbiguityError when numbers or dates can be read in two ways, and the hints do not say in which.
    """
    missing = {cell for cell in cells if cell.lower() in hints.words}
    told = [cell for cell in cells if cell not in missing]
    if not told:
        return hints.text
    if dates := find_dates(told):
        return choose_date(dates, told, hints.day_first)
    if any(map(is_code, told)):
        return hints.text
    if numbers := find_numbers(told, hints.decimal) or find_numbers(told, None):
        return choose_number(numbers, told)
    return hints.text


def find_numbers(cells: Sequence[str], decimal: str | None) -> list[Number]:
    """Return the notations in which all cells are numbers, the plain one first."""
    if not any(character.isdigit() for character in cells[0]):
        return []
    units = sorted({unit for cell in cells for unit in UNIT.findall(cell)})
    if len(units) > 1:
        return []
    brackets = any(cell.startswith("(") for cell in cells)
    marks = [(point, between) for point in decimal or ".," for between in ("", ",", ".", " ", "'") if between != point]
    return [
        number
        for point, between in marks
        for number in [Number(decimal=point, thousands=between, unit="".join(units), brackets=brackets)]
        if all(map(re.compile(number.pattern).fullmatch, cells))
    ]


def choose_number(numbers: Sequence[Number], cells: Sequence[str]) -> Number:
    """Return the only notation, or the first of those that give the same. Raises AmbiguityError if they do not.

    A point before decimals is taken for one, as programs write it.
    """
    first = numbers[0]
    if (first.decimal, first.thousands) == (".", ""):
        return first
    for cell in cells:
        values = {number.decimal: number.value(cell) for number in numbers}
        if len(set(values.values())) > 1:
            meant = " or ".join(f"{value:g} (decimal: {mark!r})" for mark, value in values.items())
            raise AmbiguityError(f"{cell!r} may be {meant}; say which in params.yaml, under data")
    return first


def find_dates(cells: Sequence[str]) -> list[Date]:
    """Return the forms in which all cells are dates."""
    if not any(character.isdigit() for character in cells[0]):
        return []
    if len(cells) >= LEAST_COMPACT and all(map(COMPACT_PATTERN.fullmatch, cells)):
        return [Date(form=COMPACT)]
    # Years alone are numbers.
    return [Date(form=form) for form, pattern in PATTERNS.items() if all(map(pattern.fullmatch, cells))]


def choose_date(dates: Sequence[Date], cells: Sequence[str], day_first: bool | None) -> Date:
    """Return the only form, or the one that `day_first` says. Raises AmbiguityError when it says nothing."""
    orders = {form.form.find("%d") < form.form.find("%m"): form for form in reversed(dates)}
    if len(orders) == 1:
        return dates[0]
    if day_first is None:
        raise AmbiguityError(
            f"{cells[0]!r} may have the day first or the month; say which in params.yaml, under data: day_first: true "
            "or day_first: false"
        )
    return orders[day_first]


def is_code(cell: str) -> bool:
    """Return whether figures are a code, and no number."""
    return CODE.fullmatch(cell) is not None
