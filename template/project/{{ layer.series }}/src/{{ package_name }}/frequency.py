"""How far apart the times of a series are, and which time comes next; needs no pandas."""

from calendar import monthrange
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal, TypeVar

from pydantic import BaseModel, Field

Unit = Literal["month", "month end", "business day", "day", "hour", "minute", "second"]
Value = TypeVar("Value", bound=Hashable)

# The units that are always equally long, the longest first.
SECONDS: dict[Unit, int] = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
NAMES = {
    ("month", 1): "monthly",
    ("month", 3): "quarterly",
    ("month", 12): "yearly",
    ("day", 1): "daily",
    ("day", 7): "weekly",
    ("hour", 1): "hourly",
}
DAY = timedelta(days=1)
SHORTEST_MONTH = timedelta(days=28)
FRIDAY = 4
# Later times are taken for slips; a horizon may then reach far without leaving the calendar.
LAST_YEAR = 3000


class Frequency(BaseModel, frozen=True, extra="forbid"):
    """Successive times are `count` units apart. Months keep the day of the month, or are always at its end."""

    unit: Unit
    count: int = Field(default=1, ge=1)

    @property
    def name(self) -> str:
        """The frequency in words."""
        if self.unit == "business day" and self.count == 1:
            return "of business days"
        known = NAMES.get((self.unit.removesuffix(" end"), self.count), f"every {self.count} {self.unit}s")
        return f"{known}, at the end of the month" if self.unit == "month end" else known

    def after(self, time: datetime, steps: int = 1) -> datetime:
        """Return the time that many steps later."""
        units = steps * self.count
        if self.unit == "month" or self.unit == "month end":
            return add_months(time, units, end=self.unit == "month end")
        if self.unit == "business day":
            return add_business_days(time, units)
        return time + timedelta(seconds=units * SECONDS[self.unit])

    def steps(self, start: datetime, end: datetime) -> int:
        """Return how many whole steps lead from one time towards a later one."""
        if self.unit == "month" or self.unit == "month end":
            return (month_number(end) - month_number(start)) // self.count
        if self.unit == "business day":
            return (business_day_number(end) - business_day_number(start)) // self.count
        return (end - start) // timedelta(seconds=self.count * SECONDS[self.unit])

    def has(self, time: datetime) -> bool:
        """Return whether a series of this frequency can hold the time."""
        if self.unit == "month end":
            return is_month_end(time)
        return self.unit != "business day" or time.weekday() <= FRIDAY

    def write(self, time: datetime) -> str:
        """Return the time as ISO 8601: a date alone where the days have no hours."""
        return time.isoformat() if self.unit in ("hour", "minute", "second") else write_time(time)


def read_time(text: str) -> datetime:
    """Read an ISO 8601 time; a year or a month alone is its first day, an offset is taken to UTC. Raises ValueError."""
    time = datetime.fromisoformat(text + {4: "-01-01", 7: "-01"}.get(len(text), ""))
    if not 1 < time.year <= LAST_YEAR:
        raise ValueError(f"{text!r} is out of the years 2 to {LAST_YEAR}")
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


def write_time(time: datetime) -> str:
    """Return the time as ISO 8601: a date alone at midnight."""
    return time.date().isoformat() if time == datetime(time.year, time.month, time.day) else time.isoformat()


def add_months(time: datetime, months: int, *, end: bool) -> datetime:
    """Return the same day some months later, or the last day of that month."""
    year, month = divmod(month_number(time) + months, 12)
    last = monthrange(year, month + 1)[1]
    return time.replace(year=year, month=month + 1, day=last if end else min(time.day, last))


def add_business_days(time: datetime, days: int) -> datetime:
    """Return the business day (Monday to Friday) that many later."""
    weeks, weekday = divmod(time.weekday() + days, FRIDAY + 1)
    return time + timedelta(weeks=weeks, days=weekday - time.weekday())


def month_number(time: datetime) -> int:
    """Count the months."""
    return 12 * time.year + time.month - 1


def business_day_number(time: datetime) -> int:
    """Count the business days; a weekend counts as its Friday."""
    weeks, weekday = divmod(time.toordinal() - 1, 7)
    return weeks * (FRIDAY + 1) + min(weekday, FRIDAY)


def is_month_end(time: datetime) -> bool:
    """Return whether it is the last day of a month."""
    return (time + DAY).day == 1


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
