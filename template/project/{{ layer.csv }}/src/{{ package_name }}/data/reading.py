"""Read tables from text files: every cell is text, until a schema says what it is.

DuckDB reads them in its strict mode: a row that is wider or narrower than the header is refused, and so is a quote that
stays open. Neither is mended by a guess.
"""

import re
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from math import ceil, isfinite
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from ..errors import DataError
from .dialect import Dialect, plain_text

ROWS_AT_ONCE = 20_480
SAMPLE_ROWS = 2_048
# A column in an expression.
CELL = "<cell>"
MAX_REPORTED = 5
# DuckDB downloads what it lacks, unless it may not.
NO_EXTENSIONS = ("autoinstall_known_extensions", "autoload_known_extensions")
TRUTHS = {"true": 1, "false": 0}
# What may stand at the ends of a value and is none of it.
BLANKS = " \t\r\n\u00a0\ufeff"
# Models compute in float32.
LARGEST = float(np.finfo(np.float32).max)
LONGEST_ROW = 2**25  # bytes
# What people write where a number is missing. Among words, each of them is a word.
NO_NUMBER = ("", "-", "--", "?", ".", "na", "n/a", "n.a.", "#n/a", "nan", "<na>", "null", "none", "missing", "unknown")


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

    def frame(
        self, numbers: Mapping[str, Collection[str]], texts: Sequence[str], *, tidy: bool = False
    ) -> pd.DataFrame:
        """Return all rows of what `chunks` yields, in one frame.

        If `tidy`, texts have no blanks at their ends, and are NaN where nothing is left.
        """
        frame = self._typed(numbers, texts, tidy=tidy)
        self._refuse(frame[list(numbers)])
        return frame

    def _tidy(self, name: str) -> str:
        """Return the expression that gives a column's text without blanks at its ends, or nothing."""
        return f"nullif(trim({self._cell(name)}, {quoted(BLANKS)}), '')"

    def _typed(self, numbers: Mapping[str, Collection[str]], texts: Sequence[str], *, tidy: bool) -> pd.DataFrame:
        """Return all rows; what is no number is infinite."""
        fields = [self._number(name, words) for name, words in numbers.items()]
        fields += [self._tidy(name) if tidy else self._cell(name) for name in texts]
        with self._query(named(fields)) as result:
            return result.df().set_axis([*numbers, *texts], axis="columns")

    def chunks(
        self, numbers: Mapping[str, Collection[str]], texts: Sequence[str], *, truths: bool = False
    ) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
        """Yield some rows at a time: the columns in `numbers` as float64, those in `texts` as they are written.

        A number is NaN where the cell is empty, or holds one of the words that mean so; with `truths`, True is 1 and
        False 0. There is at least one part, if an empty one. Raises DataError that names the first cells that hold
        none of these.
        """
        fields = [self._number(name, words, truths=truths) for name, words in numbers.items()]
        fields += [self._cell(name) for name in texts]
        rows = 0
        with self._query(named(fields)) as result:
            for part in parts_of(result):
                part.index = pd.RangeIndex(rows, rows + len(part))
                found = part.iloc[:, : len(numbers)].set_axis(list(numbers), axis="columns")
                self._refuse(found)
                yield found, part.iloc[:, len(numbers) :].set_axis(list(texts), axis="columns")
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

    def infer(self, texts: Collection[str] = ()) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
        """Return all rows, and the columns that hold numbers alone, with the words in them that mean a missing one.

        These are float64, and the others tidy text, as are those in `texts`. Raises DataError where a row is broken.
        """
        likely = dict.fromkeys(self._likely_numbers([name for name in self.names if name not in texts]), NO_NUMBER)
        rest = [name for name in self.names if name not in likely]
        frame = self._typed(likely, rest, tidy=True)
        numbers = [name for name in likely if np.isfinite(frame[name]).any() and not np.isinf(frame[name]).any()]
        others = [name for name in likely if name not in numbers]
        if others:
            frame[others] = self._typed({}, others, tidy=True)
        some_missing = [name for name in numbers if frame[name].isna().any()]
        return frame[list(self.names)], dict.fromkeys(numbers, ()) | self._missing_words(some_missing)

    def _likely_numbers(self, names: Sequence[str]) -> list[str]:
        """Return the columns whose first cells are numbers, or mean that one is missing."""
        word = f"lower(trim({CELL})) IN ({', '.join(map(quoted, NO_NUMBER))})"
        other = f"count(*) FILTER (NOT coalesce(isfinite(try_cast({CELL} AS DOUBLE)), false) AND NOT {word})"
        found = self._told([other.replace(CELL, self._cell(name)) for name in names], first=SAMPLE_ROWS)
        return [name for name, others in zip(names, found, strict=True) if not others]

    def _missing_words(self, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return for each column of numbers the words in it, which all mean that a number is missing."""
        number = f"try_cast({CELL} AS DOUBLE)"
        words = f"list(DISTINCT trim({CELL})) FILTER ({number} IS NULL OR isnan({number}))"
        found = self._told([words.replace(CELL, self._cell(name)) for name in names])
        return {name: tuple(sorted({*(some or ())} - {""})) for name, some in zip(names, found, strict=True)}

    def _told(self, fields: Sequence[str], first: int | None = None) -> tuple[Any, ...]:
        """Return the only row that a query gives, over all rows or the first of them."""
        if not fields:
            return ()
        with self._query(", ".join(fields), first) as result:
            (row,) = result.fetchall()
        return tuple(row)

    def cells(self, name: str, rows: Sequence[int]) -> list[str]:
        """Return cells of a column as they are written; rows count from 0, below the header."""
        wanted = ", ".join(str(row + 1) for row in rows)
        numbered = f"SELECT row_number() OVER () AS place, {self._cell(name)} AS cell FROM {self._source}"
        with self.connection.cursor() as cursor, self._explained():
            found = cursor.execute(f"SELECT place, cell FROM ({numbered}) WHERE place IN ({wanted})").fetchall()
        return [cell for _, cell in sorted(found)]

    def _refuse(self, frame: pd.DataFrame) -> None:
        """Raise DataError that names the first cells that hold no number."""
        found = []
        for name in frame.columns:
            rows = frame.index[np.abs(frame[name].to_numpy()) > LARGEST][:MAX_REPORTED].tolist()
            cells = self.cells(name, rows) if rows else []
            pairs = zip(rows, cells, strict=True)
            found += [f"column {name!r}, row {row + 1}: {cell!r} {why_no_number(cell)}" for row, cell in pairs]
        if found:
            raise DataError("\n".join([f"{self.path} cannot be read:", *found[:MAX_REPORTED]]))

    def _number(self, name: str, words: Collection[str], *, truths: bool = False) -> str:
        """Return the expression that gives a column's numbers: NaN where one is missing, infinite where it is none."""
        cell = self._cell(name)
        missing = ", ".join(quoted(word) for word in sorted({"", *map(str.lower, words)}))
        # What is a number by itself is not looked at any further.
        number = f"nullif(try_cast({cell} AS DOUBLE), 'nan'::DOUBLE)"
        cases = [f"WHEN lower(trim({cell})) IN ({missing}) THEN 'nan'::DOUBLE"]
        if truths:
            cases += [f"WHEN lower(trim({cell})) = '{truth}' THEN {value}" for truth, value in TRUTHS.items()]
        return f"coalesce({number}, CASE {' '.join(cases)} ELSE 'inf'::DOUBLE END)"

    def _cell(self, name: str) -> str:
        """Return a column's name in the queries: DuckDB takes names that differ in case alone for one."""
        return f"c{self.names.index(name)}"

    @contextmanager
    def _query(self, fields: str, first: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give the result of a query over all rows, or the first, in their order. Raises DataError for a broken row."""
        rows = self._source if first is None else f"(SELECT * FROM {self._source} LIMIT {first})"
        with self.connection.cursor() as cursor, self._explained():
            yield cursor.execute(f"SELECT {fields} FROM {rows}")

    @property
    def _source(self) -> str:
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


def parts_of(result: duckdb.DuckDBPyConnection) -> Iterator[pd.DataFrame]:
    """Yield the rows of a result, some at a time; an empty part if there is none."""
    vectors = ceil(ROWS_AT_ONCE / duckdb.__standard_vector_size__)
    part = result.fetch_df_chunk(vectors)
    if not len(part):
        yield part
    while len(part):
        yield from (part.iloc[start : start + ROWS_AT_ONCE] for start in range(0, len(part), ROWS_AT_ONCE))
        part = result.fetch_df_chunk(vectors)


def why_no_number(cell: str) -> str:
    """Return why a model cannot take what a cell holds as a number."""
    try:
        too_large = isfinite(float(cell))
    except ValueError:
        too_large = False
    return "is larger than a model can take" if too_large else "is not a finite number"


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


def named(fields: Sequence[str]) -> str:
    """Return the fields of a query, each with a name of its own."""
    return ", ".join(f"{field} AS f{place}" for place, field in enumerate(fields))


def quoted(text: str) -> str:
    """Return the text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def open_csv(path: Path) -> Iterator[Table]:
    """Open a table, whatever its separator, encoding, line ends and compression. Raises DataError that says why not."""
    with tempfile.TemporaryDirectory() as folder:
        dialect = plain_text(path, Path(folder))
        with duckdb.connect(config=dict.fromkeys(NO_EXTENSIONS, False)) as connection:
            yield Table(path, dialect, connection)
