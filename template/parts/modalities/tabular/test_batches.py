"""Scoring a table adds predictions to its rows, and says which value does not fit."""

from pathlib import Path

import pandas as pd
import pytest

from acme_ml.config import Config
from acme_ml.data import reading
from acme_ml.errors import DataError
from acme_ml.inference.bundle import load_bundle
from acme_ml.inference.predict import predict
from acme_ml.training.train import Run


def test_chunks_do_not_change_predictions(
    trained: tuple[Config, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, run = trained
    bundle = load_bundle(run.bundle)
    rows = predict(bundle, config.data_path, tmp_path / "whole.csv")
    monkeypatch.setattr(reading, "CHUNK_ROWS", 50)
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
    with pytest.raises(DataError, match=f"column '{number}', row 7: 'many' is not a number"):
        predict(bundle, tmp_path / "wrong.csv", tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.csv"]


def test_a_missing_column_is_named(trained: tuple[Config, Run], tmp_path: Path) -> None:
    config, run = trained
    bundle = load_bundle(run.bundle)
    gone = bundle.schema.columns[0].name
    pd.read_csv(config.data_path).drop(columns=gone).to_csv(tmp_path / "short.csv", index=False)
    with pytest.raises(DataError, match=f"column '{gone}' is missing"):
        predict(bundle, tmp_path / "short.csv", tmp_path / "out.csv")
