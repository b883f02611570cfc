"""The rows of a CSV file, chunk by chunk, checked and encoded."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pandas as pd

from ..data.reading import misfit, misfits, open_csv
from ..data.table import check_table, encode_table, reader_of, settle, table_problems, take_others
from ..schema import Schema
from .records import Records, Refused, beside

MEND = (
    "The model takes only what it was trained on: correct these rows, leave them out with --skip-bad, train on data "
    "that has such values, or say data.unknown: other in params.yaml and train, which takes new words for none of "
    "those that are known."
)
MOST_TOLD = 5

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Batch:
    """Some rows: names without cells, features as a model takes them, the share read so far (0 to 1), the records.

    `refused` are the records that are left out.
    """

    rows: pd.DataFrame
    features: pd.DataFrame
    done: float
    records: Records
    refused: Refused


def read_batches(source: Path, schema: Schema, *, skip_bad: bool = False) -> Iterator[Batch]:
    """Yield the rows of the file; one that does not fit is left out if it may be.

    Raises DataError that names column, row and rule.
    """
    with open_csv(source, schema.separator) as table:
        table.require([column.name for column in schema.columns])
        readers = {column.name: reader_of(column) for column in schema.columns}
        read, others = 0, Counter[tuple[str, str]]()
        for parsed, records in beside(table.chunks(readers, refuse=not skip_bad), source, table.dialect):
            frame = settle(parsed, schema.columns)
            if schema.takes_others:
                frame, found = take_others(frame, schema.columns)
                others.update(found)
            read += len(frame)
            reasons: dict[int, str] = {}
            if skip_bad:
                reasons = find_reasons(frame, misfits(parsed, readers), records, table.names, schema)
                frame = frame.drop(index=frame.index[list(reasons)])
            else:
                check_table(frame, schema.columns, source, advice=MEND, others=schema.takes_others)
            rows = pd.DataFrame(index=frame.index, columns=list(table.names))
            yield Batch(rows, encode_table(frame, schema), read / max(table.rows, 1), *records.part(reasons))
    for (name, word), count in others.most_common(MOST_TOLD):
        log.warning(
            "column %r: %r, which training has not seen, is taken for none of its words %d times", name, word, count
        )
    if len(others) > MOST_TOLD:
        log.warning("and %d more such words", len(others) - MOST_TOLD)


def find_reasons(
    frame: pd.DataFrame, wrong: Mapping[str, Mapping[int, str]], records: Records, names: Sequence[str], schema: Schema
) -> dict[int, str]:
    """Return the first reason to refuse a row, by its place among the rows, for each that there is one for."""
    first, found = int(frame.index[0]) if len(frame) else 0, dict[int, str]()
    for name, rows in wrong.items():
        for row, why in rows.items():
            cell = records.cell(row - first, names.index(name))
            found.setdefault(row - first, misfit(name, row, cell, why))
    for row, problem in table_problems(frame, schema.columns, others=schema.takes_others):
        found.setdefault(row - first, problem)
    return dict(sorted(found.items()))


def write_refused(file: TextIO, refused: Refused) -> int:
    """Write the records that are left out as they were sent, with the reasons; return how many they are."""
    refused.write(file)
    return len(refused)


def write_batch(file: TextIO, batch: Batch, table: pd.DataFrame) -> None:
    """Write the records as they were sent, with what the table has beside their names."""
    batch.records.write(file, table.iloc[:, batch.rows.shape[1] :])
