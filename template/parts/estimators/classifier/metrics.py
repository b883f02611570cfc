"""How good a classifier is. Classes count alike, however rare (macro averages)."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score, average_precision_score, precision_recall_fscore_support, roc_auc_score

from ..data.dataset import Split

METRICS = ("accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc")
LOWER_IS_BETTER: frozenset[str] = frozenset()


def measure(model: BaseEstimator, features: Any, target: pd.Series) -> dict[str, float]:
    """Return the metrics of the model's predictions, each between 0 and 1."""
    probabilities = model.predict_proba(features)
    predicted = model.classes_[probabilities.argmax(axis=1)]
    precision, recall, f1, _ = precision_recall_fscore_support(target, predicted, average="macro", zero_division=0)
    truth = target.to_numpy()[:, None] == model.classes_
    # A class that is absent from these examples, or fills them, has no curve.
    drawn = truth.any(axis=0) & ~truth.all(axis=0)
    return {
        "accuracy": float(accuracy_score(target, predicted)),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
        "roc_auc": float(roc_auc_score(truth[:, drawn], probabilities[:, drawn])) if drawn.any() else np.nan,
        "pr_auc": float(average_precision_score(truth[:, drawn], probabilities[:, drawn])) if drawn.any() else np.nan,
    }


def fit_baseline(model: BaseEstimator, train: Split, seed: int) -> BaseEstimator:
    """Return the naive classifier: always the most frequent class, with the share of each as its probability."""
    return DummyClassifier(strategy="prior", random_state=seed).fit(train.features, train.target)
