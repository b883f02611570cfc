"""Search the grid of params.yaml for the best hyper-parameters, on all cores."""

from collections.abc import Callable, Iterable, Mapping
from math import ceil
from typing import Any

import pandas as pd
from joblib import cpu_count
from rich.progress import track
from sklearn.model_selection import GridSearchCV, ParameterGrid
from sklearn.pipeline import Pipeline

from ..config import Config
from ..data.dataset import Dataset
from ..data.load import load
from ..errors import ConfigError
from ..evaluation.floor import find_metric
from ..evaluation.metrics import LOWER_IS_BETTER, metric_names, scorer
from ..evaluation.report import write_search_report
from .estimators import step_param
from .model import build_model
from .train import Run, finish_run, fit


class TrackedGridSearchCV(GridSearchCV):
    """GridSearchCV with a progress bar: candidates are handed out in batches that keep all cores busy."""

    def _run_search(self, evaluate_candidates: Callable[[Iterable[Mapping[str, Any]]], object]) -> None:
        candidates = list(ParameterGrid(self.param_grid))
        size = ceil(4 * cpu_count() / self.cv.get_n_splits())
        batches = [candidates[start : start + size] for start in range(0, len(candidates), size)]
        for batch in track(batches, description=f"Trying {len(candidates)} candidates"):
            evaluate_candidates(batch)


def tune(config: Config, *, jobs: int = -1) -> Run:
    """Search the grid by cross-validation on the training rows, then train with the best candidate.

    Raises ConfigError when the model has no grid, or the grid names an unknown hyper-parameter.
    """
    dataset = load(config)
    metric = find_metric(config.evaluation.metric, metric_names(dataset.schema))
    search = build_search(config, build_model(config, dataset.schema), dataset, jobs)
    fit(search, dataset.train)
    results = results_table(search, metric)
    tuned = with_params(config, search.cv_results_["params"][results.index[0]])
    run = finish_run(build_model(tuned, dataset.schema), dataset, tuned)
    write_search_report(results, metric, run.report.parent)
    return run


def build_search(config: Config, model: Pipeline, dataset: Dataset, jobs: int) -> TrackedGridSearchCV:
    """Return the unfitted search. Raises ConfigError as `tune` does."""
    grid = config.models[config.model].grid
    if not grid:
        raise ConfigError(f"models.{config.model}.grid: nothing to try; list some values in params.yaml")
    if unknown := [name for name in grid if step_param(name) not in model.get_params()]:
        raise ConfigError(f"models.{config.model}.grid: {unknown[0]!r} is no hyper-parameter of this model")
    return TrackedGridSearchCV(
        model,
        {step_param(name): values for name, values in grid.items()},
        scoring=scorer(dataset.schema),
        refit=False,
        cv=dataset.splitter(config.evaluation.folds),
        n_jobs=jobs,
    )


def with_params(config: Config, candidate: Mapping[str, Any]) -> Config:
    """Return the settings with the candidate's hyper-parameters for the chosen model."""
    chosen = config.models[config.model]
    params = {name.removeprefix("model__"): value for name, value in candidate.items()}
    changed = chosen.model_copy(update={"params": {**chosen.params, **params}})
    return config.model_copy(update={"models": {**config.models, config.model: changed}})


def results_table(search: GridSearchCV, metric: str) -> pd.DataFrame:
    """Return one row for each candidate, the best first: its values, the metric's mean and spread, seconds to fit."""
    results = pd.DataFrame(search.cv_results_)
    values = pd.DataFrame(results["params"].tolist()).rename(columns=lambda name: name.removeprefix("model__"))
    scores = results[[f"mean_test_{metric}", f"std_test_{metric}", "mean_fit_time"]].set_axis(
        [metric, f"{metric}_std", "fit_seconds"], axis="columns"
    )
    return pd.concat([values, scores], axis="columns").sort_values(metric, ascending=metric in LOWER_IS_BETTER)
