"""The target is a number, and a target that is none is refused."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from acme_ml.config import Config
from acme_ml.data.cells import Number, Reader, Text
from acme_ml.data.load import infer_target, load
from acme_ml.errors import DataError


def test_no_row_is_in_both_parts(trained: tuple[Config, object]) -> None:
    config, _ = trained
    dataset = load(config)
    rows = len(dataset.train.target) + len(dataset.test.target)
    assert not set(dataset.train.features.index) & set(dataset.test.features.index)
    assert len(dataset.test.target) == pytest.approx(config.data.test_size * rows, abs=1)


@pytest.mark.parametrize(
    ("values", "reader", "reason"),
    [(["a", "b"], Text(), "a regression predicts a number"), ([3.0, 3.0], Number(), "never changes")],
)
def test_a_target_that_is_no_number_is_refused(values: list[Any], reader: Reader, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        infer_target(pd.Series(values, name="price"), reader)


def test_rows_without_a_target_are_left_out(edit_params: Callable[[dict[str, Any]], Config]) -> None:
    config = edit_params({})
    frame = pd.read_csv(config.data_path)
    frame.loc[[0, 5], config.data.target] = None
    frame.to_csv(config.data_path, index=False)
    dataset = load(config)
    assert len(dataset.train.target) + len(dataset.test.target) == len(frame) - 2


def test_an_unknown_target_is_named(edit_params: Callable[[dict[str, Any]], Config]) -> None:
    config = edit_params({"data": {"path": "data/raw/example.csv", "target": "ghost"}})
    with pytest.raises(DataError, match="no column 'ghost'; it has"):
        load(config)
