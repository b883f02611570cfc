"""Settings are read strictly, and errors name the key."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acme_ml.config import Config, load_config
from acme_ml.errors import ConfigError


def test_paths_are_relative_to_the_settings(workspace: Path) -> None:
    config = load_config(workspace / "params.yaml")
    assert config.data_path.exists()
    assert config.models_dir == workspace / "models"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"sed": 1}, "sed: unknown key"),
        ({"seed": -1}, "seed"),
        ({"model": False}, "model: YAML takes it for false, which is no text; put it in quotes"),
        ({"model": 5}, "model: YAML takes it for 5, which is no text; put it in quotes"),
        ({"model": "oracle"}, "'oracle' is not listed under models"),
        ({"evaluation": {"metric": "any", "floor": 0.5, "fold": 3}}, "evaluation.fold: unknown key"),
    ],
)
def test_a_wrong_setting_is_named(
    edit_params: Callable[[dict[str, Any]], Config], changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        edit_params(changes)


@pytest.mark.parametrize("text", ["", "- a list", "{unclosed", "root: here"])
def test_a_file_without_settings_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"params\.yaml"):
        load_config(path)


def test_a_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="project's folder"):
        load_config(tmp_path / "params.yaml")
