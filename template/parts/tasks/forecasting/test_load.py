"""The test part is later than all that is trained on, in the parts and in the folds."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import yaml

from acme_ml.config import Config
from acme_ml.data.dataset import Dataset, Split
from acme_ml.data.load import load
from acme_ml.errors import ConfigError, DataError

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
    for train, test in dataset.splitter(trained[0].evaluation.folds).split(*dataset.train):
        before, after = dataset.train.take(train), dataset.train.take(test)
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
    needed = config.data.lags + config.data.horizon
    found = {needed - 1: "are needed", needed + 2: "cannot be cut into", needed + 60: "first of 2 folds"}
    for rows, words in found.items():
        frame.head(rows).to_csv(config.data_path, index=False)
        with pytest.raises(DataError, match=words):
            load(config)


def test_an_unknown_target_is_named(edit_params: Edit, trained: tuple[Config, object]) -> None:
    config = edit_params({"data": {**trained[0].data.model_dump(), "target": "ghost"}})
    with pytest.raises(DataError, match="no column 'ghost'; it has"):
        load(config)


def test_settings_that_cannot_work_are_named(edit_params: Edit, trained: tuple[Config, object]) -> None:
    settings = yaml.safe_load(trained[0].data.model_dump_json())
    with pytest.raises(ConfigError, match=r"data: lags \(5\) must be more than season \(12\)"):
        edit_params({"data": {**settings, "lags": 5}})
