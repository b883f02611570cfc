"""How good a regressor is."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyRegressor
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from ..data.dataset import Split
from ..schema import Schema

Scorer = Callable[[Any, Any, Any], dict[str, float]]

MEASURES = {"r2": r2_score, "rmse": root_mean_squared_error, "mae": mean_absolute_error}
METRICS = tuple(MEASURES)
LOWER_IS_BETTER = frozenset({"rmse", "mae"})


def metric_names(schema: Schema) -> tuple[str, ...]:
    """Return what is measured."""
    return METRICS


def scorer(schema: Schema) -> Scorer:
    """Return what measures a model."""
    return measure


def break_down(model: BaseEstimator, test: Split, schema: Schema) -> dict[str, pd.DataFrame]:
    """Return tables that say more of the metrics: none."""
    return {}


def measure(model: BaseEstimator, features: pd.DataFrame, target: pd.Series) -> dict[str, float]:
    """Return R², and the root-mean-square and mean absolute errors in the target's unit."""
    return rate(answer(model, features), target)


def answer(model: BaseEstimator, features: pd.DataFrame) -> pd.DataFrame:
    """Return what is predicted (rows, 1)."""
    return pd.DataFrame({"predicted": model.predict(features)})


def answer_from(scores: NDArray[Any], schema: Schema) -> pd.DataFrame | None:
    """Return the same from scores (rows, 1); None where it takes more than these."""
    return pd.DataFrame({"predicted": scores[:, 0].astype(np.float64)})


def rate(
    answers: pd.DataFrame, target: pd.Series, schema: Schema | None = None, asked: str | None = None
) -> dict[str, float]:
    """Return the metrics of these predictions, or the one that is asked for."""
    predicted = answers["predicted"]
    return {name: float(measure(target, predicted)) for name, measure in MEASURES.items() if asked in (None, name)}


def fit_baseline(model: BaseEstimator, train: Split, seed: int) -> BaseEstimator:
    """Return the naive regressor: always the mean of the training rows."""
    return DummyRegressor(strategy="mean").fit(train.features, train.target)
