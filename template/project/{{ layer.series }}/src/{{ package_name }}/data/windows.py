"""Cut series into windows: the values up to an origin, what is known of the horizon, and what followed."""

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..schema import Layout
from .dataset import Split
from .history import each_series

Values = NDArray[np.float64]


def build_windows(frame: pd.DataFrame, layout: Layout) -> Split:
    """Return one window for each series and each origin that has enough values before and after it."""
    parts = [cut_series(name, rows, layout) for name, rows in each_series(frame, layout)]
    features, target = (pd.concat(tables) for tables in zip(*parts, strict=True))
    order = np.argsort(features.index.get_level_values("origin"), kind="stable")
    return Split(features.iloc[order], target.iloc[order])


def cut_series(name: str, rows: pd.DataFrame, layout: Layout) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the features and the targets of a series, one row for each origin."""
    values, known, times = columns_of(rows, layout)
    history = sliding_window_view(values, layout.lags)[: -layout.horizon]
    future = sliding_window_view(known[layout.lags :], layout.horizon, axis=0)
    target = sliding_window_view(values[layout.lags :], layout.horizon)
    origins = times[layout.lags - 1 : -layout.horizon]
    return name_features(history, future, name, origins, layout), name_target(target, name, origins, layout)


def last_window(name: str, rows: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Return the features of the last forecast that the rows of a series allow, one row.

    It follows the last row; where columns are known in advance, it is for the last `horizon` rows.
    """
    values, known, times = columns_of(rows, layout)
    ahead = layout.horizon if layout.known else 0
    end = len(values) - ahead
    future = known[end:].T[None, :, :ahead]
    return name_features(values[None, end - layout.lags : end], future, name, times[end - 1 : end], layout)


def columns_of(rows: pd.DataFrame, layout: Layout) -> tuple[Values, Values, pd.DatetimeIndex]:
    """Return the values (times,), the known columns (times, columns) and the times of a series."""
    known = rows[list(layout.known)].to_numpy(np.float64)
    return rows[layout.target].to_numpy(np.float64), known, pd.DatetimeIndex(rows[layout.time])


def name_features(
    history: Values, future: Values, name: str, origins: pd.DatetimeIndex, layout: Layout
) -> pd.DataFrame:
    """Return the table of features; `future` has the shape (origins, columns, horizon), or no columns."""
    ahead = [f"{column}[+{step}]" for step in range(1, layout.horizon + 1) for column in layout.known]
    names = [*(f"{layout.target}[{step}]" for step in range(1 - layout.lags, 1)), *ahead]
    flat = future.transpose(0, 2, 1).reshape(len(history), -1)
    return pd.DataFrame(np.hstack([history, flat]), index_of(name, origins), names)


def name_target(target: Values, name: str, origins: pd.DatetimeIndex, layout: Layout) -> pd.DataFrame:
    """Return the table of targets."""
    names = [f"{layout.target}[+{step}]" for step in range(1, layout.horizon + 1)]
    return pd.DataFrame(target, index_of(name, origins), names)


def index_of(name: str, origins: pd.DatetimeIndex) -> pd.MultiIndex:
    """Return the index of the windows of a series."""
    return pd.MultiIndex.from_product([[name], origins], names=["series", "origin"])
