"""What is found of a request's images: those that are darker, brighter, flatter or richer in contrast than any seen."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..inference.reference import Numbers, Reference
from ..schema import Inputs, Schema
from .ranges import USUAL, Found, Ranges

WATCHED = ("brightness", "contrast")


class Watch:
    """Looks at the mean and the spread of pixels."""

    def __init__(self, schema: Schema, reference: Reference | None) -> None:
        """Look up once what training has seen."""
        seen = [reference.columns.get(name) if reference else None for name in WATCHED]
        values = [each.values if isinstance(each, Numbers) else () for each in seen]
        self._ranges = Ranges(WATCHED, [(each[0], each[-1]) if each else (None, None) for each in values])

    @property
    def findings(self) -> list[Found]:
        """All that can be found."""
        return [(name, what) for name in WATCHED for what in (USUAL, "below", "above")]

    def note(self, rows: Sequence[Any], inputs: Inputs) -> list[tuple[float, float]]:
        """Return what is looked at of a request."""
        return [(float(pixels.mean()), float(pixels.std())) for pixels in rows]

    def find(self, noted: Sequence[list[tuple[float, float]]]) -> list[tuple[Found, int]]:
        """Return what there is in requests, and how often."""
        return self._ranges.find(np.concatenate(noted))
