"""Which predictions are counted together: those of one class."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ..inference.prediction import classes_of
from ..inference.reference import Reference
from ..schema import Schema


class Outcomes:
    """Counts predictions by class."""

    def __init__(self, schema: Schema, reference: Reference | None) -> None:
        """Look up the classes."""
        self.names = classes_of(schema)

    def count(self, predictions: Iterable[Mapping[str, Any]]) -> Mapping[str, int]:
        """Return how many there are of each class that was predicted."""
        return Counter([each["prediction"] for each in predictions])
