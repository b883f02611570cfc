"""How good forecasts are. All steps of the horizon count alike."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from ..data.dataset import Split
from ..schema import Schema

Scorer = Callable[[Any, Any, Any], dict[str, float]]

METRICS = ("mase", "msis", "mae", "rmse")
LOWER_IS_BETTER = frozenset(METRICS)
# Of more series, those are listed whose intervals hold the fewest true values.
MOST_LISTED = 100

Values = NDArray[np.float64]


def metric_names(schema: Schema) -> tuple[str, ...]:
    """Return what models are ranked by; the coverage of intervals is measured too, and more of it is not better."""
    return METRICS


def scorer(schema: Schema) -> Scorer:
    """Return what measures a model."""
    return measure


def break_down(model: BaseEstimator, test: Split, schema: Schema) -> dict[str, pd.DataFrame]:
    """Return the metrics of each series, if there are several, the least coverage first."""
    groups = test.features.groupby(level="series").indices
    if len(groups) < 2:
        return {}
    rows = []
    for name, places in groups.items():
        part = test.take(places)
        measured = measure(model, part.features, part.target)
        rows.append({"series": str(name), "windows": len(places), **measured})
    return {"series": pd.DataFrame(rows).sort_values("coverage", kind="stable").head(MOST_LISTED)}


def measure(model: Pipeline, features: pd.DataFrame, target: pd.DataFrame) -> dict[str, float]:
    """Return the errors of the forecasts and of their intervals.

    `mae` and `rmse` are in the target's unit. `mase` is the absolute error in units of the seasonal naive forecast's
    error in training, one step ahead (Hyndman and Koehler, International Journal of Forecasting 2006). `msis` is the
    same for intervals: their width, and a penalty for each true value outside (Gneiting and Raftery, JASA 2007; scaled
    as in the M4 competition). `coverage` is the share of true values that the intervals hold.
    """
    return rate(answer(model, features), target)


def answer(model: Pipeline, features: pd.DataFrame) -> pd.DataFrame:
    """Return forecasts, lower and upper limits and units, each (windows, horizon), and the intervals' level."""
    forecast, lower, upper = np.split(model.predict(features, intervals=True), 3, axis=1)
    unit = np.broadcast_to(model[-1].naive_errors(features), forecast.shape)
    level = np.full((len(forecast), 1), model[-1].level)
    return pd.DataFrame(np.hstack([forecast, lower, upper, unit, level]))


def answer_from(scores: NDArray[Any], schema: Schema) -> pd.DataFrame | None:
    """Return the same from scores; None where it takes more than these: here, the naive forecast's errors."""
    return None


def rate(
    answers: pd.DataFrame, target: pd.DataFrame, schema: Schema | None = None, asked: str | None = None
) -> dict[str, float]:
    """Return the metrics of these forecasts."""
    truth, level = target.to_numpy(np.float64), answers.to_numpy()[:, -1:]
    forecast, lower, upper, unit = np.split(answers.to_numpy()[:, :-1], 4, axis=1)
    return {
        "mase": average(np.abs(truth - forecast) / unit),
        "msis": average(interval_score(truth, lower, upper, level) / unit),
        "mae": average(np.abs(truth - forecast)),
        "rmse": average((truth - forecast) ** 2) ** 0.5,
        "coverage": float(((lower <= truth) & (truth <= upper)).mean()),
    }


def interval_score(truth: Values, lower: Values, upper: Values, level: float | Values) -> Values:
    """Return the width of each interval, and the distance to a true value outside times 2 / (1 - level)."""
    outside = np.maximum(lower - truth, 0) + np.maximum(truth - upper, 0)
    return upper - lower + 2 / (1 - level) * outside


def average(values: Values) -> float:
    """Return the mean of the values that are defined, NaN if none is."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float("nan")


def fit_baseline(model: Pipeline, train: Split, seed: int) -> Pipeline:
    """Return the naive forecaster: the last season once more, with its drift, and intervals made in the same way."""
    return Pipeline([("model", model[-1].naive())]).fit(train.features, train.target)
