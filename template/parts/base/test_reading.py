"""A table is read as it is written, in any common dialect, or refused with the place where it is broken."""

import gzip
import zipfile
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from acme_ml.data import reading
from acme_ml.data.cells import NO_NUMBER, Date, Number, Reader, Text
from acme_ml.data.reading import Table, open_csv
from acme_ml.errors import DataError

PLAIN = "name,price,note\nÄnne,1.5,a\nNA,2,b\nnull,,c\n"


def write(folder: Path, content: bytes, name: str = "own.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def read(path: Path) -> pd.DataFrame:
    with open_csv(path) as table:
        number: Reader = Number(missing=NO_NUMBER)
        return table.frame({name: number if name == "price" else Text() for name in table.names})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("own.csv", PLAIN.encode()),
        ("own.csv", PLAIN.encode("utf-8-sig")),
        ("own.csv", PLAIN.encode("utf-16")),
        ("own.csv", PLAIN.encode("utf-16-le")),
        ("own.csv", PLAIN.encode("utf-16-be")),
        ("own.csv", PLAIN.encode("latin-1")),
        ("own.csv", PLAIN.replace("\n", "\r\n").encode()),
        ("own.csv", PLAIN.replace("\n", "\r").encode()),
        ("own.csv", PLAIN.replace("\n", "\r\n", 2).encode()),
        ("own.csv", PLAIN.rstrip("\n").encode()),
        ("own.csv", PLAIN.replace("\n", "\n\n").encode()),
        ("own.csv", ("\n\n" + PLAIN).encode()),
        ("own.csv", PLAIN.replace(",", ";").encode()),
        ("own.tsv", PLAIN.replace(",", "\t").encode()),
        ("own.csv", PLAIN.replace(",", "|").encode()),
        ("own.csv", ("sep=;\n" + PLAIN.replace(",", ";")).encode()),
        ("own.csv", ("sep=^\n" + PLAIN.replace(",", "^")).encode()),
        ("own.csv", PLAIN.replace(",", ", ").encode()),
        ("own.csv", "\n".join(f'"{line}"'.replace(",", '","') for line in PLAIN.splitlines()).encode()),
        ("own.csv.gz", gzip.compress(PLAIN.encode(), mtime=0)),
        # What it is says the content, not the name.
        ("own.csv", gzip.compress(PLAIN.encode("utf-16"), mtime=0)),
    ],
)
def test_a_table_is_read_in_any_dialect(tmp_path: Path, name: str, content: bytes) -> None:
    frame = read(write(tmp_path, content, name))
    assert frame["name"].tolist() == ["Änne", "NA", "null"]
    assert frame["note"].tolist() == ["a", "b", "c"]
    assert frame["price"].tolist()[:2] == [1.5, 2.0]
    assert frame["price"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize("name", ["own[1].csv", "own*.csv", "own?.csv", "it's own.csv"])
def test_a_name_is_no_pattern(tmp_path: Path, name: str) -> None:
    write(tmp_path, b"name,price\nother,1\n", "owner.csv")
    write(tmp_path, b"name,price\nother,1\n", "own1.csv")
    assert read(write(tmp_path, PLAIN.encode(), name))["name"].tolist() == ["Änne", "NA", "null"]


def test_the_only_file_of_an_archive_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "own.zip", "w") as archive:
        archive.writestr("inside/table.csv", PLAIN.replace(",", ";").encode("utf-16"))
    assert read(tmp_path / "own.zip")["name"].tolist() == ["Änne", "NA", "null"]
    with zipfile.ZipFile(tmp_path / "own.zip", "a") as archive:
        archive.writestr("other.csv", PLAIN)
    with pytest.raises(DataError, match=r"own\.zip holds 2 files; unpack the one that is meant"):
        read(tmp_path / "own.zip")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,price,rooms,area\n1000,100,1,0,\n", "line 2 holds 5 values where the header has 4 names: '1000,100,1,0,'"),
        ("a,b\n" + "1,2\n" * 60 + "1,2,\n" + "3,4\n" * 60, "line 62 holds 3 values where the header has 2 names"),
        ("a,b,c\n1,2,3,4\n", "line 2 holds 4 values where the header has 3 names: '1,2,3,4'"),
        ("a,b,c\n1,2,3\n4,5\n", "line 3 holds 2 values where the header has 3 names: '4,5'"),
        ("5.1,3.5,0.2\n4.9,3.0,0.1\n", "its first line, '5.1, 3.5, 0.2', holds values and no names"),
        ("5.1;3.5;setosa\n4.9;3.0;setosa\n", "holds values and no names; put a line of names before it"),
        ("7\n8\n9\n", "holds values and no names"),
        ("a,b\n1,2\na,b\n", "its first line, 'a, b', comes again as a row; remove that"),
        ("yes,red\nno,red\nyes,blue\n", "its first line, 'yes, red', holds values and no names"),
        ("sep=;\na;b\n1;2;3\n", "line 3 holds 3 values where the header has 2 names"),
        ("text\nhello, world\n", "line 2 holds 2 values where the header has 1 names"),
        ('a,b\n1,"x\n2,y\n3,z\n', "line 2: a quote opens here and never closes"),
        ('a,b\n0,0\n1,"x\n2,"y\n3,z\n', "line 3: a quote opens here and never closes"),
        ("y,a,y\n1,2,1\n", "more than one column 'y'"),
        ("a, b ,c\n1,2,3\n", None),
        ("a;b,c\n1;2,3\n", "can be cut at each comma or semicolon alike"),
        ("", "is empty"),
        ("\n \n", "holds nothing"),
        ('{"a": 1}\n{"a": 2\n', "line 2: no JSON object of one line"),
        ('{"a": 1}\n[2]\n', "line 2: no object with a key for each column"),
        ('{\n"a": 1\n}\n', "line 1: no JSON object of one line"),
        ('[{"a": 1},\n{"a" 2}]\n', "line 2: the JSON is broken"),
        ("[[1, 2],\n[3, 4]]\n", "element 1 of the list is no object"),
        ("[{}]\n", "holds no object with a key"),
        ("a,b\n1,\0\n", "holds bytes that are no text"),
    ],
)
def test_a_broken_table_is_refused_with_the_place(tmp_path: Path, content: str, said: str | None) -> None:
    path = write(tmp_path, content.encode())
    if said is None:
        assert read(path).shape == (1, 3)
        return
    with pytest.raises(DataError) as error:
        read(path)
    assert str(path) in str(error.value)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        '[{"id": 1.50, "name": "NA"},\n {"name": "a, \\"b\\"", "id": null, "at": {"x": [1]}}]',
        '{"id": 1.50, "name": "NA"}\n\n{"name": "a, \\"b\\"", "id": null, "at": {"x": [1]}}\n',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_objects_of_json_are_rows(tmp_path: Path, content: str, encoding: str) -> None:
    frame = read(write(tmp_path, content.encode(encoding), "own.json"))
    assert frame["id"].tolist() == ["1.50", ""]
    assert frame["name"].tolist() == ["NA", 'a, "b"']
    assert frame["at"].tolist() == ["", '{"x": ["1"]}']


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PAR1\x15\x04", "cannot be read as a Parquet file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old Excel file"),
        (b"a,b\n1,\x81\n", "is neither UTF-8 nor Windows-1252"),
        (gzip.compress(PLAIN.encode(), mtime=0)[:-9], "cannot be read"),
        (b"PK\x03\x04nothing", "cannot be read"),
    ],
)
def test_what_is_no_text_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(write(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "doubted"),
    [
        ("place,2019,2020\nA,1,2\n", False),
        ("2020,2019,2018\n3,1,2\n", False),
        ("0,1,2\n5,6,7\n", False),
        ("place,2019\nA,1\n", False),
        ("text\ntext\n", False),
        ("150,4,setosa\n5.1,3.5,0\n", True),
    ],
)
def test_names_may_be_numbers(tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str, doubted: bool) -> None:
    assert read(write(tmp_path, content.encode())).shape[0] == 1
    said = "is taken for names; if it holds values, put a line of names before it"
    assert (said in caplog.text) == doubted


