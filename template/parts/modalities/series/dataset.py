"""The windows that a model learns from, and the later ones it is measured on."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.util import hash_pandas_object
from sklearn.model_selection import BaseCrossValidator, TimeSeriesSplit

from ..schema import Schema

Rows = NDArray[np.intp]
# The keys of the windows that an earlier model has learned from, and of those that it was measured on.
Known = tuple[NDArray[np.uint64], NDArray[np.uint64]]

# The last share of the origins to learn from; the errors there are what the intervals are made of.
HELD_BACK = 0.2
# Fewer windows than this teach nothing.
LEAST_WINDOWS = 10


@dataclass(frozen=True)
class Split:
    """Some windows, one for each series and origin, the time that is forecast from; origins ascend.

    Features are the last values up to the origin, then what is known of the horizon (rows, lags + horizon x columns);
    the target is what followed (rows, horizon). Both are indexed by series and origin.
    """

    features: pd.DataFrame
    target: pd.DataFrame

    def __iter__(self) -> Iterator[Any]:
        """Unpack into features and target."""
        return iter((self.features, self.target))

    def keys(self) -> NDArray[np.uint64]:
        """Return a number for each window, its series and origin and all, which equal ones have in common."""
        table = pd.concat([self.features, self.target], axis="columns").reset_index()
        return hash_pandas_object(table, index=False).to_numpy()

    def unlike(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return for each window whether it and what it is to forecast are later than all those with these keys."""
        known = np.isin(self.keys(), keys)
        _, places = ordered_origins(self.features)
        seen = places[known].max() if known.any() else -self.target.shape[1]
        return places >= seen + self.target.shape[1]

    def take(self, rows: Rows) -> "Split":
        """Return the windows at these positions."""
        return Split(self.features.iloc[rows], self.target.iloc[rows])


@dataclass(frozen=True)
class Ties:
    """What belongs together: windows whose targets overlap, by numbers that ascend with time."""

    times: Rows

    @property
    def groups(self) -> Rows:
        """The same: nothing but time ties windows."""
        return self.times


@dataclass(frozen=True)
class Dataset:
    """The windows to train on, the later ones to test on, and the schema that both fit.

    `whole` is all windows, if the last fit is to learn from them.
    """

    train: Split
    test: Split
    schema: Schema
    whole: Split | None = None

    def splitter(self, folds: int) -> BaseCrossValidator:
        """Return what cuts the training windows into folds, each later than all it is trained on."""
        return RollingOrigin(folds, gap=self.schema.horizon - 1)


class RollingOrigin(BaseCrossValidator):
    """Folds that expand with time; all series are cut at the same time.

    `gap` origins are left out before each fold: their targets reach into it.
    """

    def __init__(self, folds: int, gap: int) -> None:
        """Keep how many folds there are, and how far they are apart."""
        self.folds = folds
        self.gap = gap

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return how many folds there are."""
        return self.folds

    def split(self, X: pd.DataFrame, y: Any = None, groups: Any = None) -> Iterator[tuple[Rows, Rows]]:
        """Yield the rows to train on and those to test on."""
        origins, places = ordered_origins(X)
        for train, test in TimeSeriesSplit(self.folds, gap=self.gap).split(origins):
            yield np.flatnonzero(np.isin(places, train)), np.flatnonzero(np.isin(places, test))


def split_by_time(features: pd.DataFrame, share: float, gap: int) -> tuple[Rows, Rows]:
    """Return the rows before a time, and those from it on: the last `share` of the origins.

    `gap` origins are left out between: their targets reach into the later part.
    """
    origins, places = ordered_origins(features)
    first = len(origins) - ceil(share * len(origins))
    return np.flatnonzero(places < first - gap), np.flatnonzero(places >= first)


def tie_windows(windows: Split) -> Ties:
    """Return which windows overlap: those of a horizon."""
    return Ties(ordered_origins(windows.features)[1] // windows.target.shape[1])


def ordered_origins(features: pd.DataFrame) -> tuple[pd.Index, Rows]:
    """Return the origins of all series in ascending order, and for each row the place of its own among them."""
    times = features.index.get_level_values("origin")
    origins = times.unique().sort_values()
    return origins, origins.get_indexer(times)
