"""Figures of a forecaster on times it has not seen."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ..data.dataset import Dataset
from ..schema import Schema
from .plots import COLOR, MUTED, PALETTE, figure_of, new_axes

MAX_SERIES = 4
# How many windows' worth of values are drawn before a forecast.
SHOWN_WINDOWS = 2
BINS = 20

Values = NDArray[np.float64]


class Forecast(NamedTuple):
    """Forecasts of some windows, the ends of their intervals, and what came true; all (rows, horizon)."""

    value: Values
    lower: Values
    upper: Values
    truth: Values

    @property
    def errors(self) -> Values:
        """True minus forecast values."""
        return self.truth - self.value

    @property
    def held(self) -> NDArray[np.bool_]:
        """Whether the interval holds the true value."""
        return (self.lower <= self.truth) & (self.truth <= self.upper)


def draw(model: Pipeline, dataset: Dataset) -> dict[str, Figure]:
    """Return the last forecasts beside what came true, and the errors by step, over time and together."""
    features, schema = dataset.test.features, dataset.schema
    value, lower, upper = np.split(model.predict(features, intervals=True), 3, axis=1)
    forecast = Forecast(value, lower, upper, dataset.test.target.to_numpy(np.float64))
    return {
        "forecasts": draw_forecasts(forecast, features, schema),
        "error_by_step": draw_error_by_step(forecast.errors, schema),
        "errors_over_time": draw_errors_over_time(forecast.errors, features, schema),
        "residual_distribution": draw_distribution(forecast.errors, schema.target),
        "coverage": draw_coverage(forecast.held, schema.level),
    }


def draw_forecasts(forecast: Forecast, features: pd.DataFrame, schema: Schema) -> Figure:
    """Draw the last forecast of each series, its interval, the values before it and what came true."""
    names = features.index.get_level_values("series")
    shown = names.unique()[:MAX_SERIES]
    figure = Figure(figsize=(10, 1 + 3 * len(shown)), layout="constrained")
    panels = figure.subplots(len(shown), squeeze=False).ravel()
    for name, axes in zip(shown, panels, strict=True):
        rows = np.flatnonzero(names == name)
        last = Forecast(*(part[rows[-1]] for part in forecast))
        origins = features.index.get_level_values("origin")[rows]
        past = pd.Series(features.iloc[rows, schema.lags - 1].to_numpy(), origins)
        draw_forecast(axes, past.tail(SHOWN_WINDOWS * schema.lags), last, schema)
        axes.set(title=f"{name}: the last {schema.horizon} steps that came true", ylabel=schema.target)
    panels[0].legend(loc="upper left")
    sns.despine(figure)
    return figure


def draw_forecast(axes: Axes, past: pd.Series, forecast: Forecast, schema: Schema) -> None:
    """Draw one forecast, each part (horizon,), after the values up to its origin."""
    origin = past.index[-1].to_pydatetime()
    times = pd.DatetimeIndex([schema.frequency.after(origin, step) for step in range(schema.horizon + 1)])
    axes.plot(past.index, past, color=MUTED)
    axes.plot(times, [past.iloc[-1], *forecast.truth], color=MUTED, marker="o", markersize=4, label="true")
    axes.plot(times, [past.iloc[-1], *forecast.value], color=COLOR, label="forecast")
    label = f"{schema.level:.0%} interval"
    axes.fill_between(times[1:], forecast.lower, forecast.upper, color=COLOR, alpha=0.2, label=label)
    axes.grid(alpha=0.25)


def draw_error_by_step(errors: Values, schema: Schema) -> Figure:
    """Draw how large the errors are at each step of the horizon, over all origins."""
    steps = np.arange(1, errors.shape[1] + 1)
    axes = new_axes("Error by step of the horizon", "steps ahead", f"absolute error of {schema.target}")
    low, middle, high = np.quantile(np.abs(errors), [0.1, 0.5, 0.9], axis=0)
    axes.fill_between(steps, low, high, color=COLOR, alpha=0.2, label="10 % to 90 %")
    axes.plot(steps, middle, color=COLOR, marker="o", markersize=3, label="median")
    axes.plot(steps, np.abs(errors).mean(axis=0), color=MUTED, linestyle="--", label="mean")
    axes.set_ylim(bottom=0)
    axes.legend()
    return figure_of(axes)


def draw_errors_over_time(errors: Values, features: pd.DataFrame, schema: Schema) -> Figure:
    """Draw the mean error of each origin: a line that leaves zero is a model that has gone stale."""
    names = features.index.get_level_values("series")
    axes = new_axes("Errors over time", "forecast from", f"mean of true minus forecast {schema.target}")
    axes.axhline(0, color=MUTED, linestyle="--")
    for color, name in zip(PALETTE, names.unique()[:MAX_SERIES], strict=False):
        rows = np.flatnonzero(names == name)
        origins = features.index.get_level_values("origin")[rows]
        axes.plot(origins, errors[rows].mean(axis=1), color=color, marker="o", markersize=2, label=name)
    axes.tick_params(axis="x", rotation=30)
    axes.legend(title="series")
    return figure_of(axes)


def draw_distribution(errors: Values, name: str) -> Figure:
    """Draw how the errors of the nearest and of the farthest step are spread."""
    axes = new_axes(f"Spread of the residuals of {name}", "true minus forecast", "origins")
    bins = np.histogram_bin_edges(errors, bins=BINS).tolist()
    for color, step in zip(PALETTE, sorted({1, errors.shape[1]}), strict=False):
        axes.hist(errors[:, step - 1], bins=bins, color=color, alpha=0.5, label=f"step {step}")
    axes.axvline(0, color=MUTED, linestyle="--")
    axes.legend()
    return figure_of(axes)


def draw_coverage(held: NDArray[np.bool_], level: float) -> Figure:
    """Draw the share of true values that the intervals hold, for each step."""
    axes = new_axes(f"The intervals hold {held.mean():.1%} of the true values", "steps ahead", "share inside")
    axes.axhline(level, color=MUTED, linestyle="--", label=f"asked: {level:.0%}")
    axes.bar(np.arange(1, held.shape[1] + 1), held.mean(axis=0), color=COLOR, alpha=0.7)
    axes.set_ylim(0, 1.05)
    axes.legend(loc="lower right")
    return figure_of(axes)
