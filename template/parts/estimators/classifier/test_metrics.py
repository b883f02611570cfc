"""Of two classes, the positive one is measured as scikit-learn measures it; of more, the names of averages say so."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score, roc_auc_score

from acme_ml.data.classes import pick_positive
from acme_ml.errors import ConfigError, DataError
from acme_ml.evaluation.floor import find_metric
from acme_ml.evaluation.metrics import break_down, measure

RANDOM = np.random.default_rng(0)
TRUTH = pd.Series(np.where(RANDOM.random(2_000) < 0.05, "ill", "well"))
LIKELY = np.clip(0.3 * (TRUTH == "ill") + 0.3 * RANDOM.random(2_000) + 0.05, 0, 1).to_numpy()


class Told:
    """A model whose probabilities are its features."""

    def __init__(self, *classes: str) -> None:
        self.classes_ = np.array(classes)

    def predict_proba(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        return features


@pytest.mark.parametrize("positive", ["ill", "well"])
def test_of_two_classes_the_positive_one_is_measured(positive: str) -> None:
    model, features = Told("ill", "well"), np.column_stack([LIKELY, 1 - LIKELY])
    predicted = np.where(LIKELY >= 0.5, "ill", "well")
    truth, score = positive == TRUTH, LIKELY if positive == "ill" else 1 - LIKELY
    assert measure(model, features, TRUTH, positive) == pytest.approx(
        {
            "accuracy": (predicted == TRUTH).mean(),
            "precision": precision_score(TRUTH, predicted, pos_label=positive, zero_division=0),
            "recall": recall_score(TRUTH, predicted, pos_label=positive),
            "f1": f1_score(TRUTH, predicted, pos_label=positive),
            "roc_auc": roc_auc_score(truth, score),
            "pr_auc": average_precision_score(truth, score),
        }
    )


def test_always_no_finds_nothing_and_has_the_base_rate() -> None:
    found = measure(Told("ill", "well"), np.tile([0.05, 0.95], (2_000, 1)), TRUTH, "ill")
    assert (found["recall"], found["precision"], found["f1"], found["roc_auc"]) == (0, 0, 0, 0.5)
    assert found["pr_auc"] == pytest.approx((TRUTH == "ill").mean())
    assert found["accuracy"] > 0.9


def test_of_more_classes_all_count_alike_and_the_names_say_so() -> None:
    truth = pd.Series(["a", "b", "c", "c"])
    found = measure(Told("a", "b", "c"), np.eye(3)[[0, 0, 2, 2]], truth)
    assert list(found) == ["accuracy", "precision_macro", "recall_macro", "f1_macro", "roc_auc_macro", "pr_auc_macro"]
    assert found["recall_macro"] == pytest.approx(2 / 3)


@pytest.mark.parametrize("truth", [["ill"] * 4, ["well"] * 4])
def test_one_class_alone_has_no_curve(truth: list[str]) -> None:
    found = measure(Told("ill", "well"), np.full((4, 2), 0.5), pd.Series(truth), "ill")
    assert np.isnan(found["roc_auc"])
    assert np.isnan(found["pr_auc"])


def test_a_class_that_the_model_has_never_seen_is_never_found() -> None:
    found = measure(Told("well"), np.ones((3, 1)), pd.Series(["well", "ill", "well"]), "ill")
    assert (found["recall"], found["roc_auc"]) == (0, 0.5)


def test_each_class_has_a_row() -> None:
    test: Any = SimpleNamespace(features=np.eye(3)[[0, 0, 2, 2]], target=pd.Series(["a", "b", "c", "c"]))
    schema: Any = SimpleNamespace(positive=None)
    rows = break_down(Told("a", "b", "c"), test, schema)["Classes"].set_index("class")
    assert rows.loc["a"].tolist() == [0.5, 1, pytest.approx(2 / 3), 1]
    assert rows["examples"].tolist() == [1, 1, 2]
    schema.positive = "b"
    assert break_down(Told("a", "b", "c"), test, schema)["Classes"]["class"].tolist() == ["a", "b (positive)", "c"]


@pytest.mark.parametrize(
    ("labels", "chosen", "positive"),
    [("nny", None, "y"), ("nyy", None, "n"), ("ny", None, "y"), ("nny", "n", "n"), ("abc", None, None)],
)
def test_the_rarer_of_two_classes_is_positive_or_the_one_that_is_chosen(
    labels: str, chosen: str | None, positive: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert pick_positive(labels, chosen, "own.csv") == positive
    assert (f"{positive!r} is taken for the positive one" in caplog.text) == (positive is not None and chosen is None)


@pytest.mark.parametrize(("labels", "chosen"), [("nny", "j"), ("abc", "a")])
def test_what_is_none_of_two_classes_is_not_positive(labels: str, chosen: str) -> None:
    with pytest.raises(DataError, match="none of two classes; there are"):
        pick_positive(labels, chosen, "own.csv")


def test_a_metric_is_found_by_its_name_or_that_of_its_average() -> None:
    assert find_metric("f1", ["f1", "accuracy"]) == "f1"
    assert find_metric("f1", ["f1_macro", "accuracy"]) == "f1_macro"
    with pytest.raises(ConfigError, match=r"evaluation\.metric: 'f2' is unknown; known are f1"):
        find_metric("f2", ["f1"])
