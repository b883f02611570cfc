"""What the columns of a stranger's table hold is found from all of their cells, or asked for."""

import csv
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from acme_ml.columns import Choices, Column, Kind, read_date
from acme_ml.data.cells import Date, Number, Reader, Text
from acme_ml.data.infer import infer_columns, read_freely
from acme_ml.data.reading import SAMPLE_ROWS, open_csv
from acme_ml.data.table import read_columns
from acme_ml.errors import DataError

MISSING = None
OTHER = ["x", "y"] * 30


def write(folder: Path, **columns: Sequence[str]) -> Path:
    path = folder / "own.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = zip(*columns.values(), strict=True)
        csv.writer(file).writerows([columns.keys(), *rows])
    return path


def read(folder: Path, cells: Sequence[str], **choices: Any) -> tuple[list[Any], Reader]:
    """Return what a column of these cells holds, None where a value is missing, and how it is read."""
    with open_csv(write(folder, own=cells, other=["x"] * len(cells))) as table:
        frame, readers = read_freely(table, Choices(**choices), {})
    return [None if value != value or value is None else value for value in frame["own"]], readers["own"]


def infer(folder: Path, cells: Sequence[str], name: str = "own", **choices: Any) -> Column | str:
    """Return what is inferred of a column, or the reason why it is left out; the table read anew is the same."""
    path, told = write(folder, **{name: cells, "other": [*OTHER * len(cells)][: len(cells)]}), Choices(**choices)
    with open_csv(path) as table:
        frame, readers = read_freely(table, told, told.kinds)
        columns, ignored = infer_columns(frame, readers, told, "own.csv")
        again = read_columns(table, columns)
    for column in columns:
        values = frame[column.name]
        if column.kind == "boolean":
            values = values.str.lower().map({"true": 1, "false": 0})
        if column.kind != "category":
            np.testing.assert_array_equal(again[column.name].astype(float), values.astype(float))
        else:
            assert set(again[column.name].dropna()) == set(column.categories)
    return ignored.get(name) or next(column for column in columns if column.name == name)


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1", "2.5", "-3e2", ".5"], [1, 2.5, -300, 0.5]),
        (["1", "?", "-", "n.a.", "N/A", ""], [1, *[MISSING] * 5]),
        (["1,000", "20,000,000", "5"], [1000, 20_000_000, 5]),
        (["1,000.5", "20"], [1000.5, 20]),
        (["1.000,5", "20"], [1000.5, 20]),
        (["1,5", "20,25"], [1.5, 20.25]),
        (["1 000", "2\u00a0000 000", "3\u202f000,5"], [1000, 2_000_000, 3000.5]),
        (["1'000", "2\u2019000.5"], [1000, 2000.5]),
        (["$1,764.94", "$5", "-$3"], [1764.94, 5, -3]),
        (["5 \u20ac", "1.764,94 \u20ac"], [5, 1764.94]),
        (["EUR 5", "6.5", "7 EUR"], [5, 6.5, 7]),
        (["12%", "3.5 %", "-1%"], [12, 3.5, -1]),
        (["\u22125", "+3"], [-5, 3]),
        (["(5)", "3", "(1,000.5)"], [-5, 3, -1000.5]),
        ([" 1", "2 ", "\u00a03"], [1, 2, 3]),
    ],
)
def test_numbers_are_read_as_people_write_them(tmp_path: Path, cells: list[str], numbers: list[Any]) -> None:
    values, reader = read(tmp_path, cells)
    assert isinstance(reader, Number)
    assert values == numbers


@pytest.mark.parametrize(
    "cells", [["1", "2", "x"], ["$1", "5 \u20ac"], ["1,00", "2.000.00"], ["12%", "3"], ["1 000", "1 00"], ["inf", "1"]]
)
def test_what_is_no_number_in_one_notation_is_text(tmp_path: Path, cells: list[str]) -> None:
    assert read(tmp_path, cells) == (cells, Text(tidy=True))


def test_what_can_be_read_in_two_ways_is_asked_for(tmp_path: Path) -> None:
    cells = ["1,234", "5,678"]
    with pytest.raises(
        DataError, match=r"column 'own': '1,234' may be 1234 .* or 1\.234 .*; say which in params\.yaml"
    ):
        read(tmp_path, cells)
    assert read(tmp_path, cells, decimal=".")[0] == [1234, 5678]
    assert read(tmp_path, cells, decimal=",")[0] == [1.234, 5.678]


