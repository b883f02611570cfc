"""Measure a fitted model on held-out examples, against a naive baseline and across folds."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.progress import track
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ..config import Config
from ..data.dataset import Dataset, Split
from ..data.load import read_examples
from ..errors import BundleError
from ..inference.bundle import HELD_OUT_FILE, LEARNED_FILE, LINEAGE_FILE, METRICS_FILE, find_bundle, read_json
from ..inference.predictor import load_native
from ..schema import SCHEMA_FILE, Schema
from .diagnostics import diagnose
from .figures import draw
from .metrics import break_down, fit_baseline, scorer

Metrics = dict[str, float]

# A model is measured on no smaller share of the examples that were held out.
LEAST_SHARE = 0.5
# Fewer examples that are new to a model tell nothing of it.
LEAST_NEW = 20

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evaluation:
    """What is known of a model: its metrics, the baseline's, their mean and spread across folds, tables and figures.

    `folds_chose` says that its hyper-parameters are those that were best on the folds, which therefore flatter it.
    `files` are tables with a row for each example.
    """

    metrics: Metrics
    baseline: Metrics
    folds_mean: Metrics
    folds_std: Metrics
    tables: dict[str, pd.DataFrame]
    figures: dict[str, Figure]
    folds_chose: bool = False
    files: dict[str, pd.DataFrame] = field(default_factory=dict)


def evaluate(model: Pipeline, dataset: Dataset, config: Config, *, folds_chose: bool = False) -> Evaluation:
    """Measure the fitted model on the test examples; the folds are cut from the training examples."""
    test, measure = dataset.test, scorer(dataset.schema)
    baseline = fit_baseline(model, dataset.train, config.seed)
    folds = cross_validate(lambda part: clone(model).fit(*part), dataset, config.evaluation.folds)
    return Evaluation(
        metrics=measure(model, test.features, test.target),
        baseline=measure(baseline, test.features, test.target),
        folds_mean=over_folds(np.mean, folds),
        folds_std=over_folds(np.std, folds),
        # Pipelines that prepare columns tell what they did.
        tables=break_down(model, test, dataset.schema) | getattr(model, "tables_", {}),
        figures=draw(model, dataset) | diagnose(model),
        folds_chose=folds_chose,
        files=model.describe(dataset.train.features, test.features) if hasattr(model, "describe") else {},
    )


def over_folds(summary: Callable[..., Any], folds: Sequence[Metrics]) -> Metrics:
    """Return one number for each metric from those of the folds."""
    return {name: float(summary([fold[name] for fold in folds])) for name in folds[0]}


def cross_validate(fit: Callable[[Split], Any], dataset: Dataset, folds: int) -> list[Metrics]:
    """Fit anew on the rest of each fold and return the metrics of each."""
    features, target = dataset.train
    splits = list(dataset.splitter(folds).split(features, target))
    measure, measured = scorer(dataset.schema), []
    for train, test in track(splits, description="Cross-validating"):
        part, rest = dataset.train.take(train), dataset.train.take(test)
        measured.append(measure(fit(part), rest.features, rest.target))
    return measured


def evaluate_saved(config: Config, name: str | None = None) -> tuple[Path, Evaluation]:
    """Measure a saved model, the newest if no name is given; return its folder and what was measured.

    It is measured on the examples that were held out when it was trained, wherever they are now; the folds are those of
    then. A model that has learned from all examples is measured on those that are new since; as long as these are
    few, what was measured before its last fit is returned, without figures. Raises BundleError when there is no such
    model, the data has another schema than the model's, or too few of the examples held out are left.
    """
    folder = find_bundle(config.models_dir, name)
    examples, schema, _ = read_examples(config)
    own = read_own_schema(folder, schema, config)
    saved = read_metrics(folder)
    if has_learned_all(folder):
        places = np.flatnonzero(examples.unlike(read_keys(folder, LEARNED_FILE)))
        if len(places) < LEAST_NEW:
            log.info("%s has learned from all examples: these are the numbers of the fit before its last", folder.name)
            return folder, saved
        log.info("%d examples are new since %s was trained", len(places), folder.name)
    else:
        places = find_held_out(examples, folder, config.data_path)
    test, train = examples.take(places), examples.take(np.setdiff1d(np.arange(len(examples.features)), places))
    model, measure = load_native(folder), scorer(own)
    baseline = fit_baseline(model, train, config.seed) if len(train.features) else None
    return folder, Evaluation(
        metrics=measure(model, test.features, test.target),
        baseline=measure(baseline, test.features, test.target) if baseline else saved.baseline,
        folds_mean=saved.folds_mean,
        folds_std=saved.folds_std,
        tables=saved.tables | break_down(model, test, own),
        figures=draw(model, Dataset(train, test, own)) | diagnose(model),
        folds_chose=saved.folds_chose,
    )


def read_own_schema(folder: Path, schema: Schema, config: Config) -> Schema:
    """Return the schema of a saved model. Raises BundleError when the data has another one."""
    own = Schema.read(folder / SCHEMA_FILE)
    # The threshold is the model's, and not the data's.
    if own.model_dump(exclude={"threshold"}) != schema.model_dump(exclude={"threshold"}):
        raise BundleError(f"{folder} was trained on data of another form than {config.data_path}; train again")
    return own


def has_learned_all(folder: Path) -> bool:
    """Return whether the last fit of a saved model was on all examples, those that it was measured on, too."""
    training = read_json(folder / LINEAGE_FILE)["settings"].get("training", {})
    if training.get("final_fit") != "all":
        return False
    return bool(np.isin(read_keys(folder, HELD_OUT_FILE), read_keys(folder, LEARNED_FILE)).all())


def read_keys(folder: Path, file: str) -> NDArray[np.uint64]:
    """Return the keys of examples that are kept in a file of a saved model. Raises BundleError."""
    try:
        keys: NDArray[np.uint64] = np.load(folder / file, allow_pickle=False)
    except (OSError, ValueError):
        what = "has learned from" if file == LEARNED_FILE else "has not seen"
        raise BundleError(f"{folder} does not say which examples it {what}; train again") from None
    return keys


def find_held_out(examples: Split, folder: Path, source: Path) -> NDArray[np.intp]:
    """Return the places of the examples that a saved model was measured on. Raises BundleError for too few."""
    keys = read_keys(folder, HELD_OUT_FILE)
    places = np.flatnonzero(np.isin(examples.keys(), keys))
    found = len(places)
    if found < LEAST_SHARE * len(keys):
        raise BundleError(
            f"{source}: of the {len(keys)} examples that {folder.name} has not learned from, {found} are left, too few "
            "to measure it on; train again"
        )
    if found < len(keys):
        log.warning(
            "%s: %d of the %d examples that were held out are gone; the others are measured",
            source,
            len(keys) - found,
            len(keys),
        )
    return places


def read_metrics(folder: Path) -> Evaluation:
    """Return what was measured when a model was saved; a metric that was not defined is NaN."""
    saved = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
    metrics, baseline, mean, spread = (
        {name: np.nan if value is None else value for name, value in table.items()}
        for table in (saved["metrics"], saved["baseline"], saved["folds"]["mean"], saved["folds"]["std"])
    )
    tables = {name: pd.DataFrame(rows) for name, rows in saved["tables"].items()}
    chose = bool(saved["folds"].get("chose"))
    return Evaluation(metrics, baseline, mean, spread, tables, figures={}, folds_chose=chose)
