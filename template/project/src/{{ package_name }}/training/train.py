"""Fit a model, evaluate it, and keep it with all that is known of it."""

import logging
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from sklearn.base import BaseEstimator
from sklearn.metrics import get_scorer
from sklearn.pipeline import Pipeline

from ..config import Config, check_changes
from ..data.dataset import Dataset, Split
from ..data.load import load
from ..errors import BundleError, ConfigError
from ..evaluation.evaluate import Evaluation, evaluate
from ..evaluation.metrics import metric_names
from ..evaluation.report import write_run_report
from ..evaluation.rivals import name_of, read_known
from ..evaluation.threshold import with_threshold
from ..inference.bundle import verify_checksums
from ..inference.naming import find_metric
from .lineage import describe_lineage
from .model import build_model
from .runs import Lineage, check_label, name_run, read_lineage, record_of_bundle
from .saving import CANDIDATE, LAST_FIT, copy_whole, save_bundle
from .tracking import log_run

# Scores of a column alone that are worth a word, where 1 is the best.
LEAST_ALONE = 0.7

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """One finished run: its name, what it measured, and where its model and report are."""

    name: str
    evaluation: Evaluation
    bundle: Path
    report: Path


def train(config: Config, label: str | None = None, place: str | None = None) -> Run:
    """Fit the model that params.yaml names; `label` takes its place in the run's name.

    With a `place`, it takes the place of the model there, nothing answers with it, and no record is kept. Raises
    ConfigError when its metric is unknown, and ProjectError for a label or place that is none.
    """
    for name in (label, place):
        check_label(name)
    check_changes(config, [config.model])
    return train_on(load(config), config, label, f".{place}" if place else None)


def train_candidate(config: Config, rival: Path | None = None) -> Run:
    """Fit the model that params.yaml names, as a candidate that nothing but a pipeline looks at.

    What its rival has learned from is learned from, and what was held out from that is held out again, so that both can
    be compared. If the last fit is on all examples, it is saved beside the candidate. Raises as `train` does.
    """
    dataset = load(config, read_known(rival) if rival else None)
    find_metric(config.evaluation.metric, metric_names(dataset.schema))
    model, name = build_model(config, dataset.schema), name_run(config.model)
    measured = measure_fit(model, dataset, config, name, rival=name_of(rival) if rival else None)
    models, place = config.models_dir, config.models_dir / CANDIDATE
    clear(place, models / LAST_FIT, config.reports_dir / CANDIDATE)
    dataset = measured.dataset
    save_bundle(model, replace(dataset, whole=None), measured.evaluation, measured.lineage, place)
    if dataset.whole is not None:
        fit(model, dataset.whole)
        save_bundle(model, dataset, measured.evaluation, measured.lineage, models / LAST_FIT)
    origin, pages = measured.lineage.origin(), config.reports_dir / CANDIDATE
    return Run(name, measured.evaluation, place, write_run_report(name, measured.evaluation, origin, pages))


def train_all(config: Config, label: str | None = None) -> Iterator[Run]:
    """Fit each model of params.yaml, and yield each run as it ends.

    A model that cannot be fitted is told of and left out. Raises ConfigError when none can.
    """
    check_label(label)
    dataset, finished = load(config), 0
    for model in config.models:
        try:
            run = train_on(dataset, config.model_copy(update={"model": model}), f"{label}-{model}" if label else None)
        except ConfigError as error:
            log.warning("%s is left out: %s", model, error)
        else:
            finished += 1
            yield run
    if not finished:
        raise ConfigError("none of the models can be fitted")


def train_on(dataset: Dataset, config: Config, label: str | None, place: str | None = None) -> Run:
    """Fit the configured model on a dataset."""
    find_metric(config.evaluation.metric, metric_names(dataset.schema))
    return finish_run(build_model(config, dataset.schema), dataset, config, label=label, place=place)


