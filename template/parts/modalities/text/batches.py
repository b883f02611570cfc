"""The texts of a CSV file, chunk by chunk, checked."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.cells import Text
from ..data.reading import Table, open_csv
from ..data.texts import check_texts, text_problems
from ..schema import Schema
from .records import Records, Refused, beside

# What a model takes is larger than the text: this many at a time.
AT_ONCE = 1_000


@dataclass(frozen=True)
class Batch:
    """Some rows: names without cells, their texts, the share read so far (0 to 1), the records, and those left out."""

    rows: pd.DataFrame
    features: NDArray[np.object_]
    done: float
    records: Records
    refused: Refused


def read_batches(source: Path, schema: Schema, *, skip_bad: bool = False) -> Iterator[Batch]:
    """Yield the rows of the file; one that does not fit is left out if it may be.

    Raises DataError that names column, row and rule.
    """
    with open_csv(source, schema.separator) as table:
        table.require([schema.text])
        read = 0
        for part, records in beside(read_texts(table, schema), source, table.dialect):
            read += len(part)
            reasons: dict[int, str] = {}
            if skip_bad:
                first = int(part.index[0]) if len(part) else 0
                reasons = {row - first: problem for row, problem in text_problems(part, schema)}
                part = part.drop(index=part.index[list(reasons)])
            else:
                check_texts(part, schema, source, labelled=False)
            texts: NDArray[Any] = part[schema.text].to_numpy(object)
            rows = pd.DataFrame(index=part.index, columns=list(table.names))
            yield Batch(rows, texts, read / max(table.rows, 1), *records.part(dict(sorted(reasons.items()))))


def read_texts(table: Table, schema: Schema) -> Iterator[pd.DataFrame]:
    """Yield the column of texts, some rows at a time."""
    for chunk in table.chunks({schema.text: Text()}):
        yield from (chunk.iloc[start : start + AT_ONCE] for start in range(0, max(len(chunk), 1), AT_ONCE))


def write_refused(file: TextIO, refused: Refused) -> int:
    """Write the records that are left out as they were sent, with the reasons; return how many they are."""
    refused.write(file)
    return len(refused)


def write_batch(file: TextIO, batch: Batch, table: pd.DataFrame) -> None:
    """Write the records as they were sent, with what the table has beside their names."""
    batch.records.write(file, table.iloc[:, batch.rows.shape[1] :])
