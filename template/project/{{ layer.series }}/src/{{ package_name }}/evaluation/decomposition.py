"""A series taken apart: into its trend, what repeats from season to season, and the rest."""

from calendar import day_abbr, month_abbr
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..schema import Schema


class Places(NamedTuple):
    """Where in a season each value stands, shape (values,), and how these places are called."""

    numbers: NDArray[np.int64]
    names: Sequence[str]


@dataclass(frozen=True)
class Parts:
    """Trend, season and rest of a series, each shape (values,); together they are the values."""

    trend: NDArray[np.float64]
    season: NDArray[np.float64]
    rest: NDArray[np.float64]

    @property
    def trend_strength(self) -> float:
        """How much of what does not repeat is trend, from 0 to 1."""
        return strength(self.trend, self.rest)

    @property
    def season_strength(self) -> float:
        """How much of what is no trend repeats, from 0 to 1."""
        return strength(self.season, self.rest)


def strength(part: NDArray[np.float64], rest: NDArray[np.float64]) -> float:
    """Return how much of the variance of a part and the rest is the part's, from 0 to 1.

    Wang, Smith and Hyndman, Data Min. Knowl. Discov. 13, 2006.
    """
    whole = float(np.var(part + rest))
    return max(0.0, 1 - float(np.var(rest)) / whole) if whole > 0 else 0.0


def decompose(values: NDArray[np.float64], places: Places) -> Parts:
    """Return the parts of values (values,): the trend is their mean over a whole season around each.

    Classical additive decomposition: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 2021, 3.4; with
    medians for the season, which a single outlier does not move. At
    both ends, where no whole season is around, it goes on as steeply as it did in the season before.
    """
    trend = moving_mean(values, len(places.names))
    usual = np.array(
        [
            np.median((values - trend)[places.numbers == place]) if (places.numbers == place).any() else 0.0
            for place in range(len(places.names))
        ]
    )
    season = (usual - usual.mean())[places.numbers]
    return Parts(trend, season, values - trend - season)


def moving_mean(values: NDArray[np.float64], season: int) -> NDArray[np.float64]:
    """Return the mean of a season around each value; of an even one, half of the values at both ends count."""
    if season == 1 or len(values) <= season:
        return np.full(len(values), values.mean())
    weights = np.ones(season) if season % 2 else np.array([0.5, *np.ones(season - 1), 0.5])
    whole = np.convolve(values, weights / weights.sum(), mode="valid")
    before = (len(weights) - 1) // 2
    return np.concatenate(
        [
            extend(whole[:season][::-1], before)[::-1],
            whole,
            extend(whole[-season:], len(values) - len(whole) - before),
        ]
    )


def extend(values: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Return the values that follow if it goes on as steeply as between the first and the last."""
    slope = (values[-1] - values[0]) / max(1, len(values) - 1)
    return np.asarray(values[-1] + slope * np.arange(1, steps + 1))


MONTHS: tuple[Callable[[datetime], int], Sequence[str]] = (lambda time: time.month - 1, month_abbr[1:])
DAYS: tuple[Callable[[datetime], int], Sequence[str]] = (lambda time: time.weekday(), day_abbr[:])
# What the places of a season are by the calendar: for a unit, how many of it a step is, and how many steps a season.
CALENDAR: dict[tuple[str, int, int], tuple[Callable[[datetime], int], Sequence[str]]] = {
    ("month", 1, 12): MONTHS,
    ("month end", 1, 12): MONTHS,
    ("month", 3, 4): (lambda time: (time.month - 1) // 3, ["Q1", "Q2", "Q3", "Q4"]),
    ("day", 1, 7): DAYS,
    ("business day", 1, 5): (DAYS[0], day_abbr[:5]),
    ("hour", 1, 24): (lambda time: time.hour, [f"{hour}:00" for hour in range(24)]),
}


def find_places(times: Sequence[datetime], schema: Schema) -> Places:
    """Return where in a season each time stands: by the calendar if the season is one of its own, else by number."""
    frequency = schema.frequency
    known = CALENDAR.get((frequency.unit, frequency.count, schema.season))
    if known:
        place, names = known
        return Places(np.array([place(time) for time in times], dtype=np.int64), list(names))
    return Places(np.arange(len(times)) % schema.season, [str(place + 1) for place in range(schema.season)])
