"""Cleaning that learns from the rows it is fitted on, and from no other: outliers, missing numbers, rare words."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold
from sklearn.preprocessing import TargetEncoder
from sklearn.utils.validation import check_is_fitted

from ..columns import Outliers
from ..data.outliers import find_limits
from .preprocessing import checked

# Under this heading the report tells what was done.
CLEANING = "Cleaning"
OTHER_WORDS = "(other)"
FOLDS = 5

# Rows of a table: column, what, rows, become.
Told = list[dict[str, Any]]


class Clip(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Sets outliers to the limits of what is usual, in the columns at these places."""

    def __init__(self, outliers: dict[str, Any], places: Sequence[int], names: Sequence[str]) -> None:
        """Store the settings, as scikit-learn expects of an estimator."""
        self.outliers = outliers
        self.places = places
        self.names = names

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the limits of each column (rows, columns)."""
        values = checked(X)
        self.n_features_in_ = values.shape[1]
        self.lower_ = np.full(values.shape[1], -np.inf)
        self.upper_ = np.full(values.shape[1], np.inf)
        self.clipped_ = np.zeros(values.shape[1], dtype=np.int64)
        for place in self.places:
            limits = find_limits(values[:, place], Outliers(**self.outliers))
            self.lower_[place], self.upper_[place] = limits
            self.clipped_[place] = limits.beyond(values[:, place]).sum()
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Return the columns with what lies beyond the limits set to them."""
        check_is_fitted(self)
        return np.clip(checked(X), self.lower_, self.upper_)

    @property
    def told_(self) -> Told:
        """What was clipped, column by column."""
        return [
            {
                "column": self.names[place],
                "what": "outliers",
                "rows": int(self.clipped_[place]),
                "become": f"{self.lower_[place]:.6g} or {self.upper_[place]:.6g}, the limits",
            }
            for place in np.flatnonzero(self.clipped_).tolist()
        ]


class Fill(SimpleImputer):
    """Puts a number in place of one that is missing: the median, mean or most frequent of the column, or a constant."""

    def __init__(self, strategy: str = "median", fill_value: float | None = None, names: Sequence[str] = ()) -> None:
        """Store the settings; a column without values becomes 0."""
        super().__init__(strategy=strategy, fill_value=fill_value, keep_empty_features=True)
        self.names = names

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find what each column (rows, columns) is filled with."""
        values = checked(X)
        self.missing_ = np.isnan(values).sum(axis=0)
        super().fit(values)
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Return the columns with nothing missing."""
        return np.asarray(super().transform(checked(X)))

    @property
    def told_(self) -> Told:
        """What was filled in, column by column."""
        how = "a constant" if self.strategy == "constant" else f"the {self.strategy.replace('_', ' ')}"
        return [
            {
                "column": self.names[place],
                "what": "missing values",
                "rows": int(self.missing_[place]),
                "become": f"{self.statistics_[place]:.6g}, {how}",
            }
            for place in np.flatnonzero(self.missing_).tolist()
        ]


class Flags(TransformerMixin, BaseEstimator):
    """Says of each number whether it is missing: 1 or 0."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Count the columns."""
        self.n_features_in_ = checked(X).shape[1]
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return 1 for each value (rows, columns) that is missing, and 0 for others."""
        check_is_fitted(self)
        return np.isnan(checked(X)).astype(np.float32)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return a name for each column."""
        names = range(self.n_features_in_) if input_features is None else input_features
        return np.array([f"{name} is missing" for name in names], dtype=object)


