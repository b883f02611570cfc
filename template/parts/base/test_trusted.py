"""What reads a saved model runs nothing that the file names."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from skops.io import dump

from acme_ml.config import Config
from acme_ml.errors import BundleError
from acme_ml.inference import trusted
from acme_ml.inference.bundle import load_bundle, write_checksums
from acme_ml.inference.predictor import ONNX_FILE
from acme_ml.inference.storage import MODEL_FILE, load_model
from acme_ml.training.train import Run

# Runs a program: a module of scikit-learn imports it.
RUNS = "sklearn.utils._testing.check_output"


class Stranger:
    """A class that no model needs."""


def craft(path: Path, name: str, *words: str) -> None:
    """Write a file that calls what the name leads to with a list of words, if whoever reads it trusts the name."""
    dump(["a list"], path)
    with ZipFile(path) as archive:
        state = json.loads(archive.read("schema.json"))
    module, _, attribute = name.rpartition(".")
    state |= {"__module__": module, "__class__": attribute}
    state["content"] = [{**state["content"][0], "content": json.dumps(word)} for word in words]
    with ZipFile(path, "w") as archive:
        archive.writestr("schema.json", json.dumps(state))


def test_a_file_that_would_run_a_program_is_refused(tmp_path: Path) -> None:
    file, written = tmp_path / MODEL_FILE, tmp_path / "written"
    craft(file, RUNS, "touch", str(written))
    with pytest.raises(BundleError, match=f"holds {RUNS}, which no model of this project needs"):
        trusted.load_trusted(file)
    assert not written.exists()


def test_so_is_a_saved_model_with_one_whatever_its_checksums_say(trained: tuple[Config, Run], tmp_path: Path) -> None:
    folder, written = tmp_path / "model", tmp_path / "written"
    folder.mkdir()
    for file in trained[1].bundle.iterdir():
        if file.name not in ("SHA256SUMS", ONNX_FILE):
            (folder / file.name).write_bytes(file.read_bytes())
    craft(folder / MODEL_FILE, RUNS, "touch", str(written))
    write_checksums(folder)
    with pytest.raises(BundleError, match="check_output"):
        load_bundle(folder)
    assert not written.exists()


@pytest.mark.parametrize(
    "name",
    [
        RUNS,
        "subprocess.check_output",
        "builtins.eval",
        # Functions of this project, and what its modules import.
        "acme_ml.training.saving.whole_folder",
        "acme_ml.training.saving.shutil",
        "acme_ml.training.saving.Path",
        "acme_ml.training.train.Run",
        "acme_ml.inference.bundle.Bundle",
        "acme_ml.__main__.main",
        "acme_ml.training",
    ],
)
def test_only_the_name_of_an_estimator_is_trusted(name: str) -> None:
    assert not trusted.is_trusted(name)


def test_the_listed_names_are_those_of_classes() -> None:
    assert all(trusted.is_trusted(name) for name in trusted.TRUSTED)


def test_what_could_not_be_read_again_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"Stranger, which .* list its exact name under TRUSTED in trusted\.py"):
        trusted.dump_trusted(Stranger(), tmp_path / MODEL_FILE)


def test_a_model_of_this_project_is_read(trained: tuple[Config, Run]) -> None:
    names = trusted.check_names(trained[1].bundle / MODEL_FILE)
    model: Any = load_model(trained[1].bundle)
    assert hasattr(model, "predict")
    for name in names:
        module, _, attribute = name.rpartition(".")
        assert isinstance(getattr(import_module(module), attribute), type)
