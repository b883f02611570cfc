"""Parquet files as tables of text."""

import shutil
from pathlib import Path

import duckdb

from ..errors import DataError
from .cells import MISTAKABLE, NO_EXTENSIONS, PATTERN, quoted

# What types hold, by how their names begin.
FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")
INSTANTS = "TIMESTAMP WITH TIME ZONE"
MOMENTS = "TIMESTAMP"
NESTED = ("STRUCT", "MAP", "UNION")


def write_parquet(path: Path, text: Path) -> None:
    """Write a Parquet file as CSV: what is missing as an empty cell, times in ISO 8601, what is nested as JSON.

    Times with an offset are written in UTC. Raises DataError when the file is damaged.
    """
    with duckdb.connect(config=dict.fromkeys(NO_EXTENSIONS, False)) as connection:
        try:
            file = shutil.copyfile(path, text.with_suffix(".parquet")) if PATTERN & set(str(path)) else path
            source = f"read_parquet({quoted(str(file))})"
            columns = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
            cells = ", ".join(as_text(name, kind) for name, kind, *_ in columns)
            connection.execute(f"COPY (SELECT {cells} FROM {source}) TO {quoted(str(text))} (FORMAT csv, HEADER)")
        except duckdb.Error as error:
            raise DataError(f"{path} cannot be read as a Parquet file: {str(error).splitlines()[0]}") from None


def as_text(name: str, kind: str) -> str:
    """Return the SQL of a column as text."""
    name = '"' + name.replace('"', '""') + '"'
    if kind.startswith(NESTED) or kind.endswith("]"):
        cell = f"to_json({name})::VARCHAR"
    elif kind.startswith(FRACTIONS):
        # Numbers that were not there are often written as NaN.
        cell = f"regexp_replace(nullif({name}::VARCHAR, 'nan'), {quoted(MISTAKABLE)}, '\\10')"
    elif kind == INSTANTS:
        cell = f"timezone('UTC', {name})::TIMESTAMP::VARCHAR || 'Z'"
    elif kind.startswith(MOMENTS):
        cell = f"{name}::TIMESTAMP::VARCHAR"
    else:
        cell = f"{name}::VARCHAR"
    return f"{cell} AS {name}"
