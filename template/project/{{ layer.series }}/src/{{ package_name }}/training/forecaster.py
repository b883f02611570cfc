"""Make any regressor a forecaster: windows of any level and scale in, forecasts with intervals out."""

from math import ceil
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, clone
from sklearn.multioutput import MultiOutputRegressor
from sklearn.utils import get_tags

from ..data.dataset import HELD_BACK, LEAST_WINDOWS, split_by_time

Values = NDArray[np.float64]
Windows = NDArray[np.float32]


class Forecasts(MultiOutputMixin, RegressorMixin):
    """Learns windows relative to their last value and their spread, and undoes that in the forecasts.

    So one model learns from series of different size, and trends go on beyond the values seen in training. The
    intervals are split-conformal: a twin learns without the last origins, and for each step of the horizon the `level`
    quantile of its absolute errors there is how far the interval reaches to both sides (Lei et al., Distribution-Free
    Predictive Inference for Regression, JASA 2018). A subclass says how relative windows are learned.
    """

    lags: int
    horizon: int
    season: int
    level: float

    def learn(self, windows: Windows, target: Values) -> Any:
        """Learn relative targets (rows, horizon) from relative windows (rows, features)."""
        raise NotImplementedError

    def recall(self, windows: Windows) -> Any:
        """Return the relative forecasts (rows, horizon); for a horizon of one, (rows,) is as good."""
        raise NotImplementedError

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Self:
        """Fit on windows that are indexed by series and origin. Raises ValueError when they are too few."""
        early, late = split_by_time(X, HELD_BACK, gap=self.horizon - 1)
        if len(early) < LEAST_WINDOWS:
            raise ValueError(f"{len(X)} windows are too few to learn from them and to measure the intervals")
        self.known_mean_, self.known_spread_ = measure_columns(X.to_numpy(np.float64)[:, self.lags :])
        self.naive_errors_ = measure_naive(X, self.lags, self.season)
        windows, last, spread = self.relate(X)
        target = (np.asarray(y, dtype=np.float64) - last) / spread
        self.learn(windows, target)
        twin = clone(self)
        twin.learn(windows[early], target[early])
        self.margins_ = conformal_margins(target[late] - twin.recall_all(windows[late]), self.level)
        return self

    def predict(self, X: Any, *, intervals: bool = False) -> NDArray[Any]:
        """Return the forecasts (rows, horizon), or with intervals (rows, 3 x horizon): forecast, lower, upper."""
        windows, last, spread = self.relate(X)
        forecast = self.recall_all(windows) * spread + last
        if not intervals:
            return forecast
        reach = self.margins_ * spread
        return np.hstack([forecast, forecast - reach, forecast + reach])

    def relate(self, X: Any) -> tuple[Windows, Values, Values]:
        """Return the windows relative to their last value and spread, and these two, shape (rows, 1).

        Less the last value: Zeng et al., AAAI 2023; scaled: Kim et al., ICLR 2022. A window that never changes is not
        scaled. Columns known in advance are standardised.
        """
        values = np.asarray(X, dtype=np.float64)
        last = values[:, self.lags - 1 : self.lags]
        relative = values[:, : self.lags] - last
        spread = relative.std(axis=1, keepdims=True)
        spread[spread == 0] = 1
        known = (values[:, self.lags :] - self.known_mean_) / self.known_spread_
        return np.hstack([relative / spread, known]).astype(np.float32), last, spread

    def recall_all(self, windows: Windows) -> Values:
        """Return the relative forecasts as float64 (rows, horizon)."""
        return np.asarray(self.recall(windows), dtype=np.float64).reshape(len(windows), self.horizon)

    def naive_errors(self, X: pd.DataFrame) -> Values:
        """Return for each window the mean error of the seasonal naive forecast in its series' training part.

        A series that is new, or repeats itself exactly, has none: NaN. Shape (rows, 1).
        """
        errors = X.index.get_level_values("series").map(self.naive_errors_).to_numpy(np.float64)
        return np.where(errors > 0, errors, np.nan)[:, None]

    def naive(self) -> "Forecaster":
        """Return an unfitted forecaster that repeats the last season, with intervals made in the same way."""
        sizes = {"lags": self.lags, "horizon": self.horizon, "season": self.season}
        return Forecaster(SeasonalNaive(**sizes), **sizes, level=self.level)


class Forecaster(Forecasts, BaseEstimator):
    """Forecasts with any regressor of scikit-learn's kind; one with a single output is fitted for each step."""

    def __init__(self, regressor: Any, *, lags: int, horizon: int, season: int, level: float = 0.9) -> None:
        """Keep the hyper-parameters."""
        self.regressor = regressor
        self.lags = lags
        self.horizon = horizon
        self.season = season
        self.level = level

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the hyper-parameters; the regressor's are there under their own names too."""
        own = super().get_params(deep)
        return {**self.regressor.get_params(), **own} if deep else own

    def set_params(self, **params: Any) -> Self:
        """Set hyper-parameters; a name that is not the forecaster's own is the regressor's."""
        own = params.keys() & super().get_params()
        super().set_params(**{name: params[name] for name in own})
        self.regressor.set_params(**{name: params[name] for name in params.keys() - own})
        return self

    def learn(self, windows: Windows, target: Values) -> Any:
        """Fit the regressor."""
        regressor = clone(self.regressor)
        many = get_tags(regressor).target_tags.multi_output
        self.regressor_ = (regressor if many else MultiOutputRegressor(regressor)).fit(windows, target)

    def recall(self, windows: Windows) -> Any:
        """Return the regressor's predictions."""
        return self.regressor_.predict(windows)


class SeasonalNaive(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Repeats the last season: each step is forecast as the value a whole number of seasons before it."""

    def __init__(self, *, lags: int, horizon: int, season: int) -> None:
        """Keep which values are repeated."""
        self.lags = lags
        self.horizon = horizon
        self.season = season

    def fit(self, X: Any, y: Any) -> Self:
        """Learn nothing but where the season is."""
        self.places_ = self.lags - self.season + np.arange(self.horizon) % self.season
        return self

    def predict(self, X: Any) -> Any:
        """Return the repeated values (rows, horizon)."""
        return X[:, self.places_]


def conformal_margins(errors: Values, level: float) -> Values:
    """Return for each step what a share `level` of later absolute errors stays below; errors are (rows, horizon).

    Where the rows are too few to tell, it is the largest.
    """
    rank = min(ceil((len(errors) + 1) * level), len(errors))
    return np.sort(np.abs(errors), axis=0)[rank - 1]


def measure_columns(values: Values) -> tuple[Values, Values]:
    """Return mean and spread of each column; 1 for the spread of a column that never changes."""
    spread = values.std(axis=0)
    return values.mean(axis=0), np.where(spread > 0, spread, 1.0)


def measure_naive(X: pd.DataFrame, lags: int, season: int) -> dict[str, float]:
    """Return the mean absolute change of each series over a season: the error of its seasonal naive forecast."""
    values = X.to_numpy(np.float64)
    changes = pd.Series(np.abs(values[:, lags - 1] - values[:, lags - 1 - season]), X.index)
    return {str(name): float(error) for name, error in changes.groupby(level="series").mean().items()}
