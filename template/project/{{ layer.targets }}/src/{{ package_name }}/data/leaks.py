"""Columns that tell more than they will when it matters: what is to be predicted, or the number of the row."""

import logging
from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import check_cv

from .dataset import Alone, Split

MOST_ROWS = 5_000
LEAST_ROWS = 50
FOLDS = 3
# One column alone is hardly ever that good.
TOO_GOOD = 0.98
# Spearman's correlation of rows that are sorted, but for a few.
SORTED = 0.98

log = logging.getLogger(__name__)


def warn_of_leaks(rows: Split, tree: BaseEstimator, scoring: str) -> Alone | None:
    """Say in the log what of the rows, in the order of their file, may be too good to be true.

    The tree learns from one column at a time; scoring is scikit-learn's name for how it is measured, at most 1. Returns
    the column that predicts best, for a comparison with what all of them do; None for few rows.
    """
    name = rows.target.name
    if len(rows.target) < LEAST_ROWS:
        return None
    if not is_classifier(tree) and abs(spearman(rows.target)) > SORTED:
        log.warning("the rows are sorted by %r; if that is the order of time, the numbers flatter: see data.time", name)
    for column, values in rows.features.items():
        if counts_rows(values):
            log.warning("column %r only ascends from row to row: if it numbers them, list it under data.ignore", column)
    scores = dict(single_scores(rows, tree, scoring))
    for column, score in scores.items():
        if score > TOO_GOOD:
            found = f"column {column!r} alone predicts {name!r} with a {scoring} of {score:.3f}"
            log.warning("%s, too good to be true: if it is not known before, list it under data.ignore", found)
    best = max(scores, key=scores.__getitem__, default=None)
    return None if best is None or scores[best] > TOO_GOOD else Alone(best, scoring, scores[best])


def counts_rows(column: pd.Series) -> bool:
    """Return whether whole numbers ascend from row to row, or descend, each of them another."""
    if not pd.api.types.is_numeric_dtype(column):
        return False
    values = column.to_numpy(np.float64)
    steps = np.diff(values)
    whole = bool(np.isfinite(values).all() and (values == np.floor(values)).all())
    return whole and bool((steps > 0).all() or (steps < 0).all())


def spearman(values: pd.Series) -> float:
    """Return the rank correlation of values with their places."""
    return float(np.corrcoef(values.rank(), np.arange(len(values)))[0, 1])


def single_scores(rows: Split, tree: BaseEstimator, scoring: str) -> Iterator[tuple[str, float]]:
    """Yield how well the tree predicts the target from each column alone, on folds of a sample of the rows."""
    places = np.random.default_rng(0).permutation(len(rows.target))[:MOST_ROWS]
    sample = rows.take(places)
    if is_classifier(tree) and sample.target.value_counts().min() < FOLDS:
        return
    target, score = sample.target.to_numpy(), get_scorer(scoring)
    # The folds are the same for each column: cutting them anew would take longer than the trees.
    folds = list(check_cv(FOLDS, target, classifier=is_classifier(tree)).split(target, target))
    for name, column in sample.features.items():
        numbers = column if pd.api.types.is_numeric_dtype(column) else pd.Series(pd.factorize(column)[0])
        values = numbers.to_numpy(np.float64)[:, None]
        fitted = ((clone(tree).fit(values[learn], target[learn]), test) for learn, test in folds)
        yield str(name), float(np.mean([score(model, values[test], target[test]) for model, test in fitted]))
