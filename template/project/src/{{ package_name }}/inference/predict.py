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
from .batches import read_batches, write_batch, write_refused
from .bundle import Bundle
from .prediction import tabulate

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


def predict(bundle: Bundle, source: Path, output: Path, *, skip_bad: bool = False) -> int:
    """Write the predictions for `source` to the CSV file `output`; return the number of lines.

    With `skip_bad`, what does not fit is left out, and listed with the reasons in a file beside it. Raises DataError
    that names what does not fit, and where; files are written whole or not at all.
    """
    if not output.parent.is_dir():
        raise DataError(f"{output.parent}: no such folder")
    if output.is_dir():
        raise DataError(f"{output} is a folder; name the file to write the predictions to")
    try:
        if not skip_bad:
            with whole_file(output) as file:
                return write_predictions(bundle, source, file)
        left_out = output.with_name(f"{output.stem}.refused{output.suffix}")
        with whole_file(output) as file, whole_file(left_out) as refused:
            lines = write_predictions(bundle, source, file, refused)
            empty = refused.tell() == 0
        if empty:
            left_out.unlink()
        return lines
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


def write_predictions(bundle: Bundle, source: Path, file: TextIO, refused: TextIO | None = None) -> int:
    """Read, check, score and write one chunk after the other; return the number of lines.

    What does not fit is left out where there is a file for it.
    """
    lines, left_out = 0, 0
    with Progress() as progress:
        bar = progress.add_task("Predicting", total=1.0)
        for batch in read_batches(source, bundle.schema, skip_bad=refused is not None):
            if refused and batch.refused:
                left_out += write_refused(refused, batch.refused)
                if not len(batch.rows):
                    continue
            scores = bundle.predictor.scores(bundle.encoder.encode_features(batch.features))
            table = tabulate(batch.rows, scores, bundle.schema)
            write_batch(file, batch, table)
            if not lines:
                log.info("the predictions are in %s", ", ".join(map(repr, new_names(batch.rows, table))))
            lines += len(table)
            progress.update(bar, completed=batch.done)
    if left_out and not lines:
        raise DataError(f"{source}: nothing in it fits; without --skip-bad, the first reasons are told")
    if left_out:
        log.warning(
            "%d left out, as they do not fit: they are listed beside the predictions, with the reasons", left_out
        )
    return lines


def new_names(rows: "pd.DataFrame", table: "pd.DataFrame") -> list[str]:
    """Return the names of a table that its rows did not have."""
    return [str(name) for name in table.columns if name not in rows.columns]
