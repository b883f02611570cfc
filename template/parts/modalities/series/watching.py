"""What is found of a request's series: values beyond those that training has seen."""

from collections.abc import Iterator, Sequence

import numpy as np

from ..inference.encoder import Window
from ..inference.reference import Reference
from ..schema import Inputs, Schema
from .counts import Found
from .ranges import Ranges


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

    def find(self, rows: Sequence[Window], inputs: Inputs) -> Iterator[tuple[Found, int]]:
        """Yield what there is, and how often."""
        for row in rows:
            yield from self._history.find(np.array(row.history, dtype=np.float64)[:, None])
            if row.known and row.known[0]:
                yield from self._known.find(np.array(row.known, dtype=np.float64))
