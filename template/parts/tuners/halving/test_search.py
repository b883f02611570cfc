"""Halving measures many candidates with few examples, and the better ones with more."""

from collections.abc import Callable
from typing import Any

import pytest

from acme_ml.config import Config, Range
from acme_ml.training.search import FACTOR, distribution, search_halving
from acme_ml.training.train import Run
from acme_ml.training.trials import Task, best_of
from acme_ml.training.tune import choose, results_table

Edit = Callable[[dict[str, Any]], Config]
TaskOf = Callable[[Config], Task]


def test_the_better_candidates_get_more_examples(
    edit_params: Edit, trained: tuple[Config, Run], quick_params: dict[str, Any], task_of: TaskOf
) -> None:
    config, _ = trained
    name, values = next((name, each) for name, each in config.models[config.model].grid.items())
    assert isinstance(values, list)
    model = {"params": quick_params, "grid": {name: [*values, *values][:4]}}
    task = task_of(edit_params({"models": {config.model: model}, "tuning": {"search": "halving"}}))
    known, *trials = search_halving(task)
    assert known.values == {name: task.known[name]}
    assert known.examples is None
    rounds = sorted({trial.examples for trial in trials if trial.examples})
    assert len(rounds) > 1
    assert rounds[1] == pytest.approx(FACTOR * rounds[0], rel=0.2)
    first, last = ([each for each in trials if each.examples == count] for count in (rounds[0], rounds[-1]))
    assert len(first) == 4
    assert len(last) < len(first)
    # What was measured with few examples is not compared with what was measured with all.
    assert not any(trial.counts for trial in first)
    best = best_of([known, *trials], task.metric)
    assert best in [known, *last]
    assert choose([known, *trials], task.metric, task.config).values == best.values
    table = results_table([known, *trials], task.metric)
    assert table["measured"].tolist() == sorted(table["measured"], reverse=True)


@pytest.mark.parametrize(
    ("tried", "whole"),
    [
        (Range(low=1, high=3), True),
        (Range(low=1, high=100, log=True), True),
        (Range(low=0.5, high=2), False),
        (Range(low=1e-4, high=1.0, log=True), False),
    ],
)
def test_numbers_are_drawn_within_a_range(tried: Range, whole: bool) -> None:
    drawn = [distribution(tried).rvs(random_state=seed) for seed in range(200)]
    assert tried.low <= min(drawn) <= max(drawn) <= tried.high
    if whole:
        assert all(int(each) == each for each in drawn)
        assert min(drawn) == tried.low
    if tried.log:
        middle = (tried.low * tried.high) ** 0.5
        assert 60 < sum(each < middle for each in drawn) < 140


def test_lists_are_tried_as_they_are() -> None:
    assert distribution([None, 3, "a"]) == [None, 3, "a"]
