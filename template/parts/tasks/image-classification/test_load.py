"""The split keeps the share of each label, reads nothing, and is made of the example when there is no data yet."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acme_ml.config import Config, load_config
from acme_ml.data.load import load
from acme_ml.errors import ConfigError, DataError

Edit = Callable[[dict[str, Any]], Config]


def test_both_parts_have_the_same_share_of_each_label(trained: tuple[Config, object]) -> None:
    config, _ = trained
    dataset = load(config)
    train, test = (part.target.value_counts(normalize=True) for part in (dataset.train, dataset.test))
    assert np.allclose(train, test[train.index], atol=0.02)
    assert not set(dataset.train.features) & set(dataset.test.features)
    assert len(dataset.test.target) == pytest.approx(config.data.test_size * 1797, abs=1)
    assert all(Path(path).parent.name == label for path, label in zip(*dataset.test, strict=True))


def test_the_example_is_written_when_there_is_nothing(project: Path, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes((project / "params.yaml").read_bytes())
    dataset = load(load_config(tmp_path / "params.yaml"))
    assert dataset.schema.target.categories == tuple("0123456789")
    assert len(list((tmp_path / "data" / "raw" / "7").iterdir())) == 179
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"raw", "schema.json"}


def test_every_fold_has_every_label(trained: tuple[Config, object]) -> None:
    dataset = load(trained[0])
    for train, test in dataset.splitter(3).split(*dataset.train):
        assert dataset.train.take(train).target.nunique() == dataset.train.take(test).target.nunique() == 10


def test_too_few_images_are_refused(edit_params: Edit) -> None:
    config = edit_params({})
    for path in config.data_path.glob("*/*"):
        if int(path.stem) > 60:
            path.unlink()
    with pytest.raises(DataError, match="images are too few to split 10 labels"):
        load(config.model_copy(update={"data": config.data.model_copy(update={"test_size": 0.1})}))


@pytest.mark.parametrize(("size", "pair"), [(20, (20, 20)), ([32, 24], (32, 24))])
def test_the_size_is_one_number_or_two(edit_params: Edit, size: object, pair: tuple[int, int]) -> None:
    data = {"path": "data/raw", "size": size, "colour": "rgb", "on_bad_file": "refuse"}
    assert load(edit_params({"data": data})).schema.size == pair


@pytest.mark.parametrize(
    ("change", "named"),
    [({"size": 2}, "size"), ({"size": [8]}, "size"), ({"colour": "blue"}, "colour"), ({"on_bad_file": "x"}, "on_bad")],
)
def test_a_wrong_setting_is_named(edit_params: Edit, change: dict[str, Any], named: str) -> None:
    data = {"path": "data/raw", "size": 16, "colour": "grey", "on_bad_file": "skip", **change}
    with pytest.raises(ConfigError, match=named):
        edit_params({"data": data})
