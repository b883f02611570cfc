"""The ways to search that params.yaml can name: successive halving, and the whole grid."""

from collections.abc import Callable, Iterable, Mapping
from time import perf_counter
from typing import Any

import numpy as np
from scipy.stats import loguniform, randint, uniform
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV, HalvingRandomSearchCV
from sklearn.pipeline import Pipeline

from ..config import Range
from ..evaluation.metrics import LOWER_IS_BETTER
from .estimators import step_param
from .grid import search_grid
from .train import fit
from .trials import Board, Task, Trial, board, trials_of

# Each round keeps the better third of the candidates, and measures them with three times as many examples.
FACTOR = 3


class _Watched:
    """Tells a board of each round."""

    _board: Board
    _task: Task

    def watch(self, board: Board, task: Task) -> None:
        """Keep whom to tell."""
        self._board, self._task = board, task

    def __getstate__(self) -> dict[str, Any]:
        """Return what other processes get of it: what shows the progress stays here."""
        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        return {name: value for name, value in state.items() if name not in ("_board", "_task")}

    def _run_search(self, evaluate_candidates: Callable[..., Mapping[str, Any]], callback_ctx: Any = None) -> None:
        done = 0
        # scikit-learn gives it from 1.9 on.
        context = {} if callback_ctx is None else {"callback_ctx": callback_ctx}

        def evaluate(*arguments: Any, **options: Any) -> Mapping[str, Any]:
            nonlocal done
            results = evaluate_candidates(*arguments, **options)
            found = in_units_of(self._task.metric, trials_of(results))
            self._board.note(found[done:])
            done = len(found)
            return results

        super()._run_search(evaluate, **context)  # type: ignore[misc]


class WatchedHalvingGridSearchCV(_Watched, HalvingGridSearchCV):
    """HalvingGridSearchCV that shows the best so far."""


class WatchedHalvingRandomSearchCV(_Watched, HalvingRandomSearchCV):
    """HalvingRandomSearchCV that shows the best so far."""


def in_units_of(metric: str, trials: Iterable[Trial]) -> list[Trial]:
    """Return the trials with the metric as it is, where the search maximizes what is less where it is better."""
    sign = sign_of(metric)
    return [Trial(each.values, sign * each.mean, each.spread, each.seconds, each.examples) for each in trials]


def sign_of(metric: str) -> int:
    """Return what makes a metric greater where it is better."""
    return -1 if metric in LOWER_IS_BETTER else 1


def search_halving(task: Task) -> list[Trial]:
    """Return what params.yaml says, measured with all examples, and the candidates of all rounds.

    Lists alone are tried whole; of ranges, `tuning.trials` candidates are drawn, or as many as the examples allow.
    Hyper-parameter optimization by successive halving: Jamieson and Talwalkar, AISTATS 2016.
    """
    measure, metric, sign = task.measure(), task.metric, sign_of(task.metric)

    def score(model: Pipeline, features: Any, target: Any = None) -> float:
        return sign * measure(model, features, target)[metric]

    shared: dict[str, Any] = {
        "factor": FACTOR,
        "scoring": score,
        "refit": False,
        "cv": task.dataset.splitter(task.config.evaluation.folds),
        "random_state": task.config.seed,
        "n_jobs": task.jobs,
    }
    drawn = any(isinstance(tried, Range) for tried in task.grid.values()) or task.config.tuning.trials is not None
    tried = {step_param(name): distribution(each) for name, each in task.grid.items()}
    if drawn:
        count = task.config.tuning.trials or "exhaust"
        shared |= {"n_candidates": count, "min_resources": "smallest" if count == "exhaust" else "exhaust"}
        search = WatchedHalvingRandomSearchCV(task.model, tried, **shared)
    else:
        search = WatchedHalvingGridSearchCV(task.model, tried, min_resources="exhaust", **shared)
    with board(task, None) as shown:
        shown.note([measure_known(task)])
        search.watch(shown, task)
        fit(search, task.dataset.train)
    last = max(each.examples or 0 for each in shown.trials)
    # What was measured with few examples is no better than it was there.
    return [
        each if each.examples in (None, last) else Trial(**{**vars(each), "stopped": True}) for each in shown.trials
    ]


def measure_known(task: Task) -> Trial:
    """Measure what params.yaml says, with all examples."""
    measure, scores, seconds = task.measure(), [], []
    for train, test in task.splits():
        part, rest = task.dataset.train.take(train), task.dataset.train.take(test)
        started = perf_counter()
        model = clone(task.model).fit(*part)
        seconds.append(perf_counter() - started)
        scores.append(measure(model, rest.features, rest.target)[task.metric])
    return Trial(task.known, float(np.mean(scores)), float(np.std(scores)), float(np.mean(seconds)))


def distribution(tried: list[Any] | Range) -> Any:
    """Return a list as it is, and a range as what scikit-learn draws from."""
    if isinstance(tried, list):
        return tried
    if isinstance(tried.low, int) and isinstance(tried.high, int):
        return WholeLog(tried.low, tried.high) if tried.log else randint(tried.low, tried.high + 1)
    return loguniform(tried.low, tried.high) if tried.log else uniform(tried.low, tried.high - tried.low)


class WholeLog:
    """Whole numbers whose logarithms are spread evenly."""

    def __init__(self, low: int, high: int) -> None:
        """Keep the bounds, both of which may be drawn."""
        self._drawn = loguniform(low, high + 1)
        self._high = high

    def rvs(self, random_state: Any = None) -> int:
        """Draw one."""
        return min(int(self._drawn.rvs(random_state=random_state)), self._high)


SEARCHES: dict[str, Callable[[Task], list[Trial]]] = {"halving": search_halving, "grid": search_grid}
