"""Tuning tries the grid and trains with its best candidate."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest
import yaml

from acme_ml.config import Config, ModelSettings, write_params
from acme_ml.errors import ConfigError
from acme_ml.evaluation.evaluate import evaluate_saved
from acme_ml.evaluation.floor import is_better, propose_floor
from acme_ml.evaluation.metrics import LOWER_IS_BETTER
from acme_ml.inference.naming import find_metric
from acme_ml.training.compare import NAIVE, compare
from acme_ml.training.grid import search_grid
from acme_ml.training.saving import compare_with_before
from acme_ml.training.train import Run
from acme_ml.training.trials import Task, Trial, best_of, influence
from acme_ml.training.tune import tune

Edit = Callable[[dict[str, Any]], Config]
# Every project can try the whole grid.
GRID = {"search": "grid"}


@pytest.fixture
def small_grid(trained: tuple[Config, object], quick_params: dict[str, Any]) -> dict[str, Any]:
    """The chosen model with another value of one hyper-parameter."""
    config, _ = trained
    name, values = next(iter(config.models[config.model].grid.items()))
    assert isinstance(values, list)
    others = [value for value in values if value != quick_params.get(name)]
    return {config.model: {"params": quick_params, "grid": {name: others[:1]}}}


def test_the_best_candidate_is_trained_and_all_are_listed(edit_params: Edit, small_grid: dict[str, Any]) -> None:
    config = edit_params({"models": small_grid, "tuning": GRID})
    run = tune(config, jobs=1)
    results = pd.read_csv(run.report.with_name("search.csv"))
    ((name, values),) = config.models[config.model].grid.items()
    assert isinstance(values, list)
    # The values of params.yaml are one candidate more.
    assert len(results) == len(values) + 1
    kept = pd.read_csv(config.reports_dir / "search" / f"{config.model}.csv")
    assert len(kept) == len(values) + 1
    assert kept["seconds"].gt(0).all()
    choice = run.choice
    assert choice.gain == 0 or choice.values[name] in values
    assert choice.params == {**config.models[config.model].params, **choice.values}
    assert choice.gain == pytest.approx(abs(choice.gain)) or choice.metric in LOWER_IS_BETTER
    assert (run.report.with_name("search.png")).stat().st_size > 1000
    card = (run.bundle / "model_card.md").read_text(encoding="utf-8")
    assert f"{name}=" in card
    # The folds that chose are not the ones that praise.
    assert "so the folds flatter the model" in card
    assert "folds that chose" in run.report.read_text(encoding="utf-8")
    assert evaluate_saved(config, run.name)[1].folds_chose


def test_a_grid_keeps_to_its_minutes(
    edit_params: Edit, small_grid: dict[str, Any], task_of: Callable[[Config], Task]
) -> None:
    (settings,) = small_grid.values()
    ((name, (value,)),) = settings["grid"].items()
    settings["grid"] = {name: [value] * 60}
    config = edit_params({"models": small_grid, "tuning": {**GRID, "minutes": 1e-6}})
    task = task_of(config)
    # The first batch is always measured: without it, there would be nothing to choose from.
    assert 1 <= len(search_grid(task)) < 61


@pytest.mark.parametrize(
    ("tuning", "grid", "said"),
    [
        (GRID, {"low": 1, "high": 4}, "a grid needs a list of values, such as \\[1, 4\\], and no range"),
        (GRID, {"low": 4, "high": 1}, "low must be less than high, and 4 is not less than 1"),
        (GRID, {"low": 0, "high": 1, "log": True}, "with log, low must be above 0"),
        (GRID, [], "nothing to try"),
        ({**GRID, "trials": 3}, [1, 2], "tuning.trials: a grid is tried whole"),
        ({"search": "luck"}, [1, 2], "tuning.search: 'luck' is unknown; known are"),
    ],
)
def test_what_a_search_cannot_try_is_refused(
    edit_params: Edit, small_grid: dict[str, Any], tuning: dict[str, Any], grid: Any, said: str
) -> None:
    (settings,) = small_grid.values()
    settings["grid"] = dict.fromkeys(settings["grid"], grid)
    with pytest.raises(ConfigError, match=said):
        tune(edit_params({"models": small_grid, "tuning": tuning}), jobs=1)


def test_the_hyper_parameter_that_matters_explains_the_variance() -> None:
    random = Random(0)
    trials: list[Trial] = []
    for _ in range(80):
        depth, rate = random.choice([1, None]), random.random()
        # One of the candidates may be a word among numbers: what params.yaml says.
        values = {"depth": depth, "rate": rate, "idle": random.random() if len(trials) else "auto"}
        trials.append(Trial(values, 2 * rate + (0.1 if depth is None else 0), 0, 1))
    shares = influence(trials)
    assert next(iter(shares)) == "rate"
    assert shares["rate"] > 0.8
    assert shares["idle"] < 0.2
    # What was given up, or has no number, says nothing.
    assert influence([Trial({"depth": 1}, float("nan"), 0, 1)] * 9) == {}
    assert best_of([Trial({"depth": 1}, 9.0, 0, 1, stopped=True), trials[0]], "gain") == trials[0]


def test_a_floor_after_a_search_is_not_made_of_folds_that_flatter(trained: tuple[Config, Run]) -> None:
    config, run = trained
    metric = find_metric(config.evaluation.metric, run.evaluation.metrics)
    value, naive = run.evaluation.metrics[metric], run.evaluation.baseline[metric]
    better = value + (value - naive)
    flattering = replace(run.evaluation, folds_mean={metric: better}, folds_std={metric: 0.0})
    for chose, start in ((False, better), (True, value)):
        line = propose_floor(replace(flattering, folds_chose=chose), config.evaluation)
        assert yaml.safe_load(str(line))["floor"] == pytest.approx(start, rel=0.01)


def test_all_models_are_compared_on_the_same_folds(
    trained: tuple[Config, Run], caplog: pytest.LogCaptureFixture
) -> None:
    config, run = trained
    known = {config.model: config.models[config.model]}
    found = compare(config.model_copy(update={"models": {**known, "no_such_model": ModelSettings()}}))
    rows = found.table.set_index("model")
    assert set(rows.index) == {config.model, NAIVE}
    assert found.as_good[0] == rows.index[0]
    assert not is_better(found.metric, *rows.loc[::-1, found.metric])
    own = rows.loc[config.model]
    for name, mean in run.evaluation.folds_mean.items():
        assert own[name] == pytest.approx(mean, rel=1e-6)
        assert own[f"{name}_std"] == pytest.approx(run.evaluation.folds_std[name], rel=1e-3, abs=1e-9)
    assert "no_such_model is left out: model: 'no_such_model' is unknown" in caplog.text
    assert NAIVE in found.page.read_text(encoding="utf-8")
    assert len(pd.read_csv(found.page.with_name("comparison.csv"))) == 2
    with pytest.raises(ConfigError, match="none of the models can be fitted"):
        compare(config.model_copy(update={"models": {"no_such_model": ModelSettings()}}))


def test_an_empty_grid_is_refused(edit_params: Edit, small_grid: dict[str, Any]) -> None:
    (model,) = small_grid
    config = edit_params({"models": {model: {"grid": {}}}})
    with pytest.raises(ConfigError, match=f"models.{model}.grid: nothing to try"):
        tune(config)


def test_an_unknown_hyper_parameter_is_named(edit_params: Edit, small_grid: dict[str, Any]) -> None:
    (model,) = small_grid
    with pytest.raises(ConfigError, match="'depht' is no hyper-parameter"):
        tune(edit_params({"models": {model: {"grid": {"depht": [1]}}}}))
    with pytest.raises(ConfigError, match="'depht' is unknown"):
        tune(edit_params({"models": {model: {"params": {"depht": 1}, "grid": {"x": [1]}}}}))


def test_an_unknown_metric_is_named(edit_params: Edit) -> None:
    config = edit_params({"evaluation": {"metric": "luck", "floor": 0}})
    with pytest.raises(ConfigError, match="'luck' is unknown"):
        tune(config)


def test_the_best_values_are_written_and_all_else_stays(workspace: Path) -> None:
    path = workspace / "params.yaml"
    text = (
        "seed: 0  # as ever\nmodels:\n  other:\n    params: {alpha: 1}\n"
        "  mine:\n    grid: {alpha: [1]}\n    params: {alpha: 1.0}  # tuned once\n  last: {}\n"
    )
    path.write_text(text, encoding="utf-8")
    write_params(path, "mine", {"alpha": 4, "depth": None})
    assert path.read_text(encoding="utf-8") == text.replace("{alpha: 1.0}", "{alpha: 4, depth: null}")
    path.write_text("models:\n  mine:\n    params:\n      alpha: 1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"put it there: params: \{alpha: 4\}"):
        write_params(path, "mine", {"alpha": 4})


def test_a_model_that_is_worse_than_the_one_before_is_told(trained: tuple[Config, Run], tmp_path: Path) -> None:
    config, run = trained
    metric = find_metric(config.evaluation.metric, run.evaluation.metrics)
    for name, shift in (("1", 0.01), ("2", 0.0), ("3", 0.0)):
        shutil.copytree(run.bundle, tmp_path / name)
        better = -shift if metric in LOWER_IS_BETTER else shift
        saved = json.loads((tmp_path / name / "metrics.json").read_text(encoding="utf-8"))
        saved["metrics"][metric] += better
        (tmp_path / name / "metrics.json").write_text(json.dumps(saved), encoding="utf-8")
    told = [compare_with_before(tmp_path / name, config.evaluation.metric) for name in "123"]
    assert told[0] is told[2] is None
    assert told[1] is not None
    assert f"{metric} was" in told[1]
