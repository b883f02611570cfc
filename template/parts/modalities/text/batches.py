"""The texts of a CSV file, chunk by chunk, checked."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.reading import open_csv
from ..data.texts import check_texts
from ..schema import Schema

# What a model takes is larger than the text: this many at a time.
AT_ONCE = 1_000


@dataclass(frozen=True)
class Batch:
    """Some rows as they were read, their texts, and the share read so far (0 to 1)."""

    rows: pd.DataFrame
    features: NDArray[np.object_]
    done: float


def read_batches(source: Path, schema: Schema) -> Iterator[Batch]:
    """Yield the rows of the file. Raises DataError that names column, row and rule."""
    with open_csv(source) as table:
        table.require([schema.text])
        read = 0
        for _, rows in table.chunks({}, table.names):
            check_texts(rows, schema, source, labelled=False)
            for start in range(0, len(rows), AT_ONCE):
                part = rows.iloc[start : start + AT_ONCE]
                texts: NDArray[Any] = part[schema.text].to_numpy(object)
                read += len(part)
                yield Batch(part, texts, read / table.rows)
