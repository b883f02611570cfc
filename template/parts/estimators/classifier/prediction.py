"""From class probabilities to the answer a person reads."""

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
    """The class of one example, the most probable or by the model's threshold, and the probability of each."""

    prediction: str
    probabilities: dict[str, float]


def score(model: "Pipeline", features: Any) -> NDArray[np.float64]:
    """Return the probability of each class, shape (examples, classes)."""
    return np.asarray(model.predict_proba(features))


def same(native: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    """Return for each example whether both predict the same class with the same probabilities, shape (examples,)."""
    close = np.abs(native - other).max(axis=1) <= TOLERANCE
    return close & (native.argmax(axis=1) == other.argmax(axis=1))


def describe(scores: NDArray[Any], rows: Sequence[Any], schema: Schema) -> list[dict[str, Any]]:
    """Return one Prediction for each example, as a dictionary."""
    classes = classes_of(schema)
    return [
        {
            "prediction": classes[place],
            "probabilities": {name: round(value, 5) for name, value in zip(classes, row, strict=True)},
        }
        for place, row in zip(decide(scores, classes, schema).tolist(), scores.tolist(), strict=True)
    ]


def tabulate(rows: "pd.DataFrame", scores: NDArray[Any], schema: Schema) -> "pd.DataFrame":
    """Return the rows with their predictions beside them, under names that are new."""
    classes = classes_of(schema)
    columns: dict[str, NDArray[Any]] = {"prediction": np.array(classes)[decide(scores, classes, schema)]}
    columns |= {f"probability_{name}": np.round(scores[:, place], 5) for place, name in enumerate(classes)}
    return rows.assign(**dict(zip(free_names(columns, rows.columns), columns.values(), strict=True)))


def decide(scores: NDArray[Any], classes: Sequence[str], schema: Schema) -> NDArray[np.intp]:
    """Return the place of the class that is predicted for each example, shape (examples,)."""
    most = scores.argmax(axis=1)
    names = list(classes)
    if schema.positive is None or schema.threshold is None or schema.positive not in names or len(names) != 2:
        return most
    positive = names.index(schema.positive)
    return np.where(scores[:, positive] >= schema.threshold, positive, 1 - positive)


def classes_of(schema: Schema) -> tuple[str, ...]:
    """Return the classes in the order of the scores."""
    return schema.target.categories
