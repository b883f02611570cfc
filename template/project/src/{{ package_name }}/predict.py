"""Score a table of any length, in chunks."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

import pandas as pd
from rich.progress import Progress

from .bundle import Bundle
from .errors import DataError
from .prediction import tabulate
from .schema import Schema
from .table import as_inputs, check_table, encode_table, text_columns

CHUNK_ROWS = 20_000


def predict(bundle: Bundle, source: Path, target: Path) -> int:
    """Write the rows of `source` with their predictions to `target`; return how many there were.

    Raises DataError that names column, row and rule; `target` is written whole or not at all.
    """
    if not target.parent.is_dir():
        raise DataError(f"{target.parent}: no such folder")
    file, staging = tempfile.mkstemp(prefix=".unfinished-", dir=target.parent)
    try:
        with os.fdopen(file, "w", encoding="utf-8", newline="") as output:
            rows = write_scored(bundle, source, output)
        Path(staging).chmod(0o644)
        Path(staging).replace(target)
    finally:
        Path(staging).unlink(missing_ok=True)
    return rows


def write_scored(bundle: Bundle, source: Path, output: TextIO) -> int:
    """Read, check, score and write one chunk after the other; return the number of rows."""
    schema = bundle.schema.model_copy(update={"target": None})
    rows = 0
    with open_source(source) as file, Progress() as progress:
        bar = progress.add_task("Predicting", total=source.stat().st_size)
        for chunk in read_chunks(file, source, schema):
            check_table(chunk, schema, source)
            scores = bundle.predictor.scores(as_inputs(encode_table(chunk, schema), schema))
            chunk.assign(**tabulate(scores, schema=bundle.schema)).to_csv(output, index=False, header=rows == 0)
            rows += len(chunk)
            progress.update(bar, completed=file.tell())
    return rows


def open_source(path: Path) -> BinaryIO:
    """Open the table. Raises DataError when there is none."""
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None


def read_chunks(file: BinaryIO, path: Path, schema: Schema) -> Iterator[pd.DataFrame]:
    """Yield the rows of a CSV file, some thousands at a time. Raises DataError."""
    try:
        yield from pd.read_csv(file, dtype=dict.fromkeys(text_columns(schema), str), chunksize=CHUNK_ROWS)
    except ValueError as error:
        raise DataError(f"{path} cannot be read as a CSV file in UTF-8: {error}") from None
