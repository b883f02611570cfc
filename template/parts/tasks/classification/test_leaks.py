"""What is too good to be true is said, and nothing is said of what is not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from acme_ml.data.dataset import Dataset, Split
from acme_ml.data.leaks import warn_of_leaks
from acme_ml.schema import Schema
from acme_ml.training.train import warn_of_one_column

SCHEMA = Schema.read(Path(__file__).parent / "data" / "schema.json")
RANDOM = np.random.default_rng(0)
SIZE = pd.Series(RANDOM.normal(size=300))
TARGET = pd.Series(np.where(SIZE > 0, "high", "low"), name="level")
PLAIN = pd.DataFrame({"a": SIZE + RANDOM.normal(size=300), "b": RANDOM.choice(["x", "y"], 300)})


def told(features: pd.DataFrame, caplog: pytest.LogCaptureFixture, target: pd.Series = TARGET) -> str:
    caplog.clear()
    warn_of_leaks(Split(features, target), DecisionTreeClassifier(min_samples_leaf=5), "balanced_accuracy")
    return caplog.text


def test_a_column_that_is_as_good_as_the_model_is_named(caplog: pytest.LogCaptureFixture) -> None:
    rows = Split(pd.DataFrame({"near": SIZE + RANDOM.normal(scale=0.3, size=300), "far": PLAIN["a"]}), TARGET)
    tree = DecisionTreeClassifier(min_samples_leaf=5)
    alone = warn_of_leaks(rows, tree, "balanced_accuracy")
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


def test_a_word_that_tells_the_class_is_named(caplog: pytest.LogCaptureFixture) -> None:
    words = pd.Series(np.where(SIZE > 0, "yes", "no"))
    assert "column 'word' alone predicts 'level' with a balanced_accuracy of 1.000" in told(
        PLAIN.assign(word=words), caplog
    )


def test_of_a_class_that_is_too_rare_for_folds_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    rare = TARGET.where(TARGET.index > 1, "rare")
    assert told(PLAIN.assign(copy=SIZE), caplog, rare) == ""
