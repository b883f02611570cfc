"""Predicting data writes a table, whole or not at all, whichever engine computes it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acme_ml.config import Config
from acme_ml.errors import DataError
from acme_ml.inference.batches import read_batches
from acme_ml.inference.bundle import load_bundle
from acme_ml.inference.predict import predict
from acme_ml.inference.predictor import NativePredictor
from acme_ml.inference.storage import load_model
from acme_ml.training.train import Run


def test_the_native_model_and_the_graph_agree(trained: tuple[Config, Run]) -> None:
    config, run = trained
    bundle = load_bundle(run.bundle)
    native = NativePredictor(load_model(run.bundle), bundle.encoder)
    for batch in read_batches(config.data_path, bundle.schema):
        inputs = bundle.encoder.encode_features(batch.features)
        expected = native.scores(inputs)
        assert np.abs(expected - bundle.predictor.scores(inputs)).max() <= 1e-4 * max(1, expected.max())


def test_every_line_is_counted_and_nothing_else_is_left(trained: tuple[Config, Run], tmp_path: Path) -> None:
    config, run = trained
    lines = predict(load_bundle(run.bundle), config.data_path, tmp_path / "out.csv")
    assert len(pd.read_csv(tmp_path / "out.csv")) == lines > 0
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_a_folder_is_no_file_to_write(trained: tuple[Config, Run], tmp_path: Path) -> None:
    config, run = trained
    with pytest.raises(DataError, match="is a folder; name the file"):
        predict(load_bundle(run.bundle), config.data_path, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("source", "output"), [("none.csv", "out.csv"), ("data", "none/out.csv")])
def test_a_missing_file_or_folder_is_named(
    trained: tuple[Config, Run], tmp_path: Path, source: str, output: str
) -> None:
    with pytest.raises(DataError, match="none"):
        predict(load_bundle(trained[1].bundle), tmp_path / source, tmp_path / output)
    assert list(tmp_path.iterdir()) == []
