"""Fit every model of params.yaml on the same folds, and show them in one table."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from ..config import Config
from ..data.dataset import Dataset, Split
from ..data.load import load
from ..errors import ConfigError
from ..evaluation.evaluate import cross_validate, over_folds
from ..evaluation.metrics import LOWER_IS_BETTER, fit_baseline, metric_names
from ..evaluation.report import write_comparison
from ..inference.naming import find_metric
from .lineage import describe_lineage
from .model import build_model
from .runs import RunRecord, check_label, name_run
from .tracking import log_run
from .train import fit

NAIVE = "naive baseline"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Comparison:
    """The models, the best first: mean and spread of each metric over the folds, seconds for a fit; and the page."""

    metric: str
    table: pd.DataFrame
    page: Path

    @property
    def as_good(self) -> list[str]:
        """The models that are no worse than the best by more than its spread, the best first."""
        best = self.table.iloc[0]
        near = (self.table[self.metric] - best[self.metric]).abs() <= best[f"{self.metric}_std"]
        return [str(name) for name in self.table.loc[near, "model"]]


def compare(config: Config, label: str | None = None) -> Comparison:
    """Fit each model with its values of params.yaml on the folds of the training examples; no model is saved.

    What is held out stays so: who chooses by it has nothing left to measure the chosen model on. A model that cannot be
    fitted is told of and left out. Raises ConfigError when none can.
    """
    check_label(label)
    dataset = load(config)
    metric = find_metric(config.evaluation.metric, metric_names(dataset.schema))
    models, rows = {}, []
    for name in config.models:
        chosen = config.model_copy(update={"model": name})
        try:
            models[name] = build_model(chosen, dataset.schema)
            rows.append(measure(name, partial(fitted, models[name]), dataset, config))
        except ConfigError as error:
            log.warning("%s is left out: %s", name, error)
        else:
            log_run(record_of(rows[-1], chosen, label), chosen)
    if not rows:
        raise ConfigError("none of the models can be fitted")
    beside = models[rows[0]["model"]]
    rows.append(measure(NAIVE, lambda part: fit_baseline(fitted(beside, part), part, config.seed), dataset, config))
    table = pd.DataFrame(rows).sort_values(metric, ascending=metric in LOWER_IS_BETTER, kind="stable")
    return Comparison(metric, table, write_comparison(table, metric, config.reports_dir / "comparison"))


def record_of(row: Mapping[str, Any], config: Config, label: str | None) -> RunRecord:
    """Return the record of a model that was measured on folds alone."""
    spread = {name.removesuffix("_std"): value for name, value in row.items() if name.endswith("_std")}
    name = name_run(f"{label}-{config.model}" if label else config.model)
    return RunRecord(
        name=name,
        command="compare",
        metrics={},
        baseline={},
        mean={name: row[name] for name in spread},
        spread=spread,
        changes=config.changes,
        lineage=describe_lineage(config, seconds=row["fit_seconds"], run=name),
    )


def fitted(model: Any, part: Split) -> Any:
    """Return a copy of the model, fitted. Raises ConfigError."""
    model = clone(model)
    fit(model, part)
    return model


def measure(name: str, fit: Callable[[Split], Any], dataset: Dataset, config: Config) -> dict[str, Any]:
    """Return one row of the table."""
    started, folds = perf_counter(), config.evaluation.folds
    measured = cross_validate(fit, dataset, folds)
    seconds = (perf_counter() - started) / folds
    row: dict[str, Any] = {"model": name}
    for metric, mean in over_folds(np.mean, measured).items():
        row |= {metric: mean, f"{metric}_std": over_folds(np.std, measured)[metric]}
    return {**row, "fit_seconds": seconds}
