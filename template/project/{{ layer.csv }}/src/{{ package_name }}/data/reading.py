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
from math import ceil
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from ..errors import DataError
from .dialect import Dialect, plain_text

ROWS_AT_ONCE = 20_480
# A column in a condition.
CELL = "<cell>"
NUMBER = f"isfinite(try_cast({CELL} AS DOUBLE))"
MAX_REPORTED = 5
# DuckDB downloads what it lacks, unless it may not.
NO_EXTENSIONS = ("autoinstall_known_extensions", "autoload_known_extensions")
TRUTHS = {"true": 1, "false": 0}
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

    def frame(self, numbers: Mapping[str, Collection[str]], texts: Sequence[str]) -> pd.DataFrame:
        """Return all rows of what `chunks` yields, in one frame."""
        parts = [pd.concat(pair, axis="columns") for pair in self.chunks(numbers, texts)]
        return pd.concat(parts) if len(parts) > 1 else parts[0]

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
        with self._query(", ".join(f"{field} AS f{place}" for place, field in enumerate(fields))) as result:
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

    def guess(self, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return those of the columns that hold numbers alone, with the words in them that mean that one is missing."""
        numbers = self._matching(NUMBER, names)
        word = f"lower(trim({CELL})) IN ({', '.join(map(quoted, NO_NUMBER))})"
        mixed = self._matching(f"coalesce({NUMBER}, false) OR {word}", [name for name in names if name not in numbers])
        fields = [f"count(*) FILTER ({NUMBER})", f"list(DISTINCT {CELL}) FILTER ({word})"]
        found = self._told([field.replace(CELL, self._cell(name)) for name in mixed for field in fields])
        words = {
            name: tuple(sorted({cell.strip() for cell in cells} - {""}))
            for name, some, cells in zip(mixed, found[::2], found[1::2], strict=True)
            if some
        }
        return dict.fromkeys(numbers, ()) | words

    def only(self, words: Collection[str], names: Sequence[str]) -> list[str]:
        """Return those of the columns that hold these words alone, in any case, where they hold anything."""
        return self._matching(f"lower(trim({CELL})) IN ({', '.join(map(quoted, words))})", names)

    def _matching(self, condition: str, names: Sequence[str]) -> list[str]:
        """Return the columns of which some cells are not empty, and all of these meet the condition on CELL."""
        fields = [f"count(*) FILTER ({CELL} != '' AND ({condition}))", f"count(*) FILTER ({CELL} != '')"]
        found = self._told([field.replace(CELL, self._cell(name)) for name in names for field in fields])
        return [name for name, met, held in zip(names, found[::2], found[1::2], strict=True) if held and met == held]

    def _told(self, fields: Sequence[str]) -> tuple[Any, ...]:
        """Return the only row that a query over all rows gives."""
        if not fields:
            return ()
        with self._query(", ".join(fields)) as result:
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
            rows = frame.index[np.isinf(frame[name].to_numpy())][:MAX_REPORTED].tolist()
            cells = self.cells(name, rows) if rows else []
            pairs = zip(rows, cells, strict=True)
            found += [f"column {name!r}, row {row + 1}: {cell!r} is not a finite number" for row, cell in pairs]
        if found:
            raise DataError("\n".join([f"{self.path} cannot be read:", *found[:MAX_REPORTED]]))

    def _number(self, name: str, words: Collection[str], *, truths: bool) -> str:
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
    def _query(self, fields: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give the result of a query over all rows, in their order. Raises DataError where one of them is no row."""
        with self.connection.cursor() as cursor, self._explained():
            yield cursor.execute(f"SELECT {fields} FROM {self._source}")

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
