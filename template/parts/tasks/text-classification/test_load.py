"""The split keeps the share of each class, and texts that are too few are refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acme_ml.config import Config, load_config
from acme_ml.data.load import load
from acme_ml.errors import DataError


def test_both_parts_have_the_same_share_of_each_class(project: Path) -> None:
    dataset = load(load_config(project / "params.yaml"))
    train, test = (part.target.value_counts(normalize=True) for part in (dataset.train, dataset.test))
    assert np.allclose(train, test[train.index], atol=0.02)
    assert not set(dataset.train.features) & set(dataset.test.features)


def test_each_fold_has_every_class(project: Path) -> None:
    dataset = load(load_config(project / "params.yaml"))
    for _, rest in dataset.splitter(3).split(*dataset.train):
        assert set(dataset.train.take(rest).target) == set(dataset.schema.target.categories)


def test_the_example_is_written_where_it_is_missing_the_same_each_time(workspace: Path) -> None:
    config = load_config(workspace / "params.yaml")
    written = config.data_path.read_bytes()
    config.data_path.unlink()
    assert len(load(config).train.target) == 1_200
    assert config.data_path.read_bytes() == written


def test_another_file_that_is_missing_is_named(edit_params: Callable[[dict[str, Any]], Config]) -> None:
    data = {"path": "data/raw/own.csv", "text": "text", "target": "label"}
    with pytest.raises(DataError, match=r"own\.csv: no such file"):
        load(edit_params({"data": data}))


def test_too_few_texts_to_split_are_refused(workspace: Path) -> None:
    config = load_config(workspace / "params.yaml")
    rows = [f"some words {number},{label}" for label in ("a", "b", "c") for number in range(2)]
    config.data_path.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    config.schema_path.unlink()
    with pytest.raises(DataError, match="6 texts are too few to split 3 classes"):
        load(config)
