"""Count recent values beside those of the reference, some at a time; how many there are takes no more memory."""

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..inference.reference import Numbers, Words

# Of the words that training has not seen, so many are told apart.
MOST_UNSEEN = 1_000
# Numbers are compared in so many parts, equally large in training; few different ones each by itself.
PARTS = 10


class NumberTally:
    """Recent numbers: how many lie up to each value of the reference."""

    def __init__(self, before: Numbers) -> None:
        """Start at none."""
        self.before = before
        self.missing = 0
        self._values = np.array(before.values, dtype=np.float64)
        # The last place is for those above all.
        self._counts = np.zeros(len(before.values) + 1, dtype=np.int64)
        self.below = 0

    def add(self, values: NDArray[Any]) -> None:
        """Count some values (values,)."""
        numbers = values.astype(np.float64)
        # To sort them, the missing at the end, and look up few among many is faster than to look up each.
        known = np.sort(numbers)
        known = known[: len(known) - int(np.isnan(numbers).sum())]
        self.missing += len(numbers) - len(known)
        up_to = np.searchsorted(known, self._values, side="right")
        self._counts += np.diff(up_to, prepend=0, append=len(known))
        if len(self._values):
            self.below += int(np.searchsorted(known, self._values[0], side="left"))

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return int(self._counts.sum())

    @property
    def unseen(self) -> int:
        """How many lie beyond the range that training has seen."""
        return int(self._counts[-1]) + self.below

    def distance(self) -> float:
        """Return the largest difference between both shares up to a value: Kolmogorov's and Smirnov's statistic."""
        now = np.cumsum(self._counts)[:-1] / self.count
        return float(np.abs(now - np.array(self.before.up_to) / self.before.count).max())

    def parts(self) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
        """Return names of parts, and how many values of both lie in each."""
        ends = self._ends()
        before = np.diff(np.array(self.before.up_to)[ends], prepend=0, append=self.before.count)
        now = np.diff(np.cumsum(self._counts)[ends], prepend=0, append=self.count)
        by_itself = len(self._values) <= PARTS and not self.unseen
        names = [f"{value:.4g}" if by_itself else f"up to {value:.4g}" for value in self._values[ends]]
        if by_itself and len(self._values):
            last = f"{self._values[-1]:.4g}"
        else:
            last = f"above {self._values[ends[-1]]:.4g}" if len(ends) else "all"
        return [*names, last], before.astype(np.float64), now.astype(np.float64)

    def _ends(self) -> NDArray[np.intp]:
        """Return the places of the values that the parts end with, but for the last part."""
        places = np.arange(len(self._values))
        if len(places) > PARTS:
            wanted = np.linspace(0, self.before.count, PARTS + 1)[1:-1]
            places = np.unique(np.searchsorted(np.array(self.before.up_to), wanted))
        elif self.unseen:
            # What lies beyond all of few values is a part of its own.
            return places
        return places[places < len(self._values) - 1]


class WordTally:
    """Recent words: how often each of the reference comes, and others."""

    def __init__(self, before: Words) -> None:
        """Start at none."""
        self.before = before
        self.missing = 0
        self.others = 0
        self.new: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()

    def add(self, values: NDArray[Any]) -> None:
        """Count some words (values,); None is a missing one."""
        found = Counter(values.tolist())
        self.missing += found.pop(None, 0)
        for word, count in found.items():
            if word in self.before.counts:
                self._counts[word] += count
            else:
                self.others += count
                if word in self.new or len(self.new) < MOST_UNSEEN:
                    self.new[word] += count

    @property
    def count(self) -> int:
        """How many words there are."""
        return self._counts.total() + self.others

    @property
    def unseen(self) -> int:
        """How many are words that training has not seen; where it has seen more than were kept, none is known to be."""
        return 0 if self.before.others else self.others

    def parts(self) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
        """Return the words, and how often both have each; the last is all others, if there are any."""
        names = list(self.before.counts)
        before = [*self.before.counts.values(), self.before.others]
        now = [*(self._counts[name] for name in names), self.others]
        some = before[-1] or now[-1]
        end = len(before) if some else len(names)
        return [*names, *(["others"] if some else [])], np.array(before[:end], float), np.array(now[:end], float)


Tally = NumberTally | WordTally


def tally(before: Numbers | Words) -> Tally:
    """Return what counts values beside those of the reference."""
    return NumberTally(before) if isinstance(before, Numbers) else WordTally(before)
