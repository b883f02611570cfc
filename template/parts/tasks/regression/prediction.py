"""From scores to the answer a person reads."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from ..schema import Schema
from .naming import free_names

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

TOLERANCE = 1e-4


class Prediction(BaseModel):
    """The predicted value of one row, in the target's unit."""

    prediction: float


def score(model: "Pipeline", features: "pd.DataFrame") -> NDArray[np.float64]:
    """Return the predicted values, shape (rows, 1)."""
    return np.asarray(model.predict(features)).reshape(-1, 1)


def same(native: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    """Return for each row whether both predict the same, to a fraction of the predictions' range; shape (rows,)."""
    scale = float(np.ptp(native)) or 1.0
    return (np.abs(native - other) <= TOLERANCE * scale)[:, 0]


def describe(scores: NDArray[Any], rows: Sequence[Any], schema: Schema) -> list[dict[str, Any]]:
    """Return one Prediction for each row, as a dictionary."""
    return [{"prediction": value} for value in scores[:, 0].tolist()]


def tabulate(rows: "pd.DataFrame", scores: NDArray[Any], schema: Schema) -> "pd.DataFrame":
    """Return the rows with their predictions beside them, under a name that is new."""
    (name,) = free_names(["prediction"], rows.columns)
    return rows.assign(**{name: scores[:, 0]})
