"""What is watched of series: how they change, what is known in advance, and how far forecasts were from what came."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.dataset import Split
from ..data.history import check_frequency, check_length, check_numbers, observed, parse_table, read_rows
from ..data.reading import open_csv
from ..data.times import TimeReader
from ..data.windows import build_windows
from ..inference.reference import Watched
from ..schema import Schema

# The model is asked about so many windows at once.
ASKED_AT_ONCE = 20_000


@dataclass(frozen=True)
class Part:
    """The windows of recent series: what is watched of them, and their features and targets.

    So many neighbours are `tied` as overlap.
    """

    examples: int
    watched: Watched
    features: pd.DataFrame
    target: pd.DataFrame
    tied: int
    refused: Mapping[str, int] = field(default_factory=dict)
    is_measured: bool = True


def watch(rows: Split, schema: Schema) -> Watched:
    """Return what is watched of windows: their last change, and what is known of the next step; ids of series."""
    values = rows.features.to_numpy(np.float64)
    watched: dict[str, NDArray[Any]] = {}
    if schema.lags > 1:
        watched[f"change of {schema.target}"] = values[:, schema.lags - 1] - values[:, schema.lags - 2]
    watched |= {name: values[:, schema.lags + place] for place, name in enumerate(schema.known)}
    if schema.series:
        watched[schema.series] = rows.features.index.get_level_values("series").astype(str).to_numpy(object)
    return watched


def read_recent(source: Path, schema: Schema) -> Iterator[Part]:
    """Yield the windows of a CSV file whose series go on as those did that a model has learned from.

    Raises DataError that names column, row and time.
    """
    reader = TimeReader(schema.timezone, schema.time_form)
    with open_csv(source, schema.separator) as table:
        whole = parse_table(pd.concat(read_rows(table, schema)), schema, source, reader, schema.frequency)
    frame = whole[observed(whole, schema)]
    check_numbers(frame, schema.target, source)
    check_frequency(frame, schema, source, utc=schema.utc)
    check_length(frame, schema, schema.lags + schema.horizon, source)
    windows = build_windows(frame, schema)
    tied = schema.horizon * windows.features.index.get_level_values("series").nunique()
    yield Part(len(windows.features), watch(windows, schema), windows.features, windows.target, tied)


def answers_of(scores: NDArray[Any], target: pd.DataFrame, schema: Schema) -> Watched:
    """Return how far forecasts are from what came, on average over the horizon, in the target's unit (windows,)."""
    forecast = scores.reshape(len(scores), 3, -1)[:, 0]
    error = forecast - target.to_numpy(np.float64)
    return {"error of the forecast": np.abs(error).mean(axis=1), "forecast above what came": error.mean(axis=1)}
