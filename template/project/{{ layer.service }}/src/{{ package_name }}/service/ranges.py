"""Numbers beside those that training has seen: which lie beyond them, and in which part of them each lies."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..inference.naming import write_number
from ..inference.reference import Numbers

# A column, and what is found of a value in it.
Found = tuple[str, str]
USUAL = "usual"
# Predicted numbers are counted in so many parts, equally large in training where it is known what that was like.
PARTS = 10


class Ranges:
    """Finds which numbers (rows, columns) are missing, or below or above what training has seen of their column."""

    def __init__(self, names: Sequence[str], ends: Sequence[tuple[float | None, float | None]]) -> None:
        """Keep the lowest and the highest number of each column; None is no end."""
        self._names = names
        known = [(-inf if low is None else low, inf if high is None else high) for low, high in ends]
        self._low, self._high = np.array(known).reshape(-1, 2).T

    @property
    def findings(self) -> list[Found]:
        """All that can be found."""
        return [(name, what) for name in self._names for what in (USUAL, "missing", "below", "above", "refused")]

    def find(self, numbers: NDArray[Any]) -> list[tuple[Found, int]]:
        """Return what there is, and how often."""
        # Mostly there is nothing else, and to know that is half of the work; a missing number is in no range.
        usual = (numbers >= self._low) & (numbers <= self._high)
        if usual.all():
            return [((name, USUAL), len(numbers)) for name in self._names]
        below, above = numbers < self._low, numbers > self._high
        masks = ((USUAL, usual), ("missing", np.isnan(numbers)), ("below", below), ("above", above))
        counts = [(what, zip(self._names, mask.sum(axis=0).tolist(), strict=True)) for what, mask in masks]
        return [((name, what), count) for what, columns in counts for name, count in columns if count]


class Parts:
    """Counts numbers by the part that they lie in."""

    def __init__(self, ends: Iterable[float]) -> None:
        """Keep the ends of all parts but the last, which has none."""
        self._ends = sorted(set(ends))
        last = f"above {write_number(self._ends[-1])}" if self._ends else "all"
        self.names = [*(f"up to {write_number(end)}" for end in self._ends), last]

    def count(self, numbers: Iterable[float]) -> Counter[str]:
        """Return how many lie in each part."""
        return Counter([self.names[bisect_left(self._ends, number)] for number in numbers])


def alike(seen: Numbers) -> list[float]:
    """Return what ends parts that hold equally many of the numbers seen."""
    wanted = np.linspace(0, seen.count, PARTS + 1)[1:-1]
    places = np.searchsorted(np.array(seen.up_to), wanted)
    return [seen.values[place] for place in places if place < len(seen.values) - 1]


def spread(low: float, high: float) -> list[float]:
    """Return what ends equally wide parts of a range."""
    return [float(end) for end in np.linspace(low, high, PARTS + 1)[1:-1]]
