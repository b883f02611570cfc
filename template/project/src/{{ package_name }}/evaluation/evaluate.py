"""Measure a fitted model on held-out examples, against a naive baseline and across folds."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from rich.progress import track
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ..config import Config
from ..data.dataset import Dataset
from ..data.load import load
from ..errors import BundleError
from ..inference.bundle import find_bundle
from ..inference.storage import load_model
from ..schema import SCHEMA_FILE, Schema
from .diagnostics import diagnose
from .figures import draw
from .metrics import fit_baseline, measure

Metrics = dict[str, float]


@dataclass(frozen=True)
class Evaluation:
    """What is known of a model: its metrics, the baseline's, their mean and spread across folds, and figures."""

    metrics: Metrics
    baseline: Metrics
    folds_mean: Metrics
    folds_std: Metrics
    figures: dict[str, Figure]


def evaluate(model: Pipeline, dataset: Dataset, config: Config) -> Evaluation:
    """Measure the fitted model on the test examples; the folds are cut from the training examples."""
    test = dataset.test
    baseline = fit_baseline(model, dataset.train, config.seed)
    folds = cross_validate(model, dataset, config.evaluation.folds)
    return Evaluation(
        metrics=measure(model, test.features, test.target),
        baseline=measure(baseline, test.features, test.target),
        folds_mean={name: float(np.mean([fold[name] for fold in folds])) for name in folds[0]},
        folds_std={name: float(np.std([fold[name] for fold in folds])) for name in folds[0]},
        figures=draw(model, dataset) | diagnose(model),
    )


def cross_validate(model: Pipeline, dataset: Dataset, folds: int) -> list[Metrics]:
    """Fit a fresh copy of the model for each fold and return the metrics of each."""
    features, target = dataset.train
    splits = list(dataset.splitter(folds).split(features, target))
    measured = []
    for train, test in track(splits, description="Cross-validating"):
        part, rest = dataset.train.take(train), dataset.train.take(test)
        fitted = clone(model).fit(part.features, part.target)
        measured.append(measure(fitted, rest.features, rest.target))
    return measured


def evaluate_saved(config: Config, name: str | None = None) -> tuple[Path, Evaluation]:
    """Measure a saved model, the newest if no name is given; return its folder and what was measured.

    Raises BundleError when there is no such model, or the data has another schema than the model's.
    """
    folder = find_bundle(config.models_dir, name)
    dataset = load(config)
    if Schema.read(folder / SCHEMA_FILE) != dataset.schema:
        raise BundleError(f"{folder} was trained on data of another form than {config.data_path}; train again")
    return folder, evaluate(load_model(folder), dataset, config)
