"""The table is checked on every load; a fault names column, row and time."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from acme_ml.config import load_config
from acme_ml.data.history import open_history
from acme_ml.data.load import read_data
from acme_ml.data.summary import Summary
from acme_ml.errors import DataError
from acme_ml.evaluation.explore import write_exploration
from acme_ml.schema import Frequency, Layout, Notation, Schema

LAYOUT = Layout(time="day", target="sales", known=("open",), series="shop", horizon=3, lags=8, season=7)


@pytest.fixture
def frame() -> pd.DataFrame:
    """Two shops, forty days each."""
    days = [f"{day:%Y-%m-%d}" for day in pd.date_range("2001-01-01", periods=40)]
    sales = np.random.default_rng(0).normal(size=80).round(3)
    return pd.DataFrame(
        {"shop": ["a"] * 40 + ["b"] * 40, "day": days * 2, "sales": sales, "open": [True, False] * 40, "note": "-"}
    )


def opened(frame: pd.DataFrame, folder: Path, layout: Layout = LAYOUT, **options: Any) -> tuple[pd.DataFrame, Schema]:
    frame.to_csv(folder / "shops.csv", index=False)
    return open_history(folder / "shops.csv", folder / "schema.json", layout, **options)


def test_the_schema_is_inferred_once(frame: pd.DataFrame, tmp_path: Path) -> None:
    table, schema = opened(frame, tmp_path)
    assert schema.frequency == Frequency(unit="day")
    assert schema.ranges == {"sales": (frame["sales"].min(), frame["sales"].max()), "open": (0, 1)}
    assert Schema.read(tmp_path / "schema.json") == schema
    assert table.columns.tolist() == ["shop", "day", "sales", "open"]
    assert table.dtypes[["sales", "open"]].tolist() == [np.float64, np.float64]
    assert opened(frame.iloc[5:], tmp_path)[1] == schema


def written(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table as people write it: days first, thousands between points, a unit, decimals after commas."""
    days = pd.to_datetime(frame["day"]).dt.strftime("%d.%m.%Y")
    sales = [f"{value:,.3f}".translate(str.maketrans(",.", ".,")) for value in frame["sales"]]
    return frame.assign(day=days, sales=[f"{text} €" for text in sales])


