"""A study goes on where it was cut off, draws from ranges, and gives up what is hopeless."""

from collections.abc import Callable
from typing import Any

import optuna
import pytest
from filelock import FileLock

from acme_ml.config import Config
from acme_ml.errors import ConfigError
from acme_ml.training import search
from acme_ml.training.search import (
    Measured,
    distributions,
    finished,
    measure,
    open_study,
    search_optuna,
)
from acme_ml.training.train import Run
from acme_ml.training.trials import Task, Trial, best_of

Edit = Callable[[dict[str, Any]], Config]
TaskOf = Callable[[Config], Task]
TRIALS = 6


class CutOffError(BaseException):
    """What ends a search in the middle, as a kill would."""


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Measure by a formula instead of by folds, and list what was measured."""
    seen: list[dict[str, Any]] = []

    def fake(task: Task, values: dict[str, Any], watch: Callable[[int, float], None] | None = None) -> Measured:
        seen.append(values)
        return Measured(-sum((value or 0) ** 2 for value in values.values()), 0.1, 0.2)

    monkeypatch.setattr(search, "measure", fake)
    return seen


def ranged(edit_params: Edit, trained: tuple[Config, Run], trials: int = TRIALS) -> Config:
    """Return settings that search a range of one hyper-parameter, which every model of the example has."""
    config, _ = trained
    name = next(name for name, values in config.models[config.model].grid.items() if isinstance(values, list))
    model = {"params": config.models[config.model].params, "grid": {name: {"low": 1, "high": 1_000_000, "log": True}}}
    return edit_params({"models": {config.model: model}, "tuning": {"search": "optuna", "trials": trials}})


def test_a_search_that_was_cut_off_goes_on_and_finds_the_same(
    edit_params: Edit,
    trained: tuple[Config, Run],
    measured: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    task_of: TaskOf,
) -> None:
    config = ranged(edit_params, trained)
    whole = search_optuna(task_of(config))
    assert len(measured) == len(whole) == TRIALS + 1
    (config.models_dir / search.STUDIES_FILE).unlink()
    measured.clear()
    fake = search.measure

    def cut(*arguments: Any) -> Measured:
        if len(measured) == 4:
            raise CutOffError
        return fake(*arguments)

    monkeypatch.setattr(search, "measure", cut)
    with pytest.raises(CutOffError):
        search_optuna(task_of(config))
    monkeypatch.setattr(search, "measure", fake)
    again = search_optuna(task_of(config))
    # None that was finished is measured twice.
    assert len(measured) == TRIALS + 1
    metric = task_of(config).metric
    assert again == whole
    assert best_of(again, metric) == best_of(whole, metric)
    assert search_optuna(task_of(config)) == whole
    assert len(measured) == TRIALS + 1


def test_a_larger_budget_goes_on_and_another_question_starts_anew(
    edit_params: Edit, trained: tuple[Config, Run], measured: list[dict[str, Any]], task_of: TaskOf
) -> None:
    first = search_optuna(task_of(ranged(edit_params, trained)))
    assert search_optuna(task_of(ranged(edit_params, trained, TRIALS + 2)))[: TRIALS + 1] == first
    assert len(measured) == TRIALS + 3
    config = ranged(edit_params, trained).model_copy(update={"seed": 5})
    assert finished(open_study(task_of(config))) == []


def test_the_budget_of_minutes_is_kept(
    edit_params: Edit, trained: tuple[Config, Run], measured: list[dict[str, Any]], task_of: TaskOf
) -> None:
    config = ranged(edit_params, trained)
    short = config.model_copy(update={"tuning": config.tuning.model_copy(update={"minutes": 1e-9})})
    assert len(search_optuna(task_of(short))) == 1


def test_lists_are_tried_whole_and_none_is_measured_twice(
    edit_params: Edit, trained: tuple[Config, Run], measured: list[dict[str, Any]], task_of: TaskOf
) -> None:
    config, _ = trained
    name = next(iter(config.models[config.model].grid))
    model = {"params": config.models[config.model].params, "grid": {name: [3, None, 5]}}
    config = edit_params({"models": {config.model: model}, "tuning": {"search": "optuna", "trials": 50}})
    trials = search_optuna(task_of(config))
    assert {trial.values[name] for trial in trials[1:]} == {3, None, 5}
    assert len(measured) == 4


def test_two_searches_at_a_time_are_refused(edit_params: Edit, trained: tuple[Config, Run], task_of: TaskOf) -> None:
    config = ranged(edit_params, trained)
    config.models_dir.mkdir(exist_ok=True)
    with (
        FileLock(config.models_dir / f".search-{config.model}.lock"),
        pytest.raises(ConfigError, match="is at work"),
    ):
        search_optuna(task_of(config))


def test_ranges_are_drawn_as_they_are_written(edit_params: Edit, trained: tuple[Config, Run], task_of: TaskOf) -> None:
    task = task_of(ranged(edit_params, trained))
    (drawn,) = distributions(task).values()
    assert drawn == optuna.distributions.IntDistribution(1, 1_000_000, log=True)


def test_a_hopeless_candidate_is_given_up(trained: tuple[Config, Run], task_of: TaskOf) -> None:
    task = task_of(trained[0])
    told: list[tuple[int, float]] = []

    def watch(step: int, value: float) -> None:
        told.append((step, value))
        raise optuna.TrialPruned

    assert measure(task, task.known, watch).mean is None
    assert len(told) == 1
    whole = measure(task, task.known)
    assert whole.mean is not None
    assert whole.seconds > 0


def test_what_cannot_be_fitted_is_given_up_and_told(
    trained: tuple[Config, Run], monkeypatch: pytest.MonkeyPatch, task_of: TaskOf
) -> None:
    task = task_of(trained[0])

    def refuse(*_: Any) -> None:
        raise ValueError("no such depth")

    monkeypatch.setattr(type(task.model), "fit", refuse)
    assert measure(task, task.known) == Measured(None, 0.0, 0.0)
    assert Trial(task.known, float("nan"), 0.0, 0.0, stopped=True).counts is False
