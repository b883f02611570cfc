"""Recent rows are read as they are: what does not fit is counted, and not left out of sight."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acme_ml.config import Config
from acme_ml.data import reading
from acme_ml.errors import DataError
from acme_ml.evaluation.drift import Drift, find_drift
from acme_ml.evaluation.shifts import Shift
from acme_ml.schema import SCHEMA_FILE, Schema
from acme_ml.training.train import Run


@pytest.fixture
def rows(trained: tuple[Config, Run]) -> pd.DataFrame:
    """The rows of the example, as they are written."""
    return pd.read_csv(trained[0].data_path, dtype=str, keep_default_na=False)


def schema_of(trained: tuple[Config, Run]) -> Schema:
    """Return what the model knows of the table."""
    return Schema.read(trained[1].bundle / SCHEMA_FILE)


def drift_of(trained: tuple[Config, Run], rows: pd.DataFrame, folder: Path) -> Drift:
    """Return what is found of these rows."""
    config, run = trained
    rows.to_csv(folder / "recent.csv", index=False)
    return find_drift(config, run.bundle, folder / "recent.csv")


def shift_of(found: Drift, name: str) -> Shift:
    """Return what is found of a column."""
    return next(shift for shift in found.columns if shift.column == name)


def test_a_number_that_moved_is_named(trained: tuple[Config, Run], rows: pd.DataFrame, tmp_path: Path) -> None:
    name = next(name for name in rows if name in schema_of(trained).numbers and "." in "".join(rows[name]))
    numbers = pd.to_numeric(rows[name], errors="coerce")
    moved = (numbers + 2 * numbers.std()).round(3).astype(str).replace("nan", "")
    found = drift_of(trained, rows.assign(**{name: moved}), tmp_path)
    assert any(reason.startswith(f"column '{name}': its values have moved") for reason in found.reasons)
    assert next(shift.column for shift in found.columns if shift.reasons) == name


def test_cells_that_are_none_are_counted_and_missing(
    trained: tuple[Config, Run], rows: pd.DataFrame, tmp_path: Path
) -> None:
    name = schema_of(trained).numbers[0]
    rows.loc[rows.index[::4], name] = "n/k"
    found = drift_of(trained, rows, tmp_path)
    assert found.refused == {f"'{name}' cannot be read": len(rows[::4])}
    assert f"{len(rows[::4]) / len(rows):.1%} of the examples cannot be used" in "\n".join(found.reasons)
    assert shift_of(found, name).missing > 0.2


def test_what_is_no_target_is_told(trained: tuple[Config, Run], rows: pd.DataFrame, tmp_path: Path) -> None:
    schema = schema_of(trained)
    targets = schema.held[: len(schema.held) - len(schema.columns)]
    found = drift_of(trained, rows.assign(**{target.name: "18,5 or so" for target in targets}), tmp_path)
    unread = [target.name for target in targets if target.kind == "number"]
    assert found.refused == {f"'{name}' cannot be read": len(rows) for name in unread}
    assert (found.metric is None) is bool(unread)
    for target in targets:
        assert target.name in unread or shift_of(found, target.name).unseen == 1


def test_a_file_of_another_form_is_refused(trained: tuple[Config, Run], rows: pd.DataFrame, tmp_path: Path) -> None:
    name = schema_of(trained).numbers[0]
    with pytest.raises(DataError, match=f"has no column '{name}'; it has "):
        drift_of(trained, rows.drop(columns=name), tmp_path)
    with pytest.raises(DataError, match="holds 0 examples"):
        drift_of(trained, rows.head(0), tmp_path)
    with pytest.raises(DataError, match="holds 1 examples"):
        drift_of(trained, rows.head(1), tmp_path)
    (tmp_path / "empty.csv").touch()
    with pytest.raises(DataError, match=r"empty\.csv"):
        find_drift(trained[0], trained[1].bundle, tmp_path / "empty.csv")


def test_all_may_be_missing(trained: tuple[Config, Run], rows: pd.DataFrame, tmp_path: Path) -> None:
    found = drift_of(trained, rows.assign(**dict.fromkeys(rows, "")), tmp_path)
    assert found.metric is None
    told = [shift for shift in found.columns if shift.missing == 1]
    assert {shift.column for shift in told} >= set(schema_of(trained).numbers)
    assert all("100.0% are missing" in "".join(shift.reasons) for shift in told if shift.missing_before < 0.9)


def test_parts_of_a_file_are_the_whole(
    trained: tuple[Config, Run], rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = drift_of(trained, rows, tmp_path)
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", 37)
    parts = drift_of(trained, rows, tmp_path)
    assert parts.columns == whole.columns
    assert np.allclose([shift.index for shift in parts.answers], [shift.index for shift in whole.answers])
