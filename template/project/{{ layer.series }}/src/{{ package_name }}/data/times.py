"""Times as people write them, with or without an offset from UTC, and clocks that are put forward and back."""

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ..schema import DAY, Frequency
from .frequency import infer_frequency

# Later times are taken for slips; a horizon may then reach far without leaving the calendar.
LAST_YEAR = 3000
MIXED = "some times have an offset from UTC, and others have none; write all of them alike"


class ClockError(ValueError):
    """A time that is well written, but not there on the clocks, or not like the others."""


class TimeReader:
    """Reads the times of series, each in ascending order; on the clocks of a zone, if one is named.

    `last` holds the last time of each series; `utc` says whether the times are instants that are kept in UTC, or as a
    clock shows them.
    """

    def __init__(self, zone: str | None, form: str | None = None) -> None:
        """Know the clocks of the zone, and the form of times, as strptime has it; without one, it is ISO 8601."""
        self.form = form
        self.last: dict[Hashable, datetime] = {}
        self.utc = False
        self._zone = ZoneInfo(zone) if zone else None
        self._aware: bool | None = None

    def read(self, text: str, series: Hashable = None) -> datetime:
        """Return the time, which has an offset if the text has one, or the zone says which.

        Raises ValueError when it is none, and ClockError when it is not there, or not like the others.
        """
        time = read_time(text, self.form)
        if self._zone:
            time = time.astimezone(self._zone) if time.tzinfo else self._place(time, self._zone, series)
        aware = time.tzinfo is not None
        if self._aware is not None and aware != self._aware:
            raise ClockError(MIXED)
        self._aware = aware
        self.last[series] = time
        return time

    def settle(self, times: Sequence[datetime], frequency: Frequency | None) -> None:
        """Find out what the times of a series are; without a frequency, from how far they are apart."""
        self.utc = bool(self._aware) and (frequency.exact if frequency else not on_clock(times))

    def even(self, time: datetime) -> datetime:
        """Return the time without an offset, so that steps are even: as the clock has it, or in UTC."""
        return (time.astimezone(UTC) if self.utc else time).replace(tzinfo=None)

    def _place(self, time: datetime, zone: ZoneInfo, series: Hashable) -> datetime:
        """Return the time on the clocks of the zone; an hour that they repeat is the later one the second time."""
        placed, before = time.replace(tzinfo=zone), self.last.get(series)
        if before is None or not before.tzinfo:
            return placed
        skipped = placed.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != time
        if skipped and time - before.replace(tzinfo=None) < DAY:
            raise ClockError(f"the clocks of {zone.key} skip {time:%H:%M} on {time:%Y-%m-%d}")
        return placed if placed.astimezone(UTC) > before.astimezone(UTC) else placed.replace(fold=1)


def read_time(text: str, form: str | None = None) -> datetime:
    """Read a time in a form, or in ISO 8601, where a year or a month alone is its first day. Raises ValueError."""
    # What has no offset stays without one.
    if form:
        time = datetime.strptime(text, form)
    else:
        time = datetime.fromisoformat(text + {4: "-01-01", 7: "-01"}.get(len(text), ""))
    if not 1 < time.year <= LAST_YEAR:
        raise ValueError(f"{text!r} is out of the years 2 to {LAST_YEAR}")
    return time


def is_time(text: str) -> bool:
    """Return whether it is a time in ISO 8601."""
    try:
        read_time(text)
    except ValueError:
        return False
    return True


def on_clock(times: Sequence[datetime]) -> bool:
    """Return whether times with offsets go by the clock, at one hour of the day, however long the days are."""
    try:
        return len(times) > 1 and not infer_frequency([time.replace(tzinfo=None) for time in times]).exact
    except ValueError:
        return False


def written_time(even: datetime, like: datetime, frequency: Frequency) -> datetime:
    """Return an even time of a series as one of its times is written: with its offset, or on its clock."""
    if like.tzinfo is None:
        return even
    return even.replace(tzinfo=UTC).astimezone(like.tzinfo) if frequency.exact else even.replace(tzinfo=like.tzinfo)