class RareWords(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Takes rare words together as one, OTHER_WORDS; a word that it has not seen is rare, too.

    Of each column it keeps the words of at least `least` rows, or of at least that share of them if it is below 1, and
    of these the `most` frequent.
    """

    def __init__(self, least: float, most: int | None, names: Sequence[str]) -> None:
        """Store the settings, as scikit-learn expects of an estimator."""
        self.least = least
        self.most = most
        self.names = names

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the words of each column (rows, columns) that are kept."""
        words = np.asarray(X, dtype=object)
        self.n_features_in_ = words.shape[1]
        least = self.least * len(words) if self.least < 1 else self.least
        self.kept_: list[list[str]] = []
        self.rows_: list[int] = []
        for column in words.T:
            found, counts = np.unique(column.astype(str), return_counts=True)
            order = np.lexsort([found, -counts])
            kept = [place for place in order if counts[place] >= least][: self.most]
            self.kept_.append(sorted(found[kept].tolist()))
            self.rows_.append(int(counts.sum() - counts[kept].sum()))
        return self

    def transform(self, X: Any) -> NDArray[np.object_]:
        """Return the words, with OTHER_WORDS for those that are not kept."""
        check_is_fitted(self)
        words = np.asarray(X, dtype=object)
        known = [np.isin(column.astype(str), kept) for column, kept in zip(words.T, self.kept_, strict=True)]
        return np.where(np.column_stack(known), words, OTHER_WORDS)

    @property
    def told_(self) -> Told:
        """What was taken together, column by column."""
        return [
            {"column": name, "what": "rare words", "rows": rows, "become": f"one word, beside {len(kept)} others"}
            for name, kept, rows in zip(self.names, self.kept_, self.rows_, strict=True)
            if rows
        ]


class TargetWords(TransformerMixin, BaseEstimator):
    """Puts the mean of the target over its rows in place of each word, drawn to that of all where they are few.

    For more than two classes, it is the share of each. What is learned from has means of other rows than its own, by
    folds, so that a word of one row tells nothing of it. Micci-Barreca, SIGKDD Explorations 3, 2001.
    """

    def __init__(self, target_type: str) -> None:
        """Store the setting, as scikit-learn expects of an estimator."""
        self.target_type = target_type

    def fit(self, X: Any, y: Any) -> Self:
        """Find the mean of each word of each column (rows, columns)."""
        words = np.asarray(X, dtype=object)
        self.n_features_in_ = words.shape[1]
        self.encoder_ = TargetEncoder(target_type=self.target_type).fit(words, y)
        return self

    def fit_transform(self, X: Any, y: Any = None, **_: Any) -> NDArray[np.float32]:
        """Fit, and return for each word the mean over rows of other folds than its own."""
        self.fit(X, y)
        words, target = np.asarray(X, dtype=object), np.asarray(y)
        means = self.transform(words)
        if len(words) < FOLDS:
            return means
        for train, test in KFold(FOLDS, shuffle=True, random_state=0).split(words):
            # A class may be in no other fold.
            part = clone(self.encoder_).fit(words[train], target[train])
            means[test] = self.in_order(part, part.transform(words[test]))
        return means

    def in_order(self, part: TargetEncoder, means: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what an encoder of some rows makes of words, with 0 for classes that these have not."""
        if self.encoder_.target_type_ != "multiclass":
            return means
        known = np.searchsorted(self.encoder_.classes_, part.classes_)
        shares = np.zeros((len(means), self.n_features_in_, len(self.encoder_.classes_)))
        shares[:, :, known] = means.reshape(len(means), self.n_features_in_, -1)
        return shares.reshape(len(means), -1)

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return the means of the words, class by class within a column; for a word it has not seen, that of all."""
        check_is_fitted(self)
        return np.asarray(self.encoder_.transform(np.asarray(X, dtype=object)), dtype=np.float32)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return a name for each mean."""
        names = range(self.n_features_in_) if input_features is None else input_features
        each = [f" in {name}" for name in self.encoder_.classes_] if self.classes_out > 1 else [""]
        return np.array([f"{name}{share}" for name in names for share in each], dtype=object)

    @property
    def classes_out(self) -> int:
        """How many numbers a word becomes."""
        return len(self.encoder_.classes_) if self.encoder_.target_type_ == "multiclass" else 1
