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
from ..data.texts import check_texts
from ..schema import Schema
from .records import Records, beside

# What a model takes is larger than the text: this many at a time.
AT_ONCE = 1_000


@dataclass(frozen=True)
class Batch:
    """Some rows: names without cells, their texts, the share read so far (0 to 1), and the records."""

    rows: pd.DataFrame
    features: NDArray[np.object_]
    done: float
    records: Records


def read_batches(source: Path, schema: Schema) -> Iterator[Batch]:
    """Yield the rows of the file. Raises DataError that names column, row and rule."""
    with open_csv(source, schema.separator) as table:
        table.require([schema.text])
        read = 0
        for part, records in beside(read_texts(table, schema), source, table.dialect):
            read += len(part)
            texts: NDArray[Any] = part[schema.text].to_numpy(object)
            rows = pd.DataFrame(index=part.index, columns=list(table.names))
            yield Batch(rows, texts, read / max(table.rows, 1), records)


def read_texts(table: Table, schema: Schema) -> Iterator[pd.DataFrame]:
    """Yield the column of texts, some rows at a time. Raises DataError that names row and rule."""
    for chunk in table.chunks({schema.text: Text()}):
        check_texts(chunk, schema, table.path, labelled=False)
        yield from (chunk.iloc[start : start + AT_ONCE] for start in range(0, max(len(chunk), 1), AT_ONCE))


def write_batch(file: TextIO, batch: Batch, table: pd.DataFrame) -> None:
    """Write the records as they were sent, with what the table has beside their names."""
    batch.records.write(file, table.iloc[:, batch.rows.shape[1] :])
