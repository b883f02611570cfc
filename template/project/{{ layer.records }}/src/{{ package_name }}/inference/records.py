"""The records of a table as a person wrote them, and what is appended to each."""

import csv
import io
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

import pandas as pd

from ..data.dialect import Dialect, read_start, unpacked
from ..errors import DataError

MARK = "\ufeff"


@dataclass(frozen=True)
class Records:
    """Some records, each with its line end, and the header with all that comes before it."""

    header: str
    rows: list[str]
    dialect: Dialect

    def write(self, file: TextIO, added: pd.DataFrame) -> None:
        """Write each record with the cells of a row of `added` after it; its own cells stay as they are written.

        The first ones that a file gets come after the header.
        """
        joined = csv.writer(Echo(), delimiter=self.dialect.separator, lineterminator="").writerow
        table = added.itertuples(index=False, name=None)
        first = file.tell() == 0
        cells = chain([added.columns], table) if first else table
        records = [self.header, *self.rows] if first else self.rows
        for record, row in zip(records, cells, strict=True):
            line, end = split_end(record)
            file.write(f"{line}{self.dialect.separator}{joined(row)}{end}")

    def part(self, reasons: Mapping[int, str]) -> tuple["Records", "Refused"]:
        """Return the records but those at these places, and these with the reasons."""
        good = [row for place, row in enumerate(self.rows) if place not in reasons]
        bad = [self.rows[place] for place in reasons]
        return replace(self, rows=good), Refused(replace(self, rows=bad), list(reasons.values()))

    def cell(self, place: int, column: int) -> str:
        """Return a cell of the record at a place, as it is written."""
        dialect = self.dialect
        row = next(csv.reader([self.rows[place]], delimiter=dialect.separator, skipinitialspace=dialect.spaced))
        return row[column]


@dataclass(frozen=True)
class Refused:
    """Records that are left out, and why each is."""

    records: Records
    reasons: list[str]

    def __len__(self) -> int:
        """Return how many they are."""
        return len(self.reasons)

    def write(self, file: TextIO) -> None:
        """Write the records with the reasons after them."""
        self.records.write(file, pd.DataFrame({"refused": self.reasons}))


class Echo:
    """A file whose writers return what they would write."""

    def write(self, text: str) -> str:
        """Return the text."""
        return text


def split_end(record: str) -> tuple[str, str]:
    """Return a record without its line end, and the line end; the last record of a table may have none."""
    line = record.rstrip("\r\n")
    return line, record[len(line) :] or "\n"


def beside(parts: Iterable[pd.DataFrame], path: Path, dialect: Dialect) -> Iterator[tuple[pd.DataFrame, Records]]:
    """Yield parts of a table with their records. Raises DataError when there are more of the one than of the other."""
    records = read_records(path, dialect)
    header = next(records)
    for part in parts:
        rows = list(islice(records, len(part)))
        if len(rows) < len(part):
            raise unlike(path)
        yield part, Records(header, rows, dialect)
    if next(records, None) is not None:
        raise unlike(path)


def unlike(path: Path) -> DataError:
    """Return what is said of a table whose records were counted in two ways."""
    return DataError(f"{path}: its records cannot be told apart for sure; save it as CSV anew, with quotes around text")


def read_records(path: Path, dialect: Dialect) -> Iterator[str]:
    """Yield the records as they are written, the header first, with the lines before it; blank lines are none."""
    csv.field_size_limit(sys.maxsize)
    path = dialect.text if dialect.converted else path
    with unpacked(path, read_start(path)) as file:
        # The mark at the start of a file is kept: so its first character is read as one.
        lines = io.TextIOWrapper(file, encoding=dialect.encoding.removesuffix("-sig"), newline="")
        held = list(islice(lines, dialect.skipped))
        rows = csv.reader(noted(lines, held), delimiter=dialect.separator, skipinitialspace=dialect.spaced)
        for row in rows:
            if row:
                yield "".join(held)
                held.clear()


def noted(lines: Iterable[str], held: list[str]) -> Iterator[str]:
    """Yield each line, less a byte-order mark before it, and add it to those held as it is written."""
    for line in lines:
        held.append(line)
        yield line.removeprefix(MARK)
