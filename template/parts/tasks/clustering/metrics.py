"""How well separated clusters are, measured in the space of the preprocessed features."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.metrics import davies_bouldin_score, silhouette_samples
from sklearn.pipeline import Pipeline

from ..data.dataset import Split
from ..schema import Schema

Scorer = Callable[[Any, Any, Any], dict[str, float]]

METRICS = ("silhouette", "davies_bouldin")
LOWER_IS_BETTER = frozenset({"davies_bouldin"})
MAX_ROWS = 5_000


def metric_names(schema: Schema) -> tuple[str, ...]:
    """Return what is measured."""
    return METRICS


def scorer(schema: Schema) -> Scorer:
    """Return what measures a model."""
    return measure


def break_down(model: BaseEstimator, test: Split, schema: Schema) -> dict[str, pd.DataFrame]:
    """Return tables that say more of the metrics: none."""
    return {}


def measure(model: Pipeline, features: pd.DataFrame, target: None = None) -> dict[str, float]:
    """Return the silhouette (-1 to 1) and the Davies-Bouldin index (0 is best); NaN where one cluster took all rows.

    Silhouette: Rousseeuw, J. Comput. Appl. Math. 20, 1987. Davies-Bouldin: IEEE Trans. PAMI 1, 1979.
    """
    return rate(answer(model, features), target)


def answer(model: Pipeline, features: pd.DataFrame) -> pd.DataFrame:
    """Return where each row lies among the preprocessed features, its cluster, and its silhouette.

    Of many rows, some have a silhouette, and it is NaN for the others; for all, if one cluster took them.
    """
    points, labels = np.asarray(model[:-1].transform(features)), model.predict(features)
    silhouettes = np.full(len(labels), np.nan)
    if 1 < len(np.unique(labels)) < len(labels):
        some = np.random.RandomState(0).permutation(len(labels))[:MAX_ROWS]
        silhouettes[some] = silhouette_samples(points[some], labels[some])
    return pd.DataFrame(points).assign(cluster=labels, silhouette=silhouettes)


def answer_from(scores: NDArray[Any], schema: Schema) -> pd.DataFrame | None:
    """Return the same from scores; None where it takes more than these: here, where each row lies."""
    return None


def rate(
    answers: pd.DataFrame, target: None = None, schema: Schema | None = None, asked: str | None = None
) -> dict[str, float]:
    """Return the metrics of these clusters."""
    labels = answers["cluster"].to_numpy()
    if answers["silhouette"].isna().all() or not 1 < len(np.unique(labels)) < len(labels):
        return dict.fromkeys(METRICS, np.nan)
    points = answers.drop(columns=["cluster", "silhouette"]).to_numpy()
    return {
        "silhouette": float(answers["silhouette"].mean()),
        "davies_bouldin": float(davies_bouldin_score(points, labels)),
    }


def fit_baseline(model: Pipeline, train: Split, seed: int) -> BaseEstimator:
    """Return the naive clusterer: each row at random into one of the model's clusters."""
    labels = model.predict(train.features)
    chance = DummyClassifier(strategy="uniform", random_state=seed).fit(train.features, labels)
    return Pipeline([*model.steps[:-1], ("model", chance)])
