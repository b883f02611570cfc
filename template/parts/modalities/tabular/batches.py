"""The rows of a CSV file, chunk by chunk, checked and encoded."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pandas as pd

from ..data.reading import open_csv
from ..data.table import check_table, encode_table, reader_of, settle, take_others
from ..schema import Schema
from .records import Records, beside

MEND = (
    "The model takes only what it was trained on: correct these rows, train on data that has such values, or say "
    "data.unknown: other in params.yaml and train, which takes new words for none of those that are known."
)
MOST_TOLD = 5

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Batch:
    """Some rows: names without cells, features as a model takes them, the share read so far (0 to 1), the records."""

    rows: pd.DataFrame
    features: pd.DataFrame
    done: float
    records: Records


def read_batches(source: Path, schema: Schema) -> Iterator[Batch]:
    """Yield the rows of the file. Raises DataError that names column, row and rule."""
    with open_csv(source, schema.separator) as table:
        table.require([column.name for column in schema.columns])
        readers = {column.name: reader_of(column) for column in schema.columns}
        read, others = 0, Counter[tuple[str, str]]()
        for parsed, records in beside(table.chunks(readers), source, table.dialect):
            frame = settle(parsed, schema.columns)
            if schema.takes_others:
                frame, found = take_others(frame, schema.columns)
                others.update(found)
            check_table(frame, schema.columns, source, advice=MEND, others=schema.takes_others)
            read += len(frame)
            rows = pd.DataFrame(index=frame.index, columns=list(table.names))
            yield Batch(rows, encode_table(frame, schema), read / max(table.rows, 1), records)
    for (name, word), count in others.most_common(MOST_TOLD):
        log.warning(
            "column %r: %r, which training has not seen, is taken for none of its words %d times", name, word, count
        )
    if len(others) > MOST_TOLD:
        log.warning("and %d more such words", len(others) - MOST_TOLD)


def write_batch(file: TextIO, batch: Batch, table: pd.DataFrame) -> None:
    """Write the records as they were sent, with what the table has beside their names."""
    batch.records.write(file, table.iloc[:, batch.rows.shape[1] :])
