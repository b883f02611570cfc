"""What of a table deserves a look before anything is learned from it, and what can be done about it."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..columns import Column, Outliers
from ..data.outliers import find_limits
from .associations import associate

# Shares and strengths that are worth a word.
MUCH_MISSING = 0.3
TELLING = 0.2
SAME = 0.95
TOO_GOOD = 0.98
ONE_VALUE = 0.99
# Of the share that even classes have.
RARE_CLASS = 0.25
SKEWED = 2.0
MOST = 0.995
# So many rows for each column are few.
FEW_ROWS = 10
MAX_COMPARED = 40

Finding = tuple[str, str]


def find_all(frame: pd.DataFrame, columns: list[Column], target: Column | None) -> list[Finding]:
    """Return what was found, and what to do about it; the sentences name columns."""
    found = [
        *about_rows(frame, columns),
        *(finding for column in columns for finding in about_column(frame[column.name], column)),
        *about_pairs(frame, [column for column in columns if column.kind == "number"][:MAX_COMPARED]),
    ]
    return found if target is None else [*about_target(frame, columns, target), *found]


def about_rows(frame: pd.DataFrame, columns: list[Column]) -> Iterator[Finding]:
    """Yield what is to be said of the rows."""
    if count := int(frame.duplicated().sum()):
        yield f"{count} rows repeat an earlier one", "cleaning.duplicates: drop, if they are copies of one case"
    if len(frame) < FEW_ROWS * len(columns):
        yield f"{len(frame)} rows are few for {len(columns)} columns", "simple models; fewer columns, or features.pca"


def about_column(values: pd.Series, column: Column) -> Iterator[Finding]:
    """Yield what is to be said of a column by itself."""
    name, present = column.name, values.dropna()
    if (share := values.isna().mean()) >= MUCH_MISSING:
        yield f"{name!r} is missing in {share:.0%} of the rows", "ask why; data.ignore leaves it out"
    if len(present) and (share := present.value_counts().iloc[0] / len(present)) >= ONE_VALUE:
        yield f"{name!r} is {present.mode()[0]} in {share:.1%} of the rows", "data.ignore, unless the others matter"
        return
    if column.many:
        yield f"{name!r} holds {column.words} different words", "cleaning.rare takes the rarest together"
    if column.kind == "number" and len(present):
        yield from about_numbers(present.to_numpy(np.float64), name)


def about_numbers(values: NDArray[np.float64], name: str) -> Iterator[Finding]:
    """Yield what is to be said of numbers: a long tail, or outliers."""
    if values.min() >= 0 and pd.Series(values[values <= np.quantile(values, MOST)]).skew() > SKEWED:
        yield f"{name!r} has a long tail", f'its logarithm, in prepare.py: "{name}": np.log1p(c["{name}"])'
        return
    beyond = values[find_limits(values, Outliers()).beyond(values)]
    if len(beyond):
        farthest = beyond[np.abs(beyond).argmax()]
        far = f"{name!r} has {len(beyond)} {'outlier' if len(beyond) == 1 else 'outliers'}, up to {farthest:g}"
        yield far, "are they true? cleaning.outliers can clip them, or leave their rows out"


def about_pairs(frame: pd.DataFrame, numbers: list[Column]) -> Iterator[Finding]:
    """Yield the pairs of numbers that say nearly the same."""
    for one, other in combinations(numbers, 2):
        if abs(strength := associate(frame, one, other)) >= SAME:
            said = f"{one.name!r} and {other.name!r} say nearly the same (rank correlation {strength:.2f})"
            yield said, "data.ignore leaves one of them out"


def about_target(frame: pd.DataFrame, columns: list[Column], target: Column) -> Iterator[Finding]:
    """Yield what is to be said of the target, and of columns that go with it too well."""
    values = frame[target.name]
    counts = values.value_counts()
    if target.kind == "category" and (share := counts.min() / len(values)) < RARE_CLASS / len(counts):
        rare = f"{counts.idxmin()!r} is in {share:.1%} of the rows"
        yield rare, "training.class_weight: balanced; a metric and a threshold that suit it"
    if target.kind == "number":
        yield from about_numbers(values.to_numpy(np.float64), target.name)
    for column in columns:
        if abs(associate(frame, column, target)) >= TOO_GOOD:
            yield f"{column.name!r} alone gives {target.name!r} away", "data.ignore, unless it is known beforehand"
        if frame[column.name].isna().any():
            flag = frame.assign(**{column.name: frame[column.name].isna()})
            told = associate(flag, Column(name=column.name, kind="boolean"), target)
            if abs(told) >= TELLING:
                finding = f"whether {column.name!r} is missing goes with {target.name!r} ({abs(told):.2f} of 1)"
                yield finding, "cleaning.missing_flags tells the model; is it known beforehand?"


def strongest_pairs(frame: pd.DataFrame, columns: list[Column], most: int) -> list[tuple[Column, Column]]:
    """Return the pairs of numbers that go together most."""
    numbers = [column for column in columns if column.kind in ("number", "date")][:MAX_COMPARED]
    pairs = [(abs(associate(frame, one, other)), one, other) for one, other in combinations(numbers, 2)]
    known = [pair for pair in pairs if np.isfinite(pair[0])]
    return [(one, other) for _, one, other in sorted(known, key=lambda pair: -pair[0])[:most]]
