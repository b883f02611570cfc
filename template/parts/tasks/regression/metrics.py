"""How good a regressor is."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyRegressor
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from ..data.dataset import Split
from ..schema import Schema

Scorer = Callable[[Any, Any, Any], dict[str, float]]

METRICS = ("r2", "rmse", "mae")
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


def rate(
    answers: pd.DataFrame, target: pd.Series, schema: Schema | None = None, asked: str | None = None
) -> dict[str, float]:
    """Return the metrics of these predictions."""
    predicted = answers["predicted"]
    return {
        "r2": float(r2_score(target, predicted)),
        "rmse": float(root_mean_squared_error(target, predicted)),
        "mae": float(mean_absolute_error(target, predicted)),
    }


def fit_baseline(model: BaseEstimator, train: Split, seed: int) -> BaseEstimator:
    """Return the naive regressor: always the mean of the training rows."""
    return DummyRegressor(strategy="mean").fit(train.features, train.target)
