"""Sheets of Excel files as tables of text."""

import csv
import logging
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from ..errors import DataError
from .cells import unmistakable

SHEETS = "xl/worksheets/"
BLOCK, OVERLAP = 2**20, 2**10  # bytes
MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*ref="([A-Z0-9:]+)"')
FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
HIDDEN = re.compile(rb'<(?:\w+:)?row [^>]*hidden="(?:1|true)"')
# A format of numbers that shows zeros before them, as those of postal codes do.
PADDED = re.compile("0{2,}")
ERROR, FORMULAS = "e", "f"
HOUR = timedelta(hours=1)
# Beyond it, floats do not tell neighbouring whole numbers apart.
WHOLE = 2**53

log = logging.getLogger(__name__)


def write_sheet(path: Path, text: Path) -> None:
    """Write the one sheet of an Excel file that holds something as CSV: dates in ISO 8601, durations in hours.

    Raises DataError when several sheets do, cells are merged or were never calculated, a column has no name, or the
    file is damaged.
    """
    try:
        calculates = look_through(path)
        with path.open("rb") as file, text.open("w", encoding="utf-8", newline="") as target:
            sheet = only_sheet(load_workbook(file, read_only=True, data_only=True), path)
            if calculates:
                check_calculated(path, sheet.title)
            rows = Rows(path)
            csv.writer(target, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows.lines(sheet.iter_rows()))
            rows.tell()
    except (AttributeError, IndexError, KeyError, ParseError, TypeError, ValueError) as error:
        raise DataError(f"{path} cannot be read as an Excel file: {error}") from None


def look_through(path: Path) -> bool:
    """Return whether cells are calculated, and say in the log that rows are hidden. Raises DataError for merged cells.

    A sheet that is read row by row does not tell.
    """
    calculates = hides = False
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not (name.startswith(SHEETS) and name.endswith(".xml")):
                continue
            with archive.open(name) as sheet:
                for part in overlapping(sheet):
                    if merged := MERGED.search(part):
                        raise DataError(
                            f"{path}: the cells {merged[1].decode()} are merged, and only the first of them holds a "
                            "value; unmerge them, and write it into each"
                        )
                    calculates = calculates or FORMULA.search(part) is not None
                    hides = hides or HIDDEN.search(part) is not None
    if hides:
        log.warning("%s has hidden rows; they are read like the others", path)
    return calculates


def overlapping(file: Any) -> Iterator[bytes]:
    """Yield parts of a file, each of which begins with the end of the one before it."""
    kept = b""
    while block := file.read(BLOCK):
        yield kept + block
        kept = block[-OVERLAP:]


def only_sheet(book: Any, path: Path) -> Any:
    """Return the sheet that holds something. Raises DataError when none does, or several."""
    for sheet in book.worksheets:
        # What a file says of its size is wrong now and then.
        sheet.reset_dimensions()
    filled = [sheet for sheet in book.worksheets if any(map(any_value, sheet.iter_rows()))]
    if not filled:
        raise DataError(f"{path} holds nothing")
    if len(filled) > 1:
        names = ", ".join(repr(sheet.title) for sheet in filled)
        raise DataError(f"{path} holds {len(filled)} sheets with values, {names}; save the one that is meant alone")
    return filled[0]


def any_value(row: Iterable[Any]) -> bool:
    """Return whether a row holds something."""
    return any(cell.value is not None for cell in row)


def check_calculated(path: Path, sheet: str) -> None:
    """Raise DataError for a formula without a value, as programs leave it that write files and do not calculate."""
    with path.open("rb") as first, path.open("rb") as second:
        books = load_workbook(first, read_only=True), load_workbook(second, read_only=True, data_only=True)
        for book in books:
            book[sheet].reset_dimensions()
        for formulas, values in zip(*(book[sheet].iter_rows() for book in books), strict=True):
            for formula, value in zip(formulas, values, strict=True):
                if formula.data_type == FORMULAS and value.value is None:
                    raise DataError(
                        f"{path}: the formula in {formula.coordinate} was never calculated; open the file in Excel or "
                        "LibreOffice, and save it there"
                    )


class Rows:
    """The rows of a sheet as text, and what is to be said of them."""

    def __init__(self, path: Path) -> None:
        """Start; the path is for messages."""
        self.path = path
        self.names: dict[int, str] = {}
        self.errors: list[str] = []
        self.hours: list[str] = []
        self.gap = 0

    def lines(self, rows: Iterable[Sequence[Any]]) -> Iterator[list[str]]:
        """Yield the header and the cells of each row. Raises DataError for values in columns without a name."""
        empty, leading = 0, True
        for place, row in enumerate(rows, start=1):
            cells = {number: cell for number, cell in enumerate(row, start=1) if cell.value is not None}
            if not cells:
                empty = place
            elif not self.names:
                self.names = {number: self.written(cell, number) for number, cell in cells.items()}
            else:
                if leading:
                    # An index that was written beside a table has no name.
                    unnamed = dict.fromkeys((number for number in cells if number < min(self.names)), "")
                    self.names, leading = dict(sorted((unnamed | self.names).items())), False
                    yield list(self.names.values())
                elif empty == place - 1:
                    self.gap = self.gap or empty
                if others := sorted(cells.keys() - self.names.keys()):
                    where = f"{get_column_letter(others[0])}{place}"
                    raise DataError(f"{self.path}: {where} holds a value, and its column has no name in the first row")
                yield [self.written(cells[each], each) if each in cells else "" for each in self.names]
        if leading:
            yield list(self.names.values())

    def written(self, cell: Any, number: int) -> str:
        """Return a cell as text."""
        value = cell.value
        if cell.data_type == ERROR:
            self.errors.append(f"{value} in {cell.coordinate}")
            return ""
        if isinstance(value, time | timedelta):
            if (name := self.names.get(number, "")) not in self.hours:
                self.hours.append(name)
            return as_number(as_duration(value) / HOUR)
        if isinstance(value, bool):
            return str(value).upper()
        if isinstance(value, date):
            return as_date(value)
        if isinstance(value, int | float):
            padded = PADDED.fullmatch(cell.number_format or "")
            return as_number(value).zfill(len(padded[0])) if padded else as_number(value)
        return str(value)

    def tell(self) -> None:
        """Say in the log what may not be as it looks in Excel."""
        if self.errors:
            log.warning(
                "%s holds errors of calculation, such as %s (%d of them); they are read as missing values",
                self.path,
                self.errors[0],
                len(self.errors),
            )
        if self.hours:
            log.info("%s: times of a day and durations are read as hours: %s", self.path, ", ".join(self.hours))
        if self.gap:
            log.warning("%s: row %d is empty, and more rows follow it; they are read, too", self.path, self.gap)


def as_duration(value: time | timedelta) -> timedelta:
    """Return how long after midnight a time of a day is."""
    return value if isinstance(value, timedelta) else datetime.combine(date.min, value) - datetime.min


def as_date(value: date) -> str:
    """Return a date in ISO 8601, with its time if it has one."""
    if not isinstance(value, datetime):
        return value.isoformat()
    return value.date().isoformat() if value.time() == time.min else value.isoformat()


def as_number(value: float) -> str:
    """Return a number in figures that can be read in one way."""
    return str(int(value)) if abs(value) < WHOLE and value == int(value) else unmistakable(repr(value))
