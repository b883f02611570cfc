"""The split keeps the share of each label, reads nothing, and is made of the example when there is no data yet."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from acme_ml.config import Config, load_config
from acme_ml.data.load import load, read_data
from acme_ml.errors import ConfigError, DataError

Edit = Callable[[dict[str, Any]], Config]


def test_both_parts_have_the_same_share_of_each_label(trained: tuple[Config, object]) -> None:
    config, _ = trained
    dataset = load(config)
    train, test = (part.target.value_counts(normalize=True) for part in (dataset.train, dataset.test))
    count = len(list(config.data_path.rglob("*.png")))
    assert np.allclose(train, test[train.index], atol=0.02)
    assert not set(dataset.train.features) & set(dataset.test.features)
    assert len(dataset.test.target) == pytest.approx(config.data.test_size * count, abs=1)
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
        if int(path.stem) > 180:
            path.unlink()
    with pytest.raises(DataError, match="images are too few to split 10 labels"):
        load(config.model_copy(update={"data": config.data.model_copy(update={"test_size": 0.1})}))


@pytest.mark.parametrize(("size", "pair"), [(20, (20, 20)), ([32, 24], (32, 24))])
def test_the_size_is_one_number_or_two(edit_params: Edit, size: object, pair: tuple[int, int]) -> None:
    data = {"path": "data/raw", "size": size, "colour": "rgb", "on_bad_file": "refuse"}
    assert load(edit_params({"data": data})).schema.size == pair


def write_images(folder: Path, width: int, height: int, colour: tuple[int, int, int] | None, count: int) -> None:
    """Write JPEG files of noise with two labels, grey if there is no colour."""
    random = np.random.default_rng(0)
    for number in range(count):
        grey = random.integers(0, 160, (height + number % 3, width, 1), dtype=np.uint8).repeat(3, axis=2)
        pixels = grey if colour is None else grey // 2 + np.array(colour, dtype=np.uint8)
        path = folder / "ab"[number % 2] / f"person{number // 4}_{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), pixels)


@pytest.mark.parametrize(
    ("size", "colour", "form"),
    [
        ((300, 150), (90, 20, 0), ((64, 32), "rgb")),
        ((20, 30), None, ((20, 31), "grey")),
        ((300, 2), None, ((64, 4), "grey")),
        ((6, 7), None, ((12, 16), "grey")),
    ],
)
def test_images_are_read_as_most_of_them_are(
    edit_params: Edit,
    size: tuple[int, int],
    colour: tuple[int, int, int] | None,
    form: tuple[tuple[int, int], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    config = edit_params({"data": {"path": "data/own", "on_bad_file": "skip"}})
    write_images(config.data_path, *size, colour, 40)
    for schema in (load(config).schema, load(config).schema, read_data(config)[1], read_data(config, refresh=True)[1]):
        assert (schema.size, schema.colour) == form
    assert (
        f"images are read as {form[0][0]} x {form[0][1]} pixels, {form[1]}; most are of about {size[0]} x"
        in caplog.text
    )
    assert ("with another data.size" in caplog.text) == (max(size) > 64)
    asked = edit_params({"data": {"path": "data/own", "on_bad_file": "skip", "size": 16}})
    assert load(asked).schema.size == (16, 16)


def test_images_with_one_name_in_common_are_on_one_side(edit_params: Edit) -> None:
    data = {"path": "data/own", "on_bad_file": "skip", "group": "^(person[0-9]+)_"}
    config = edit_params({"data": data})
    write_images(config.data_path, 20, 20, None, 80)
    dataset = load(config)

    def people(paths: np.ndarray) -> set[str]:
        return {Path(path).name.split("_")[0] for path in paths}

    sides = [people(part.features) for part in (dataset.train, dataset.test)]
    assert not sides[0] & sides[1]
    assert len(sides[0] | sides[1]) == 20
    for before, after in dataset.splitter(3).split():
        left, right = (
            {Path(dataset.train.features[place]).name.split("_")[0] for place in part} for part in (before, after)
        )
        assert not left & right
    cv2.imwrite(str(config.data_path / "a" / "nobody.jpg"), np.zeros((20, 20), np.uint8))
    with pytest.raises(DataError, match="finds nothing in 'a/nobody"):
        load(config)
    for pattern, said in (("person", "has 0 groups in round brackets"), ("(", "is no regular expression")):
        with pytest.raises(ConfigError) as error:
            edit_params({"data": {**data, "group": pattern}})
        assert said in str(error.value)


@pytest.mark.parametrize(
    ("change", "named"),
    [({"size": 2}, "size"), ({"size": [8]}, "size"), ({"colour": "blue"}, "colour"), ({"on_bad_file": "x"}, "on_bad")],
)
def test_a_wrong_setting_is_named(edit_params: Edit, change: dict[str, Any], named: str) -> None:
    data = {"path": "data/raw", "size": 16, "colour": "grey", "on_bad_file": "skip", **change}
    with pytest.raises(ConfigError, match=named):
        edit_params({"data": data})