@pytest.mark.parametrize(
    ("first", "second", "other", "number"),
    [
        ("412.345 \u20ac", "98.001 \u20ac", "0,5", 412_345),
        ("412.345", "98.001", "0,5", 412_345),
        ("412.345", "98.001", "0.5", 412.345),
        ("412.345", "98.01", "0,5", 412.345),
        ("412.345", "0.801", "0,5", 412.345),
    ],
)
def test_points_between_thousands_are_found_by_commas_in_other_columns(
    tmp_path: Path, first: str, second: str, other: str, number: float
) -> None:
    path = tmp_path / "own.csv"
    path.write_text(f"own;other\n{first};{other}\n{second};{other}\n", encoding="utf-8")
    with open_csv(path) as table:
        frame, _ = read_freely(table, Choices(), {})
    assert frame["own"][0] == number
    assert frame["other"][0] == 0.5


def test_how_points_are_read_that_nothing_else_decides_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert read(tmp_path, ["412.345", "98.001", "950"])[0] == [412.345, 98.001, 950]
    assert "the point of '412.345' is taken for one before decimals" in caplog.text
    caplog.clear()
    assert read(tmp_path, ["412.345", "98.001"], decimal=".")[0] == [412.345, 98.001]
    assert read(tmp_path, ["412.345", "98.001"], decimal=",")[0] == [412_345, 98_001]
    assert read(tmp_path, ["412.345", "98.01"])[0] == [412.345, 98.01]
    assert "is taken for one" not in caplog.text


