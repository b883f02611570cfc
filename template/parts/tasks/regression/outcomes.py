"""Which predictions are counted together: those in one part of the numbers that the model has answered with before."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..inference.reference import Numbers, Reference
from ..schema import Schema
from .ranges import Parts, alike, spread


class Outcomes:
    """Counts predictions by parts, equally large for the examples that were held out."""

    def __init__(self, schema: Schema, reference: Reference | None) -> None:
        """Look up the parts."""
        seen = reference.answers.get("prediction") if reference else None
        low, high = schema.target.minimum or 0.0, schema.target.maximum or 0.0
        self._parts = Parts(alike(seen) if isinstance(seen, Numbers) else spread(low, high))
        self.names = self._parts.names

    def count(self, predictions: Iterable[Mapping[str, Any]]) -> Mapping[str, int]:
        """Return how many there are in each part."""
        return self._parts.count(each["prediction"] for each in predictions)
