"""The images that a model learns from, and those it is measured on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator, StratifiedKFold

from ..schema import Schema


@dataclass(frozen=True)
class Split:
    """Some images: their paths (images,), which the model reads itself, and their labels (images,)."""

    features: NDArray[np.object_]
    target: "pd.Series[str]"

    def __iter__(self) -> Iterator[Any]:
        """Unpack into features and target."""
        return iter((self.features, self.target))

    def take(self, rows: NDArray[np.intp]) -> "Split":
        """Return the images at these positions."""
        return Split(self.features[rows], self.target.iloc[rows])


@dataclass(frozen=True)
class Inventory:
    """A row for each usable image, with path, label, width and height; and what is left out, with the reason."""

    images: pd.DataFrame
    left_out: dict[str, str]


@dataclass(frozen=True)
class Dataset:
    """The images to train on, the images to test on, and the schema that both fit."""

    train: Split
    test: Split
    schema: Schema

    def splitter(self, folds: int) -> BaseCrossValidator:
        """Return what cuts the training images into folds, with the same share of each label."""
        return StratifiedKFold(folds)
