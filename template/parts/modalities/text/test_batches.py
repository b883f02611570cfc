"""Predicting a file adds predictions to its rows, and says which text cannot be read."""

from pathlib import Path

import pandas as pd
import pytest

from acme_ml.config import Config
from acme_ml.data import reading
from acme_ml.errors import DataError
from acme_ml.inference import batches
from acme_ml.inference.bundle import load_bundle
from acme_ml.inference.predict import predict
from acme_ml.training.train import Run


def test_chunks_do_not_change_predictions(
    trained: tuple[Config, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, run = trained
    bundle = load_bundle(run.bundle)
    given = pd.read_csv(config.data_path).assign(note="NA")[:300]
    given.to_csv(tmp_path / "in.csv", index=False)
    assert predict(bundle, tmp_path / "in.csv", tmp_path / "whole.csv") == 300
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", 70)
    monkeypatch.setattr(batches, "AT_ONCE", 30)
    assert predict(bundle, tmp_path / "in.csv", tmp_path / "chunks.csv") == 300
    tables = [pd.read_csv(tmp_path / name, keep_default_na=False) for name in ("whole.csv", "chunks.csv")]
    pd.testing.assert_frame_equal(*tables, rtol=0, atol=2e-5)
    pd.testing.assert_frame_equal(tables[0][given.columns], given, check_dtype=False)
    assert set(tables[0]["prediction"]) <= set(bundle.schema.target.categories)


def test_classes_are_not_needed(trained: tuple[Config, Run], tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\nnull\n", encoding="utf-8")
    assert predict(load_bundle(trained[1].bundle), tmp_path / "in.csv", tmp_path / "out.csv") == 1


def test_an_empty_text_is_named_and_nothing_is_written(trained: tuple[Config, Run], tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('text\nfine\n" "\n', encoding="utf-8")
    with pytest.raises(DataError, match="column 'text', row 2: the text is empty"):
        predict(load_bundle(trained[1].bundle), tmp_path / "in.csv", tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_texts_that_do_not_fit_are_left_out_and_listed(
    trained: tuple[Config, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = load_bundle(trained[1].bundle)
    long = "x" * (bundle.schema.max_characters + 1)
    (tmp_path / "in.csv").write_text(f'id,text\n1," "\n2,fine\n3,good\n4,{long}\n', encoding="utf-8")
    for at_once in (1, 1000):
        monkeypatch.setattr(batches, "AT_ONCE", at_once)
        assert predict(bundle, tmp_path / "in.csv", tmp_path / "out.csv", skip_bad=True) == 2
        assert pd.read_csv(tmp_path / "out.csv")["id"].tolist() == [2, 3]
        refused = pd.read_csv(tmp_path / "out.refused.csv")
        assert refused["id"].tolist() == [1, 4]
        assert refused["refused"][0] == "column 'text', row 1: the text is empty"
        assert "row 4: the text has 20001 characters" in refused["refused"][1]


def test_a_missing_column_is_named(trained: tuple[Config, Run], tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("said\nfine\n", encoding="utf-8")
    with pytest.raises(DataError, match="no column 'text'"):
        predict(load_bundle(trained[1].bundle), tmp_path / "in.csv", tmp_path / "out.csv")
