"""From scores to the answer a person reads."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from ..schema import Schema
from .encoder import Window
from .naming import free_names

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd
    from sklearn.pipeline import Pipeline

TOLERANCE = 1e-4


class Step(BaseModel):
    """The forecast of one time, and the interval that holds the true value as often as the model's level says."""

    time: str
    value: float
    lower: float
    upper: float


class Prediction(BaseModel):
    """The forecast of one series; `series` is its id as it was sent, if the data has ids."""

    series: str | int | None
    forecast: list[Step]


def score(model: "Pipeline", features: Any) -> NDArray[np.float64]:
    """Return forecasts, lower and upper ends of the intervals, shape (rows, 3 x horizon)."""
    return np.asarray(model.predict(features, intervals=True))


def same(native: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    """Return for each row whether both forecast the same, to a fraction of the row's range; shape (rows,)."""
    scale = np.ptp(native, axis=1, keepdims=True)
    return (np.abs(native - other) <= TOLERANCE * scale).all(axis=1)


def describe(scores: NDArray[Any], rows: "Sequence[Window]", schema: Schema) -> list[dict[str, Any]]:
    """Return one Prediction for each window, as a dictionary."""
    return [
        {"series": row.series, "forecast": list_steps(values, row.origin, schema)}
        for values, row in zip(scores.reshape(len(rows), 3, -1).tolist(), rows, strict=True)
    ]


def list_steps(values: list[list[float]], origin: "datetime", schema: Schema) -> list[dict[str, Any]]:
    """Return one Step for each step of the horizon, as a dictionary; values are forecasts, lower and upper ends."""
    return [
        {"time": time, "value": value, "lower": lower, "upper": upper}
        for time, value, lower, upper in zip(times_after(origin, schema), *values, strict=True)
    ]


def tabulate(rows: "pd.DataFrame", scores: NDArray[Any], schema: Schema) -> "pd.DataFrame":
    """Return one line for each series and step: its time, forecast and interval. `rows` hold ids and origins."""
    forecast, lower, upper = scores.reshape(len(rows), 3, -1).transpose(1, 0, 2).reshape(3, -1)
    times = [time for origin in rows["origin"] for time in times_after(origin, schema)]
    table = rows.loc[rows.index.repeat(schema.horizon), ["series"] if schema.series else []]
    columns = dict(zip(forecast_names(schema), (forecast, lower, upper), strict=True))
    return table.rename(columns={"series": schema.series}).assign(**{schema.time: times}, **columns)


def forecast_names(schema: Schema) -> list[str]:
    """Return the names of a forecast and the ends of its interval; none is that of the series or the time."""
    return free_names(["forecast", "lower", "upper"], [schema.time, *([schema.series] if schema.series else [])])


def times_after(origin: "datetime", schema: Schema) -> list[str]:
    """Return the times of the horizon, as they are written."""
    return [schema.frequency.write(schema.frequency.after(origin, step)) for step in range(1, schema.horizon + 1)]
