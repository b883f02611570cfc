"""What a person sent comes back character for character; predictions are appended."""

import gzip
import io
from pathlib import Path

import pandas as pd
import pytest

from acme_ml.data.cells import Text
from acme_ml.data.reading import open_csv
from acme_ml.errors import DataError
from acme_ml.inference import records
from acme_ml.inference.records import beside

QUOTED = ['id,"a, b",c', '00123,"x ""y"", z",TRUE', '007,"two\nlines",  NA ', '"1",,""']


def appended(path: Path, at_once: int = 100) -> str:
    """Return the table with the number of each row after it, in a column called `row, no`."""
    file = io.StringIO()
    with open_csv(path) as table:
        whole = table.frame({name: Text() for name in table.names[:1]})
        starts = range(0, max(len(whole), 1), at_once)
        parts = (whole.iloc[start : start + at_once] for start in starts)
        for part, held in beside(parts, path, table.dialect):
            held.write(file, pd.DataFrame({"row, no": part.index + 1}))
    return file.getvalue()


@pytest.mark.parametrize("at_once", [1, 2, 100])
@pytest.mark.parametrize(
    ("before", "sent", "separator", "end"),
    [
        ("", QUOTED, ",", "\n"),
        ("", QUOTED, ",", "\r\n"),
        ("\ufeff", QUOTED, ",", "\n"),
        ("\ufeff", ['"a\nb",c', "1,2"], ",", "\n"),
        ("", [line.replace(",", ";") for line in QUOTED], ";", "\n"),
        ("\n\nsep=;\n", [line.replace(",", ";") for line in QUOTED], ";", "\n"),
        ("\ufeffsep=;\r\n", ["a;b", "1;2"], ";", "\r\n"),
        ("", [line.replace(",", "\t") for line in QUOTED], "\t", "\n"),
        ("", ["a, b, c", "1, 2, 3", '4, "5, 6", 7'], ",", "\n"),
        ("", ["a", "1", "\n2", '""'], ",", "\n"),
        ("", ["a,b"], ",", "\n"),
    ],
)
def test_records_come_back_as_they_are_written(
    tmp_path: Path, before: str, sent: list[str], separator: str, end: str, at_once: int
) -> None:
    name = '"row, no"' if separator == "," else "row, no"
    added = [name, *map(str, range(1, len(sent)))]
    told = before + "".join(f"{line}{separator}{cell}{end}" for line, cell in zip(sent, added, strict=True))
    path = tmp_path / "own.csv"
    for last in (end, ""):
        path.write_text(before + end.join(sent) + last, encoding="utf-8", newline="")
        assert appended(path, at_once).rstrip("\r\n") == told.rstrip("\r\n")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252"])
def test_another_encoding_becomes_utf_8(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "own.csv.gz"
    path.write_bytes(gzip.compress("näme,b\rÄnne,1\r".encode(encoding), mtime=0))
    assert appended(path) == 'näme,b,"row, no"\rÄnne,1,1\r'


def test_records_that_cannot_be_matched_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own.csv"
    path.write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    for kept in (["a,b\n", "1,2\n"], ["a,b\n", "1,2\n", "3,4\n", "5,6\n"]):
        monkeypatch.setattr(records, "read_records", lambda path, dialect, kept=kept: iter(kept))
        with pytest.raises(DataError, match="its records cannot be told apart for sure"):
            appended(path)
