"""Which forecasts are counted together: those in one part of the range that training has seen."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..inference.reference import Reference
from ..schema import Schema
from .ranges import Parts, spread


class Outcomes:
    """Counts the steps of forecasts by parts, equally wide."""

    def __init__(self, schema: Schema, reference: Reference | None) -> None:
        """Look up the parts."""
        self._parts = Parts(spread(*schema.ranges[schema.target]))
        self.names = self._parts.names

    def count(self, predictions: Iterable[Mapping[str, Any]]) -> Mapping[str, int]:
        """Return how many steps there are in each part."""
        return self._parts.count(step["value"] for each in predictions for step in each["forecast"])
