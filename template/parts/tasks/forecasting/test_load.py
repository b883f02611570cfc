"""The test part is later than all that is trained on, in the parts and in the folds."""

import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import yaml

from acme_ml.config import Config
from acme_ml.data.dataset import Dataset, Split
from acme_ml.data.load import load
from acme_ml.errors import ConfigError, DataError
from acme_ml.training.train import train

Edit = Callable[[dict[str, Any]], Config]


@pytest.fixture(scope="module")
def dataset(trained: tuple[Config, object]) -> Dataset:
    """The example as the model sees it."""
    return load(trained[0])


def origins(part: Split) -> pd.Index:
    return part.features.index.get_level_values("origin")


def test_no_value_of_the_test_part_is_learned(trained: tuple[Config, object], dataset: Dataset) -> None:
    schema = dataset.schema
    last = schema.frequency.after(origins(dataset.train).max().to_pydatetime(), schema.horizon)
    assert last <= origins(dataset.test).min()
    share = len(dataset.test.features) / (len(dataset.train.features) + len(dataset.test.features) + schema.horizon - 1)
    assert share == pytest.approx(trained[0].data.test_size, abs=0.01)


def test_folds_are_cut_by_time(trained: tuple[Config, object], dataset: Dataset) -> None:
    schema = dataset.schema
    for rows in dataset.splitter(trained[0].evaluation.folds).split(*dataset.train):
        before, after = (dataset.train.take(part) for part in rows)
        last = schema.frequency.after(origins(before).max().to_pydatetime(), schema.horizon)
        assert last <= origins(after).min()


def test_later_values_do_not_change_what_is_learned(edit_params: Edit, dataset: Dataset) -> None:
    config = edit_params({})
    frame = pd.read_csv(config.data_path)
    later = pd.to_datetime(frame[config.data.time]) > origins(dataset.test).min()
    frame[config.data.target] = frame[config.data.target].mask(later, -1.0)
    frame.to_csv(config.data_path, index=False)
    changed = load(config)
    pd.testing.assert_frame_equal(changed.train.features, dataset.train.features)
    pd.testing.assert_frame_equal(changed.train.target, dataset.train.target)
    assert (changed.test.target == -1.0).all(axis=None)


def test_too_short_a_history_is_refused(edit_params: Edit) -> None:
    config = edit_params({})
    frame = pd.read_csv(config.data_path)
    least = config.data.lags + config.data.horizon
    frame.head(least - 1).to_csv(config.data_path, index=False)
    with pytest.raises(DataError, match="are needed"):
        load(config)
    for folds in (2, 3):
        changed = edit_params({"evaluation": {"metric": "mase", "folds": folds}})
        needed = set()
        for rows in (least + 2, least + 40):
            frame.head(rows).to_csv(config.data_path, index=False)
            with pytest.raises(DataError, match=f"a series of {rows} times is too short to learn from") as error:
                load(changed)
            found = re.search(rf"it takes ([0-9]+) with evaluation\.folds: {folds}", str(error.value))
            needed.add(int(found[1]) if found else 0)
            assert str(error.value).endswith("evaluation.folds: 2")
        (enough,) = needed
        frame.head(enough).to_csv(config.data_path, index=False)
        train(changed)
        frame.head(enough - 1).to_csv(config.data_path, index=False)
        with pytest.raises(DataError, match="too short"):
            load(changed)


def test_an_unknown_target_is_named(edit_params: Edit, trained: tuple[Config, object]) -> None:
    config = edit_params({"data": {**trained[0].data.model_dump(), "target": "ghost"}})
    with pytest.raises(DataError, match="no column 'ghost'; it has"):
        load(config)


def test_settings_that_cannot_work_are_named(edit_params: Edit, trained: tuple[Config, object]) -> None:
    settings = yaml.safe_load(trained[0].data.model_dump_json())
    with pytest.raises(ConfigError, match=r"data: lags \(5\) must be more than season \(12\)"):
        edit_params({"data": {**settings, "lags": 5}})
