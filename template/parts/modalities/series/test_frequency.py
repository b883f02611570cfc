"""Times step as pandas' calendars do; a fault in them is found and said in words."""

from datetime import datetime

import pandas as pd
import pytest

from acme_ml.data.frequency import find_fault, infer_frequency
from acme_ml.data.times import read_time
from acme_ml.schema import Frequency, Unit

# How pandas calls a calendar, what it is here, and in words.
CALENDARS: list[tuple[str, Unit, int, str]] = [
    ("YS", "month", 12, "yearly"),
    ("QS", "month", 3, "quarterly"),
    ("MS", "month", 1, "monthly"),
    ("2MS", "month", 2, "every 2 months"),
    ("ME", "month end", 1, "monthly, at the end of the month"),
    ("QE", "month end", 3, "quarterly, at the end of the month"),
    ("YE-FEB", "month end", 12, "yearly, at the end of the month"),
    ("W-WED", "day", 7, "weekly"),
    ("28D", "day", 28, "every 28 days"),
    ("D", "day", 1, "daily"),
    ("B", "business day", 1, "of business days"),
    ("h", "hour", 1, "hourly"),
    ("90min", "minute", 90, "every 90 minutes"),
    ("15min", "minute", 15, "every 15 minutes"),
    ("10s", "second", 10, "every 10 seconds"),
]


def times_of(calendar: str | pd.DateOffset, start: str = "1999-12-29") -> list[datetime]:
    return list(pd.date_range(start, periods=120, freq=calendar).to_pydatetime())


@pytest.mark.parametrize(("calendar", "unit", "count", "name"), CALENDARS)
def test_times_step_as_in_pandas(calendar: str, unit: Unit, count: int, name: str) -> None:
    times = times_of(calendar)
    frequency = Frequency(unit=unit, count=count)
    assert infer_frequency(times) == frequency
    assert frequency.name == name
    assert [frequency.after(times[0], step) for step in range(len(times))] == times
    assert [frequency.steps(times[0], time) for time in times] == list(range(len(times)))
    assert find_fault(times, frequency) is None


@pytest.mark.parametrize(("calendar", "unit", "count", "name"), CALENDARS)
def test_a_gap_is_found_and_does_not_hide_the_frequency(calendar: str, unit: Unit, count: int, name: str) -> None:
    times = times_of(calendar)
    frequency = Frequency(unit=unit, count=count)
    holed = times[:40] + times[43:]
    assert infer_frequency(holed) == frequency
    fault = find_fault(holed, frequency)
    assert fault is not None
    assert fault[0] == 40
    assert f"3 times from {times[40].isoformat()[:10]}" in fault[1]
    assert f"{times[40].isoformat()[:10]}" in str(find_fault(times[:40] + times[41:], frequency))


@pytest.mark.parametrize("day", [2, 15, 28])
def test_months_keep_their_day(day: int) -> None:
    times = times_of(pd.DateOffset(months=1), f"1999-12-{day:02}")
    assert infer_frequency(times) == Frequency(unit="month")
    assert find_fault(times, Frequency(unit="month")) is None


@pytest.mark.parametrize(
    ("days", "place", "words"),
    [
        (["2001-01-01", "2001-02-01", "2001-02-01"], 2, "2001-02-01 is there twice"),
        (["2001-02-01", "2001-01-01"], 1, "2001-01-01 comes after 2001-02-01; sort the rows"),
        (["2001-01-01", "2001-02-01", "2001-02-17"], 2, "2001-02-17 comes where 2001-03-01 is due"),
        (["2001-01-01", "2001-02-02"], 1, "2001-02-02 comes where 2001-02-01 is due, as the data is monthly"),
        (["2001-01-01", "2001-03-01"], 1, "monthly: 2001-02-01 is missing; fill the gap"),
    ],
)
def test_a_fault_is_named(days: list[str], place: int, words: str) -> None:
    fault = find_fault([read_time(day) for day in days], Frequency(unit="month"))
    assert fault is not None
    assert fault[0] == place
    assert words in fault[1]


def test_a_weekend_is_no_business_day() -> None:
    days = Frequency(unit="business day")
    assert "2001-01-06 is no business day" in str(find_fault([datetime(2001, 1, 6)], days))
    friday_and_saturday = [datetime(2001, 1, 5), datetime(2001, 1, 6)]
    assert "2001-01-06 comes where 2001-01-08 is due" in str(find_fault(friday_and_saturday, days))


def test_without_a_frequency_only_the_order_counts() -> None:
    assert find_fault([datetime(2001, 1, 1), datetime(2001, 1, 5), datetime(2001, 3, 1)]) is None
    assert find_fault([datetime(2001, 1, 5), datetime(2001, 1, 1)]) is not None


def test_days_are_written_without_hours() -> None:
    assert Frequency(unit="month").write(datetime(2001, 7, 1)) == "2001-07-01"
    assert Frequency(unit="hour").write(datetime(2001, 7, 1)) == "2001-07-01T00:00:00"
    assert Frequency(unit="day").write(datetime(2001, 7, 1, 6)) == "2001-07-01T06:00:00"


def test_parts_of_seconds_are_refused() -> None:
    with pytest.raises(ValueError, match="whole seconds"):
        infer_frequency([datetime(2001, 1, 1, microsecond=place * 1000) for place in range(3)])
