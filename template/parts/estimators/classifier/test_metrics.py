"""Of two classes, the positive one is measured as scikit-learn measures it; of more, the names of averages say so."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score, roc_auc_score

from acme_ml.config import Config, Costs, ModelSettings
from acme_ml.data.classes import pick_positive
from acme_ml.data.load import load
from acme_ml.errors import ConfigError, DataError
from acme_ml.evaluation.metrics import break_down, measure
from acme_ml.evaluation.threshold import choose, count, with_threshold
from acme_ml.inference.naming import find_metric
from acme_ml.training.estimators import make_estimator
from acme_ml.training.model import build_model
from acme_ml.training.train import Run, fit

RANDOM = np.random.default_rng(0)
TRUTH = pd.Series(np.where(RANDOM.random(2_000) < 0.05, "ill", "well"))
LIKELY = np.clip(0.3 * (TRUTH == "ill") + 0.3 * RANDOM.random(2_000) + 0.05, 0, 1).to_numpy()


def told(positive: str | None, threshold: float | None = None) -> Any:
    """Return what is asked of a schema."""
    return SimpleNamespace(positive=positive, threshold=threshold)


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
    assert measure(model, features, TRUTH, told(positive)) == pytest.approx(
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
    found = measure(Told("ill", "well"), np.tile([0.05, 0.95], (2_000, 1)), TRUTH, told("ill"))
    assert (found["recall"], found["precision"], found["f1"], found["roc_auc"]) == (0, 0, 0, 0.5)
    assert found["pr_auc"] == pytest.approx((TRUTH == "ill").mean())
    assert found["accuracy"] > 0.9


def test_of_more_classes_all_count_alike_and_the_names_say_so() -> None:
    truth = pd.Series(["a", "b", "c", "c"])
    found = measure(Told("a", "b", "c"), np.eye(3)[[0, 0, 2, 2]], truth, told(None))
    assert list(found) == ["accuracy", "precision_macro", "recall_macro", "f1_macro", "roc_auc_macro", "pr_auc_macro"]
    assert found["recall_macro"] == pytest.approx(2 / 3)


def test_a_threshold_moves_what_is_predicted_and_nothing_else() -> None:
    model, features = Told("ill", "well"), np.column_stack([LIKELY, 1 - LIKELY])
    half, low = (measure(model, features, TRUTH, told("ill", threshold)) for threshold in (None, 0.3))
    predicted = np.where(LIKELY >= 0.3, "ill", "well")
    assert low["recall"] == pytest.approx(recall_score(TRUTH, predicted, pos_label="ill"))
    assert low["recall"] > half["recall"]
    assert (low["roc_auc"], low["pr_auc"]) == (half["roc_auc"], half["pr_auc"])
    test: Any = SimpleNamespace(features=features, target=TRUTH)
    tables = break_down(model, test, told("ill", 0.3))
    assert tables["Classes"].loc[0, ["class", "recall"]].tolist() == ["ill (positive)", low["recall"]]
    assert tables["Threshold"].to_dict("records") == [{"predicted": "ill", "from a probability of": 0.3}]


@pytest.mark.parametrize("rule", ["f1", "recall>=0.9", "precision>=0.5", "cost"])
def test_a_threshold_is_the_best_of_all(rule: str) -> None:
    truth, costs = (TRUTH == "ill").to_numpy(), Costs(false_negative=5)
    chosen = choose(count(LIKELY, truth), rule, costs)

    def worth(threshold: float) -> float:
        predicted = threshold <= LIKELY
        # scikit-learn's own functions take a hundred times as long.
        hit, wrong, missed = (predicted & truth).sum(), (predicted & ~truth).sum(), (truth & ~predicted).sum()
        if rule == "cost":
            return float(-wrong - 5 * missed)
        if rule == "f1":
            return float(2 * hit / (2 * hit + wrong + missed))
        recall, precision = hit / (hit + missed), hit / max(hit + wrong, 1)
        asked, other = (recall, precision) if rule.startswith("recall") else (precision, recall)
        return float(other) if asked >= float(rule.split("=")[1]) and predicted.any() else -1.0

    assert worth(chosen) == pytest.approx(max(worth(threshold) for threshold in np.linspace(0, 1, 1_001)), abs=0.004)
    assert worth(chosen) >= 0 or rule == "cost"


def test_a_rule_that_no_threshold_keeps_to_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no threshold has precision>=0\.9"):
        choose(count(np.full(10, 0.5), np.arange(10) < 5), "precision>=0.9", Costs())


@pytest.mark.parametrize(
    ("asked", "positive", "problem"),
    [
        (50.0, "ill", "50 is no probability between 0 and 1"),
        (0.0, "ill", "0 is no probability between 0 and 1"),
        ("f2", "ill", "'f2' is no number, nor f1"),
        ("f1", None, "there are more than two classes"),
    ],
)
def test_a_threshold_that_is_none_is_refused(asked: float | str, positive: str | None, problem: str) -> None:
    config: Any = SimpleNamespace(evaluation=SimpleNamespace(threshold=asked))
    dataset: Any = SimpleNamespace(schema=told(positive))
    model: Any = Told("ill", "well")
    with pytest.raises(ConfigError, match=problem):
        with_threshold(model, dataset, config)


@pytest.mark.parametrize("truth", [["ill"] * 4, ["well"] * 4])
def test_one_class_alone_has_no_curve(truth: list[str]) -> None:
    found = measure(Told("ill", "well"), np.full((4, 2), 0.5), pd.Series(truth), told("ill"))
    assert np.isnan(found["roc_auc"])
    assert np.isnan(found["pr_auc"])


def test_a_class_that_the_model_has_never_seen_is_never_found() -> None:
    found = measure(Told("well"), np.ones((3, 1)), pd.Series(["well", "ill", "well"]), told("ill"))
    assert (found["recall"], found["roc_auc"]) == (0, 0.5)


def test_each_class_has_a_row() -> None:
    test: Any = SimpleNamespace(features=np.eye(3)[[0, 0, 2, 2]], target=pd.Series(["a", "b", "c", "c"]))
    rows = break_down(Told("a", "b", "c"), test, told(None))["Classes"].set_index("class")
    assert rows.loc["a"].tolist() == [0.5, 1, pytest.approx(2 / 3), 1]
    assert rows["examples"].tolist() == [1, 1, 2]


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


def test_a_class_that_counts_more_is_predicted_more_often(trained: tuple[Config, Run], tmp_path: Path) -> None:
    config, _ = trained
    dataset = load(config)
    labels = dataset.train.target.iloc[::3]
    # Where nothing tells the classes apart, what they count for decides: each example is the first one again.
    part = dataset.train.take(np.zeros(len(labels), dtype=np.intp))
    part, first = replace(part, target=labels.set_axis(part.target.index)), str(min(labels))

    def share(weight: float) -> float:
        weights = {str(name): 1.0 for name in set(labels)} | {first: weight}
        training = config.training.model_copy(update={"class_weight": weights})
        model = build_model(config.model_copy(update={"training": training, "root": tmp_path}), dataset.schema)
        fit(model, part)
        return float((model.classes_[model.predict_proba(part.features).argmax(axis=1)] == first).mean())

    assert share(50.0) > share(0.02)


def test_weights_of_other_classes_and_models_without_any_are_refused(
    trained: tuple[Config, Run], tmp_path: Path
) -> None:
    config, _ = trained
    dataset = load(config)
    weighed = config.training.model_copy(update={"class_weight": {"no such class": 2.0}})
    config = config.model_copy(update={"training": weighed, "root": tmp_path})
    with pytest.raises(ConfigError, match="are not in class_weight"):
        fit(build_model(config, dataset.schema), dataset.train)
    known: dict[str, Callable[..., Any]] = {config.model: lambda: None, "able": lambda class_weight: None}
    plain = config.model_copy(update={"models": {config.model: ModelSettings()}})
    with pytest.raises(ConfigError, match=rf"training\.class_weight: {config.model} cannot weigh classes; able can"):
        make_estimator(known, plain)
