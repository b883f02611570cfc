"""What a model sees of numbers and dates: float32 that keeps what sets values apart."""

from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

DAY_SECONDS = 86_400.0
DATE_PARTS = ("year", "month", "day", "weekday", "hour", "days")
MAX_COMPARED = 100_000


class Narrow(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Takes numbers as float32: less an offset, where values that differ would be the same without.

    Models compute in float32, which is exact to seven places: too few for Unix milliseconds.
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the offset of each column (rows, columns), in float64."""
        values = checked(X)
        self.n_features_in_ = values.shape[1]
        self.offset_ = np.array([find_offset(column[~np.isnan(column)]) for column in values.T])
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return the columns less their offsets, as float32."""
        check_is_fitted(self)
        return (checked(X) - self.offset_).astype(np.float32)


class DateParts(TransformerMixin, BaseEstimator):
    """Takes dates, in seconds since 1970, apart: into year, month, day, weekday (Monday is 1), hour, and days in all.

    The days are counted from the first date of the fit, so that a trend can be learned.
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the first date of each column (rows, columns)."""
        values = checked(X)
        self.n_features_in_ = values.shape[1]
        self.first_ = np.array([np.nanmin(column) if np.isfinite(column).any() else 0.0 for column in values.T])
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return all parts of the first column, then those of the next, as float32."""
        check_is_fitted(self)
        values = checked(X)
        columns = zip(np.split(values, values.shape[1], axis=1), self.first_, strict=True)
        parts = [part for column, first in columns for part in date_parts(column, float(first), np.floor)]
        return np.hstack(parts).astype(np.float32)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return a name for each part of each column."""
        names = [f"date {place}" for place in range(self.n_features_in_)] if input_features is None else input_features
        return np.array([f"{name}, {part}" for name in names for part in DATE_PARTS], dtype=object)


class Number(Protocol):
    """What can be reckoned with: an array of float64, or a value of a graph."""

    def __add__(self, other: Any, /) -> Any:
        """Add."""

    def __sub__(self, other: Any, /) -> Any:
        """Subtract."""

    def __mul__(self, other: Any, /) -> Any:
        """Multiply."""

    def __truediv__(self, other: Any, /) -> Any:
        """Divide."""


Numbers = TypeVar("Numbers", bound=Number)


class Floor(Protocol):
    """What rounds down."""

    def __call__(self, value: Any, /) -> Any:
        """Return the largest whole number that is not above the value."""


def date_parts(seconds: Numbers, first: float, floor: Floor) -> tuple[Numbers, ...]:
    """Return the DATE_PARTS of moments since 1970, in the Gregorian calendar.

    It is whole numbers in float64 alone, so that a graph reckons the same. The year starts in March here, and its
    months are 153 days for each five: Richards, in Explanatory Supplement to the Astronomical Almanac, 2013, ch. 15.
    """
    day = floor(seconds / DAY_SECONDS)
    since = day + 719_468.0  # days since 1 March of the year 0
    era = floor(since / 146_097.0)  # of 400 years
    of_era = since - era * 146_097.0
    leaps = floor(of_era / 1_460.0) - floor(of_era / 36_524.0) + floor(of_era / 146_096.0)
    year = floor((of_era - leaps) / 365.0)
    of_year = of_era - year * 365.0 - floor(year / 4.0) + floor(year / 100.0)
    march = floor((of_year * 5.0 + 2.0) / 153.0)  # 0 is March
    of_month = of_year - floor((march * 153.0 + 2.0) / 5.0) + 1.0
    turned = floor(march / 10.0)  # 1 in January and February, which belong to the next year
    weekday = day + 3.0 - floor((day + 3.0) / 7.0) * 7.0 + 1.0
    hour = floor((seconds - day * DAY_SECONDS) / 3_600.0)
    whole = year + era * 400.0 + turned
    return whole, march + 3.0 - turned * 12.0, of_month, weekday, hour, (seconds - first) / DAY_SECONDS


def find_offset(values: NDArray[np.float64]) -> float:
    """Return what to take from the values, so that float32 keeps them apart: 0 where it does so by itself."""
    some = values[:: max(1, len(values) // MAX_COMPARED)]
    if not len(some) or len(np.unique(some.astype(np.float32))) == len(np.unique(some)):
        return 0.0
    return float(np.median(some))


def checked(values: Any) -> NDArray[np.float64]:
    """Return the values as float64 (rows, columns); NaN is one that is missing."""
    array: NDArray[np.float64] = check_array(
        values, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=0
    )
    return array
