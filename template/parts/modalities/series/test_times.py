"""Times keep their offsets, and the hours that clocks skip and repeat are known."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from acme_ml.data.history import open_history
from acme_ml.data.times import ClockError, TimeReader, read_time
from acme_ml.errors import DataError
from acme_ml.inference.batches import read_batches
from acme_ml.inference.prediction import tabulate
from acme_ml.schema import Frequency, Layout, Schema

LAYOUT = Layout(time="when", target="load", horizon=3, lags=5, season=2)
BERLIN = "Europe/Berlin"
SCORES = np.arange(9.0).reshape(1, 9)
SUMMER = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2001", datetime(2001, 1, 1)),
        ("2001-07", datetime(2001, 7, 1)),
        ("2001-07-09", datetime(2001, 7, 9)),
        ("2001-07-09T10:30", datetime(2001, 7, 9, 10, 30)),
        ("2001-07-09 10:30:05", datetime(2001, 7, 9, 10, 30, 5)),
        ("2001-07-09T10:30Z", datetime(2001, 7, 9, 10, 30, tzinfo=UTC)),
        ("2001-07-09T00:30+02:00", datetime(2001, 7, 9, 0, 30, tzinfo=SUMMER)),
    ],
)
def test_times_are_read(text: str, time: datetime) -> None:
    assert (read_time(text), read_time(text).tzinfo) == (time, time.tzinfo)


@pytest.mark.parametrize("text", ["", "soon", "9.7.2001", "2001-13-01", "2001-7", "0001-01-01", "9999-12-31"])
def test_other_texts_are_no_times(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_time(text)


def hours(start: str, count: int, zone: str | None = None, every: int = 1) -> list[datetime]:
    """Return times that are so many hours apart, on the clocks of a zone."""
    first = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone) if zone else None)
    frequency = Frequency(unit="hour", count=every)
    return [frequency.after(first, step) for step in range(count)]


def table_of(times: list[str], folder: Path) -> Path:
    """Write a series with these times."""
    path = folder / "loads.csv"
    values = np.random.default_rng(0).normal(size=len(times)).round(3)
    pd.DataFrame({"when": times, "load": values}).to_csv(path, index=False)
    return path


def forecast_times(path: Path, layout: Layout, folder: Path) -> tuple[Schema, list[str]]:
    """Return the schema of a table, and the times that follow it."""
    _, schema = open_history(path, folder / "schema.json", layout)
    (batch,) = read_batches(path, schema)
    return schema, tabulate(batch.rows, SCORES, schema)["when"].tolist()


def test_hours_come_back_in_the_offset_they_have(tmp_path: Path) -> None:
    times = [f"{time.isoformat()}+02:00" for time in hours("2024-04-13T10:00", 36)]
    schema, written = forecast_times(table_of(times, tmp_path), LAYOUT, tmp_path)
    assert times[-1] == "2024-04-14T21:00:00+02:00"
    assert written == [f"2024-04-{day}:00:00+02:00" for day in ("14T22", "14T23", "15T00")]
    assert (schema.frequency.name, schema.utc) == ("hourly", True)


def test_days_with_an_offset_are_the_days_they_say(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", "2024-04-14", tz=BERLIN)
    schema, written = forecast_times(table_of([day.isoformat() for day in days], tmp_path), LAYOUT, tmp_path)
    assert written == [f"2024-04-{day}T00:00:00+02:00" for day in (15, 16, 17)]
    assert (schema.frequency.name, schema.utc) == ("daily", False)


def test_offsets_that_change_with_the_clocks_are_one_series(tmp_path: Path) -> None:
    for start in ("2024-03-30T12:00", "2024-10-26T12:00"):
        times = [time.isoformat() for time in hours(start, 40, BERLIN)]
        assert len({time[-6:] for time in times}) == 2
        (tmp_path / "schema.json").unlink(missing_ok=True)
        schema, written = forecast_times(table_of(times, tmp_path), LAYOUT, tmp_path)
        assert schema.frequency == Frequency(unit="hour")
        assert written[0] == (datetime.fromisoformat(times[-1]) + timedelta(hours=1)).isoformat()


@pytest.mark.parametrize("minutes", [15, 60])
@pytest.mark.parametrize("start", ["2024-03-30T12:00", "2024-10-26T12:00"])
def test_on_the_clocks_of_a_zone_skipped_and_repeated_hours_are_known(
    start: str, minutes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(BERLIN))
    frequency = Frequency(unit="minute", count=minutes)
    times = [frequency.after(first, step) for step in range(30 * 60 // minutes)]
    shown = [f"{time:%Y-%m-%dT%H:%M}" for time in times]
    layout = LAYOUT.model_copy(update={"timezone": BERLIN})
    path = table_of(shown, tmp_path)
    schema, written = forecast_times(path, layout, tmp_path)
    assert written == [frequency.after(times[-1], step).isoformat() for step in (1, 2, 3)]
    # Where a file is read in parts, the second of two equal hours may be in a part of its own.
    monkeypatch.setattr("acme_ml.data.reading.ROWS_AT_ONCE", 1)
    (batch,) = read_batches(path, schema)
    assert batch.rows["origin"].tolist() == [times[-1]]
    with pytest.raises(DataError, match=r"if the clocks were changed then, .* or name data\.timezone in params\.yaml"):
        open_history(path, tmp_path / "other.json", LAYOUT)


def test_a_forecast_goes_through_a_change_of_the_clocks(tmp_path: Path) -> None:
    times = [f"{time:%Y-%m-%d %H:%M}" for time in hours("2024-03-28T00:00", 74)]
    layout = LAYOUT.model_copy(update={"timezone": BERLIN})
    _, written = forecast_times(table_of(times, tmp_path), layout, tmp_path)
    assert times[-1] == "2024-03-31 01:00"
    assert written == [f"2024-03-31T{hour}:00:00+02:00" for hour in ("03", "04", "05")]


def test_days_are_days_however_long_they_are(tmp_path: Path) -> None:
    days = [f"{day:%Y-%m-%d}" for day in pd.date_range("2024-03-01", "2024-03-30")]
    layout = LAYOUT.model_copy(update={"timezone": BERLIN})
    schema, written = forecast_times(table_of(days, tmp_path), layout, tmp_path)
    assert written == ["2024-03-31T00:00:00+01:00", "2024-04-01T00:00:00+02:00", "2024-04-02T00:00:00+02:00"]
    assert schema.frequency.name == "daily"


def test_an_hour_that_the_clocks_skip_is_refused(tmp_path: Path) -> None:
    times = [f"{time:%Y-%m-%dT%H:%M}" for time in hours("2024-03-30T12:00", 40)]
    layout = LAYOUT.model_copy(update={"timezone": BERLIN})
    with pytest.raises(DataError, match=r"row 15: .* the clocks of Europe/Berlin skip 02:00 on 2024-03-31"):
        open_history(table_of(times, tmp_path), tmp_path / "schema.json", layout)


def test_times_with_and_without_an_offset_do_not_go_together(tmp_path: Path) -> None:
    times = [time.isoformat() for time in hours("2024-01-01T00:00", 40)]
    mixed = [*times[:20], *(f"{time}+01:00" for time in times[20:])]
    with pytest.raises(DataError, match=r"row 21: .* some times have an offset from UTC, and others have none"):
        open_history(table_of(mixed, tmp_path), tmp_path / "schema.json", LAYOUT)
    open_history(table_of(times, tmp_path), tmp_path / "schema.json", LAYOUT)
    with pytest.raises(DataError, match=r"the times have an offset from UTC now; if the data has changed, run"):
        open_history(table_of([f"{time}Z" for time in times], tmp_path), tmp_path / "schema.json", LAYOUT)


def test_series_have_clocks_of_their_own() -> None:
    reader = TimeReader(BERLIN)
    for name in "ab":
        first, again = (reader.read("2024-10-27T02:30", name) for _ in range(2))
        assert (first.fold, again.fold) == (0, 1)
    with pytest.raises(ClockError, match="skip 02:30"):
        [reader.read(text) for text in ("2024-03-31T01:30", "2024-03-31T02:30")]


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="'Berlin' is no time zone; they are named like Europe/Berlin"):
        Layout(time="when", target="load", horizon=3, lags=5, season=2, timezone="Berlin")
