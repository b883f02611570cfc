"""Predict data of any length, in chunks."""

import os
import tempfile
from pathlib import Path
from typing import TextIO

from rich.progress import Progress

from .batches import read_batches
from .bundle import Bundle
from .errors import DataError
from .prediction import tabulate


def predict(bundle: Bundle, source: Path, target: Path) -> int:
    """Write the predictions for `source` to the CSV file `target`; return the number of lines.

    Raises DataError that names what does not fit, and where; `target` is written whole or not at all.
    """
    if not target.parent.is_dir():
        raise DataError(f"{target.parent}: no such folder")
    file, staging = tempfile.mkstemp(prefix=".unfinished-", dir=target.parent)
    try:
        with os.fdopen(file, "w", encoding="utf-8", newline="") as output:
            lines = write_predictions(bundle, source, output)
        Path(staging).chmod(0o644)
        Path(staging).replace(target)
    finally:
        Path(staging).unlink(missing_ok=True)
    return lines


def write_predictions(bundle: Bundle, source: Path, output: TextIO) -> int:
    """Read, check, score and write one chunk after the other; return the number of lines."""
    lines = 0
    with Progress() as progress:
        bar = progress.add_task("Predicting", total=1.0)
        for batch in read_batches(source, bundle.schema):
            scores = bundle.predictor.scores(bundle.encoder.encode_features(batch.features))
            table = tabulate(batch.rows, scores, bundle.schema)
            table.to_csv(output, index=False, header=lines == 0)
            lines += len(table)
            progress.update(bar, completed=batch.done)
    return lines