def test_numbers_and_times_are_read_as_people_write_them(
    frame: pd.DataFrame, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    frame["sales"] = (frame["sales"] * 10_000).round(3)
    plain, known = opened(frame, tmp_path, refresh=True)
    assert (known.time_form, known.notations) == (None, {})
    table, schema = opened(written(frame), tmp_path, refresh=True)
    pd.testing.assert_frame_equal(table, plain)
    assert (schema.time_form, schema.ranges) == ("%d.%m.%Y", known.ranges)
    assert schema.notations == {"sales": Notation(decimal=",", thousands=".", unit="€")}
    assert "column 'day': times are read as 31.12.2001" in caplog.text
    assert "column 'sales': numbers are read as €1.234,5" in caplog.text
    # The schema says it from then on: what is written in another way is refused.
    pd.testing.assert_frame_equal(opened(written(frame), tmp_path)[0], table)
    with pytest.raises(DataError, match=r"column 'day', row 1: '2001-01-01' is no time; write times as 31\.12\.2001"):
        opened(written(frame).assign(day=frame["day"]), tmp_path)
    with pytest.raises(DataError, match=r"column 'sales', row 1: .* is no number in the form of €1\.234,5"):
        opened(written(frame).assign(sales="1,234.5"), tmp_path)


def test_times_of_a_day_may_follow_the_date(frame: pd.DataFrame, tmp_path: Path) -> None:
    hours = pd.date_range("2001-01-30", periods=40, freq="h")
    plain, _ = opened(frame.assign(day=[*map(str, hours)] * 2), tmp_path, refresh=True)
    table, schema = opened(frame.assign(day=[*hours.strftime("%m/%d/%Y %I:%M %p")] * 2, open=1), tmp_path, refresh=True)
    assert (schema.time_form, schema.frequency) == ("%m/%d/%Y %I:%M %p", Frequency(unit="hour"))
    assert table["day"].tolist() == plain["day"].tolist()


def test_what_can_be_read_in_two_ways_is_asked_for(frame: pd.DataFrame, tmp_path: Path) -> None:
    months = pd.date_range("2001-01-01", periods=40, freq="MS").strftime("%d/%m/%Y")
    monthly = frame.assign(day=[*months] * 2)
    with pytest.raises(DataError, match=r"shops\.csv, column 'day': '01/01/2001' may have the day first or the month"):
        opened(monthly, tmp_path)
    _, schema = opened(monthly, tmp_path, LAYOUT.model_copy(update={"day_first": True}))
    assert schema.frequency == Frequency(unit="month")
    thousands = frame.assign(sales=[f"{1 + at},{100 + at}" for at in range(80)])
    with pytest.raises(
        DataError, match=r"column 'sales': '1,100' may be 1100 .* or 1\.1 .*; say which in params\.yaml"
    ):
        opened(thousands, tmp_path)
    for decimal, value in ((",", 1.1), (".", 1_100)):
        table, _ = opened(thousands, tmp_path, LAYOUT.model_copy(update={"decimal": decimal}))
        assert table["sales"].iloc[0] == value


def test_a_season_that_is_unusual_for_such_times_is_told(
    frame: pd.DataFrame, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for season, is_told in ((7, False), (1, False), (14, False), (12, True)):
        caplog.clear()
        opened(frame, tmp_path, LAYOUT.model_copy(update={"season": season, "lags": 16}), refresh=True)
        told = "the times are daily, and values of such mostly repeat after 7 of them; season in params.yaml is 12"
        assert (told in caplog.text) == is_told


def test_another_layout_gets_a_schema_of_its_own(frame: pd.DataFrame, tmp_path: Path) -> None:
    opened(frame, tmp_path)
    _, schema = opened(frame, tmp_path, LAYOUT.model_copy(update={"horizon": 5}))
    assert schema.horizon == 5


def test_series_may_be_mixed_row_by_row(frame: pd.DataFrame, tmp_path: Path) -> None:
    table, _ = opened(frame.sort_values("day", kind="stable"), tmp_path)
    assert len(table) == 80


def test_rows_after_the_last_value_are_its_future(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.loc[37:39, "sales"] = None
    table, _ = opened(frame, tmp_path)
    assert len(table) == 77


def test_what_is_used_and_what_not_is_told(
    frame: pd.DataFrame, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    frame.loc[37:39, "sales"] = None
    table, schema = opened(frame, tmp_path)
    assert "80 rows read, 77 used\n  3 rows left out: no value of 'sales' follows in their series" in caplog.text
    assert "column 'note' left out: it is not named under data" in caplog.text
    page = write_exploration(table, schema, tmp_path / "page")
    assert "is not named under data" in page.read_text(encoding="utf-8")
    summary = Summary.model_validate_json((tmp_path / "page" / "summary.json").read_bytes())
    assert (summary.rows, sum(summary.rows_left_out.values())) == (80, 3)
    assert summary.columns == ("shop", "day", "sales", "open")


def test_several_series_that_nothing_tells_apart_are_no_gaps_to_mend(frame: pd.DataFrame, tmp_path: Path) -> None:
    for rows in (frame, frame.sort_values("day", kind="stable")):
        with pytest.raises(DataError, match=r"say which column tells them apart: data\.series in params\.yaml"):
            opened(rows, tmp_path, LAYOUT.model_copy(update={"series": None}))


def dropped(frame: pd.DataFrame, *rows: int) -> pd.DataFrame:
    return frame.drop(index=list(rows)).reset_index(drop=True)


def moved(frame: pd.DataFrame, row: int, to: int) -> pd.DataFrame:
    order = list(frame.index)
    order.insert(to, order.pop(row))
    return frame.loc[order].reset_index(drop=True)


def changed(frame: pd.DataFrame, row: int, column: str, value: object) -> pd.DataFrame:
    frame = frame.astype({column: object})
    frame.loc[row, column] = value
    return frame


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda frame: frame.drop(columns="open"), "no column 'open'; it has 'shop', 'day', 'sales', 'note'"),
        (lambda frame: changed(frame, 4, "day", "someday"), "column 'day', row 5: 'someday' is no time; write"),
        (lambda frame: changed(frame, 4, "day", None), "column 'day', row 5: the value is missing"),
        (lambda frame: changed(frame, 4, "shop", None), "column 'shop', row 5: the value is missing"),
        (lambda frame: changed(frame, 4, "sales", "many"), "column 'sales', row 5: 'many' is not a finite number"),
        (lambda frame: changed(frame, 4, "sales", "inf"), "column 'sales', row 5: 'inf' is not a finite number"),
        (lambda frame: changed(frame, 4, "sales", None), "column 'sales', row 5: the value is missing; fill it in"),
        (lambda frame: changed(frame, 4, "open", None), "column 'open', row 5: the value is missing"),
        (lambda frame: dropped(frame, 4), "series 'a', column 'day', row 5: 2001-01-06 comes after a gap"),
        (lambda frame: dropped(frame, 45, 46), "series 'b', column 'day', row 46: 2001-01-08 comes after a gap"),
        (lambda frame: dropped(frame, 45, 46), "2 times from 2001-01-06 to 2001-01-07 are missing"),
        (lambda frame: moved(frame, 4, 10), "series 'a', column 'day', row 11: 2001-01-05 comes after"),
        (lambda frame: changed(frame, 4, "day", "2001-01-04"), "row 5: 2001-01-04 is there twice"),
        (lambda frame: changed(frame, 4, "day", "2001-01-05T07:00"), "row 5: 2001-01-05T07:00:00 comes where"),
        (lambda frame: dropped(frame, *range(41, 80, 2)), "All of this series is every 2 days"),
        (lambda frame: frame.iloc[:50], "series 'b' has 10 values (the last: row 50, 2001-01-10), and 11 are needed"),
        (lambda frame: frame.assign(sales=1.0), "column 'sales' never changes"),
        (lambda frame: frame.assign(sales=None), "column 'sales' holds no value"),
        (lambda frame: frame.iloc[:0], "holds no value"),
    ],
)
def test_a_fault_is_named(frame: pd.DataFrame, tmp_path: Path, spoil: Any, words: str) -> None:
    with pytest.raises(DataError) as error:
        opened(spoil(frame), tmp_path)
    assert words in str(error.value)
    assert "shops.csv" in str(error.value)


def test_a_single_row_is_no_history(frame: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no series has more than one row"):
        opened(frame.iloc[[0, 40]], tmp_path)


def test_data_of_another_frequency_asks_for_a_refresh(frame: pd.DataFrame, tmp_path: Path) -> None:
    opened(frame, tmp_path)
    hours = pd.date_range("2001-01-01", periods=40, freq="h").astype(str).tolist()
    hourly = frame.assign(day=hours * 2)
    with pytest.raises(DataError, match=r"All of this series is hourly.*--refresh"):
        opened(hourly, tmp_path)
    _, schema = opened(hourly, tmp_path, refresh=True)
    assert schema.frequency.name == "hourly"


def test_the_example_fits_its_committed_schema(workspace: Path) -> None:
    config = load_config(workspace / "params.yaml")
    committed = Schema.read(config.schema_path)
    _, schema = read_data(config, refresh=True)
    assert schema == committed


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00bad", b'a,b\n"1'])
def test_an_unreadable_table_is_named(workspace: Path, content: bytes | None) -> None:
    config = load_config(workspace / "params.yaml")
    config.data_path.unlink()
    if content is not None:
        config.data_path.write_bytes(content)
    with pytest.raises(DataError, match=config.data_path.name):
        read_data(config)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lags": 7}, r"lags \(7\) must be more than season \(7\)"),
        ({"known": ("sales",)}, "different columns"),
        ({"horizon": 0}, "horizon"),
        ({"level": 1}, "level"),
    ],
)
def test_a_layout_that_cannot_work_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Layout(**{**LAYOUT.model_dump(), **changes})
