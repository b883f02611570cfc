"""What is found of a request's rows: values that are missing, new to the model, or beyond what training has seen."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..inference.reference import Reference
from ..schema import MISSING, Inputs, Schema
from .ranges import USUAL, Found, Ranges


class Watch:
    """Looks at what a model is given: its numbers and its words. Dates are not compared: they always go on."""

    def __init__(self, schema: Schema, reference: Reference | None) -> None:
        """Look up once what training has seen."""
        known = {column.name: column for column in schema.inputs}
        ends = [(known[name].minimum, known[name].maximum) for name in schema.all_numbers]
        self._numbers = Ranges(schema.all_numbers, ends)
        self._dates = Ranges(schema.dates, [(None, None)] * len(schema.dates))
        # Of a column of any words, those that were seen are not kept.
        self._words = {name: None if known[name].many else {*known[name].categories} for name in schema.categories}

    @property
    def findings(self) -> list[Found]:
        """All that can be found."""
        words = [(name, what) for name in self._words for what in (USUAL, "missing", "unseen", "refused")]
        return [*self._numbers.findings, *self._dates.findings, *words]

    def note(self, rows: Sequence[Any], inputs: Inputs) -> Inputs:
        """Return what is looked at of a request."""
        return inputs

    def find(self, noted: Sequence[Inputs]) -> list[tuple[Found, int]]:
        """Return what there is in requests, and how often."""
        found: list[tuple[Found, int]] = []
        inputs = {kind: np.concatenate([each[kind] for each in noted]) for kind in noted[0]}
        if "numbers" in inputs:
            found += self._numbers.find(inputs["numbers"])
        if "dates" in inputs:
            found += self._dates.find(inputs["dates"])
        if "categories" in inputs:
            for (name, known), words in zip(self._words.items(), inputs["categories"].T.tolist(), strict=True):
                different = {*words}
                missing, unseen = words.count(MISSING) if MISSING in different else 0, 0
                if known is not None and not different - {MISSING} <= known:
                    unseen = sum(word not in known and word != MISSING for word in words)
                counts = {USUAL: len(words) - missing - unseen, "missing": missing, "unseen": unseen}
                found += [((name, what), count) for what, count in counts.items() if count]
        return found
