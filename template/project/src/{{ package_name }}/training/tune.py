"""Search for the best hyper-parameters of those that params.yaml lists, and train with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..config import Config, Range, check_changes
from ..data.load import load
from ..errors import ConfigError
from ..evaluation.metrics import LOWER_IS_BETTER, metric_names
from ..evaluation.report import write_search_report
from ..inference.naming import find_metric
from .model import build_model
from .runs import check_label
from .search import SEARCHES
from .train import Run, finish_run
from .trials import Task, Trial, best_of, check_grid, influence


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
    """Search by cross-validation on the training rows, then train with the best candidate.

    The values of params.yaml are a candidate too. Raises ConfigError when the model has no grid, the grid names an
    unknown hyper-parameter, or the search is none or cannot try what the grid holds.
    """
    check_label(label)
    check_changes(config, [config.model])
    search = find_search(config)
    dataset = load(config)
    metric = find_metric(config.evaluation.metric, metric_names(dataset.schema))
    task = Task(config, build_model(config, dataset.schema), dataset, metric, jobs)
    check_grid(task)
    trials = search(task)
    choice = choose(trials, metric, config)
    tuned = with_params(config, choice.values)
    run = finish_run(build_model(tuned, dataset.schema), dataset, tuned, folds_chose=True, label=label)
    write_search_report(results_table(trials, metric), metric, influence(trials), run.report.parent)
    return TunedRun(run.name, run.evaluation, run.bundle, run.report, choice)


def find_search(config: Config) -> Any:
    """Return the search that params.yaml names, or the first. Raises ConfigError for an unknown one."""
    asked = config.tuning.search or next(iter(SEARCHES))
    if asked not in SEARCHES:
        raise ConfigError(f"tuning.search: {asked!r} is unknown; known are {', '.join(SEARCHES)}")
    return SEARCHES[asked]


def choose(trials: Sequence[Trial], metric: str, config: Config) -> Choice:
    """Return the best candidate, and how it compares with the values of params.yaml, the first."""
    best, settings = best_of(trials, metric), config.models[config.model]
    if best is None:
        raise ConfigError(f"models.{config.model}.grid: {metric} is not defined for any candidate")
    edges = []
    for name, tried in settings.grid.items():
        value = best.values[name]
        ends = [tried.low, tried.high] if isinstance(tried, Range) else tried
        numbers = sorted(each for each in ends if isinstance(each, int | float) and not isinstance(each, bool))
        # Nothing is less than one of what is counted.
        at_least = value == numbers[0] and value not in (0, 1) if numbers else False
        if len(numbers) > 1 and (at_least or value == numbers[-1]):
            edges.append(f"{name} = {value} is the {'least' if at_least else 'most'} that was tried")
    return Choice(
        metric=metric,
        values=best.values,
        params={**settings.params, **best.values},
        gain=best.mean - trials[0].mean,
        spread=best.spread,
        edges=tuple(edges),
    )


def with_params(config: Config, values: Mapping[str, Any]) -> Config:
    """Return the settings with the candidate's hyper-parameters for the chosen model."""
    chosen = config.models[config.model]
    changed = chosen.model_copy(update={"params": {**chosen.params, **values}})
    return config.model_copy(update={"models": {**config.models, config.model: changed}})


def results_table(trials: Sequence[Trial], metric: str) -> pd.DataFrame:
    """Return one row for each candidate, the best first: its values, the metric's mean and spread, seconds to fit.

    Those that were given up, or measured with fewer examples, come last.
    """
    # None and whole numbers stay what they are.
    values = pd.DataFrame([trial.values for trial in trials], dtype=object)
    scores = pd.DataFrame(
        {
            metric: [trial.mean for trial in trials],
            f"{metric}_std": [trial.spread for trial in trials],
            "fit_seconds": [trial.seconds for trial in trials],
        }
    )
    if any(trial.examples for trial in trials):
        scores["examples"] = [trial.examples or "all" for trial in trials]
    whole = pd.Series([trial.counts for trial in trials])
    if not whole.all():
        scores["measured"] = whole.map({True: "whole", False: "in part"})
    table = pd.concat([values, scores], axis="columns")
    best_first = table.assign(whole=~whole).sort_values(
        ["whole", metric], ascending=[True, metric in LOWER_IS_BETTER], kind="stable"
    )
    return best_first.drop(columns="whole")