def test_another_encoding_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    read(write(tmp_path, PLAIN.encode("latin-1")))
    assert "is not in UTF-8; it is read as Windows-1252" in caplog.text


def test_what_stands_inside_quotes_is_kept(tmp_path: Path) -> None:
    frame = read(write(tmp_path, b'a,b\n1,"x\ny"\n2,"say ""hi"", please"\n3,5" nail\n4,""\n'))
    assert frame["b"].tolist() == ["x\ny", 'say "hi", please', '5" nail', ""]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_name_of_two_lines_is_one(tmp_path: Path, mark: str) -> None:
    frame = read(write(tmp_path, f'{mark}"a\nb",c\n1,2\n3,4\n'.encode()))
    assert (frame.columns.tolist(), frame.to_numpy().tolist()) == (["a\nb", "c"], [["1", "2"], ["3", "4"]])


def test_cells_are_kept_as_they_are_written(tmp_path: Path) -> None:
    frame = read(write(tmp_path, b"a,b,A\n00123,TRUE,1e5\n123456789012345678, x ,-0\n"))
    assert frame.to_numpy().tolist() == [["00123", "TRUE", "1e5"], ["123456789012345678", " x ", "-0"]]


@pytest.mark.parametrize("cell", ["x", "1,5x", "1.5.2", "inf", "1e400", "0x10"])
def test_a_cell_that_is_no_number_is_named(tmp_path: Path, cell: str) -> None:
    path = write(tmp_path, f'price;note\n1;a\n"{cell}";b\n'.encode())
    with pytest.raises(DataError, match=f"column 'price', row 2: '{cell}' is not a finite number"):
        read(path)


@pytest.mark.parametrize("cell", ["1e39", "-1e39", "3.5e38"])
def test_a_number_that_no_model_can_take_is_named(tmp_path: Path, cell: str) -> None:
    path = write(tmp_path, f"price;note\n3.4e38;a\n{cell};b\n".encode())
    with pytest.raises(DataError, match=f"column 'price', row 2: '{cell}' is larger than a model can take"):
        read(path)


