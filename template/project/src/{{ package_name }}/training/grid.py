"""Try every combination of the values in params.yaml, on all cores."""

from collections.abc import Callable, Iterable, Mapping
from math import ceil
from time import monotonic
from typing import Any

from joblib import effective_n_jobs
from sklearn.model_selection import GridSearchCV, ParameterGrid

from ..errors import ConfigError
from .estimators import step_param
from .train import fit
from .trials import Board, Task, Trial, board, lists_of, trials_of


class TrackedGridSearchCV(GridSearchCV):
    """GridSearchCV that shows the best so far: candidates are handed out in batches that keep all processes busy."""

    def watch(self, board: Board, task: Task) -> None:
        """Tell the board of each batch, and keep to the budget of the task."""
        self._board, self._task, self._started = board, task, monotonic()

    def __getstate__(self) -> dict[str, Any]:
        """Return what other processes get of it: what shows the progress stays here."""
        return {name: value for name, value in super().__getstate__().items() if name not in ("_board", "_task")}

    def _run_search(self, evaluate_candidates: Callable[[Iterable[Mapping[str, Any]]], Mapping[str, Any]]) -> None:
        candidates = list(ParameterGrid(self.param_grid))
        size = ceil(4 * effective_n_jobs(self.n_jobs) / self.cv.get_n_splits())
        for start in range(0, len(candidates), size):
            if start and self._task.is_over(self._started):
                break
            results = evaluate_candidates(candidates[start : start + size])
            self._board.note(trials_of(results, self._task.metric)[start:])


def search_grid(task: Task) -> list[Trial]:
    """Return all candidates, what params.yaml says first. Raises ConfigError for a range."""
    if task.config.tuning.trials is not None:
        raise ConfigError("tuning.trials: a grid is tried whole; list fewer values, or give tuning.minutes")
    tried = {step_param(name): values for name, values in lists_of(task).items()}
    known = [{step_param(name): [value] for name, value in task.known.items()}]
    search = TrackedGridSearchCV(
        task.model,
        [*known, tried],
        scoring=task.measure(),
        refit=False,
        cv=task.dataset.splitter(task.config.evaluation.folds),
        n_jobs=task.jobs,
    )
    with board(task, len(ParameterGrid([*known, tried]))) as shown:
        search.watch(shown, task)
        fit(search, task.dataset.train)
    return shown.trials
