"""Predict data of any length, in chunks."""

import os
import tempfile
from pathlib import Path
from typing import TextIO

from rich.progress import Progress

from ..errors import DataError
from .batches import read_batches
from .bundle import Bundle
from .prediction import tabulate


def predict(bundle: Bundle, source: Path, output: Path) -> int:
    """Write the predictions for `source` to the CSV file `output`; return the number of lines.

    Raises DataError that names what does not fit, and where; `output` is written whole or not at all.
    """
    if not output.parent.is_dir():
        raise DataError(f"{output.parent}: no such folder")
    handle, staging = tempfile.mkstemp(prefix=".unfinished-", dir=output.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            lines = write_predictions(bundle, source, file)
        Path(staging).chmod(0o644)
        Path(staging).replace(output)
    finally:
        Path(staging).unlink(missing_ok=True)
    return lines


def write_predictions(bundle: Bundle, source: Path, file: TextIO) -> int:
    """Read, check, score and write one chunk after the other; return the number of lines."""
    lines = 0
    with Progress() as progress:
        bar = progress.add_task("Predicting", total=1.0)
        for batch in read_batches(source, bundle.schema):
            scores = bundle.predictor.scores(bundle.encoder.encode_features(batch.features))
            table = tabulate(batch.rows, scores, bundle.schema)
            table.to_csv(file, index=False, header=lines == 0)
            lines += len(table)
            progress.update(bar, completed=batch.done)
    return lines
