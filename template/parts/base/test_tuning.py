"""Tuning tries the grid and trains with its best candidate."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from acme_ml.config import Config
from acme_ml.errors import ConfigError
from acme_ml.training.tune import tune

Edit = Callable[[dict[str, Any]], Config]


@pytest.fixture
def small_grid(trained: tuple[Config, object]) -> dict[str, Any]:
    """The chosen model with two values of one hyper-parameter."""
    config, _ = trained
    name, values = next(iter(config.models[config.model].grid.items()))
    params = config.models[config.model].params
    return {config.model: {"params": params, "grid": {name: values[:2]}}}


def test_the_best_candidate_is_trained_and_all_are_listed(edit_params: Edit, small_grid: dict[str, Any]) -> None:
    config = edit_params({"models": small_grid})
    run = tune(config, jobs=1)
    results = pd.read_csv(run.report.with_name("search.csv"))
    ((name, values),) = config.models[config.model].grid.items()
    assert len(results) == len(values)
    assert (run.report.with_name("search.png")).stat().st_size > 1000
    assert f"{name}=" in (run.bundle / "model_card.md").read_text(encoding="utf-8")


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
