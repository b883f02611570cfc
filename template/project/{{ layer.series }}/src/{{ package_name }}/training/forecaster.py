"""Make any regressor a forecaster: windows of any level and scale in, forecasts with intervals out."""

from math import ceil
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, clone
from sklearn.isotonic import isotonic_regression
from sklearn.multioutput import MultiOutputRegressor
from sklearn.utils import get_tags

from ..data.dataset import HELD_BACK, LEAST_WINDOWS, split_by_time

Values = NDArray[np.float64]
Windows = NDArray[np.float32]


class Forecasts(MultiOutputMixin, RegressorMixin):
    """Learns windows relative to their last value and their spread, and undoes that in the forecasts.

    So one model learns from series of different size, and trends go on beyond the values seen in training. The
    intervals are split-conformal: a twin learns without the last origins, and for each series and step of the horizon
    the `level` quantile of its absolute errors there is how far the interval reaches to both sides (Lei et al.,
    Distribution-Free Predictive Inference for Regression, JASA 2018). A subclass says how relative windows are learned.
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
        self.naive_errors_ = measure_naive(X, y, self.lags, self.season)
        windows, last, spread = self.relate(X)
        target = (np.asarray(y, dtype=np.float64) - last) / spread
        self.learn(windows, target)
        twin = clone(self)
        twin.learn(windows[early], target[early])
        errors = target[late] - twin.recall_all(windows[late])
        self.margins_ = conformal_margins(errors, self.level)
        self.series_margins_ = margins_by_series(errors, X.index[late].get_level_values("series"), self.level)
        return self

    def predict(self, X: Any, *, intervals: bool = False) -> NDArray[Any]:
        """Return the forecasts (rows, horizon), or with intervals (rows, 3 x horizon): forecast, lower, upper.

        Windows without an index have `margins_of` them as their last columns, if intervals are asked for.
        """
        windows, last, spread = self.relate(X)
        forecast = self.recall_all(windows) * spread + last
        if not intervals:
            return forecast
        margins = self.margins_of(X.index) if isinstance(X, pd.DataFrame) else np.asarray(X)[:, -self.horizon :]
        reach = margins * spread
        return np.hstack([forecast, forecast - reach, forecast + reach])

    def margins_of(self, index: pd.MultiIndex) -> Values:
        """Return how far the intervals of windows reach, in units of a window's spread, shape (rows, horizon)."""
        names = index.get_level_values("series")
        return np.array([self.series_margins_.get(name, self.margins_) for name in names]).reshape(-1, self.horizon)

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
        columns = slice(self.lags, self.lags + len(self.known_mean_))
        known = (values[:, columns] - self.known_mean_) / self.known_spread_
        return np.hstack([relative / spread, known]).astype(np.float32), last, spread

    def recall_all(self, windows: Windows) -> Values:
        """Return the relative forecasts as float64 (rows, horizon)."""
        return np.asarray(self.recall(windows), dtype=np.float64).reshape(len(windows), self.horizon)

    def naive_errors(self, X: pd.DataFrame) -> Values:
        """Return for each window the mean change over a season in its series' training part: what MASE scales by.

        A series that is new, or repeats itself exactly, has none: NaN. Shape (rows, 1).
        """
        errors = X.index.get_level_values("series").map(self.naive_errors_).to_numpy(np.float64)
        return np.where(errors > 0, errors, np.nan)[:, None]

    def naive(self) -> "Forecaster":
        """Return an unfitted forecaster that repeats the last season, with its drift; its intervals are made alike."""
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
    """Repeats the last season, and goes on with the drift over seasons where that was better in training.

    Each step is forecast as the value a whole number of seasons before it. The drift is the mean change over a season,
    in the window or in all of training (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, chapter 5).
    """

    def __init__(self, *, lags: int, horizon: int, season: int) -> None:
        """Keep which values are repeated."""
        self.lags = lags
        self.horizon = horizon
        self.season = season

    def fit(self, X: Any, y: Any) -> Self:
        """Learn what the drift is best taken from; targets have the shape (rows, horizon)."""
        drift = self.drift_of(X)
        # How much the drift of the window counts, and what is added to it.
        choices = [(0.0, 0.0), (1.0, 0.0), (0.0, float(drift.mean()))]
        errors = [np.abs(self.repeat(X, weight * drift + shared) - y).mean() for weight, shared in choices]
        self.weight_, self.shared_ = choices[int(np.argmin(errors))]
        return self

    def predict(self, X: Any) -> Any:
        """Return the repeated values with their drift (rows, horizon)."""
        return self.repeat(X, self.weight_ * self.drift_of(X) + self.shared_)

    def drift_of(self, X: Any) -> Any:
        """Return the mean change of each window over a season (rows,)."""
        return (X[:, self.season : self.lags] - X[:, : self.lags - self.season]).mean(axis=1)

    def repeat(self, X: Any, drift: Any) -> Any:
        """Return the values a whole number of seasons before each step, and so many times the drift (rows,) later."""
        steps = np.arange(self.horizon)
        return X[:, self.lags - self.season + steps % self.season] + drift[:, None] * (1 + steps // self.season)


def conformal_margins(errors: Values, level: float) -> Values:
    """Return for each step what a share `level` of later absolute errors stays below; errors are (rows, horizon).

    Where the rows are too few to tell, it is the largest. A step is no surer than the one before it: where it seems so,
    both share their mean (isotonic regression).
    """
    rank = min(ceil((len(errors) + 1) * level), len(errors))
    return np.asarray(isotonic_regression(np.sort(np.abs(errors), axis=0)[rank - 1]))


def margins_by_series(errors: Values, names: pd.Index, level: float) -> dict[str, Values]:
    """Return the margins of each series that has errors enough to tell."""
    enough = level / (1 - level)
    found = {}
    for name, places in names.to_series().groupby(names).indices.items():
        if len(places) >= enough:
            found[str(name)] = conformal_margins(errors[places], level)
    return found


def measure_columns(values: Values) -> tuple[Values, Values]:
    """Return mean and spread of each column; 1 for the spread of a column that never changes."""
    spread = values.std(axis=0)
    return values.mean(axis=0), np.where(spread > 0, spread, 1.0)


def measure_naive(X: pd.DataFrame, y: pd.DataFrame, lags: int, season: int) -> dict[str, float]:
    """Return the mean absolute change of each series over a season, all its values in training counted once.

    That is what Hyndman and Koehler (2006) scale errors by: the error of the seasonal naive forecast, one step ahead.
    """
    errors = {}
    for name, places in X.groupby(level="series").indices.items():
        values, ahead = X.to_numpy(np.float64)[places, :lags], np.asarray(y, dtype=np.float64)[places[-1]]
        last = np.concatenate([values[-1], ahead])
        changes = [
            values[0, season:] - values[0, : lags - season],
            values[1:, -1] - values[1:, lags - 1 - season],
            (last[season:] - last[:-season])[-len(ahead) :],
        ]
        errors[str(name)] = float(np.abs(np.concatenate(changes)).mean())
    return errors
