"""Columns of one's own are the same in training, in files to predict and in requests, or a sentence says why not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from acme_ml.config import Config
from acme_ml.data import making
from acme_ml.data.load import load
from acme_ml.errors import BundleError, DataError
from acme_ml.inference.bundle import load_bundle
from acme_ml.inference.predict import predict
from acme_ml.training.train import train

pytestmark = pytest.mark.usefixtures("no_figures")
Prepare = Callable[[dict[str, Any]], Any]


@pytest.fixture
def made(edit_params: Callable[..., Config], monkeypatch: pytest.MonkeyPatch) -> Callable[[Prepare], Config]:
    """Put a function in place of the one in prepare.py, and return settings that call it."""

    def use(prepare: Prepare) -> Config:
        monkeypatch.setattr(making, "prepare", prepare)
        return edit_params({"features": {"prepare": True}})

    return use


@pytest.fixture
def numbers(trained: tuple[Config, object]) -> list[str]:
    """The names of the example's numbers."""
    return [column.name for column in load(trained[0]).schema.columns if column.kind == "number"]


def test_a_column_is_made_alike_of_a_table_and_of_requests(
    made: Callable[[Prepare], Config], numbers: list[str], tmp_path: Path
) -> None:
    first, second = numbers[:2]
    config = made(lambda c: {"ratio": c[first] / c[second], second: np.log(c[second])})
    run = train(config)
    bundle = load_bundle(run.bundle)
    assert bundle.metrics["onnx"]["agreement"] == 1
    assert bundle.schema.all_numbers[-1] == "ratio"
    assert predict(bundle, config.data_path, tmp_path / "predictions.csv") > 0
    dataset = load(config)
    features = dataset.test.features.head(20)
    assert features["ratio"].to_numpy() == pytest.approx(features[first] / np.exp(features[second]))
    rows = features.assign(**{second: np.exp(features[second])}).replace({np.nan: None}).to_dict("records")
    inputs, expected = bundle.encoder.encode(rows), bundle.encoder.encode_features(features)
    for name, values in expected.items():
        if name == "numbers":
            np.testing.assert_allclose(inputs[name].astype(float), values.astype(float))
        else:
            np.testing.assert_array_equal(inputs[name], values)
    card = (run.bundle / "model_card.md").read_text(encoding="utf-8")
    assert "ratio, made by prepare.py" in card


def test_what_is_not_finite_is_missing(made: Callable[[Prepare], Config], numbers: list[str]) -> None:
    dataset = load(made(lambda c: {"endless": c[numbers[0]] / 0}))
    assert dataset.train.features["endless"].isna().all()
    assert dataset.schema.made[0].column.nullable


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (lambda c: {"a": c["no such"]}, "there is no column 'no such'; there are "),
        (lambda c: {"a": 1 / 0}, "ZeroDivisionError"),
        (lambda c: [1], "must return a dictionary"),
        (lambda c: {5: next(iter(c.values()))}, "is no name for a number"),
        (lambda c: {"a": np.array(["x"] * len(next(iter(c.values()))))}, "'a' holds no numbers"),
        (lambda c: {"a": np.ones(3)}, r"'a' has the shape \(3,\)"),
        (
            lambda c: {"a": next(iter(c.values())) - np.nanmean(next(iter(c.values())))},
            "'a' of a row depends on other rows",
        ),
        (lambda c: {"a": np.arange(len(next(iter(c.values()))))}, "'a' of a row depends on other rows"),
    ],
)
def test_what_cannot_be_made_is_told(made: Callable[[Prepare], Config], prepare: Prepare, told: str) -> None:
    with pytest.raises(DataError, match=told):
        load(made(prepare))


def test_a_model_is_refused_once_columns_are_made_in_another_way(
    made: Callable[[Prepare], Config], numbers: list[str]
) -> None:
    run = train(made(lambda c: {"double": 2 * c[numbers[0]]}))
    load_bundle(run.bundle)
    for other in (lambda c: {"double": 3 * c[numbers[0]]}, lambda c: {}, lambda c: {"twice": 2 * c[numbers[0]]}):
        made(other)
        with pytest.raises(BundleError, match=r"prepare\.py makes other columns.*train again"):
            load_bundle(run.bundle)


def test_the_examples_settings_leave_it_alone(project: Path) -> None:
    settings = yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))
    assert settings["features"]["prepare"] is False
