"""The images that a model learns from, and those it is measured on."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
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
    """Some images: their paths (images,), which the model reads itself, and their labels (images,)."""

    features: NDArray[np.object_]
    target: "pd.Series[str]"

    def __iter__(self) -> Iterator[Any]:
        """Unpack into features and target."""
        return iter((self.features, self.target))

    def keys(self) -> NDArray[np.uint64]:
        """Return a number for each image, label and all, which equal ones have in common."""
        digests = [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in self.features]
        table = pd.DataFrame({"digest": digests, "label": self.target.to_numpy()})
        return hash_pandas_object(table, index=False).to_numpy()

    def unlike(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return for each image whether none of the keys is its own."""
        return ~np.isin(self.keys(), keys)

    def take(self, rows: NDArray[np.intp]) -> "Split":
        """Return the images at these positions."""
        return Split(self.features[rows], self.target.iloc[rows])


@dataclass(frozen=True)
class Inventory:
    """A row for each usable image, with its path, label, width, height and digest; and what is left out, why."""

    images: pd.DataFrame
    left_out: dict[str, str]


@dataclass(frozen=True)
class Dataset:
    """The images to train on, the images to test on, the schema that both fit, and which of the first are tied.

    `whole` is all images, if the last fit is to learn from them.
    """

    train: Split
    test: Split
    schema: Schema
    ties: Ties | None = None
    whole: Split | None = None

    def splitter(self, folds: int) -> BaseCrossValidator:
        """Return what cuts the training images into folds, with the same share of each label."""
        return TiedFolds(folds, self.ties or tie(self.train.keys()), self.train.target.to_numpy())
