"""The split keeps the share of each class, and a target that cannot be learned is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from acme_ml.config import Config, load_config
from acme_ml.data.load import infer_target, load, read_data
from acme_ml.errors import DataError


def test_both_parts_have_the_same_share_of_each_class(trained: tuple[Config, object]) -> None:
    dataset = load(trained[0])
    train, test = (part.target.value_counts(normalize=True) for part in (dataset.train, dataset.test))
    assert np.allclose(train, test[train.index], atol=0.02)
    assert not set(dataset.train.features.index) & set(dataset.test.features.index)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["a", "a", "a"], "two or more"),
        (["a", "a", "b"], "class 'b' of column 'kind' has one row"),
        ([str(number) for number in range(60)], "too many classes"),
    ],
)
def test_a_target_without_usable_classes_is_refused(values: list[Any], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        infer_target(pd.Series(values, name="kind"))


def test_a_class_that_is_said_to_mean_missing_is_none(edit_params: Callable[[dict[str, Any]], Config]) -> None:
    name = load(edit_params({})).schema.target.categories[0]
    target = edit_params({}).data.target
    config = edit_params({"data": {"path": "data/raw/example.csv", "target": target, "missing": [name]}})
    for refresh in (True, False):
        frame, schema = read_data(config, refresh=refresh)
        assert name not in {*schema.target.categories, *frame[target]}


def test_rows_without_a_class_are_left_out(edit_params: Callable[[dict[str, Any]], Config]) -> None:
    config = edit_params({})
    frame = pd.read_csv(config.data_path)
    whole = load(config)
    frame.loc[[0, 5], config.data.target] = None
    frame.to_csv(config.data_path, index=False)
    fewer = load(config)
    assert len(fewer.train.target) + len(fewer.test.target) == len(whole.train.target) + len(whole.test.target) - 2


def test_an_unknown_target_is_named(edit_params: Callable[[dict[str, Any]], Config]) -> None:
    config = edit_params({"data": {"path": "data/raw/example.csv", "target": "ghost"}})
    with pytest.raises(DataError, match="no column 'ghost'; it has"):
        load(config)


@pytest.mark.parametrize("classes", [("0", "1"), ("false", "true"), ("0.50", "1")])
def test_classes_are_taken_as_they_are_written(workspace: Path, classes: tuple[str, str]) -> None:
    rows = [f"{number},{classes[number % 2]}" for number in range(0, 200, 3)]
    (workspace / "data" / "raw" / "example.csv").write_text("\n".join(["size,species", "7,", *rows]), encoding="utf-8")
    _, schema = read_data(load_config(workspace / "params.yaml"), refresh=True)
    assert schema.target.categories == classes


def test_numbers_can_be_classes(edit_params: Callable[[dict[str, Any]], Config]) -> None:
    dataset = load(edit_params({"data": {"path": "data/raw/example.csv", "target": "year"}}))
    assert dataset.schema.target.categories == ("2007", "2008", "2009")
