"""A folder is listed without reading it; what cannot be used is named, and skipped or refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from acme_ml.config import Config, load_config
from acme_ml.data import folder as folder_module
from acme_ml.data import images as images_module
from acme_ml.data.folder import list_folder
from acme_ml.data.load import load, read_data
from acme_ml.errors import DataError
from acme_ml.schema import Schema

PICTURE = cv2.imencode(".png", np.arange(256, dtype=np.uint8).reshape(16, 16))[1].tobytes()
BROKEN = PICTURE[:60] + bytes(30) + PICTURE[90:]
Settle = Callable[..., Config]

# What may lie about, and what is said of it.
BAD = {
    "a/empty.png": (b"", "is empty"),
    "a/text.png": (b"no picture", "is no PNG, JPEG or WebP image"),
    "a/cut.png": (PICTURE[:-30], "is cut off before its end"),
    "a/scan.bmp": (b"BM", "has none of the endings"),
    "notes.txt": (b"notes", "lies beside the label folders"),
    "c/lonely.png": (PICTURE, "holds 1 image; a label needs two or more"),
}


@pytest.fixture
def settle(project: Path, tmp_path: Path) -> Settle:
    """Make a folder with two labels of ten images each and what else is given; return the settings that name it."""

    def settle(others: dict[str, bytes], on_bad_file: str = "skip") -> Config:
        for name in [f"{label}/{number}.png" for label in "ab" for number in range(10)]:
            write(tmp_path / "data" / "own" / name, PICTURE)
        for name, content in others.items():
            write(tmp_path / "data" / "own" / name, content)
        config = load_config(project / "params.yaml")
        source = config.data.model_copy(update={"path": "data/own", "on_bad_file": on_bad_file})
        return config.model_copy(update={"root": tmp_path, "data": source})

    return settle


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_is_named_and_skipped(settle: Settle, name: str, caplog: pytest.LogCaptureFixture) -> None:
    content, reason = BAD[name]
    dataset = load(settle({name: content}))
    assert len(dataset.train.target) + len(dataset.test.target) == 20
    assert dataset.schema.target.categories == ("a", "b")
    assert f"{name.removesuffix('lonely.png')} {reason}" in caplog.text


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_is_named_and_refused(settle: Settle, name: str) -> None:
    content, reason = BAD[name]
    with pytest.raises(DataError, match=f"{name.removesuffix('lonely.png')} {reason}"):
        load(settle({name: content}, on_bad_file="refuse"))


def test_an_empty_label_folder_and_one_in_another_are_named(settle: Settle, caplog: pytest.LogCaptureFixture) -> None:
    config = settle({})
    (config.data_path / "empty").mkdir()
    (config.data_path / "a" / "more.png").mkdir()
    load(config)
    assert "empty/ holds no images" in caplog.text
    assert "a/more.png is no file" in caplog.text


def test_an_unreadable_file_is_named(
    settle: Settle, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settle({"a/secret.png": PICTURE})
    opened = Path.open

    def refuse(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name == "secret.png":
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    load(config)
    assert "a/secret.png cannot be read" in caplog.text


def test_a_broken_link_is_named(settle: Settle, caplog: pytest.LogCaptureFixture) -> None:
    config = settle({})
    (config.data_path / "a" / "link.png").symlink_to("nowhere.png")
    load(config)
    assert "a/link.png is no file" in caplog.text


def test_what_file_managers_leave_is_not_mentioned(settle: Settle) -> None:
    load(settle({".DS_Store": b"x", "a/._1.png": b"x", "b/Thumbs.db": b"x"}, on_bad_file="refuse"))


def test_a_long_list_is_cut(settle: Settle) -> None:
    with pytest.raises(DataError, match="and 2 more"):
        load(settle({f"a/empty{number}.png": b"" for number in range(12)}, on_bad_file="refuse"))


def test_what_the_data_command_finds_is_left_out_later(settle: Settle, caplog: pytest.LogCaptureFixture) -> None:
    config = settle({"b/broken.png": BROKEN})
    assert len(load(config).train.target) + len(load(config).test.target) == 21
    found, schema = read_data(config)
    assert len(found.images) == 20
    assert schema.ignored == {"b/broken.png": "is damaged and cannot be decoded"}
    caplog.clear()
    dataset = load(config)
    assert len(dataset.train.target) + len(dataset.test.target) == 20
    assert "b/broken.png is damaged" in caplog.text
    # A model fits a folder whatever was left out.
    assert dataset.schema.ignored == {}


def test_the_data_command_refuses_by_name(settle: Settle) -> None:
    with pytest.raises(DataError, match=r"b/broken\.png is damaged"):
        read_data(settle({"b/broken.png": BROKEN}, on_bad_file="refuse"))


def test_a_mended_file_comes_back(settle: Settle) -> None:
    config = settle({"b/broken.png": BROKEN})
    read_data(config)
    (config.data_path / "b" / "broken.png").write_bytes(PICTURE)
    assert len(read_data(config)[0].images) == 21
    assert "broken" not in config.schema_path.read_text(encoding="utf-8")


def test_listing_reads_some_bytes_of_each_file_and_decodes_none(
    settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settle({})
    (config.data_path / "a" / "large.png").write_bytes(PICTURE[:-12] + bytes(10**6) + PICTURE[-12:])
    load(config)

    def forbidden(*_: object) -> None:
        raise AssertionError("a file was read")

    for module in (folder_module, images_module):
        monkeypatch.setattr(module, "read_file", forbidden)
    monkeypatch.setattr(images_module, "decode", forbidden)
    assert len(load(config).train.features) > 0


def test_labels_that_changed_are_named(settle: Settle) -> None:
    config = settle({})
    load(config)
    settle({"new/1.png": PICTURE, "new/2.png": PICTURE})
    with pytest.raises(DataError, match=r"the labels are not those of .*schema\.json \(new\).*--refresh"):
        load(config)
    _, schema = read_data(config, refresh=True)
    assert schema.target.categories == ("a", "b", "new")
    assert load(config).schema == Schema.read(config.schema_path)


def test_a_folder_that_is_not_there_is_named(settle: Settle) -> None:
    config = settle({})
    gone = config.model_copy(update={"data": config.data.model_copy(update={"path": "data/gone"})})
    with pytest.raises(DataError, match="gone: no such folder"):
        load(gone)
    with pytest.raises(DataError, match="cannot be listed"):
        list_folder(config.root / "nowhere")


def test_a_single_label_is_refused(settle: Settle) -> None:
    config = settle({})
    for path in (config.data_path / "b").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="holds 1 label"):
        load(config)
