"""Which numbers lie so far from the others that they may be errors."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..columns import Cleaning, Column, Outliers

# Where `beyond` says nothing. The outer fences of Tukey, Exploratory Data Analysis, 1977; the modified z-score of
# Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993.
BEYOND = {"iqr": 3.0, "robust_z": 3.5, "quantiles": 0.005}
# The median deviation of a normal distribution, in standard deviations.
NORMAL_DEVIATION = 0.6745
# What lies that far out is hardly ever true, and ruins what is fitted by squares.
INCREDIBLE = Outliers(rule="iqr", beyond=100.0)
# So many values tell what is usual.
MOST_COMPARED = 20_000

log = logging.getLogger(__name__)


class Limits(NamedTuple):
    """What is usual: from the lower to the upper number, both included."""

    lower: float
    upper: float

    def beyond(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return for each value whether it is an outlier; one that is missing is none."""
        return (values < self.lower) | (values > self.upper)


ANYTHING = Limits(-np.inf, np.inf)


def find_limits(values: NDArray[np.float64], outliers: Outliers) -> Limits:
    """Return what is usual among the values, shape (rows,); NaN is one that is missing.

    Where most values are one and the same, the spread is that of the others.
    """
    present = values[np.isfinite(values)]
    beyond = BEYOND[outliers.rule] if outliers.beyond is None else outliers.beyond
    if not len(present):
        return ANYTHING
    if outliers.rule == "quantiles":
        return Limits(*map(float, np.quantile(present, [beyond, 1 - beyond])))
    middle = np.median(present)
    for part in (present, present[present != middle]):
        limits = fences(part, beyond, outliers.rule)
        if limits:
            return Limits(min(limits.lower, float(middle)), max(limits.upper, float(middle)))
    return ANYTHING


def fences(values: NDArray[np.float64], beyond: float, rule: str) -> Limits | None:
    """Return the limits by quartiles or by the median deviation, or None where the values do not spread."""
    if not len(values):
        return None
    lower, middle, upper = np.quantile(values, [0.25, 0.5, 0.75])
    if rule == "robust_z":
        spread = np.median(np.abs(values - middle)) / NORMAL_DEVIATION
        lower = upper = middle
    else:
        spread = upper - lower
    return Limits(float(lower - beyond * spread), float(upper + beyond * spread)) if spread > 0 else None


def warn_of_outliers(frame: pd.DataFrame, columns: Sequence[Column], cleaning: Cleaning) -> None:
    """Say in the log which numbers are hardly to be believed, unless something is done about outliers."""
    if cleaning.outliers.treat != "keep":
        return
    for column in columns:
        if column.kind == "number":
            values = frame[column.name].to_numpy(np.float64)
            some = values[:: max(1, len(values) // MOST_COMPARED)]
            limits = find_limits(some, INCREDIBLE)
            if count := int(limits.beyond(values).sum()):
                farthest = values[np.nanargmax(np.abs(values))]
                log.warning(
                    "column %r: %d of %d values are hardly to be believed, such as %g, where most lie from %g to %g; "
                    "cleaning.outliers in params.yaml can clip them, or leave their rows out",
                    column.name,
                    count,
                    len(values),
                    farthest,
                    *np.nanquantile(some, [0.05, 0.95]),
                )
