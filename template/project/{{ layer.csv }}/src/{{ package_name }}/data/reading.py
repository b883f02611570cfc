"""Read tables from text files: every cell is text, until a schema says what it is.

DuckDB reads them in its strict mode: a row that is wider or narrower than the header is refused, and so is a quote that
stays open. Neither is mended by a guess.
"""

import atexit
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import count
from math import ceil
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import DataError
from .cells import BLANKS, NO_EXTENSIONS, Number, Reader, Text, listed, quoted, trimmed
from .dialect import Dialect, plain_text

ROWS_AT_ONCE = 20_480
SAMPLE_ROWS = 2_048
MAX_REPORTED = 5
LONGEST_ROW = 2**25  # bytes
# Columns of fewer different cells are read as places in a list of them, which is fifty times as fast.
MOST_LISTED = 1_000
# Tables in memory are told apart by these.
NUMBERS = count()
# Models compute in float32.
LARGEST = float(np.finfo(np.float32).max)


# What a row is called that adds up the others.
TOTALS = {
    *("total", "totals", "grand total", "sum", "overall", "gesamt", "gesamtsumme", "insgesamt", "summe"),
    *("total général", "somme", "totale", "somma", "suma", "total general", "totaal", "итого", "合计", "总计", "合計"),
}
TOTAL_ENDS = f"{BLANKS}:"


