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


class Prediction(BaseModel):
    """The number of the cluster that the row belongs to."""

    cluster: int


def score(model: "Pipeline", features: "pd.DataFrame") -> NDArray[np.int64]:
    """Return the number of each row's cluster, shape (rows, 1)."""
    return np.asarray(model.predict(features), dtype=np.int64).reshape(-1, 1)


def same(native: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    """Return for each row whether both put it into the same cluster, shape (rows,)."""
    return (native == other)[:, 0]


def describe(scores: NDArray[Any], rows: Sequence[Any], schema: Schema) -> list[dict[str, Any]]:
    """Return one Prediction for each row, as a dictionary."""
    return [{"cluster": number} for number in scores[:, 0].tolist()]


def tabulate(rows: "pd.DataFrame", scores: NDArray[Any], schema: Schema) -> "pd.DataFrame":
    """Return the rows with their clusters beside them, under a name that is new."""
    (name,) = free_names(["cluster"], rows.columns)
    return rows.assign(**{name: scores[:, 0]})
