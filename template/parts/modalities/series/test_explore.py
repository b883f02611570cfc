"""A series is taken apart into what it was made of, and the page says what deserves a look."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from acme_ml.evaluation.decomposition import (
    Places,
    decompose,
    find_places,
    moving_mean,
)
from acme_ml.evaluation.explore import find_all, take_apart
from acme_ml.schema import Frequency, Schema

RANDOM = np.random.default_rng(0)
STEPS = np.arange(140)
WEEK = np.array([3.0, -1, 0, 2, -4, 1, -1])
START = datetime(2024, 1, 1)


def schema_of(unit: str = "day", count: int = 1, season: int = 7) -> Schema:
    """Return the schema of one series."""
    frequency = Frequency(unit=unit, count=count)  # type: ignore[arg-type]
    own = {"time": "day", "target": "sales", "source": "own.csv", "ranges": {}}
    return Schema.model_validate({**own, "frequency": frequency, "horizon": 2, "lags": season + 2, "season": season})


def rows_of(values: NDArray[np.float64]) -> pd.DataFrame:
    """Return daily values."""
    return pd.DataFrame({"day": [START + timedelta(days=int(step)) for step in range(len(values))], "sales": values})


def told(values: NDArray[np.float64], schema: Schema | None = None) -> str:
    """Return all findings as one text."""
    return "\n".join(f"{what}: {todo}" for what, todo in find_all([("all", rows_of(values))], schema or schema_of()))


def test_a_series_is_taken_apart_into_what_it_was_made_of() -> None:
    values = 0.5 * STEPS + WEEK[STEPS % 7]
    parts = take_apart(rows_of(values), schema_of())
    assert parts.season == pytest.approx(WEEK[STEPS % 7])
    assert parts.trend == pytest.approx(0.5 * STEPS, abs=1e-9)
    assert parts.trend + parts.season + parts.rest == pytest.approx(values)
    assert parts.trend_strength > 0.9
    assert parts.season_strength > 0.9


def test_noise_has_neither_trend_nor_season() -> None:
    parts = decompose(RANDOM.normal(size=700), Places(np.arange(700) % 7, list("abcdefg")))
    assert parts.season_strength < 0.1
    assert parts.trend_strength < 0.3


def test_an_even_season_is_balanced() -> None:
    assert moving_mean(np.arange(10.0), 4)[2:-2] == pytest.approx(np.arange(2.0, 8.0))
    assert moving_mean(np.arange(4.0), 4).tolist() == [1.5] * 4
    assert moving_mean(np.arange(4.0), 1).tolist() == [1.5] * 4


@pytest.mark.parametrize(
    ("unit", "count", "season", "first", "named"),
    [
        ("month", 1, 12, 0, "Jan"),
        ("month end", 1, 12, 0, "Jan"),
        ("month", 3, 4, 0, "Q1"),
        ("day", 1, 7, 0, "Mon"),
        ("business day", 1, 5, 0, "Mon"),
        ("hour", 1, 24, 0, "0:00"),
        ("day", 1, 30, 0, "1"),
    ],
)
def test_places_have_the_names_of_the_calendar(unit: str, count: int, season: int, first: int, named: str) -> None:
    places = find_places([START, START + timedelta(days=1)], schema_of(unit, count, season))
    assert places.numbers[0] == first
    assert places.names[0] == named
    assert len(places.names) == season


def test_what_deserves_a_look_is_told() -> None:
    good = 100 + 0.1 * STEPS + WEEK[STEPS % 7] + 0.1 * RANDOM.normal(size=140)
    assert told(good) == ""
    assert "the value never changes" in told(np.ones(140))
    assert "20 values are few for seasons of 7" in told(good[:20])
    assert "a season of 7 explains hardly anything" in told(RANDOM.normal(size=700))
    assert "1 values jump out of trend and season, most on 2024-02-20: are they true?" in told(
        np.where(STEPS == 50, 140, good)
    )
