"""Turn recent values into what a model takes, without the training libraries."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ..errors import BundleError
from ..schema import Inputs, Schema

# How many steps of the pipeline the encoder does itself: all of its preprocessing is inside the exported graph.
STEPS = 0
MARGINS_FILE = "margins.json"

Values = NDArray[np.float64]


class Window(NamedTuple):
    """What one forecast is made from: the last values up to the origin, and for each step what is known of it."""

    series: str | int | None
    origin: datetime
    history: list[float]
    known: list[list[float]]


@dataclass(frozen=True)
class Margins:
    """How far intervals reach at each step (horizon,), in units of a window's spread: of any series, and of each."""

    any: Values
    series: Mapping[str, Values]

    def of(self, names: Iterable[object]) -> Values:
        """Return the margins of windows by the ids of their series, shape (windows, horizon)."""
        return np.array([self.series.get(str(name), self.any) for name in names])

    def save(self, folder: Path) -> None:
        """Write them as JSON."""
        content = {"any": self.any.tolist(), "series": {name: each.tolist() for name, each in self.series.items()}}
        (folder / MARGINS_FILE).write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read them. Raises BundleError when there are none."""
        try:
            content = json.loads((folder / MARGINS_FILE).read_bytes())
            return cls(np.array(content["any"]), {name: np.array(each) for name, each in content["series"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BundleError(f"{folder / MARGINS_FILE} cannot be read: {error}; train again") from None


class Encoder:
    """Gives windows to a model: `history`, `known` if columns are known in advance, and the `margins` of intervals."""

    def __init__(self, schema: Schema, margins: Margins) -> None:
        """Keep how much a model takes."""
        self._lags = schema.lags
        self._columns = schema.horizon * len(schema.known)
        # A table of one series names it after the target; a request does not name it at all.
        self._only = None if schema.series else schema.target
        self._margins = margins

    def encode(self, rows: Sequence[Window]) -> Inputs:
        """Return the windows of a request as a model's inputs."""
        inputs: Inputs = {"history": np.array([row.history for row in rows], dtype=np.float64)}
        if self._columns:
            inputs["known"] = np.array([row.known for row in rows], dtype=np.float64).reshape(len(rows), -1)
        inputs["margins"] = self._margins.of(self._only or row.series for row in rows)
        return inputs

    def encode_features(self, features: Any) -> Inputs:
        """Return a table of windows as a model's inputs."""
        values = features.to_numpy(np.float64)
        inputs = {"history": np.ascontiguousarray(values[:, : self._lags])}
        if self._columns:
            inputs["known"] = np.ascontiguousarray(values[:, self._lags :])
        inputs["margins"] = self._margins.of(features.index.get_level_values("series"))
        return inputs

    def decode(self, inputs: Inputs) -> Any:
        """Return a model's inputs as columns, in the order that the pipeline takes them."""
        return np.hstack(list(inputs.values()))


def load_encoder(folder: Path, schema: Schema) -> Encoder:
    """Return the encoder of a saved model. Raises BundleError when its margins cannot be read."""
    return Encoder(schema, Margins.read(folder))
