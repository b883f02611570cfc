"""New images become part of the folder of their label, once, and under their own names."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from acme_ml.config import Config, load_config
from acme_ml.data.load import read_data
from acme_ml.pipeline import ingest as module
from acme_ml.pipeline.ingest import Ingested, ingest
from acme_ml.pipeline.intake import Staged
from acme_ml.pipeline.ledger import read_ledger


@pytest.fixture
def config(workspace: Path) -> Config:
    """The example without one of its images, which is offered."""
    config = load_config(workspace / "params.yaml")
    read_data(config)
    label = first_label(config)
    (config.drop_dir / label).mkdir(parents=True)
    image = sorted((config.data_path / label).iterdir())[0]
    image.rename(config.drop_dir / label / image.name)
    return config


def first_label(config: Config) -> str:
    return sorted(path.name for path in config.data_path.iterdir() if path.is_dir())[0]


def outcomes(found: Ingested) -> dict[str, str]:
    return {entry.file: entry.outcome for entry in found.entries}


def images(config: Config) -> list[str]:
    return sorted(path.relative_to(config.data_path).as_posix() for path in config.data_path.rglob("*.png"))


def test_an_image_is_added_once(config: Config) -> None:
    label = first_label(config)
    (offered,) = (config.drop_dir / label).iterdir()
    kept, before = config.root / "kept.png", images(config)
    shutil.copy(offered, kept)
    name = f"{label}/{offered.name}"
    assert outcomes(ingest(config)) == {name: "taken"}
    assert images(config) == sorted([*before, name])
    shutil.copy(kept, config.drop_dir / label / "renamed.png")
    assert outcomes(ingest(config)) == {f"{label}/renamed.png": "known"}
    assert images(config) == sorted([*before, name])
    # Who removes an image from the data may offer it again.
    (config.data_path / name).unlink()
    shutil.copy(kept, config.drop_dir / label / "again.png")
    assert outcomes(ingest(config)) == {f"{label}/again.png": "taken"}


def test_another_image_of_a_name_that_is_taken_gets_another(config: Config) -> None:
    label = first_label(config)
    (offered,) = (config.drop_dir / label).iterdir()
    taken = sorted((config.data_path / label).iterdir())[0]
    content = taken.read_bytes()
    offered.rename(offered.with_name(taken.name))
    (entry,) = ingest(config).entries
    assert entry.place == f"{label}/{taken.stem}-{entry.sha256[:8]}.png"
    assert taken.read_bytes() == content


def test_what_is_no_image_of_a_known_label_is_set_aside(config: Config) -> None:
    label = first_label(config)
    (offered,) = (config.drop_dir / label).iterdir()
    data = offered.read_bytes()
    (config.drop_dir / "beside.png").write_bytes(data + b"  ")
    (config.drop_dir / label / "half.png").write_bytes(data[: len(data) // 2])
    (config.drop_dir / label / "notes.txt").write_text("notes", encoding="utf-8")
    (config.drop_dir / "unknown").mkdir()
    (config.drop_dir / "unknown" / "1.png").write_bytes(data + b" ")
    found = {entry.file: entry for entry in ingest(config).entries}
    assert "lies beside the folders of labels" in found["beside.png"].why
    assert "its folder, unknown, is none of the labels" in found["unknown/1.png"].why
    refused = {"beside.png", "unknown/1.png", f"{label}/half.png", f"{label}/notes.txt"}
    assert {name for name, entry in found.items() if entry.outcome == "refused"} == refused
    reasons = {path.name for path in (config.root / "data" / "refused").rglob("*.reason.txt")}
    assert len(reasons) == len(refused)


def test_what_is_refused_in_one_folder_may_be_taken_in_another(config: Config) -> None:
    label = first_label(config)
    (offered,) = (config.drop_dir / label).iterdir()
    shutil.copy(offered, config.drop_dir / "-beside.png")
    assert outcomes(ingest(config)) == {"-beside.png": "refused", f"{label}/{offered.name}": "waiting"}
    assert outcomes(ingest(config)) == {f"{label}/{offered.name}": "taken"}


def kill(*_: object) -> None:
    """Stop as a process does that is killed."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("where", ["prepare", "ledger", "commit"])
def test_a_killed_run_is_completed_by_the_next(config: Config, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = images(config)
    with monkeypatch.context() as patch:
        place: Callable[..., object] = patch.setattr
        place(*((module, "add_to_ledger", kill) if where == "ledger" else (Staged, where, kill)))
        with pytest.raises(KeyboardInterrupt):
            ingest(config)
    assert images(config) == before
    ingest(config)
    assert len(images(config)) == len(before) + 1
    assert any(line.outcome == "taken" for line in read_ledger(config))


def test_half_of_an_image_that_was_moved_is_dropped(config: Config) -> None:
    (entry,) = ingest(config).entries
    target = config.data_path / entry.place
    unfinished = target.with_name(f".{target.name}")
    unfinished.write_bytes(target.read_bytes()[:20])
    ingest(config)
    assert not unfinished.exists()
    target.rename(unfinished)
    ingest(config)
    assert target.exists()
