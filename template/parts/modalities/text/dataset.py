"""The texts that a model learns from, and those it is measured on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.util import hash_pandas_object
from sklearn.model_selection import BaseCrossValidator

from ..schema import Schema
from .splitting import TiedFolds, Ties, tie


@dataclass(frozen=True)
class Split:
    """Some texts as they were written (texts,), and their classes (texts,)."""

    features: NDArray[np.object_]
    target: "pd.Series[str]"

    def __iter__(self) -> Iterator[Any]:
        """Unpack into features and target."""
        return iter((self.features, self.target))

    def keys(self) -> NDArray[np.uint64]:
        """Return a number for each text, class and all, which equal ones have in common."""
        table = pd.DataFrame({"text": self.features, "class": self.target.to_numpy()})
        return hash_pandas_object(table, index=False).to_numpy()

    def unlike(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return for each text whether none of the keys is its own."""
        return ~np.isin(self.keys(), keys)

    def take(self, rows: NDArray[np.intp]) -> "Split":
        """Return the texts at these positions."""
        return Split(self.features[rows], self.target.iloc[rows])


@dataclass(frozen=True)
class Dataset:
    """The texts to train on, the texts to test on, the schema that both fit, and which of the first are tied.

    `whole` is all texts, if the last fit is to learn from them.
    """

    train: Split
    test: Split
    schema: Schema
    ties: Ties | None = None
    whole: Split | None = None

    def splitter(self, folds: int) -> BaseCrossValidator:
        """Return what cuts the training texts into folds, with the same share of each class."""
        return TiedFolds(folds, self.ties or tie(self.train.keys()), self.train.target.to_numpy())
