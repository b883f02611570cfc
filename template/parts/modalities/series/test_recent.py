"""Recent values are compared by how they change, and by how far forecasts were from them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acme_ml.config import Config
from acme_ml.errors import DataError
from acme_ml.evaluation.drift import Drift, find_drift
from acme_ml.training.train import Run


@pytest.fixture
def rows(trained: tuple[Config, Run]) -> pd.DataFrame:
    """The values of the example."""
    return pd.read_csv(trained[0].data_path)


def drift_of(trained: tuple[Config, Run], rows: pd.DataFrame, folder: Path) -> Drift:
    """Return what is found of these values."""
    config, run = trained
    rows.to_csv(folder / "recent.csv", index=False)
    return find_drift(config, run.bundle, folder / "recent.csv")


def test_values_that_go_another_way_are_found(trained: tuple[Config, Run], rows: pd.DataFrame, tmp_path: Path) -> None:
    target = trained[0].data.target
    values = rows[target].to_numpy(np.float64)
    jumps = np.random.default_rng(0).normal(scale=3 * values.std(), size=len(values))
    found = drift_of(trained, rows.assign(**{target: values + jumps}), tmp_path)
    assert found.metric is not None
    assert found.metric.reasons
    assert "error of the forecast" in {shift.column for shift in found.answers if shift.reasons}
    assert f"change of {target}" in {shift.column for shift in found.columns if shift.reasons}


def test_each_window_counts_once(trained: tuple[Config, Run], rows: pd.DataFrame, tmp_path: Path) -> None:
    settings = trained[0].data
    found = drift_of(trained, rows, tmp_path)
    assert found.metric is not None
    assert found.metric.examples == found.examples
    assert found.metric.periods[-1].last == found.examples
    assert found.examples % (len(rows) - settings.lags - settings.horizon + 1) == 0


def test_values_that_cannot_be_forecast_are_refused(
    trained: tuple[Config, Run], rows: pd.DataFrame, tmp_path: Path
) -> None:
    settings = trained[0].data
    with pytest.raises(DataError, match=f"has no column '{settings.target}'"):
        drift_of(trained, rows.drop(columns=settings.target), tmp_path)
    with pytest.raises(DataError, match="are needed"):
        drift_of(trained, rows.head(settings.lags), tmp_path)
    with pytest.raises(DataError, match="no table of equally spaced series"):
        drift_of(trained, rows.drop(index=rows.index[50]), tmp_path)
    with pytest.raises(DataError, match="holds no value"):
        drift_of(trained, rows.assign(**{settings.target: np.nan}), tmp_path)
