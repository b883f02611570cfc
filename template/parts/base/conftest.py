"""What the tests share: the example's settings and data, and a model trained on them once.

They are in tests/data, so that a project's own data and settings change nothing here.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from matplotlib.layout_engine import ConstrainedLayoutEngine

from acme_ml.config import Config, load_config
from acme_ml.data.load import load, read_data
from acme_ml.evaluation import drift, evaluate, report
from acme_ml.evaluation.metrics import metric_names
from acme_ml.inference.naming import find_metric
from acme_ml.training.model import build_model
from acme_ml.training.train import Run, train
from acme_ml.training.trials import Task

EXAMPLE = Path(__file__).parent / "data"


@pytest.fixture(scope="session", autouse=True)
def _plain_figures() -> Iterator[None]:
    """Draw small figures without room for their labels, which takes as long as all else, and no test looks at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ConstrainedLayoutEngine, "execute", lambda self, figure: None)
        patch.setattr(report, "DPI", 40)
        yield


@pytest.fixture(scope="module")
def no_figures() -> Iterator[None]:
    """Train without the figures of the model, which take longer than a small model does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate, "draw", lambda model, dataset: {})
        yield


@pytest.fixture(scope="session", autouse=True)
def _few_samples() -> Iterator[None]:
    """Tell how sure a metric is from few samples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drift, "SAMPLES", 20)
        yield


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's settings and data, copied so that tests write nothing into the project.

    Two folds instead of more make the tests faster; they are about the code, not about the spread.
    """
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(EXAMPLE, folder / "data")
    settings = yaml.safe_load((folder / "data" / "params.yaml").read_text(encoding="utf-8"))
    (folder / "data" / "params.yaml").unlink()
    settings["evaluation"]["folds"] = 2
    (folder / "params.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    config = load_config(folder / "params.yaml")
    read_data(config)
    thin_out(config.data_path)
    return folder


def thin_out(data: Path) -> None:
    """Keep every third file of an example that is a folder of them: opening thousands takes longer than all else."""
    for place, path in enumerate(sorted(data.rglob("*.*"))):
        if place % 3:
            path.unlink()


@pytest.fixture
def workspace(project: Path, tmp_path: Path) -> Path:
    """A fresh copy of the example's settings and data."""
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
def task_of() -> Callable[[Config], Task]:
    """Return what says what a search of some settings is to do, one process at a time."""

    def find(config: Config) -> Task:
        dataset = load(config)
        metric = find_metric(config.evaluation.metric, metric_names(dataset.schema))
        return Task(config, build_model(config, dataset.schema), dataset, metric, jobs=1)

    return find


@pytest.fixture(scope="session")
def quick_params(trained: tuple[Config, Run]) -> dict[str, Any]:
    """The hyper-parameters of the chosen model, with few epochs: for what is about searching, and not about quality."""
    config, _ = trained
    params = config.models[config.model].params
    return params | {"epochs": 2} if "epochs" in params else params


@pytest.fixture(scope="session")
def trained(project: Path) -> tuple[Config, Run]:
    """A model trained once with the example's settings; treat it as read-only."""
    config = load_config(project / "params.yaml")
    return config, train(config)
