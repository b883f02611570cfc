"""What is found of a request's texts: those that are shorter or longer than all that training has seen."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..inference.reference import Numbers, Reference
from ..schema import Inputs, Schema
from .ranges import USUAL, Found, Ranges

LENGTH = "characters"


class Watch:
    """Looks at the lengths of texts."""

    def __init__(self, schema: Schema, reference: Reference | None) -> None:
        """Look up once what training has seen."""
        self._text = schema.text
        seen = reference.columns.get(LENGTH) if reference else None
        values = seen.values if isinstance(seen, Numbers) else ()
        self._lengths = Ranges([LENGTH], [(values[0], values[-1]) if values else (None, None)])

    @property
    def findings(self) -> list[Found]:
        """All that can be found."""
        return [*((LENGTH, what) for what in (USUAL, "below", "above")), (self._text, USUAL), (self._text, "refused")]

    def note(self, rows: Sequence[Any], inputs: Inputs) -> list[int]:
        """Return what is looked at of a request."""
        return [len(row[self._text]) for row in rows]

    def find(self, noted: Sequence[list[int]]) -> list[tuple[Found, int]]:
        """Return what there is in requests, and how often."""
        lengths = np.concatenate(noted)
        return [*self._lengths.find(lengths[:, None]), ((self._text, USUAL), len(lengths))]
