"""Read CSV files, whole or in chunks, with errors that a person understands."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import DataError

CHUNK_ROWS = 20_000


def read_table(path: Path, text: Sequence[str] = (), **options: Any) -> pd.DataFrame:
    """Read a CSV file, these columns as text, with further options of `pandas.read_csv`. Raises DataError."""
    try:
        return pd.read_csv(path, dtype=dict.fromkeys(text, str), low_memory=False, **options)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; data.path in params.yaml says where the table is") from None
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise DataError(f"{path} cannot be read as a CSV file in UTF-8: {error}") from None


def read_chunks(path: Path, text: Sequence[str] = (), **options: Any) -> Iterator[tuple[pd.DataFrame, float]]:
    """Yield the rows of a CSV file, some thousands at a time, and the share of the file read so far (0 to 1).

    Columns in `text` are read as text; further options are those of `pandas.read_csv`. Raises DataError.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            for chunk in pd.read_csv(file, dtype=dict.fromkeys(text, str), chunksize=CHUNK_ROWS, **options):
                yield chunk, file.tell() / size
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise DataError(f"{path} cannot be read as a CSV file in UTF-8: {error}") from None
