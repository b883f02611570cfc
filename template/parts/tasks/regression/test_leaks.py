"""What is too good to be true is said, and nothing is said of what is not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeRegressor

from acme_ml.data.dataset import Dataset, Split
from acme_ml.data.leaks import warn_of_leaks
from acme_ml.schema import Schema
from acme_ml.training.train import warn_of_one_column

SCHEMA = Schema.read(Path(__file__).parent / "data" / "schema.json")
RANDOM = np.random.default_rng(0)
SIZE = pd.Series(RANDOM.normal(size=300))
TARGET = SIZE.rename("price")
PLAIN = pd.DataFrame({"a": SIZE + RANDOM.normal(size=300), "b": RANDOM.choice(["x", "y"], 300)})


def told(features: pd.DataFrame, caplog: pytest.LogCaptureFixture, target: pd.Series = TARGET) -> str:
    caplog.clear()
    warn_of_leaks(Split(features, target), DecisionTreeRegressor(min_samples_leaf=5), "r2")
    return caplog.text


def test_a_column_that_is_as_good_as_the_model_is_named(caplog: pytest.LogCaptureFixture) -> None:
    rows = Split(pd.DataFrame({"near": SIZE + RANDOM.normal(scale=0.3, size=300), "far": PLAIN["a"]}), TARGET)
    tree = DecisionTreeRegressor(min_samples_leaf=5)
    alone = warn_of_leaks(rows, tree, "r2")
    assert alone is not None
    assert alone.column == "near"
    half = np.arange(0, 300, 2)
    dataset = Dataset(rows.take(half), rows.take(half + 1), SCHEMA, alone=alone)
    for columns, named in ((["far"], True), (["near", "far"], False)):
        caplog.clear()
        pick = ColumnTransformer([("pick", "passthrough", columns)])
        model = Pipeline([("pick", pick), ("tree", clone(tree))]).fit(*dataset.train)
        # The tree of both columns splits by the better one.
        warn_of_one_column(model, dataset if named else replace(dataset, alone=alone._replace(score=0.7)))
        assert ("column 'near' alone predicts as well as the model" in caplog.text) == named


def test_a_column_that_tells_the_target_is_named(caplog: pytest.LogCaptureFixture) -> None:
    assert told(PLAIN, caplog) == ""
    assert "column 'copy' alone predicts" in told(PLAIN.assign(copy=SIZE * 2 + 1), caplog)


def test_rows_that_are_sorted_by_the_target_are_told(caplog: pytest.LogCaptureFixture) -> None:
    order = TARGET.sort_values().index
    assert "the rows are sorted by 'price'" in told(PLAIN.loc[order], caplog, TARGET[order])


def test_a_column_that_numbers_the_rows_is_named(caplog: pytest.LogCaptureFixture) -> None:
    numbers = np.arange(300) + 5 * (np.arange(300) > 100)
    for column in (numbers, -numbers):
        assert "column 'row' only ascends" in told(PLAIN.assign(row=column), caplog)
    assert "only ascends" not in told(PLAIN.assign(row=RANDOM.permutation(numbers)), caplog)


def test_of_few_rows_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    few = pd.Series(np.arange(20.0), name="y")
    assert told(pd.DataFrame({"a": few}), caplog, few) == ""
