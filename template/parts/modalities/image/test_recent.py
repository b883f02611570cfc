"""Recent images are compared by their sizes and brightness, and by what the model answers."""

import shutil
from pathlib import Path

import cv2
import pytest

from acme_ml.config import Config
from acme_ml.errors import DataError
from acme_ml.evaluation.drift import find_drift
from acme_ml.training.train import Run

SOME = 40


@pytest.fixture
def recent(trained: tuple[Config, Run], tmp_path: Path) -> Path:
    """A folder with some images of each label."""
    for label in sorted(path for path in trained[0].data_path.iterdir() if path.is_dir()):
        (tmp_path / "recent" / label.name).mkdir(parents=True)
        for path in sorted(label.iterdir())[:SOME]:
            shutil.copy(path, tmp_path / "recent" / label.name)
    return tmp_path / "recent"


def test_labels_are_those_of_the_folders(trained: tuple[Config, Run], recent: Path) -> None:
    config, run = trained
    found = find_drift(config, run.bundle, recent)
    assert found.metric is not None
    assert "label" in {shift.column for shift in found.columns}
    (recent / "elsewhere").mkdir()
    shutil.copy(next(recent.glob("*/*.*")), recent / "elsewhere")
    found = find_drift(config, run.bundle, recent)
    assert found.metric is None
    assert "label" not in {shift.column for shift in found.columns}


def test_brighter_and_larger_images_are_found(trained: tuple[Config, Run], recent: Path) -> None:
    config, run = trained
    for path in recent.glob("*/*.*"):
        pixels = cv2.imread(str(path))
        assert pixels is not None
        brighter = 255 - (255 - pixels) // 3
        cv2.imwrite(str(path), cv2.resize(brighter, (2 * pixels.shape[1], 2 * pixels.shape[0])))
    found = find_drift(config, run.bundle, recent)
    assert {"brightness", "width", "height"} <= {shift.column for shift in found.columns if shift.reasons}


def test_files_that_cannot_be_read_are_counted(trained: tuple[Config, Run], recent: Path) -> None:
    config, run = trained
    paths = sorted(recent.glob("*/*.*"))
    for path in paths[::5]:
        path.write_bytes(path.read_bytes()[:40])
    found = find_drift(config, run.bundle, recent)
    assert sum(found.refused.values()) == len(paths[::5])
    assert found.examples == len(paths)
    assert any("of the examples cannot be used" in reason for reason in found.reasons)


def test_a_folder_without_images_is_refused(trained: tuple[Config, Run], tmp_path: Path, recent: Path) -> None:
    config, run = trained
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="none holds no file that ends in"):
        find_drift(config, run.bundle, tmp_path / "none")
    with pytest.raises(DataError, match="holds 1 examples"):
        find_drift(config, run.bundle, next(recent.glob("*/*.*")))
