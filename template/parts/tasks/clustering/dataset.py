"""The rows that groups are found in, and others to measure the groups on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator, KFold

from ..schema import Schema


@dataclass(frozen=True)
class Split:
    """Some rows: features (rows, columns) as the model takes them; there is no target."""

    features: pd.DataFrame
    target: None = None

    def __iter__(self) -> Iterator[Any]:
        """Unpack into features and target, as estimators take them."""
        return iter((self.features, self.target))

    def take(self, rows: NDArray[np.intp]) -> "Split":
        """Return the rows at these positions."""
        return Split(self.features.iloc[rows])


@dataclass(frozen=True)
class Dataset:
    """The rows to train on, the rows to test on, and the schema that both fit."""

    train: Split
    test: Split
    schema: Schema

    def splitter(self, folds: int) -> BaseCrossValidator:
        """Return what cuts the training rows into folds."""
        return KFold(folds)