@pytest.mark.parametrize(("other", "number"), [("0.5", 1234), ('"0,5"', 1.234)])
def test_another_column_decides(tmp_path: Path, other: str, number: float, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "own.csv"
    path.write_text(f'own,other\n"1,234",{other}\n"5,678",{other}\n', encoding="utf-8")
    with open_csv(path) as table:
        frame, _ = read_freely(table, Choices(), {})
    assert frame["own"][0] == number
    assert "column 'own': decimals are taken to follow" in caplog.text


def test_all_rows_decide_and_not_the_first(tmp_path: Path) -> None:
    first = ["1,234"] * (SAMPLE_ROWS + 1)
    assert read(tmp_path, [*first, "1,5"])[0][:1] == [1.234]
    assert read(tmp_path, [*first, "1,234.5"])[0][:1] == [1234]
    assert read(tmp_path, [*["12"] * SAMPLE_ROWS, "$13"])[0][-1:] == [13]
    assert read(tmp_path, [*["12"] * SAMPLE_ROWS, "x"])[1] == Text(tidy=True)
    assert read(tmp_path, [*["12"] * SAMPLE_ROWS, "013"])[1] == Text(tidy=True)
    assert isinstance(read(tmp_path, [*[""] * SAMPLE_ROWS, "2024-01-31"])[1], Date)
    assert read(tmp_path, [*["01/02/2024"] * SAMPLE_ROWS, "13/02/2024"])[1] == Date("%d/%m/%Y")


@pytest.mark.parametrize(
    ("cells", "dates"),
    [
        (["2024-02-28", "2024-02-29", ""], ["2024-02-28", "2024-02-29", MISSING]),
        (["2024-02", "2024-03"], ["2024-02-01", "2024-03-01"]),
        (["2024-02-29T23:59:30", "2024-03-01 00:00"], ["2024-02-29T23:59:30", "2024-03-01"]),
        (["2024-02-29T23:00Z", "2024-02-29T23:00+02:00"], ["2024-02-29T23:00", "2024-02-29T21:00"]),
        (["29.02.2024", "1.3.2024"], ["2024-02-29", "2024-03-01"]),
        (["29.02.24 13:30", "01.03.24 07:05"], ["2024-02-29T13:30", "2024-03-01T07:05"]),
        (["29/02/2024", "01/03/2024"], ["2024-02-29", "2024-03-01"]),
        (["2/29/2024", "3/1/2024"], ["2024-02-29", "2024-03-01"]),
        (["2/29/2024 1:30 PM", "3/1/2024 12:05 AM"], ["2024-02-29T13:30", "2024-03-01T00:05"]),
        (["29-Feb-2024", "1-mar-2024"], ["2024-02-29", "2024-03-01"]),
        (["Feb 29, 2024", "Mar 1, 2024"], ["2024-02-29", "2024-03-01"]),
        (["20240228", "20240229", "20240301"], ["2024-02-28", "2024-02-29", "2024-03-01"]),
        (["2024/02/29", "?"], ["2024-02-29", MISSING]),
    ],
)
def test_dates_are_read_as_people_write_them(tmp_path: Path, cells: list[str], dates: list[Any]) -> None:
    values, reader = read(tmp_path, cells)
    assert isinstance(reader, Date)
    assert values == [None if date is None else read_date(date) for date in dates]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_dates_are_the_same_wherever_the_machine_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    values, _ = read(tmp_path, ["2024-02-29T23:00", "2024-02-29T23:00+02:00", "2024-07-01"])
    monkeypatch.undo()
    time.tzset()
    moments = [datetime(2024, 2, 29, 23, tzinfo=UTC), datetime(2024, 2, 29, 21, tzinfo=UTC)]
    assert values == [moment.timestamp() for moment in (*moments, datetime(2024, 7, 1, tzinfo=UTC))]


def test_the_order_of_day_and_month_is_asked_for(tmp_path: Path) -> None:
    cells = ["01/02/2024", "03/04/2024"]
    with pytest.raises(DataError, match=r"column 'own': '01/02/2024' may have the day first .* params\.yaml"):
        read(tmp_path, cells)
    assert read(tmp_path, cells, day_first=True)[0] == [read_date("2024-02-01"), read_date("2024-04-03")]
    assert read(tmp_path, cells, day_first=False)[0] == [read_date("2024-01-02"), read_date("2024-03-04")]


@pytest.mark.parametrize("cells", [["2023-02-29", "2023-03-01"], ["2024-13-01", "2024-12-01"], ["2024", "2025-01-01"]])
def test_what_is_no_day_of_the_calendar_is_text(tmp_path: Path, cells: list[str]) -> None:
    assert read(tmp_path, cells)[1] == Text(tidy=True)


def test_years_are_numbers(tmp_path: Path) -> None:
    assert read(tmp_path, ["2023", "2024"])[0] == [2023, 2024]


@pytest.mark.parametrize(
    ("name", "cells", "reason"),
    [
        ("row", [str(row) for row in range(7, 0, -1)], "only counts the rows"),
        ("Unnamed: 0", ["4", "9", "2", "7"], "is named as ids are"),
        ("CustomerId", ["1004", "1009", "1002"], "is named as ids are"),
        ("zip code", ["90210", "60601", "90210"], "holds postal codes"),
        ("code", [f"{row:05}" for row in range(60)] * 2, "holds 60 different codes"),
        ("serial", [f"12345678901234567{row}" for row in range(9)], "is different in every row, as ids and names are"),
        ("name", [f"Ada {row}" for row in range(60)], "is different in every row, as ids and names are"),
        ("said", [f"no two of these {row} are alike" for row in range(9)], "different in every row, as free text is"),
        ("said", [f"each of these {row} is there twice" for row in range(60)] * 2, "60 different texts"),
        (
            "street",
            [*[f"Elm {row}" for row in range(70)], *["Oak 1", "Oak 2"] * 30],
            "72 different words, and 54% of the rows one that is in no other",
        ),
        ("day", [f"week {row} of 2024" for row in range(60)] * 2, "60 different texts"),
        ("day", [f"{row:02}-13-2024" for row in range(1, 61)] * 2, "dates in a form that is not read"),
        ("price", [*map(str, range(70, 130)), "far", "n/k"] * 2, "numbers, and 2 words that are none, such as 'far'"),
        ("price", [f"${row}" if row % 2 else f"{row} \u20ac" for row in range(60)] * 2, "amounts in several units"),
        ("empty", ["", " ", "\t"], "holds no value"),
        ("same", ["7", "7", "7"], "holds one value only"),
    ],
)
def test_what_is_left_out_has_its_true_reason(tmp_path: Path, name: str, cells: list[str], reason: str) -> None:
    assert reason in str(infer(tmp_path, cells, name))


@pytest.mark.parametrize(
    ("kind", "cells", "found"),
    [
        ("number", ["90210", "60601", "90210"], {"minimum": 60601, "maximum": 90210}),
        ("category", ["90210", "60601", "90210"], {"categories": ("60601", "90210")}),
        ("category", ["00123", "123", "00123"], {"categories": ("00123", "123")}),
        ("category", ["01/02/2024", "03/04/2024", "03/04/2024"], {"categories": ("01/02/2024", "03/04/2024")}),
        ("boolean", ["true", "FALSE", ""], {"nullable": True}),
    ],
)
def test_a_kind_can_be_said(tmp_path: Path, kind: Kind, cells: list[str], found: dict[str, Any]) -> None:
    column = infer(tmp_path, cells, "zip", kinds={"zip": kind})
    assert isinstance(column, Column)
    assert column == Column(name="zip", kind=kind, **found)


def test_a_kind_that_the_cells_do_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column 'own', row 2: 'x' is not a finite number"):
        infer(tmp_path, ["1", "x", "3"], kinds={"own": "number"})
    with pytest.raises(DataError, match="column 'own' holds no dates in one form that is read"):
        infer(tmp_path, ["1", "x", "3"], kinds={"own": "date"})
    with pytest.raises(DataError, match=r"no column 'ghost'; it has 'own', 'other'"):
        infer(tmp_path, ["1", "2", "3"], kinds={"ghost": "number"})


def test_words_for_missing_are_found_and_can_be_added(tmp_path: Path) -> None:
    cells = ["1", "unknowable", "n.a.", "3"]
    assert str(infer(tmp_path, cells, missing=["unknowable"])).startswith("name='own' kind='number' nullable=True")
    column = infer(tmp_path, cells, missing=["unknowable"])
    assert isinstance(column, Column)
    assert column.missing == ("n.a.", "unknowable")


@pytest.mark.parametrize("kinds", [{}, {"own": "category"}])
def test_a_word_that_is_said_to_mean_missing_does_so_among_words(tmp_path: Path, kinds: dict[str, Kind]) -> None:
    column = infer(tmp_path, ["a", "None", "not told", "a", "None"], missing=["Not told"], kinds=kinds)
    assert isinstance(column, Column)
    assert (column.nullable, column.categories, column.missing) == (True, ("None", "a"), ("Not told",))


def test_words_are_words(tmp_path: Path) -> None:
    cells = ["None", "NA", "null", "N/A", "None", "nan"]
    column = infer(tmp_path, cells)
    assert isinstance(column, Column)
    assert (column.kind, column.nullable, set(column.categories)) == ("category", False, set(cells))


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["n ", "n", " y", "y"], ("n", "y")),
        (["u\u0308ber", "\u00fcber", "x", "x"], ("x", "\u00fcber")),
        (["0", "0.0", "0.0", "b"], ("0.0", "b")),
        (["1", "01", "b", "b"], ("01", "1", "b")),
        (["No", "no", "b", "b"], ("No", "b", "no")),
    ],
)
def test_one_word_in_two_spellings_is_one(
    tmp_path: Path, cells: list[str], words: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    column = infer(tmp_path, cells)
    assert isinstance(column, Column)
    assert column.categories == words
    if words == ("0.0", "b"):
        assert "column 'own': '0' is taken for '0.0'" in caplog.text
    if "no" in words:
        assert "'No' and 'no' differ in case alone, and are two words" in caplog.text


def test_a_stray_word_among_few_numbers_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    column = infer(tmp_path, ["1", "2", "1", "far", "3", "2"])
    assert isinstance(column, Column)
    assert column.kind == "category"
    assert "holds numbers, and 1 word that is none, such as 'far'" in caplog.text


def test_large_tables_are_read_alike(tmp_path: Path) -> None:
    rows = 5_000
    numbers = np.random.default_rng(0).normal(size=rows).round(3)
    dates = pd.date_range("2001-01-01", periods=rows, freq="h").strftime("%d.%m.%Y %H:%M").tolist()
    written = [f"{number:,.3f}".replace(".", ",") for number in numbers]
    with open_csv(write(tmp_path, number=written, date=dates, word=["NA", "x"] * (rows // 2))) as table:
        frame, readers = read_freely(table, Choices(), {})
    np.testing.assert_allclose(frame["number"], numbers)
    assert (readers["date"], readers["word"]) == (Date("%d.%m.%Y %H:%M"), Text(tidy=True))
    assert frame["date"].diff().dropna().eq(3_600).all()
