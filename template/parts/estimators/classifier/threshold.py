"""From which probability of the positive class on it is predicted: half, or what suits the training examples best."""

import re
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ..config import HALF, Config, Costs
from ..data.dataset import Dataset
from ..errors import ConfigError

RULE = re.compile(r"f1|cost|(?P<metric>recall|precision)>=(?P<least>0?\.[0-9]+|1|1\.0)")


class Counts(NamedTuple):
    """What comes of each threshold, lowest first: right and wrong positives, and positives that are missed."""

    thresholds: NDArray[np.float64]
    found: NDArray[np.int64]
    false: NDArray[np.int64]
    missed: NDArray[np.int64]

    @property
    def precision(self) -> NDArray[np.float64]:
        """The share of predicted positives that are some."""
        return np.asarray(self.found / np.maximum(self.found + self.false, 1))

    @property
    def recall(self) -> NDArray[np.float64]:
        """The share of positives that are found."""
        return np.asarray(self.found / np.maximum(self.found + self.missed, 1))

    @property
    def f1(self) -> NDArray[np.float64]:
        """The harmonic mean of precision and recall."""
        return np.asarray(2 * self.found / np.maximum(2 * self.found + self.false + self.missed, 1))


def with_threshold(model: Pipeline, dataset: Dataset, config: Config) -> Dataset:
    """Return the dataset with the threshold that params.yaml asks for in its schema; half is none.

    A rule is settled on the folds of the training examples, each predicted by a model that has not seen it. Raises
    ConfigError for a rule that is none, that no threshold keeps to, or where there are more than two classes.
    """
    asked, positive = config.evaluation.threshold, dataset.schema.positive
    if asked == HALF:
        return dataset
    if positive is None:
        raise ConfigError("evaluation.threshold: there are more than two classes; the most probable one is predicted")
    if isinstance(asked, float):
        if not 0 < asked < 1:
            raise ConfigError(f"evaluation.threshold: {asked:g} is no probability between 0 and 1")
        return replace(dataset, schema=dataset.schema.model_copy(update={"threshold": asked}))
    if not RULE.fullmatch(asked):
        raise ConfigError(f"evaluation.threshold: {asked!r} is no number, nor f1, cost, recall>=0.9 or precision>=0.9")
    likely, truth = out_of_fold(model, dataset, positive, config.evaluation.folds)
    threshold = choose(count(likely, truth), asked, config.evaluation.costs)
    return replace(dataset, schema=dataset.schema.model_copy(update={"threshold": threshold}))


def out_of_fold(
    model: Pipeline, dataset: Dataset, positive: str, folds: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the probability of the positive class for the examples of all folds, and whether they are of it."""
    features, target = dataset.train
    likely, truth = [], []
    for train, test in dataset.splitter(folds).split(features, target):
        part, rest = dataset.train.take(train), dataset.train.take(test)
        fitted = clone(model).fit(part.features, part.target)
        likely.append(fitted.predict_proba(rest.features)[:, fitted.classes_ == positive].sum(axis=1))
        truth.append(rest.target.to_numpy() == positive)
    return np.concatenate(likely).astype(np.float64), np.concatenate(truth)


def count(likely: NDArray[np.float64], truth: NDArray[np.bool_]) -> Counts:
    """Return what comes of each threshold between two probabilities that occur, and of one above or below all."""
    occurring = np.unique(likely)
    ends = np.array([0.0]), np.array([1.0])
    thresholds = np.unique(np.concatenate([ends[0], (occurring[1:] + occurring[:-1]) / 2, ends[1]]))
    # As many of the sorted probabilities are below a threshold as its place among them says.
    positives, negatives = np.sort(likely[truth]), np.sort(likely[~truth])
    missed = np.searchsorted(positives, thresholds)
    false = len(negatives) - np.searchsorted(negatives, thresholds)
    return Counts(thresholds, len(positives) - missed, false, missed)


def choose(counts: Counts, rule: str, costs: Costs) -> float:
    """Return the threshold that suits a rule best, the highest of those that are as good. Raises ConfigError."""
    told = RULE.fullmatch(rule)
    if told is None or told["metric"] is None:
        spent = costs.false_positive * counts.false + costs.false_negative * counts.missed
        return last_best(counts.thresholds, -spent if rule == "cost" else counts.f1)
    shares = {"recall": counts.recall, "precision": counts.precision}
    kept = (shares.pop(told["metric"]) >= float(told["least"])) & (counts.found > 0)
    (other,) = shares.values()
    if not kept.any():
        raise ConfigError(f"evaluation.threshold: no threshold has {rule} on the folds of the training examples")
    return last_best(counts.thresholds[kept], other[kept])


def last_best(thresholds: NDArray[np.float64], worth: NDArray[np.float64]) -> float:
    """Return the highest threshold of those that are worth most."""
    return float(thresholds[np.flatnonzero(worth == worth.max())[-1]])
