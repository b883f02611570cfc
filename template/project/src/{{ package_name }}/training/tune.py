"""Search the grid of params.yaml for the best hyper-parameters, on all cores."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import pandas as pd
from joblib import cpu_count
from rich.progress import track
from sklearn.model_selection import GridSearchCV, ParameterGrid
from sklearn.pipeline import Pipeline

from ..config import Config, check_changes
from ..data.dataset import Dataset
from ..data.load import load
from ..errors import ConfigError
from ..evaluation.metrics import LOWER_IS_BETTER, metric_names, scorer
from ..evaluation.report import write_search_report
from ..inference.naming import find_metric
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


@dataclass(frozen=True)
class Choice:
    """What a search chose: the best values, all hyper-parameters with them, and by how much they are better.

    `gain` is the metric's mean over the folds, less that of the values in params.yaml, and `spread` is its standard
    deviation over the folds; `edges` says which values are the first or last of those that were tried.
    """

    metric: str
    values: dict[str, Any]
    params: dict[str, Any]
    gain: float
    spread: float
    edges: tuple[str, ...]


@dataclass(frozen=True)
class TunedRun(Run):
    """A finished run with what the search before it chose."""

    choice: Choice


def tune(config: Config, *, jobs: int = -1, label: str | None = None) -> TunedRun:
    """Search the grid by cross-validation on the training rows, then train with the best candidate.

    The values of params.yaml are a candidate too. Raises ConfigError when the model has no grid, or the grid names an
    unknown hyper-parameter.
    """
    check_changes(config, [config.model])
    dataset = load(config)
    metric = find_metric(config.evaluation.metric, metric_names(dataset.schema))
    search = build_search(config, build_model(config, dataset.schema), dataset, jobs)
    fit(search, dataset.train)
    results = results_table(search, metric)
    choice = choose(search, results, metric, config)
    tuned = with_params(config, choice.values)
    run = finish_run(build_model(tuned, dataset.schema), dataset, tuned, folds_chose=True, label=label)
    write_search_report(results, metric, run.report.parent)
    return TunedRun(run.name, run.evaluation, run.bundle, run.report, choice)


def choose(search: GridSearchCV, results: pd.DataFrame, metric: str, config: Config) -> Choice:
    """Return the best candidate, and how it compares with the values of params.yaml, the first candidate."""
    best, settings = results.index[0], config.models[config.model]
    values = plain(search.cv_results_["params"][best])
    edges = []
    for name, tried in settings.grid.items():
        numbers = sorted(value for value in tried if isinstance(value, int | float) and not isinstance(value, bool))
        # Nothing is less than one of what is counted.
        at_least = values[name] == numbers[0] and values[name] not in (0, 1) if numbers else False
        if len(numbers) > 1 and (at_least or values[name] == numbers[-1]):
            edges.append(f"{name} = {values[name]} is the {'least' if at_least else 'most'} that was tried")
    return Choice(
        metric=metric,
        values=values,
        params={**settings.params, **values},
        gain=float(results.loc[best, metric] - results.loc[0, metric]),
        spread=float(results.loc[best, f"{metric}_std"]),
        edges=tuple(edges),
    )


def plain(candidate: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a candidate by the names of params.yaml."""
    return {name.removeprefix("model__"): value for name, value in candidate.items()}


def build_search(config: Config, model: Pipeline, dataset: Dataset, jobs: int) -> TrackedGridSearchCV:
    """Return the unfitted search. Raises ConfigError as `tune` does."""
    grid = config.models[config.model].grid
    if not grid:
        raise ConfigError(f"models.{config.model}.grid: nothing to try; list some values in params.yaml")
    if unknown := [name for name in grid if step_param(name) not in model.get_params()]:
        raise ConfigError(f"models.{config.model}.grid: {unknown[0]!r} is no hyper-parameter of this model")
    tried = {step_param(name): values for name, values in grid.items()}
    known = model.get_params()
    return TrackedGridSearchCV(
        model,
        # What params.yaml says comes first, to be compared with.
        [{name: [known[name]] for name in tried}, tried],
        scoring=scorer(dataset.schema),
        refit=False,
        cv=dataset.splitter(config.evaluation.folds),
        n_jobs=jobs,
    )


def with_params(config: Config, candidate: Mapping[str, Any]) -> Config:
    """Return the settings with the candidate's hyper-parameters for the chosen model."""
    chosen = config.models[config.model]
    changed = chosen.model_copy(update={"params": {**chosen.params, **plain(candidate)}})
    return config.model_copy(update={"models": {**config.models, config.model: changed}})


def results_table(search: GridSearchCV, metric: str) -> pd.DataFrame:
    """Return one row for each candidate, the best first: its values, the metric's mean and spread, seconds to fit."""
    results = pd.DataFrame(search.cv_results_)
    # None and whole numbers stay what they are.
    values = pd.DataFrame([plain(candidate) for candidate in results["params"]], dtype=object)
    scores = results[[f"mean_test_{metric}", f"std_test_{metric}", "mean_fit_time"]].set_axis(
        [metric, f"{metric}_std", "fit_seconds"], axis="columns"
    )
    return pd.concat([values, scores], axis="columns").sort_values(metric, ascending=metric in LOWER_IS_BETTER)
