"""How far apart the times of a series are, and where one does not follow; needs no pandas."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeVar

from ..schema import DAY, FRIDAY, SECONDS, Frequency, Unit, is_month_end, month_number, write_time

Value = TypeVar("Value", bound=Hashable)

SHORTEST_MONTH = timedelta(days=28)
HOUR = timedelta(hours=1)
# Clocks are changed at night.
EARLY = 4
CLOCKS = "if the clocks were changed then, write times with their offset from UTC, or name data.timezone in params.yaml"


def infer_frequency(times: Sequence[datetime]) -> Frequency:
    """Return how far most of the ascending times, two at least, are apart. Raises ValueError for parts of seconds."""
    step = most_common(later - time for time, later in pairwise(times))[0]
    unit = month_unit(times)
    if step >= SHORTEST_MONTH and unit:
        months = most_common(month_number(later) - month_number(time) for time, later in pairwise(times))[0]
        return Frequency(unit=unit, count=max(1, months))
    if step == DAY and skips_weekends(times):
        return Frequency(unit="business day")
    seconds, rest = divmod(step, timedelta(seconds=1))
    if rest:
        raise ValueError(f"times are {step} apart; whole seconds are the least that is understood")
    longest = next(unit for unit, length in SECONDS.items() if seconds % length == 0)
    return Frequency(unit=longest, count=seconds // SECONDS[longest])


def month_unit(times: Sequence[datetime]) -> Unit | None:
    """Return whether most times are on the same day of the month, or at its end; None if neither."""
    same_day = most_common(time.day for time in times)[1]
    at_end = sum(map(is_month_end, times))
    if 2 * max(same_day, at_end) <= len(times):
        return None
    return "month" if same_day >= at_end else "month end"


def skips_weekends(times: Sequence[datetime]) -> bool:
    """Return whether a Monday follows a Friday somewhere, and hardly any time is on a weekend."""
    jumps = any(later - time == 3 * DAY and time.weekday() == FRIDAY for time, later in pairwise(times))
    return jumps and 10 * sum(time.weekday() > FRIDAY for time in times) < len(times)


def most_common(values: Iterable[Value]) -> tuple[Value, int]:
    """Return the value that occurs most often, and how often."""
    return Counter(values).most_common(1)[0]


def find_fault(times: Sequence[datetime], frequency: Frequency | None = None) -> tuple[int, str] | None:
    """Return the first place where a time does not follow the one before, and why; None if all do.

    Without a frequency, only their order is looked at.
    """
    if times and frequency and not frequency.has(times[0]):
        return 0, f"{write_time(times[0])} is no {frequency.unit}, and the data is {frequency.name}"
    for place, (before, time) in enumerate(pairwise(times), start=1):
        if time <= before or (frequency and time != frequency.after(before)):
            return place, explain_fault(before, time, frequency)
    return None


def explain_fault(before: datetime, time: datetime, frequency: Frequency | None) -> str:
    """Say why the time cannot follow the one before."""
    reason, apart = explain_order(before, time, frequency), time - before
    skipped = frequency is not None and frequency.exact and apart == HOUR + timedelta(seconds=frequency.seconds)
    repeated = -HOUR < apart <= timedelta(0)
    changed = (skipped or repeated) and time.tzinfo is None and 0 < time.hour < EARLY
    return f"{reason}; {CLOCKS}" if changed else reason


def explain_order(before: datetime, time: datetime, frequency: Frequency | None) -> str:
    """Say what is between the two times."""
    shown = write_time(time)
    if time == before:
        return f"{shown} is there twice; keep one value of each time"
    if time < before or frequency is None:
        return f"{shown} comes after {write_time(before)}; sort the rows by time"
    steps, due = frequency.steps(before, time), frequency.after(before)
    if steps < 1 or frequency.after(before, steps) != time:
        return f"{shown} comes where {write_time(due)} is due, as the data is {frequency.name}"
    last = write_time(frequency.after(before, steps - 1))
    missing = f"{last} is" if steps == 2 else f"{steps - 1} times from {write_time(due)} to {last} are"
    return f"{shown} comes after a gap, as the data is {frequency.name}: {missing} missing; fill the gap"
