"""Predict data of any length, in chunks."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.progress import Progress

from ..errors import DataError
from .batches import read_batches, write_batch
from .bundle import Bundle
from .prediction import tabulate

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


def predict(bundle: Bundle, source: Path, output: Path) -> int:
    """Write the predictions for `source` to the CSV file `output`; return the number of lines.

    Raises DataError that names what does not fit, and where; `output` is written whole or not at all.
    """
    if not output.parent.is_dir():
        raise DataError(f"{output.parent}: no such folder")
    if output.is_dir():
        raise DataError(f"{output} is a folder; name the file to write the predictions to")
    try:
        with whole_file(output) as file:
            return write_predictions(bundle, source, file)
    except OSError as error:
        raise DataError(f"{output} cannot be written: {error.strerror}") from error


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Give a temporary file that becomes the one of this name when the block ends well, and vanishes if not."""
    handle, staging = tempfile.mkstemp(prefix=".unfinished-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        Path(staging).chmod(0o644)
        Path(staging).replace(path)
    finally:
        Path(staging).unlink(missing_ok=True)


def write_predictions(bundle: Bundle, source: Path, file: TextIO) -> int:
    """Read, check, score and write one chunk after the other; return the number of lines."""
    lines = 0
    with Progress() as progress:
        bar = progress.add_task("Predicting", total=1.0)
        for batch in read_batches(source, bundle.schema):
            scores = bundle.predictor.scores(bundle.encoder.encode_features(batch.features))
            table = tabulate(batch.rows, scores, bundle.schema)
            write_batch(file, batch, table)
            if not lines:
                log.info("the predictions are in %s", ", ".join(map(repr, new_names(batch.rows, table))))
            lines += len(table)
            progress.update(bar, completed=batch.done)
    return lines


def new_names(rows: "pd.DataFrame", table: "pd.DataFrame") -> list[str]:
    """Return the names of a table that its rows did not have."""
    return [str(name) for name in table.columns if name not in rows.columns]