def fit(model: BaseEstimator, examples: Split) -> None:
    """Fit the model. Raises ConfigError when a hyper-parameter does not suit it, or the data."""
    try:
        model.fit(examples.features, examples.target)
    except MemoryError:
        raise ConfigError(f"the model needs more memory for {len(examples.features)} examples than there is") from None
    except ValueError as error:
        raise ConfigError(f"the model cannot be fitted with the settings of params.yaml: {error}") from error


def tell_remarks(model: Pipeline) -> None:
    """Log what a fitted model and its steps want people to know, such as how much they have cut off."""
    for step in (model, *model):
        for remark in getattr(step, "remarks_", ()):
            log.info("%s", remark)


def warn_of_one_column(model: Pipeline, dataset: Dataset) -> None:
    """Log when a column alone predicts as well as the model does, which is rarely to be believed."""
    alone = getattr(dataset, "alone", None)
    if alone is None or alone.score < LEAST_ALONE:
        return
    score = float(get_scorer(alone.scoring)(model, *dataset.test))
    if alone.score >= score:
        log.warning(
            "column %r alone predicts as well as the model: %s %.3f, the model's is %.3f; if it is not known before, "
            "list it under data.ignore",
            *alone,
            score,
        )


def clear(*folders: Path) -> None:
    """Remove what is in the place of something new."""
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)


def adopt(config: Config, source: Path, pages: Path, decision: Mapping[str, Any] | None = None) -> str:
    """Put a model that has a place of its own among the saved ones, with its report and a record; return its name.

    It has the name of its run. What is there already is left as it is. Raises BundleError when it is damaged.
    """
    name = read_lineage(source).run
    if name is None:
        raise BundleError(f"{source} does not say which run it is of; train again")
    copy_whole(source, config.models_dir / name)
    verify_checksums(config.models_dir / name)
    if pages.exists():
        shutil.copytree(pages, config.reports_dir / name, dirs_exist_ok=True)
    record = record_of_bundle(config.models_dir / name)
    log_run(record.model_copy(update={"decision": dict(decision or {})}), config)
    return name


class Measured(NamedTuple):
    """What is known of a fit: the dataset with the threshold in its schema, what was measured, where it came from."""

    dataset: Dataset
    evaluation: Evaluation
    lineage: Lineage


def measure_fit(
    model: Pipeline,
    dataset: Dataset,
    config: Config,
    name: str,
    *,
    folds_chose: bool = False,
    rival: str | None = None,
) -> Measured:
    """Fit the model on the training examples, and measure it on the others."""
    started = perf_counter()
    fit(model, dataset.train)
    tell_remarks(model)
    lineage = describe_lineage(config, seconds=perf_counter() - started, run=name, rival=rival)
    warn_of_one_column(model, dataset)
    dataset = with_threshold(model, dataset, config)
    return Measured(dataset, evaluate(model, dataset, config, folds_chose=folds_chose), lineage)


def finish_run(
    model: Pipeline,
    dataset: Dataset,
    config: Config,
    *,
    folds_chose: bool = False,
    label: str | None = None,
    place: str | None = None,
) -> Run:
    """Fit the model on the training examples; evaluate, save, report and log it, the last not in a `place` of its own.

    What is saved has learned from all examples, if `training.final_fit` says so.
    """
    name = name_run(label or config.model)
    dataset, evaluation, lineage = measure_fit(model, dataset, config, name, folds_chose=folds_chose)
    if dataset.whole is not None:
        fit(model, dataset.whole)
    folders = [folder / (place or name) for folder in (config.models_dir, config.reports_dir)]
    if place:
        clear(*folders)
    bundle = save_bundle(model, dataset, evaluation, lineage, folders[0])
    report = write_run_report(name, evaluation, lineage.origin(), folders[1])
    if not place:
        log_run(record_of_bundle(bundle).model_copy(update={"changes": config.changes}), config)
    return Run(name, evaluation, bundle, report)
