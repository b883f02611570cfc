"""Scoring a table adds predictions to its rows, and says which value does not fit."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from acme_ml.config import Config
from acme_ml.data import reading
from acme_ml.errors import DataError
from acme_ml.inference.bundle import load_bundle
from acme_ml.inference.predict import predict
from acme_ml.training.train import Run, train

pytestmark = pytest.mark.usefixtures("no_figures")


def test_chunks_do_not_change_predictions(
    trained: tuple[Config, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, run = trained
    bundle = load_bundle(run.bundle)
    rows = predict(bundle, config.data_path, tmp_path / "whole.csv")
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", 50)
    assert predict(bundle, config.data_path, tmp_path / "chunks.csv") == rows
    whole, chunks = pd.read_csv(tmp_path / "whole.csv"), pd.read_csv(tmp_path / "chunks.csv")
    pd.testing.assert_frame_equal(whole, chunks)
    given = pd.read_csv(config.data_path)
    pd.testing.assert_frame_equal(whole[given.columns], given)


def test_a_wrong_value_is_named_and_nothing_is_written(trained: tuple[Config, Run], tmp_path: Path) -> None:
    config, run = trained
    bundle = load_bundle(run.bundle)
    number = bundle.schema.numbers[0]
    rows = pd.read_csv(config.data_path).astype({number: object})
    rows.loc[6, number] = "many"
    rows.to_csv(tmp_path / "wrong.csv", index=False)
    with pytest.raises(DataError, match=f"column '{number}', row 7: 'many' is not a finite number"):
        predict(bundle, tmp_path / "wrong.csv", tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.csv"]


@pytest.mark.parametrize("at_once", [3, 1000])
def test_rows_that_do_not_fit_are_left_out_and_listed(
    trained: tuple[Config, Run],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
) -> None:
    config, run = trained
    bundle = load_bundle(run.bundle)
    number = bundle.schema.numbers[0]
    given = pd.read_csv(config.data_path, dtype=str, keep_default_na=False).head(12)
    bad = given.copy()
    bad.loc[1, number], bad.loc[6, number] = "many", "1e400"
    bad.to_csv(tmp_path / "bad.csv", index=False)
    given.drop(index=[1, 6]).to_csv(tmp_path / "good.csv", index=False)
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", at_once)
    with pytest.raises(DataError, match="is not a finite number"):
        predict(bundle, tmp_path / "bad.csv", tmp_path / "out.csv")
    assert predict(bundle, tmp_path / "bad.csv", tmp_path / "out.csv", skip_bad=True) == 10
    assert "2 left out, as they do not fit" in caplog.text
    predict(bundle, tmp_path / "good.csv", tmp_path / "good.out.csv", skip_bad=True)
    assert (tmp_path / "out.csv").read_text() == (tmp_path / "good.out.csv").read_text()
    refused = pd.read_csv(tmp_path / "out.refused.csv", dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(refused[given.columns], bad.loc[[1, 6]].reset_index(drop=True))
    first, second = refused["refused"]
    assert first.startswith(f"column '{number}', row 2: 'many' is not a finite number")
    assert second.startswith(f"column '{number}', row 7: '1e400' ")
    assert not (tmp_path / "good.out.refused.csv").exists()
    bad.loc[[1, 6]].to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(DataError, match="nothing in it fits"):
        predict(bundle, tmp_path / "bad.csv", tmp_path / "none.csv", skip_bad=True)
    assert not list(tmp_path.glob("none*"))


def test_new_words_are_refused_or_taken_for_none_of_the_known(
    edit_params: Callable[[dict[str, Any]], Config], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = edit_params({})
    header, *rows = config.data_path.read_text(encoding="utf-8").splitlines()
    zoned = [f"{row},{('north', 'south')[place % 2]}" for place, row in enumerate(rows)]
    config.data_path.write_text("\n".join([f"{header},zone", *zoned]), encoding="utf-8")
    (tmp_path / "new.csv").write_text("\n".join([f"{header},zone", *zoned[:9], f"{rows[9]},east"]), encoding="utf-8")
    settings = config.data.model_dump(exclude_defaults=True)
    config.schema_path.unlink()
    bundle = load_bundle(train(edit_params({"data": settings})).bundle)
    with pytest.raises(
        DataError, match=r"column 'zone', row 10: 'east' is not one of north, south\n.*data.unknown: other"
    ):
        predict(bundle, tmp_path / "new.csv", tmp_path / "out.csv")
    bundle = load_bundle(train(edit_params({"data": {**settings, "unknown": "other"}})).bundle)
    assert predict(bundle, tmp_path / "new.csv", tmp_path / "out.csv") == 10
    assert "column 'zone': 'east', which training has not seen, is taken for none of its words 1 times" in caplog.text
    assert "east" in (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[-1]


def test_a_missing_column_is_named(trained: tuple[Config, Run], tmp_path: Path) -> None:
    config, run = trained
    bundle = load_bundle(run.bundle)
    gone = bundle.schema.columns[0].name
    pd.read_csv(config.data_path).drop(columns=gone).to_csv(tmp_path / "short.csv", index=False)
    with pytest.raises(DataError, match=f"no column '{gone}'"):
        predict(bundle, tmp_path / "short.csv", tmp_path / "out.csv")


def test_a_table_comes_back_as_it_was_written(trained: tuple[Config, Run], tmp_path: Path) -> None:
    config, run = trained
    header, *rows = config.data_path.read_text(encoding="utf-8").splitlines()
    own = [f'{place:05},"TRUE",NA, x ,"a ""b"",\r\nc",{row}' for place, row in enumerate(rows[:9])]
    text = "\r\n".join([f"id,flag,country,note,quote,{header}", *own])
    (tmp_path / "in.csv").write_bytes(gzip.compress(text.encode("utf-16"), mtime=0))
    assert predict(load_bundle(run.bundle), tmp_path / "in.csv", tmp_path / "out.csv") == 9
    written = (tmp_path / "out.csv").read_bytes().decode()
    places = [written.index(f"{row},") for row in own]
    assert places == sorted(places)
    assert len(pd.read_csv(tmp_path / "out.csv")) == 9


def test_columns_of_the_same_names_as_predictions_are_kept(trained: tuple[Config, Run], tmp_path: Path) -> None:
    config, run = trained
    bundle = load_bundle(run.bundle)
    predict(bundle, config.data_path, tmp_path / "out.csv")
    own = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    added = [name for name in own[0].split(",") if name not in config.data_path.read_text(encoding="utf-8")]
    assert predict(bundle, tmp_path / "out.csv", tmp_path / "again.csv") == len(own) - 1
    again = (tmp_path / "again.csv").read_text(encoding="utf-8").splitlines()
    assert all(line.startswith(f"{given},") for line, given in zip(again, own, strict=True))
    assert again[0].split(",")[-len(added) :] == [f"{name}_2" for name in added]


def test_a_missing_value_that_is_new_is_named_with_what_to_do(trained: tuple[Config, Run], tmp_path: Path) -> None:
    config, run = trained
    bundle = load_bundle(run.bundle)
    name = next(column.name for column in bundle.schema.columns if not column.nullable)
    rows = pd.read_csv(config.data_path)
    rows.loc[6, name] = None
    rows.to_csv(tmp_path / "new.csv", index=False)
    with pytest.raises(DataError, match=f"column '{name}', row 7: the value is missing") as error:
        predict(bundle, tmp_path / "new.csv", tmp_path / "out.csv")
    assert "correct these rows" in str(error.value)
    assert "--refresh" not in str(error.value)


def test_a_header_without_rows_gives_a_header(trained: tuple[Config, Run], tmp_path: Path) -> None:
    config, run = trained
    header = config.data_path.read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "in.csv").write_text(header + "\n", encoding="utf-8")
    assert predict(load_bundle(run.bundle), tmp_path / "in.csv", tmp_path / "out.csv") == 0
    (line,) = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert line.startswith(f"{header},")


def test_a_wider_row_is_refused_before_anything_is_predicted(trained: tuple[Config, Run], tmp_path: Path) -> None:
    config, run = trained
    lines = config.data_path.read_text(encoding="utf-8").splitlines()
    (tmp_path / "in.csv").write_text("\n".join([*lines[:50], f"{lines[50]},1"]), encoding="utf-8")
    with pytest.raises(DataError, match=r"in\.csv, line 51 holds"):
        predict(load_bundle(run.bundle), tmp_path / "in.csv", tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