def test_words_that_mean_a_missing_number_are_found(tmp_path: Path) -> None:
    with open_csv(write(tmp_path, b"a,b,c\n1,?,x\n, n/A ,1\nn.a.,2,\n")) as table:
        assert table.found_words(["a", "b", "c"], NO_NUMBER) == {"a": ("n.a.",), "b": ("?", "n/A"), "c": ()}
        found = table.frame({"b": Number(missing=("?", "N/A"))})
    assert found["b"].isna().tolist() == [True, True, False]


def test_numbers_of_other_notations_are_read(tmp_path: Path) -> None:
    price = Number(decimal=",", thousands=".", unit="\u20ac", brackets=True)
    content = "price;share\n1.000,50 \u20ac;5%\n(\u20ac3);-1 %\n\u22124;\u22122%\n"
    with open_csv(write(tmp_path, content.encode())) as table:
        frame = table.frame({"price": price, "share": Number(unit="%")})
        assert frame["price"].tolist() == [1000.5, -3, -4]
        assert frame["share"].tolist() == [5, -1, -2]
        with pytest.raises(DataError, match=r"column 'price', row 1: '1.000,50 .' is no number in the form of 1234.5%"):
            table.frame({"price": Number(unit="%")})


def test_tidy_text_has_no_blanks_and_one_form(tmp_path: Path) -> None:
    with open_csv(write(tmp_path, "a,b\n u\u0308 ,1\n\u00a0,2\nNone,3\n".encode())) as table:
        assert table.frame({"a": Text(tidy=True)})["a"].astype("str").fillna("").tolist() == ["\u00fc", "", "None"]
        assert table.frame({"a": Text(tidy=True, missing=("none",))})["a"].isna().tolist() == [False, True, True]
        assert table.different("a") == ["None", "\u00fc"]
        assert table.blank_ends(["a", "b"]) == {"a": 1, "b": 0}


@pytest.mark.parametrize("cell", ["2024-02-30", "29.2.2024", "2024", "yesterday", "2024-02-29T25:00"])
def test_a_cell_that_is_no_date_is_named(tmp_path: Path, cell: str) -> None:
    path = write(tmp_path, f"day,b\n2024-02-29,1\n{cell},2\n".encode())
    with (
        open_csv(path) as table,
        pytest.raises(DataError, match=f"column 'day', row 2: '{cell}' is no date in the form"),
    ):
        table.frame({"day": Date()})


@pytest.mark.parametrize("at_once", [1, 7, 100_000])
def test_parts_are_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    rows = 3_000
    path = write(tmp_path, ("price,note\n" + "".join(f"{row},n{row}\n" for row in range(rows))).encode())
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", at_once)
    with open_csv(path) as table:
        assert table.rows == rows
        parts = list(table.chunks({"price": Number(), "note": Text()}))
    assert max(len(part) for part in parts) <= max(at_once, 1)
    assert [place for part in parts for place in part.index] == list(range(rows))
    assert [note for part in parts for note in part["note"]] == [f"n{row}" for row in range(rows)]


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    frame = read(write(tmp_path, b"name,price\n"))
    assert (frame.columns.tolist(), len(frame)) == (["name", "price"], 0)


def test_a_missing_column_shows_blanks_at_the_ends_of_names(tmp_path: Path) -> None:
    path, said = write(tmp_path, b"a ,b\n1,2\n"), r"no column 'a'; it has 'a ', 'b'"
    with open_csv(path) as table, pytest.raises(DataError, match=said):
        table.require(["a"])


def test_a_column_without_a_name_is_called_by_its_place(tmp_path: Path) -> None:
    with open_csv(write(tmp_path, b",a\n0,1\n")) as table:
        assert isinstance(table, Table)
        assert table.names == ("(column 1)", "a")


def test_values_that_can_be_cut_in_two_ways_are_cut_as_usual(tmp_path: Path) -> None:
    path = write(tmp_path, b"a,b;c,d\n1,2;3,4\n")
    for usual, names in [
        (",", ("a", "b;c", "d")),
        (";", ("a,b", "c,d")),
        ("|", ("a", "b;c", "d")),
        (None, ("a", "b;c", "d")),
    ]:
        with open_csv(path, usual) as table:
            assert table.names == names
    path = write(tmp_path, b"a,b;c\n1,2;3\n")
    with open_csv(path, ";") as table:
        assert table.names == ("a,b", "c")
    with pytest.raises(DataError, match="comma or semicolon"), open_csv(path):
        pass


def test_a_table_larger_than_memory_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_ROW", 2**20)
    rows = 400_000
    path = write(tmp_path, b"a,price\n" + rows * b"a text that is long enough to fill memory,1.5\n")
    # The limit is that of a database, which the other tests share.
    with duckdb.connect(config={"memory_limit": "12MB"}) as small:
        monkeypatch.setattr(reading, "database", lambda process: small)
        with open_csv(path) as table:
            assert path.stat().st_size > 16_000_000
            assert sum(len(part) for part in table.chunks({"a": Text(), "price": Number()})) == rows
