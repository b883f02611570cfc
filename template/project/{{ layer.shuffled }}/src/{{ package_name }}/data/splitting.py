"""Cut examples so that what belongs together is on one side: equal ones, one person's, or all that is later."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import BaseCrossValidator, KFold, StratifiedKFold, TimeSeriesSplit, train_test_split

from ..errors import DataError

Places = NDArray[np.intp]

# With fewer different examples, equal ones are no copies, but all that there is.
LEAST_DIFFERENT = 50

# What a frame holds beside the columns of its schema, where params.yaml names a column of groups or times.
GROUP, TIME = "data.group", "data.time"

# The keys of the examples that an earlier model has learned from, and of those that it was measured on.
Known = tuple[NDArray[np.uint64], NDArray[np.uint64]]
NEW, LEARNED, HELD_OUT = range(3)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ties:
    """What belongs together: the number of each example's group, counted from 0, or its time."""

    groups: Places
    times: NDArray[np.float64] | None = None

    def take(self, places: Places) -> "Ties":
        """Return the ties of the examples at these places."""
        return Ties(number_groups(self.groups[places]), None if self.times is None else self.times[places])

    @property
    def units(self) -> Places:
        """The place of the first example of each group; of each time, in their order, if there are times."""
        return np.unique(self.groups if self.times is None else self.times, return_index=True)[1]

    def places(self, units: Places) -> Places:
        """Return the places of all examples of these groups or times, in the order of these."""
        numbers = self.groups if self.times is None else np.unique(self.times, return_inverse=True)[1]
        rank = np.full(numbers.max() + 1, -1)
        rank[units] = np.arange(len(units))
        order = np.argsort(rank[numbers], kind="stable")
        return order[rank[numbers][order] >= 0]


