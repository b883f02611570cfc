"""Excel and Parquet files are read as the table that they hold, or refused with the place that may be misread."""

import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from acme_ml.data.cells import Number, Text
from acme_ml.data.reading import open_csv
from acme_ml.errors import DataError

HEADER = ["name", "price"]


def cells_of(path: Path) -> list[list[str]]:
    """Return the names and rows of a table as text."""
    with open_csv(path) as table:
        assert table.dialect.converted
        return [list(table.names), *table.frame({name: Text() for name in table.names}).to_numpy().tolist()]


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[..., Path]:
    """Write an Excel file of these rows; a change is made to its sheet before."""

    def write(rows: Sequence[Sequence[Any]], change: Callable[[Worksheet], object] = bool) -> Path:
        book = Workbook()
        for row in rows:
            book.active.append(row)
        change(book.active)
        path = tmp_path / "own.xlsx"
        book.save(path)
        return path

    return write


def test_a_sheet_is_read_as_it_would_be_saved(sheet: Callable[..., Path], caplog: pytest.LogCaptureFixture) -> None:
    def format_as_code(worksheet: Worksheet) -> None:
        worksheet["B3"].number_format = "00000"

    caplog.set_level("INFO")
    row = ['a\n"b", c', 1234, 0.25, 3.0, True, date(2024, 1, 31), datetime(2024, 1, 31, 8, 30), timedelta(hours=30)]
    header = ["text", "code", "number", "whole", "truth", "day", "moment", "long", "clock"]
    path = sheet([[], header, [*row, time(9, 15)], [None, 7, None, None, False]], format_as_code)
    assert cells_of(path) == [
        header,
        [row[0], "01234", "0.25", "3", "TRUE", "2024-01-31", "2024-01-31T08:30:00", "30", "9.25"],
        ["", "7", "", "", "FALSE", "", "", "", ""],
    ]
    assert "times of a day and durations are read as hours: long, clock" in caplog.text


def test_an_index_needs_no_name_and_nothing_beside_the_table_is_part_of_it(sheet: Callable[..., Path]) -> None:
    assert cells_of(sheet([[None, *HEADER], [0, "a", 1], [1, "b", 2]]))[0] == ["(column 1)", *HEADER]
    assert cells_of(sheet([[None, *HEADER], [None, "a", 1]])) == [HEADER, ["a", "1"]]
    assert cells_of(sheet([HEADER])) == [HEADER]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["Sales of 2024"], HEADER, ["a", 1]], "B2 holds a value, and its column has no name in the first row"),
        ([[None, *HEADER], [None, "a", 1], [5, "b", 2]], "A3 holds a value, and its column has no name"),
        ([HEADER, ["a", "=1+1"]], "the formula in B2 was never calculated; open the file in Excel"),
        ([["price", "price"], [1, 2]], "has more than one column 'price'"),
        ([], "own.xlsx holds nothing"),
    ],
)
def test_what_may_be_misread_is_refused(sheet: Callable[..., Path], rows: list[list[Any]], said: str) -> None:
    path = sheet(rows)
    with pytest.raises(DataError, match=said):
        cells_of(path)


def test_merged_cells_and_several_sheets_are_refused(sheet: Callable[..., Path], tmp_path: Path) -> None:
    rows = [HEADER, ["a", 1], [None, 2]]
    with pytest.raises(DataError, match="the cells A2:A3 are merged, and only the first of them holds a value"):
        cells_of(sheet(rows, lambda worksheet: worksheet.merge_cells("A2:A3")))
    second = sheet(rows, lambda worksheet: worksheet.parent.create_sheet("Second"))
    assert len(cells_of(second)) == 3
    with pytest.raises(DataError, match="holds 2 sheets with values, 'Sheet', 'Second'; save the one that is meant"):
        cells_of(sheet(rows, lambda worksheet: worksheet.parent.create_sheet("Second").append([1])))


def test_what_is_not_as_it_looks_is_said(sheet: Callable[..., Path], caplog: pytest.LogCaptureFixture) -> None:
    def hide(worksheet: Worksheet) -> None:
        worksheet.row_dimensions[2].hidden = True

    assert cells_of(sheet([HEADER, ["a", "#DIV/0!"], [], ["b", "#N/A"]], hide)) == [HEADER, ["a", ""], ["b", ""]]
    assert "has hidden rows; they are read like the others" in caplog.text
    assert "holds errors of calculation, such as #DIV/0! in B2 (2 of them)" in caplog.text
    assert "row 3 is empty, and more rows follow it" in caplog.text


