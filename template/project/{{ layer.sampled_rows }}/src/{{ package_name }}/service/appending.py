"""Add rows to a table on disk."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path


def append_rows(path: Path, names: Sequence[str], rows: Iterable[Sequence[str]], separator: str) -> None:
    """Write rows behind those of a CSV file, or into a new one; one of other columns is replaced. Raises OSError."""
    head = write_rows([names], separator)
    with path.open("a+b") as file:
        file.seek(0)
        if file.read(len(head)) != head:
            file.truncate(0)
            file.write(head)
        file.write(write_rows(rows, separator))


def write_rows(rows: Iterable[Sequence[str]], separator: str) -> bytes:
    """Return rows as CSV."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
