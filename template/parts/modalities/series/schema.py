"""What the table of series holds: inferred once, kept beside the data, shipped with the model."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import available_timezones

from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from .errors import DataError

SCHEMA_FILE = "schema.json"

# What a model takes, all float64: `history` (rows, lags); where columns are known in advance, `known` (rows, horizon x
# columns), all columns of the first step, then of the next; and `margins` (rows, horizon), how far intervals reach.
Inputs = dict[str, NDArray[Any]]

Unit = Literal["month", "month end", "business day", "day", "hour", "minute", "second"]

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
# After how many steps values mostly repeat: those of hours after a day, of days after a week, others after a year.
SEASONS = {
    ("hour", 1): 24,
    ("day", 1): 7,
    ("business day", 1): 5,
    ("day", 7): 52,
    ("month", 1): 12,
    ("month", 3): 4,
}
DAY = timedelta(days=1)
FRIDAY = 4


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

    @property
    def usual_season(self) -> int | None:
        """After how many steps values mostly repeat, where that is known."""
        return SEASONS.get((self.unit.removesuffix(" end"), self.count))

    @property
    def exact(self) -> bool:
        """Whether steps are parts of a day, and all equally long; longer ones go by the clock."""
        return self.unit in ("hour", "minute", "second")

    @property
    def seconds(self) -> int:
        """How long a step is, in seconds; for units that are always equally long."""
        return self.count * SECONDS[self.unit]

    def after(self, time: datetime, steps: int = 1) -> datetime:
        """Return the time that many steps later; one with an offset is on the same clock."""
        units = steps * self.count
        if self.exact and time.tzinfo:
            return (time.astimezone(UTC) + timedelta(seconds=steps * self.seconds)).astimezone(time.tzinfo)
        if self.unit == "month" or self.unit == "month end":
            return add_months(time, units, end=self.unit == "month end")
        if self.unit == "business day":
            return add_business_days(time, units)
        return time + timedelta(seconds=steps * self.seconds)

    def steps(self, start: datetime, end: datetime) -> int:
        """Return how many whole steps lead from one time towards a later one."""
        if self.unit == "month" or self.unit == "month end":
            return (month_number(end) - month_number(start)) // self.count
        if self.unit == "business day":
            return (business_day_number(end) - business_day_number(start)) // self.count
        return (end - start) // timedelta(seconds=self.seconds)

    def has(self, time: datetime) -> bool:
        """Return whether a series of this frequency can hold the time."""
        if self.unit == "month end":
            return is_month_end(time)
        return self.unit != "business day" or time.weekday() <= FRIDAY

    def write(self, time: datetime) -> str:
        """Return the time as ISO 8601: a date alone where the days have no hours."""
        return time.isoformat() if self.exact else write_time(time)


class Layout(BaseModel, frozen=True, extra="forbid"):
    """Which column is what, and how much a model takes and gives.

    A model takes `lags` values and forecasts the next `horizon`, with intervals that hold the share `level` of the true
    values; `season` is how many steps it takes for the values to repeat. Times without an offset from UTC are on the
    clocks of `timezone`, if it is named. `decimal` and `day_first` say how numbers and dates are meant that can be read
    in two ways.
    """

    time: str
    timezone: str | None = None
    target: str
    known: tuple[str, ...] = ()
    series: str | None = None
    horizon: int = Field(ge=1)
    lags: int = Field(ge=2)
    season: int = Field(ge=1)
    level: float = Field(default=0.9, gt=0, lt=1)
    decimal: Literal[".", ","] | None = None
    day_first: bool | None = None

    @property
    def columns(self) -> list[str]:
        """All columns that are used."""
        return [*([self.series] if self.series else []), self.time, self.target, *self.known]

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.lags <= self.season:
            raise ValueError(f"lags ({self.lags}) must be more than season ({self.season}), to see a season repeat")
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("time, target, known and series must name different columns")
        return self

    @field_validator("timezone")
    @classmethod
    def _timezone_is_known(cls, name: str | None) -> str | None:
        if name is not None and name not in available_timezones():
            raise ValueError(f"{name!r} is no time zone; they are named like Europe/Berlin")
        return name


class DataSource(Layout, frozen=True, extra="forbid"):
    """The table to learn from: a CSV file, and what the model makes of its columns."""

    path: str
    test_size: float = Field(default=0.2, gt=0, lt=1)


class DataSettings(BaseModel, frozen=True, extra="forbid"):
    """What params.yaml says of the data."""

    data: DataSource


class Notation(BaseModel, frozen=True, extra="forbid"):
    """What stands before decimals, between thousands, and beside a number; with `brackets`, (5) is -5."""

    decimal: str = Field(default=".", pattern="^[.,]$")
    thousands: str = ""
    unit: str = ""
    brackets: bool = False


class Schema(Layout, frozen=True, extra="forbid"):
    """The layout of a table, how far apart its times are, and the range of each column of numbers.

    With `utc`, the times are instants that had an offset, kept in UTC; else they are as a clock shows them. They are
    written in `time_form`, as strptime has it, or in ISO 8601; `notations` are those of columns that no program writes.
    """

    source: str
    separator: str = ","
    frequency: Frequency
    utc: bool = False
    time_form: str | None = None
    notations: dict[str, Notation] = {}
    ranges: dict[str, tuple[float, float]]

    def seen(self, column: str) -> str:
        """Return the range of a column of numbers, in words."""
        low, high = self.ranges[column]
        return f"{low:g} to {high:g}"

    def write(self, time: datetime) -> str:
        """Return a time of the table as ISO 8601."""
        return self.frequency.write(time.replace(tzinfo=UTC) if self.utc else time)

    def same_layout(self, other: Layout) -> bool:
        """Return whether the other uses the same columns in the same way."""
        return all(getattr(self, name) == getattr(other, name) for name in Layout.model_fields)

    def facts(self) -> list[dict[str, str]]:
        """Return one row for each column: what it is, and its range."""
        written = f", written as {self.time_form}" if self.time_form else ""
        rows = [(self.time, f"time, {self.frequency.name}{' (in UTC)' if self.utc else ''}{written}", "")]
        rows += [(self.series, "which series", "")] if self.series else []
        rows += [(self.target, f"{self.lags} values, to forecast the next {self.horizon}", self.seen(self.target))]
        rows += [(name, f"known for the next {self.horizon} steps", self.seen(name)) for name in self.known]
        return [{"column": column, "role": role, "seen in training": seen} for column, role, seen in rows]

    def save(self, path: Path) -> None:
        """Write the schema as readable JSON."""
        text = self.model_dump_json(indent=2, exclude_defaults=True, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a schema. Raises DataError when the file is not one."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise DataError(f"{path} is no readable schema: {error}") from None


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
