"""What is found of a request's series: values beyond those that training has seen."""

from collections.abc import Sequence

import numpy as np

from ..inference.encoder import Window
from ..inference.reference import Reference
from ..schema import Inputs, Schema
from .ranges import Found, Ranges


class Watch:
    """Looks at the history of series, and at what is known of the steps to forecast."""

    def __init__(self, schema: Schema, reference: Reference | None) -> None:
        """Look up once what training has seen."""
        self._history = Ranges([schema.target], [schema.ranges[schema.target]])
        self._known = Ranges(schema.known, [schema.ranges[name] for name in schema.known])

    @property
    def findings(self) -> list[Found]:
        """All that can be found."""
        return [(name, what) for name, what in [*self._history.findings, *self._known.findings] if what != "missing"]

    def note(self, rows: Sequence[Window], inputs: Inputs) -> Sequence[Window]:
        """Return what is looked at of a request."""
        return rows

    def find(self, noted: Sequence[Sequence[Window]]) -> list[tuple[Found, int]]:
        """Return what there is in requests, and how often."""
        rows = [row for each in noted for row in each]
        found = self._history.find(np.concatenate([row.history for row in rows])[:, None])
        known = [step for row in rows for step in row.known if step]
        return found + (self._known.find(np.array(known, dtype=np.float64)) if known else [])
