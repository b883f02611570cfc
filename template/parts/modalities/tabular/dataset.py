"""The rows that a model learns from, and those it is measured on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.util import hash_pandas_object
from sklearn.model_selection import BaseCrossValidator

from ..schema import Schema
from .splitting import TiedFolds, Ties, tie


@dataclass(frozen=True)
class Split:
    """Some rows: features (rows, columns) as the model takes them, and the target (rows,)."""

    features: pd.DataFrame
    target: pd.Series

    def __iter__(self) -> Iterator[Any]:
        """Unpack into features and target."""
        return iter((self.features, self.target))

    def keys(self) -> NDArray[np.uint64]:
        """Return a number for each row, target and all, which equal ones have in common."""
        table = pd.concat([self.features, self.target], axis="columns")
        return hash_pandas_object(table, index=False).to_numpy()

    def unlike(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return for each row whether none of the keys is its own."""
        return ~np.isin(self.keys(), keys)

    def take(self, rows: NDArray[np.intp]) -> "Split":
        """Return the rows at these positions."""
        return Split(self.features.iloc[rows], self.target.iloc[rows])


class Alone(NamedTuple):
    """The column that predicts best alone, and how well, by scikit-learn's name of a score."""

    column: str
    scoring: str
    score: float


@dataclass(frozen=True)
class Dataset:
    """The rows to train on, the rows to test on, the schema that both fit, and which rows to train on are tied.

    `whole` is all rows, if the last fit is to learn from them; `alone` is what a model of all columns should exceed.
    """

    train: Split
    test: Split
    schema: Schema
    ties: Ties | None = None
    whole: Split | None = None
    alone: Alone | None = None
    stratified: bool = False

    def splitter(self, folds: int) -> BaseCrossValidator:
        """Return what cuts the training rows into folds, with the same share of each class if stratified."""
        labels = self.train.target.to_numpy() if self.stratified else None
        return TiedFolds(folds, self.ties or tie(self.train.keys()), labels)
