"""What the tests share: a copy of the project's settings and data, and a model trained on them once."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from acme_ml.config import Config, load_config
from acme_ml.data.load import read_data
from acme_ml.training.train import Run, train

PROJECT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's settings and data, copied so that tests write nothing into the project.

    Two folds instead of more make the tests faster; they are about the code, not about the spread.
    """
    folder = tmp_path_factory.mktemp("project")
    settings = yaml.safe_load((PROJECT / "params.yaml").read_text(encoding="utf-8"))
    settings["evaluation"]["folds"] = 2
    (folder / "params.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    if (PROJECT / "data").exists():
        shutil.copytree(PROJECT / "data", folder / "data")
    read_data(load_config(folder / "params.yaml"))
    return folder


@pytest.fixture
def workspace(project: Path, tmp_path: Path) -> Path:
    """A fresh copy of the project's settings and data."""
    shutil.copy(project / "params.yaml", tmp_path)
    shutil.copytree(project / "data", tmp_path / "data")
    return tmp_path


@pytest.fixture
def edit_params(workspace: Path) -> Callable[[dict[str, Any]], Config]:
    """Change top-level settings in the workspace and read them again."""

    def edit(changes: dict[str, Any]) -> Config:
        path = workspace / "params.yaml"
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
        path.write_text(yaml.safe_dump({**settings, **changes}), encoding="utf-8")
        return load_config(path)

    return edit


@pytest.fixture(scope="session")
def trained(project: Path) -> tuple[Config, Run]:
    """A model trained once with the project's own settings; treat it as read-only."""
    config = load_config(project / "params.yaml")
    return config, train(config)