def test_what_a_sheet_says_of_its_size_is_not_believed(sheet: Callable[..., Path], tmp_path: Path) -> None:
    path = sheet([HEADER, ["a", 1]])
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(tmp_path / "wrong.xlsx", "w") as wrong:
        for name in whole.namelist():
            wrong.writestr(name, re.sub(rb'<dimension ref="[A-Z0-9:]+"', b'<dimension ref="A1"', whole.read(name)))
    assert cells_of(tmp_path / "wrong.xlsx") == [HEADER, ["a", "1"]]


@pytest.mark.parametrize(
    ("kept", "member"), [(-40, None), (None, "xl/workbook.xml"), (None, "xl/worksheets/sheet1.xml")]
)
def test_a_damaged_workbook_is_refused(
    sheet: Callable[..., Path], tmp_path: Path, kept: int | None, member: str | None
) -> None:
    path = sheet([HEADER, ["a", 1]])
    if member:
        with zipfile.ZipFile(path) as whole, zipfile.ZipFile(tmp_path / "other.xlsx", "w") as other:
            for name in whole.namelist():
                other.writestr(name, whole.read(name)[: 300 if name == member else None])
        path = tmp_path / "other.xlsx"
    else:
        path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match="cannot be read"):
        cells_of(path)


@pytest.mark.parametrize(
    ("member", "said"), [("content.xml", "is an OpenDocument file"), ("[Content_Types].xml", "cannot be read")]
)
def test_documents_of_other_programs_are_refused(tmp_path: Path, member: str, said: str) -> None:
    with zipfile.ZipFile(tmp_path / "own", "w") as archive:
        archive.writestr(member, "<Types/>")
    with pytest.raises(DataError, match=said):
        cells_of(tmp_path / "own")


@pytest.mark.parametrize("name", ["own.parquet", "own [2024].parquet"])
def test_a_parquet_file_is_read_by_its_types(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (SELECT 'a, "b"' AS "te""xt", '007' AS code, 0.1::DOUBLE AS number, 'nan'::DOUBLE AS none,
            12.5::DECIMAL(9, 2) AS price, true AS truth, DATE '2024-01-31' AS day,
            TIMESTAMP '2024-01-31 08:30:00' AS moment, TIMESTAMP_NS '2024-01-31 08:30:00.5' AS exact,
            TIMESTAMPTZ '2024-01-31 08:30:00+02' AS instant, [1, 2] AS list, struct_pack(a := 1) AS struct,
            NULL::INTEGER AS gone) TO '{tmp_path / "whole.parquet"}' (FORMAT parquet)"""
        )
    (tmp_path / "whole.parquet").rename(path)
    header, row = cells_of(path)
    assert dict(zip(header, row, strict=True)) == {
        'te"xt': 'a, "b"',
        "code": "007",
        "number": "0.1",
        "none": "",
        "price": "12.50",
        "truth": "true",
        "day": "2024-01-31",
        "moment": "2024-01-31 08:30:00",
        "exact": "2024-01-31 08:30:00.5",
        "instant": "2024-01-31 06:30:00Z",
        "list": "[1,2]",
        "struct": '{"a":1}',
        "gone": "",
    }
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match="cannot be read as a Parquet file"):
        cells_of(path)


def test_a_point_cannot_be_taken_for_one_between_thousands(sheet: Callable[..., Path], tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        rows = "VALUES (1.234::DOUBLE, 0.500::DECIMAL(9, 3)), (-12.5, 2.000)"
        connection.execute(f"COPY ({rows}) TO '{tmp_path / 'own.parquet'}' (FORMAT parquet)")
    (tmp_path / "own.json").write_text('[{"a": 1.234}, {"a": -12.5}, {"a": "1.234"}]', encoding="utf-8")
    assert [row[0] for row in cells_of(sheet([["a"], [1.234], [-12.5], ["1.234"]]))[1:]] == ["1.2340", "-12.5", "1.234"]
    assert [row[0] for row in cells_of(tmp_path / "own.json")[1:]] == ["1.2340", "-12.5", "1.234"]
    assert cells_of(tmp_path / "own.parquet")[1:] == [["1.2340", "0.5000"], ["-12.5", "2.0000"]]
    with (
        open_csv(sheet([["a"], [1.234]])) as table,
        pytest.raises(DataError, match=r"'1.2340' is no number in the form"),
    ):
        table.frame({"a": Number(decimal=",", thousands=".")})
