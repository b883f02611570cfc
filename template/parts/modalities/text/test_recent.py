"""Recent texts are compared by their lengths, words and classes, and by what the model answers."""

from pathlib import Path

import pandas as pd
import pytest

from acme_ml.config import Config
from acme_ml.errors import DataError
from acme_ml.evaluation.drift import Drift, find_drift
from acme_ml.training.train import Run


@pytest.fixture
def rows(trained: tuple[Config, Run]) -> pd.DataFrame:
    """The texts of the example and their classes."""
    return pd.read_csv(trained[0].data_path, dtype=str, keep_default_na=False)


def drift_of(trained: tuple[Config, Run], rows: pd.DataFrame, folder: Path) -> Drift:
    """Return what is found of these texts."""
    config, run = trained
    rows.to_csv(folder / "recent.csv", index=False)
    return find_drift(config, run.bundle, folder / "recent.csv")


def test_texts_of_another_kind_are_found(trained: tuple[Config, Run], rows: pd.DataFrame, tmp_path: Path) -> None:
    text = trained[0].data.text
    found = drift_of(trained, rows.assign(**{text: "Бывает и так " + rows[text].str[:20]}).head(200), tmp_path)
    drifted = {shift.column for shift in found.columns if shift.reasons}
    assert {"characters", "number of words", "words"} <= drifted


def test_without_classes_nothing_is_measured(trained: tuple[Config, Run], rows: pd.DataFrame, tmp_path: Path) -> None:
    found = drift_of(trained, rows.drop(columns=trained[0].data.target), tmp_path)
    assert found.metric is None
    assert trained[0].data.target not in {shift.column for shift in found.columns}
    assert found.answers


def test_texts_that_would_be_refused_are_counted(
    trained: tuple[Config, Run], rows: pd.DataFrame, tmp_path: Path
) -> None:
    text = trained[0].data.text
    rows.loc[:29, text], rows.loc[30:34, text] = " ", "x" * (trained[0].data.max_characters + 1)
    found = drift_of(trained, rows.head(300), tmp_path)
    assert sorted(found.refused.values()) == [5, 30]
    assert any("11.7% of the examples cannot be used" in reason for reason in found.reasons)


def test_a_file_of_another_form_is_refused(trained: tuple[Config, Run], rows: pd.DataFrame, tmp_path: Path) -> None:
    text = trained[0].data.text
    with pytest.raises(DataError, match=f"has no column '{text}'"):
        drift_of(trained, rows.rename(columns={text: "other"}), tmp_path)
    for some in (0, 1):
        with pytest.raises(DataError, match=f"holds {some} examples"):
            drift_of(trained, rows.head(some), tmp_path)
