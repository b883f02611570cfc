"""Texts are checked on every load, and errors name column, row and rule; the example can be made anywhere."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from acme_ml.config import Config, load_config
from acme_ml.data.example import PACKAGES, ROWS, split_paragraphs, write_example
from acme_ml.data.load import read_data
from acme_ml.data.splitting import hold_out, tie_rows
from acme_ml.data.summary import Summary
from acme_ml.data.texts import open_texts
from acme_ml.errors import DataError
from acme_ml.evaluation.explore import write_exploration
from acme_ml.schema import DataSource, Schema

SOURCE = DataSource(path="own.csv", text="said", target="mood", max_characters=50)
GOOD = [("what a day", "glad"), ("oh no", "sad"), ("NA", "glad"), ("null", "sad"), ("Ærøskøbing, née Ünï", "glad")]


def read(folder: Path, rows: list[tuple[str, str]]) -> tuple[pd.DataFrame, Schema]:
    with (folder / "own.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("said", "mood"), *rows])
    return open_texts(folder / "own.csv", folder / "schema.json", SOURCE)


def test_texts_are_taken_as_they_are_written(tmp_path: Path) -> None:
    frame, schema = read(tmp_path, GOOD)
    assert list(frame.itertuples(index=False, name=None)) == GOOD
    assert (schema.target.categories, schema.target.counts) == (("glad", "sad"), (3, 2))
    assert schema.longest == len(GOOD[-1][0])


def test_classes_are_without_blanks_at_their_ends_and_it_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    frame, schema = read(tmp_path, [(text, f" {mood}\u00a0" if text == "NA" else mood) for text, mood in GOOD])
    assert schema.target.categories == ("glad", "sad")
    assert set(frame["mood"]) == {"glad", "sad"}
    assert "column 'mood': blanks at the ends of cells (1 of them)" in caplog.text
    assert "own.csv: 5 rows read, 5 used\n  2 columns used: said, mood" in caplog.text


@pytest.mark.parametrize("times", [range(2000, 2100), pd.date_range("2000-12-31", periods=100).strftime("%Y-%m-%d")])
def test_texts_of_one_group_are_on_one_side_and_later_ones_are_held_out(tmp_path: Path, times: Sequence[Any]) -> None:
    rows = [f"text {row},{'ab'[row // 3 % 2]},person {row % 17},{times[row]}" for row in range(100)]
    (tmp_path / "own.csv").write_text("\n".join(["said,mood,who,when", *rows]), encoding="utf-8")
    for name, column in (("group", "who"), ("time", "when")):
        source = SOURCE.model_copy(update={name: column})
        frame, schema = open_texts(tmp_path / "own.csv", tmp_path / "schema.json", source)
        ties = tie_rows(np.arange(100, dtype=np.uint64), frame)
        train, test = hold_out(ties, 0.25, 0, frame["mood"].to_numpy())
        if name == "group":
            assert not set(train % 17) & set(test % 17)
        else:
            assert test.tolist() == list(range(75, 100))
        assert schema.text == "said"
    (tmp_path / "own.csv").write_text("\n".join(["said,mood,who,when", *rows, "t,a,p,noon"]), encoding="utf-8")
    with pytest.raises(DataError, match="'noon'"):
        open_texts(tmp_path / "own.csv", tmp_path / "schema.json", source)


def test_what_is_not_used_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    rows = [f"{place};{text};{mood}" for place, (text, mood) in enumerate(GOOD)]
    (tmp_path / "own.csv").write_text("\n".join(["id;said;mood", *rows]), encoding="utf-8")
    frame, schema = open_texts(tmp_path / "own.csv", tmp_path / "schema.json", SOURCE)
    assert schema.separator == ";"
    assert "column 'id' left out: it is not named under data" in caplog.text
    page = write_exploration(frame, schema, tmp_path / "page")
    assert "is not named under data" in page.read_text(encoding="utf-8")
    summary = Summary.model_validate_json((tmp_path / "page" / "summary.json").read_bytes())
    assert (summary.rows, list(summary.columns_left_out)) == (len(GOOD), ["id"])


def test_a_schema_survives_its_file_and_says_what_it_holds(tmp_path: Path) -> None:
    _, schema = read(tmp_path, GOOD)
    assert Schema.read(tmp_path / "schema.json") == schema
    assert "glad (3), sad (2)" in str(schema.facts())
    (tmp_path / "schema.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match="no readable schema"):
        Schema.read(tmp_path / "schema.json")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (("", "sad"), "column 'said', row 6: the text is empty"),
        ((" \n", "sad"), "column 'said', row 6: the text is empty"),
        (("x" * 51, "sad"), "column 'said', row 6: the text has 51 characters, more than the 50"),
        (("fine", ""), "column 'mood', row 6: the class is missing"),
        (("fine", "angry"), "column 'mood', row 6: 'angry' is not one of glad, sad"),
    ],
)
def test_a_broken_rule_names_column_and_row(tmp_path: Path, row: tuple[str, str], problem: str) -> None:
    read(tmp_path, GOOD)
    with pytest.raises(DataError) as error:
        read(tmp_path, [*GOOD, row, ("well", "glad")])
    assert problem in str(error.value)


def test_only_the_first_problems_are_listed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="and 4 more"):
        read(tmp_path, [*GOOD, *[("", "sad")] * 9])


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (GOOD[:1] * 3, "it holds 1 class"),
        ([*GOOD, ("hm", "angry")], "class 'angry' has one text"),
        ([(str(number), str(number)) for number in range(1_001)] * 2, "it holds 1001 different values"),
    ],
)
def test_classes_that_cannot_be_learned_are_refused(tmp_path: Path, rows: list[tuple[str, str]], reason: str) -> None:
    with pytest.raises(DataError, match=f"column 'mood': {reason}"):
        read(tmp_path, rows)


@pytest.mark.parametrize("column", ["said", "mood"])
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    frame, _ = read(tmp_path, GOOD)
    frame.drop(columns=column).to_csv(tmp_path / "own.csv", index=False)
    with pytest.raises(DataError, match=f"no column '{column}'; it has"):
        open_texts(tmp_path / "own.csv", tmp_path / "schema.json", SOURCE)


@pytest.mark.parametrize("content", [None, b"", b"said,mood\nGr\x81\xdfe,glad\n"])
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "own.csv").write_bytes(content)
    with pytest.raises(DataError, match=r"own\.csv"):
        open_texts(tmp_path / "own.csv", tmp_path / "schema.json", SOURCE)


def test_other_columns_get_a_schema_of_their_own(workspace: Path) -> None:
    config = load_config(workspace / "params.yaml")
    frame = pd.read_csv(config.data_path).rename(columns={config.data.text: "said"})
    frame.to_csv(config.data_path, index=False)
    changed: Config = config.model_copy(update={"data": config.data.model_copy(update={"text": "said"})})
    assert read_data(changed)[1].text == "said"


def test_the_example_has_as_many_texts_of_each_package(project: Path) -> None:
    frame = pd.read_csv(project / "data" / "raw" / "example.csv")
    assert frame["label"].value_counts().to_dict() == dict.fromkeys(PACKAGES, ROWS)
    assert not frame["text"].duplicated().any()
    assert not frame["text"].str.contains(">>>", regex=False).any()


def test_without_the_source_of_the_library_the_example_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    with pytest.raises(DataError, match="name your own texts"):
        write_example(tmp_path / "example.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("One two three\nfour five six.\n\nToo short.", ["One two three four five six."]),
        ("Use it like this, as here:\n\n>>> f(1)\n2", ["Use it like this, as here:"]),
        ("Use it like this, as here:\n    >>> f(1)\n    2", ["Use it like this, as here:"]),
        ("", []),
    ],
)
def test_paragraphs_are_prose(docstring: str, expected: list[Any]) -> None:
    assert list(split_paragraphs(docstring)) == expected