@dataclass(frozen=True)
class Table:
    """An open table: the file that a person named, and how it is written."""

    path: Path
    dialect: Dialect
    connection: duckdb.DuckDBPyConnection

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.dialect.names

    def frame(self, readers: Mapping[str, Reader]) -> pd.DataFrame:
        """Return all rows of these columns: numbers and dates as float64, text as it is read.

        A number is NaN where the cell is empty, or holds one of the words that mean so. Raises DataError that names the
        first cells that do not fit.
        """
        frame = self.attempt(readers)
        self._refuse(frame, readers)
        return frame

    def attempt(self, readers: Mapping[str, Reader], first: int | None = None) -> pd.DataFrame:
        """Return all rows of these columns, or the first; a number or date is infinite where the cell is none.

        Text is categorical where few cells differ. All cells are kept in memory from here on, and not parsed again.
        """
        _ = self._kept
        if not readers:
            return pd.DataFrame(index=pd.RangeIndex(self.rows))
        words = {name: self._few(name) for name, reader in readers.items() if isinstance(reader, Text)}
        fields = {
            name: f"{self._cell(name)}::ENUM({listed_as_is(words[name])})" if words.get(name) else field
            for name, field in zip(readers, self._fields(readers), strict=True)
        }
        with self._query(list(fields.values()), first) as result:
            frame = result.df().set_axis(list(readers), axis="columns")
        for name, cells in words.items():
            if cells:
                read = self._read_few(cells, readers[name])
                codes, different = pd.factorize(read)
                frame[name] = pd.Categorical.from_codes(codes[frame[name].cat.codes], different)
        return frame

    def chunks(self, readers: Mapping[str, Reader], *, refuse: bool = True) -> Iterator[pd.DataFrame]:
        """Yield what `frame` returns, some rows at a time; there is at least one part, if an empty one.

        Cells that do not fit are left to `misfits`, unless they are to be refused.
        """
        rows = 0
        with self._query(self._fields(readers)) as result:
            for part in parts_of(result):
                found = part.set_axis(list(readers), axis="columns").set_axis(pd.RangeIndex(rows, rows + len(part)))
                if refuse:
                    self._refuse(found, readers)
                yield found
                rows += len(part)

    def require(self, names: Sequence[str]) -> None:
        """Raise DataError for the first column that is not there; blanks at the ends of names are shown."""
        for name in names:
            if name not in self.names:
                raise DataError(f"{self.path} has no column {name!r}; it has {', '.join(map(repr, self.names))}")

    @cached_property
    def rows(self) -> int:
        """The number of rows below the header. Raises DataError where one of them is no row."""
        return int(self._told(["count(*)"])[0])

    def different(self, name: str) -> list[str]:
        """Return the different tidy cells of a column, in their order."""
        cell = self._cell(name)
        found = f"SELECT DISTINCT {Text(tidy=True).expression(cell)} AS found FROM {self._source}"
        with self.connection.cursor() as cursor, self._explained():
            rows = cursor.execute(f"SELECT found FROM ({found}) WHERE found IS NOT NULL ORDER BY found").fetchall()
        return [text for (text,) in rows]

    def found_words(self, names: Sequence[str], words: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return which of these words, in lower case, each column holds, as they are written; empty cells are none."""
        cells = [self._cell(name) for name in names]
        told = [
            f"list(DISTINCT {trimmed(each)}) FILTER (lower({trimmed(each)}) IN ({listed(words)}))" for each in cells
        ]
        found = self._told(told)
        return {name: tuple(sorted({*(some or ())} - {""})) for name, some in zip(names, found, strict=True)}

    def blank_ends(self, names: Sequence[str]) -> dict[str, int]:
        """Return how many cells of each column have blanks at their ends, and hold more than these."""
        found = {}
        with self.connection.cursor() as cursor, self._explained():
            for name in names:
                counted = f"SELECT {self._cell(name)}, count(*) FROM {self._source} GROUP BY ALL"
                cells = cursor.execute(counted).fetchall()
                found[name] = sum(count for cell, count in cells if cell.strip(BLANKS) not in ("", cell))
        return found

    def leave_out_total(self) -> str | None:
        """Leave out the last row if it adds up the others, and return the cell that says so.

        Such a cell holds one of TOTALS, as no other of its column does. The row is not there for what is asked next.
        """
        last = f"FROM {self._kept} WHERE rowid = (SELECT max(rowid) FROM {self._kept})"
        with self.connection.cursor() as cursor:
            row = cursor.execute(f"SELECT * {last}").fetchone() or ()
            for name, cell in zip(self.names, row, strict=False):
                if (word := total_key(cell)) in TOTALS:
                    same = f"lower(trim({self._cell(name)}, {quoted(TOTAL_ENDS)})) = {quoted(word)}"
                    if cursor.execute(f"SELECT count(*) FROM {self._kept} WHERE {same}").fetchall() == [(1,)]:
                        cursor.execute(f"DELETE {last}")
                        return str(cell)
        return None

    @cached_property
    def _kept(self) -> str:
        """The name of a table in memory with all cells. Raises DataError where a row of the file is none."""
        name = f"kept_{next(NUMBERS)}"
        with self.connection.cursor() as cursor, self._explained():
            cursor.execute(f"CREATE TABLE {name} AS SELECT * FROM {self._file}")
        return name

    def close(self) -> None:
        """Let go of the cells that are kept in memory."""
        if "_kept" in self.__dict__:
            with self.connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE {self._kept}")

    def _few(self, name: str) -> list[str]:
        """Return the different cells of a column as they are written, or none where they are many."""
        found = f"SELECT DISTINCT {self._cell(name)} FROM {self._kept} LIMIT {MOST_LISTED + 1}"
        with self.connection.cursor() as cursor:
            cells = [cell for (cell,) in cursor.execute(found).fetchall()]
        return cells if len(cells) <= MOST_LISTED else []

    def _read_few(self, cells: Sequence[str], reader: Reader) -> NDArray[np.object_]:
        """Return what each of these cells holds."""
        found = f"SELECT {reader.expression('cell')} FROM (SELECT unnest([{listed_as_is(cells)}]) AS cell)"
        with self.connection.cursor() as cursor:
            return np.array([text for (text,) in cursor.execute(found).fetchall()], dtype=object)

    def _told(self, fields: Sequence[str]) -> tuple[Any, ...]:
        """Return the only row that a query gives."""
        if not fields:
            return ()
        with self._query(fields) as result:
            (row,) = result.fetchall()
        return tuple(row)

    def cells(self, name: str, rows: Sequence[int]) -> list[str]:
        """Return cells of a column as they are written; rows count from 0, below the header."""
        wanted = ", ".join(str(row + 1) for row in rows)
        numbered = f"SELECT row_number() OVER () AS place, {self._cell(name)} AS cell FROM {self._source}"
        with self.connection.cursor() as cursor, self._explained():
            found = cursor.execute(f"SELECT place, cell FROM ({numbered}) WHERE place IN ({wanted})").fetchall()
        return [cell for _, cell in sorted(found)]

    def _refuse(self, frame: pd.DataFrame, readers: Mapping[str, Reader]) -> None:
        """Raise DataError that names the first cells that do not fit."""
        found = []
        for name, wrong in misfits(frame, readers).items():
            first = dict(list(wrong.items())[:MAX_REPORTED])
            for (row, why), cell in zip(first.items(), self.cells(name, list(first)), strict=True):
                found.append(misfit(name, row, cell, why))
        if found:
            raise DataError("\n".join([f"{self.path} cannot be read:", *found[:MAX_REPORTED]]))

    def _fields(self, readers: Mapping[str, Reader]) -> list[str]:
        """Return the fields of a query that gives the columns."""
        return [reader.expression(self._cell(name)) for name, reader in readers.items()]

    def _cell(self, name: str) -> str:
        """Return a column's name in the queries: DuckDB takes names that differ in case alone for one."""
        return f"c{self.names.index(name)}"

    @contextmanager
    def _query(self, fields: Sequence[str], first: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give the result of a query over all rows, or the first, in their order. Raises DataError for a broken row."""
        named = ", ".join(f"{field} AS f{place}" for place, field in enumerate(fields))
        rows = self._source if first is None else f"(SELECT * FROM {self._source} LIMIT {first})"
        with self.connection.cursor() as cursor, self._explained():
            yield cursor.execute(f"SELECT {named} FROM {rows}")

    @property
    def _source(self) -> str:
        """What queries read from: the table in memory if there is one, or the file."""
        return self._kept if "_kept" in self.__dict__ else self._file

    @property
    def _file(self) -> str:
        columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(self.names)))
        options = {
            "columns": "{" + columns + "}",
            "delim": quoted(self.dialect.separator),
            "quote": "'\"'",
            "escape": "'\"'",
            "header": "true",
            "strict_mode": "true",
            "null_padding": "false",
            "auto_detect": "false",
            # No cell is this text, so that each is what it holds.
            "nullstr": "'\x01'",
            "max_line_size": str(LONGEST_ROW),
            "buffer_size": str(LONGEST_ROW),
        }
        told = ", ".join(f"{name}={value}" for name, value in options.items())
        return f"read_csv({quoted(str(self.dialect.text))}, {told})"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what DuckDB found in words of this project."""
        try:
            yield
        except duckdb.Error as error:
            raise DataError(f"{self.path}{explain(str(error), self.dialect.skipped)}") from None


def misfits(frame: pd.DataFrame, readers: Mapping[str, Reader]) -> dict[str, dict[int, str]]:
    """Return the rows of each column whose cells do not fit, and why; columns without such cells are left out."""
    found = {}
    for name, reader in readers.items():
        if isinstance(reader, Text):
            continue
        values = frame[name].abs()
        wrong = values[values > LARGEST if isinstance(reader, Number) else np.isinf(values)]
        if len(wrong):
            large = "is larger than a model can take"
            found[name] = {int(row): reader.wrong if np.isinf(value) else large for row, value in wrong.items()}
    return found


def misfit(name: str, row: int, cell: str, why: str) -> str:
    """Say which cell does not fit, and why; rows count from 0, and from 1 in the sentence."""
    return f"column {name!r}, row {row + 1}: {cell!r} {why}"


def parts_of(result: duckdb.DuckDBPyConnection) -> Iterator[pd.DataFrame]:
    """Yield the rows of a result, some at a time; an empty part if there is none."""
    vectors = ceil(ROWS_AT_ONCE / duckdb.__standard_vector_size__)
    part = result.fetch_df_chunk(vectors)
    if not len(part):
        yield part
    while len(part):
        yield from (part.iloc[start : start + ROWS_AT_ONCE] for start in range(0, len(part), ROWS_AT_ONCE))
        part = result.fetch_df_chunk(vectors)


def total_key(cell: str) -> str:
    """Return a cell as TOTALS has it."""
    return cell.strip(TOTAL_ENDS).lower()


def listed_as_is(cells: Sequence[str]) -> str:
    """Return cells as a list of SQL."""
    return ", ".join(map(quoted, cells))


def explain(said: str, skipped: int) -> str:
    """Return where a table is broken and how, from DuckDB's message; it goes on after the name of the file."""
    line = re.search(r"CSV Error on Line: (\d+)", said)
    if not line:
        return f" cannot be read as a table: {said.splitlines()[0]}"
    where = f", line {int(line[1]) + skipped}"
    if "unterminated quote" in said:
        return f"{where}: a quote opens here and never closes; close it, or double every quote inside a quoted text"
    shown = re.search(r"Original Line: ?(.*)", said)
    text = f": {shown[1][:80]!r}" if shown else ""
    if widths := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", said):
        return f"{where} holds {widths[2]} values where the header has {widths[1]} names{text}"
    return f"{where} cannot be read as a row{text}"


@contextmanager
def open_csv(path: Path, usual: str | None = None) -> Iterator[Table]:
    """Open a table, whatever its separator, encoding, line ends and compression. Raises DataError that says why not.

    Where values can be cut in two ways, they are at the `usual` separator.
    """
    with tempfile.TemporaryDirectory() as folder:
        table = Table(path, plain_text(path, Path(folder), usual), database(os.getpid()))
        try:
            yield table
        finally:
            table.close()


@cache
def database(process: int) -> duckdb.DuckDBPyConnection:
    """Return the database of a process, in memory: to make one takes longer than to read most tables."""
    # What does not fit into memory goes there, and not to the folder that a person works in.
    folder = tempfile.mkdtemp()
    config: dict[str, Any] = dict.fromkeys(NO_EXTENSIONS, False)
    connection = duckdb.connect(config={**config, "temp_directory": folder})
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(connection.close)
    return connection
