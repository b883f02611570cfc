"""The rows that a model learns from, and those it is measured on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator, check_cv

from ..schema import Schema


@dataclass(frozen=True)
class Split:
    """Some rows: features (rows, columns) as the model takes them, and the target (rows,)."""

    features: pd.DataFrame
    target: pd.Series

    def __iter__(self) -> Iterator[Any]:
        """Unpack into features and target."""
        return iter((self.features, self.target))

    def take(self, rows: NDArray[np.intp]) -> "Split":
        """Return the rows at these positions."""
        return Split(self.features.iloc[rows], self.target.iloc[rows])


@dataclass(frozen=True)
class Dataset:
    """The rows to train on, the rows to test on, and the schema that both fit."""

    train: Split
    test: Split
    schema: Schema
    stratified: bool = False

    def splitter(self, folds: int) -> BaseCrossValidator:
        """Return what cuts the training rows into folds, with the same share of each class if stratified."""
        return check_cv(folds, self.train.target, classifier=self.stratified)
