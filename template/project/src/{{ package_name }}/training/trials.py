"""What all searches share: candidates, what they measured, the best so far."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np
import pandas as pd
from rich.progress import Progress, TextColumn
from sklearn.pipeline import Pipeline

from ..config import Config, Range, as_yaml
from ..data.dataset import Dataset
from ..errors import ConfigError
from ..evaluation.floor import is_better
from ..evaluation.metrics import scorer
from ..inference.naming import write_number
from .estimators import step_param

# Of a range, so many parts are told apart where the influence of its values is measured.
PARTS = 4


@dataclass(frozen=True)
class Trial:
    """A candidate: its values by the names of params.yaml, the metric's mean and spread over the folds, seconds to fit.

    `examples` is how many it was measured with, if not with all; `stopped` whether it was given up as hopeless.
    """

    values: dict[str, Any]
    mean: float
    spread: float
    seconds: float
    examples: int | None = None
    stopped: bool = False

    @property
    def counts(self) -> bool:
        """Whether it can be compared with the others: it was measured on all folds."""
        return not self.stopped and self.mean == self.mean


@dataclass(frozen=True)
class Task:
    """What to search for: the pipeline, the examples to measure it with, the metric to rank by; processes at a time."""

    config: Config
    model: Pipeline
    dataset: Dataset
    metric: str
    jobs: int

    @property
    def grid(self) -> dict[str, list[Any] | Range]:
        """What is tried of each hyper-parameter."""
        return self.config.models[self.config.model].grid

    @property
    def known(self) -> dict[str, Any]:
        """The values that params.yaml gives now, to compare the others with."""
        params = self.model.get_params()
        return {name: params[step_param(name)] for name in self.grid}

    def splits(self) -> list[tuple[Any, Any]]:
        """Return the folds: places to learn from, and places to measure on."""
        return list(self.dataset.splitter(self.config.evaluation.folds).split(*self.dataset.train))

    def measure(self) -> Callable[..., dict[str, float]]:
        """Return what measures a fitted pipeline."""
        return scorer(self.dataset.schema)

    def is_over(self, started: float) -> bool:
        """Return whether the minutes of the budget have passed."""
        minutes = self.config.tuning.minutes
        return minutes is not None and monotonic() - started > 60 * minutes


def check_grid(task: Task) -> None:
    """Raise ConfigError where there is nothing to try, or a name is that of no hyper-parameter."""
    where = f"models.{task.config.model}.grid"
    if not task.grid:
        raise ConfigError(f"{where}: nothing to try; list some values in params.yaml")
    if unknown := [name for name in task.grid if step_param(name) not in task.model.get_params()]:
        raise ConfigError(f"{where}: {unknown[0]!r} is no hyper-parameter of this model")
    if empty := [name for name, tried in task.grid.items() if tried == []]:
        raise ConfigError(f"{where}.{empty[0]}: nothing to try; list some values in params.yaml")


def lists_of(task: Task) -> dict[str, list[Any]]:
    """Return the values of a search that takes lists alone. Raises ConfigError for a range, which it cannot try."""
    found = {}
    for name, tried in task.grid.items():
        if isinstance(tried, Range):
            raise ConfigError(
                f"models.{task.config.model}.grid.{name}: a grid needs a list of values, such as "
                f"[{tried.low}, {tried.high}], and no range from low to high"
            )
        found[name] = tried
    return found


class Board:
    """Shows how many candidates are done and the best so far, and keeps all of them in a file that is there at once."""

    def __init__(self, task: Task, progress: Progress, total: int | None) -> None:
        """Start at none."""
        self._task = task
        self._progress = progress
        self._row = progress.add_task("Trying candidates", total=total, best="")
        self._path = task.config.reports_dir / "search" / f"{task.config.model}.csv"
        self.trials: list[Trial] = []

    def note(self, trials: Iterable[Trial]) -> None:
        """Add what was measured. Raises OSError."""
        new = list(trials)
        self.trials += new
        best = best_of(self.trials, self._task.metric)
        if best:
            told = f"best so far: {self._task.metric} {write_number(best.mean)} with {as_yaml(best.values)}"
            self._progress.update(self._row, advance=len(new), best=told)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow([*self._task.grid, self._task.metric, "spread", "seconds"])
            for trial in self.trials:
                values = [trial.values[name] for name in self._task.grid]
                rows.writerow([*values, trial.mean, trial.spread, trial.seconds])


@contextmanager
def board(task: Task, total: int | None) -> Iterator[Board]:
    """Show the board as long as the block runs."""
    columns = (*Progress.get_default_columns(), TextColumn("{task.fields[best]}"))
    with Progress(*columns, transient=True) as progress:
        yield Board(task, progress, total)


def best_of(trials: Iterable[Trial], metric: str) -> Trial | None:
    """Return the best of those that can be compared, the first of several; None if there is none."""
    best = None
    for trial in trials:
        if trial.counts and (best is None or is_better(metric, trial.mean, best.mean)):
            best = trial
    return best


def plain(candidate: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a candidate by the names of params.yaml."""
    return {name.removeprefix("model__"): value for name, value in candidate.items()}


def trials_of(results: Mapping[str, Any], metric: str | None = None) -> list[Trial]:
    """Return the candidates of a search of scikit-learn, in the order in which it tried them."""
    name = metric or "score"
    examples = results.get("n_resources", [None] * len(results["params"]))
    return [
        Trial(plain(values), float(mean), float(spread), float(seconds), None if count is None else int(count))
        for values, mean, spread, seconds, count in zip(
            results["params"],
            results[f"mean_test_{name}"],
            results[f"std_test_{name}"],
            results["mean_fit_time"],
            examples,
            strict=True,
        )
    ]


def influence(trials: Sequence[Trial]) -> dict[str, float]:
    """Return the share of the metric's variance that each hyper-parameter explains alone, the largest first.

    That is the main effect of an analysis of variance, adjusted for how many values there are; many numbers are taken
    together in quarters.
    """
    measured = [trial for trial in trials if trial.counts]
    means = pd.Series([trial.mean for trial in measured], dtype=float)
    if len(means) < PARTS or not means.var(ddof=0):
        return {}
    shares = {}
    for name in measured[0].values:
        groups = means.groupby(parts_of([trial.values[name] for trial in measured]))
        between = float(np.average((groups.mean() - means.mean()) ** 2, weights=groups.size()))
        left = (1 - between / float(means.var(ddof=0))) * (len(means) - 1) / max(len(means) - len(groups), 1)
        shares[name] = max(1 - left, 0.0) if len(groups) < len(means) else 0.0
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def parts_of(values: Sequence[Any]) -> pd.Series:
    """Return a word for each value: for one of many numbers that of its quarter, for anything else the value's own."""
    texts = pd.Series([str(value) for value in values])
    numbers = pd.to_numeric(texts, errors="coerce")
    if numbers.nunique() > PARTS:
        quarters = pd.qcut(numbers, PARTS, duplicates="drop").astype(str)
        return texts.where(numbers.isna(), quarters)
    return texts
