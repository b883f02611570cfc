"""How good a classifier is: at finding the positive one of two classes; of more, all count alike, however rare."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score, average_precision_score, precision_recall_fscore_support, roc_auc_score

from ..data.dataset import Split
from ..inference.prediction import classes_of, decide
from ..schema import Schema

OF_A_CLASS = ("precision", "recall", "f1", "roc_auc", "pr_auc")
LOWER_IS_BETTER: frozenset[str] = frozenset()

Scorer = Callable[[BaseEstimator, Any, Any], dict[str, float]]


def metric_names(schema: Schema) -> tuple[str, ...]:
    """Return what is measured; the name of an average over the classes says so."""
    return ("accuracy", *(OF_A_CLASS if schema.positive else (f"{name}_macro" for name in OF_A_CLASS)))


def scorer(schema: Schema) -> Scorer:
    """Return what measures a model."""
    return partial(measure, schema=schema)


def measure(model: BaseEstimator, features: Any, target: pd.Series, schema: Schema) -> dict[str, float]:
    """Return the metrics of the model's predictions, each between 0 and 1: of the positive class, or else averages."""
    return rate(answer(model, features), target, schema)


def answer(model: BaseEstimator, features: Any) -> pd.DataFrame:
    """Return the probability of each class (examples, classes)."""
    return pd.DataFrame(model.predict_proba(features), columns=model.classes_)


def answer_from(scores: NDArray[Any], schema: Schema) -> pd.DataFrame | None:
    """Return the same from scores (examples, classes); None where it takes more than these."""
    return pd.DataFrame(scores.astype(np.float64), columns=classes_of(schema))


def rate(answers: pd.DataFrame, target: pd.Series, schema: Schema, asked: str | None = None) -> dict[str, float]:
    """Return the metrics of these probabilities; if one is asked for, it is among them, and what takes long is not."""
    probabilities, known = answers.to_numpy(), answers.columns.to_numpy()
    predicted = known[decide(probabilities, known.tolist(), schema)]
    positive = schema.positive
    classes = known if positive is None else np.array([positive])
    labels = None if positive is None else classes
    precision, recall, f1, _ = precision_recall_fscore_support(
        target, predicted, labels=labels, average="macro", zero_division=0
    )
    ending = "_macro" if positive is None else ""
    found = {
        "accuracy": float(accuracy_score(target, predicted)),
        f"precision{ending}": float(precision),
        f"recall{ending}": float(recall),
        f"f1{ending}": float(f1),
    }
    if asked in found:
        return found
    # A class that the model has never seen is never likely.
    scores = np.stack([probabilities[:, known == name].sum(axis=1) for name in classes], axis=1)
    truth = target.to_numpy()[:, None] == classes
    # A class that is absent from these examples, or fills them, has no curve.
    drawn = truth.any(axis=0) & ~truth.all(axis=0)
    curves = {"roc_auc": roc_auc_score, "pr_auc": average_precision_score}
    for name, area in curves.items():
        found[name + ending] = float(area(truth[:, drawn], scores[:, drawn])) if drawn.any() else np.nan
    return found


def break_down(model: BaseEstimator, test: Split, schema: Schema) -> dict[str, pd.DataFrame]:
    """Return a table with the metrics of each class."""
    classes = model.classes_
    probabilities = model.predict_proba(test.features)
    predicted = classes[decide(probabilities, classes.tolist(), schema)]
    columns = ("precision", "recall", "f1", "examples")
    found = precision_recall_fscore_support(test.target, predicted, labels=classes, average=None, zero_division=0)
    names = [f"{name} (positive)" if name == schema.positive else str(name) for name in classes]
    table = pd.DataFrame({"class": names, **dict(zip(columns, found, strict=True))})
    if schema.threshold is None:
        return {"Classes": table}
    decided = {"predicted": schema.positive, "from a probability of": schema.threshold}
    return {"Classes": table, "Threshold": pd.DataFrame([decided])}


def fit_baseline(model: BaseEstimator, train: Split, seed: int) -> BaseEstimator:
    """Return the naive classifier: always the most frequent class, with the share of each as its probability."""
    return DummyClassifier(strategy="prior", random_state=seed).fit(train.features, train.target)
