"""Which predictions are counted together: those of one cluster."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ..inference.reference import Reference, Words
from ..schema import Schema


class Outcomes:
    """Counts predictions by cluster."""

    def __init__(self, schema: Schema, reference: Reference | None) -> None:
        """Look up the clusters that the model has found; others are counted when they come."""
        seen = reference.answers.get("cluster") if reference else None
        self.names = sorted(seen.counts) if isinstance(seen, Words) else []

    def count(self, predictions: Iterable[Mapping[str, Any]]) -> Mapping[str, int]:
        """Return how many there are of each cluster that was predicted."""
        return Counter([str(each["cluster"]) for each in predictions])