class TiedFolds(BaseCrossValidator):
    """Folds that keep together what belongs together; with times, each fold is later than all that it is learned from.

    With labels, each fold has about the same share of each, as far as groups allow.
    """

    def __init__(self, folds: int, ties: Ties, labels: NDArray[Any] | None = None) -> None:
        """Keep the number of folds, and what belongs together."""
        self.folds = folds
        self.ties = ties
        self.labels = labels

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return how many folds there are."""
        return self.folds

    def split(self, X: Any = None, y: Any = None, groups: Any = None) -> Iterator[tuple[Places, Places]]:
        """Yield the places of the examples to train on and of those to test on. Raises DataError for too few groups."""
        units = self.ties.units
        if len(units) < self.folds + (self.ties.times is not None):
            what = "times" if self.ties.times is not None else "different examples or groups"
            asked = f"the {self.folds} folds that evaluation.folds asks for"
            raise DataError(f"{len(units)} {what} to train on cannot be cut into {asked}; use fewer folds, or add data")
        for train, test in self._splitter(units).split(units, None if self.labels is None else self.labels[units]):
            yield self.ties.places(train), self.ties.places(test)

    def _splitter(self, units: Places) -> BaseCrossValidator:
        if self.ties.times is not None:
            return TimeSeriesSplit(self.folds)
        if self.labels is not None and least_frequent(self.labels[units]) >= self.folds:
            return StratifiedKFold(self.folds)
        return KFold(self.folds)


def tie_rows(keys: NDArray[np.uint64], frame: pd.DataFrame) -> Ties:
    """Return what belongs together of the rows of a frame, by its groups or times if it has some.

    Raises DataError for a row without one, and if it has both.
    """
    ties = {key: frame[key] for key in (GROUP, TIME) if key in frame}
    if len(ties) > 1:
        raise DataError(f"{GROUP} and {TIME}: say one of them; rows are split by the one or the other")
    for key, values in ties.items():
        for row in values.index[values.isna()][:1]:
            raise DataError(f"row {row + 1}: the column that {key} names holds nothing here, and rows are split by it")
    return tie(keys, ties.get(GROUP), ties.get(TIME))


def tie(keys: NDArray[np.uint64], groups: ArrayLike | None = None, times: ArrayLike | None = None) -> Ties:
    """Return what belongs together: what has one group, or else one key, as equal examples have; with times, these."""
    if times is not None:
        return Ties(np.arange(len(keys)), np.asarray(times, dtype=np.float64))
    if groups is not None:
        return Ties(number_groups(np.asarray(groups)))
    numbers = number_groups(keys)
    different = int(numbers.max(initial=-1)) + 1
    if different < min(LEAST_DIFFERENT, len(keys)):
        log.warning("only %d examples of %d differ: equal ones are trained and tested on", different, len(keys))
        return Ties(np.arange(len(keys)))
    if different < len(keys):
        copies = len(keys) - different
        log.info("%d of %d examples are copies of others; each stays on the side of its equal", copies, len(keys))
    return Ties(numbers)


def hold_out(
    ties: Ties,
    share: float,
    seed: int,
    labels: NDArray[Any] | None = None,
    whole: str = "the data",
    sides: Places | None = None,
) -> tuple[Places, Places]:
    """Return the places of the examples to train on, and of about this share of them to test on.

    With times, these are the last ones. With labels, both have about the same share of each, as far as groups allow.
    `sides` say of each whether it is NEW, LEARNED or HELD_OUT from an earlier split, which it then stays on; times
    decide for themselves.
    Raises DataError when there are too few groups or times, or a label is not among the examples to train on.
    """
    units = ties.units
    if len(units) < 2:
        raise DataError(f"{whole}: all examples have one {'time' if ties.times is not None else 'group'}")
    if ties.times is not None:
        first = np.sort(ties.times)[len(ties.times) - ceil(share * len(ties.times))]
        train, test = (np.flatnonzero(part) for part in (ties.times < first, ties.times >= first))
        if not len(train):
            raise DataError(f"{whole}: the last {share:.0%} of the times are all there are")
    else:
        parts = split_units(ties, share, seed, labels, sides)
        if sides is not None and not all(map(len, parts)):
            log.warning("%s: too little is left of the examples that were split before; they are split anew", whole)
            parts = split_units(ties, share, seed, labels, None)
        train, test = (ties.places(part) for part in parts)
    if labels is not None and len(missing := np.setdiff1d(labels, labels[train])):
        raise DataError(f"{whole}: no example of {str(missing[0])!r} is left to train on; another seed may help")
    return train, test


def split_units(
    ties: Ties, share: float, seed: int, labels: NDArray[Any] | None, sides: Places | None
) -> tuple[Places, Places]:
    """Return the numbers of the groups to train on, and of those to test on."""
    units = ties.units
    known = np.full(len(units), NEW) if sides is None else sides_of_groups(ties.groups, sides)
    learned, held_out, new = (np.flatnonzero(known == side) for side in (LEARNED, HELD_OUT, NEW))
    if sides is not None and ceil(share * len(new)) >= len(new):
        # Too few to cut: to measure on them costs least.
        return learned, np.append(held_out, new)
    even = None if labels is None or not can_be_even(labels[units[new]], share) else labels[units[new]]
    train, test = train_test_split(new, test_size=share, stratify=even, random_state=seed)
    return np.append(learned, train), np.append(held_out, test)


def find_sides(keys: Callable[[], NDArray[np.uint64]], known: Known | None) -> Places | None:
    """Return for each key whether it is NEW, LEARNED or HELD_OUT; None if nothing is known of any."""
    if known is None:
        return None
    found = keys()
    learned, held_out = (np.isin(found, part) for part in known)
    return np.select([learned, held_out], [LEARNED, HELD_OUT], NEW)


def sides_of_groups(groups: Places, sides: Places) -> Places:
    """Return the side of each group: that of its examples, and LEARNED if one of them is on it."""
    found = np.full(groups.max() + 1, NEW)
    # What was learned from counts most, and comes last.
    for side in (HELD_OUT, LEARNED):
        found[groups[sides == side]] = side
    return found


def can_be_even(labels: NDArray[Any], share: float) -> bool:
    """Return whether each of these labels can be in both parts."""
    tested = ceil(share * len(labels))
    return least_frequent(labels) > 1 and len(np.unique(labels)) <= min(tested, len(labels) - tested)


def number_groups(values: NDArray[Any]) -> Places:
    """Return a number for each value, counted from 0 as they appear."""
    return np.asarray(pd.factorize(values)[0], dtype=np.intp)


def least_frequent(labels: NDArray[Any]) -> int:
    """Return how often the rarest label is there."""
    return int(np.unique(labels, return_counts=True)[1].min())
