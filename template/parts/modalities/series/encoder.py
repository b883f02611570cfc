"""Turn recent values into what a model takes, without the training libraries."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..schema import Inputs, Schema

# How many steps of the pipeline the encoder does itself: all of its preprocessing is inside the exported graph.
STEPS = 0


class Window(NamedTuple):
    """What one forecast is made from: the last values up to the origin, and for each step what is known of it."""

    series: str | int | None
    origin: datetime
    history: list[float]
    known: list[list[float]]


class Encoder:
    """Gives windows to a model: `history`, and `known` if columns are known in advance."""

    def __init__(self, schema: Schema) -> None:
        """Keep how much a model takes."""
        self._lags = schema.lags
        self._columns = schema.horizon * len(schema.known)

    def encode(self, rows: Sequence[Window]) -> Inputs:
        """Return the windows of a request as a model's inputs."""
        inputs: Inputs = {"history": np.array([row.history for row in rows], dtype=np.float64)}
        if self._columns:
            inputs["known"] = np.array([row.known for row in rows], dtype=np.float64).reshape(len(rows), -1)
        return inputs

    def encode_features(self, features: Any) -> Inputs:
        """Return a table of windows as a model's inputs."""
        values = features.to_numpy(np.float64)
        inputs = {"history": np.ascontiguousarray(values[:, : self._lags])}
        if self._columns:
            inputs["known"] = np.ascontiguousarray(values[:, self._lags :])
        return inputs

    def decode(self, inputs: Inputs) -> Any:
        """Return a model's inputs as the columns that the pipeline was fitted on."""
        return np.hstack(list(inputs.values()))


def load_encoder(folder: Path, schema: Schema) -> Encoder:
    """Return the encoder of a saved model; the schema is all it needs."""
    return Encoder(schema)
