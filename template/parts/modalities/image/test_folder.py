"""A folder is listed without reading it; what cannot be used is named, and skipped or refused."""

import shutil
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


def test_an_empty_label_folder_is_named(settle: Settle, caplog: pytest.LogCaptureFixture) -> None:
    config = settle({})
    (config.data_path / "empty").mkdir()
    load(config)
    assert "empty/ holds no images" in caplog.text


def test_folders_in_those_of_labels_are_read(settle: Settle) -> None:
    config = settle({"a/2021/may/1.png": PICTURE, "b/2022/1.png": PICTURE, "b/2022/bad.png": b""})
    listing = list_folder(config.data_path)
    assert "a/2021/may/1.png" in listing.files["a"]
    assert len(listing.files["b"]) == 11
    assert listing.bad == {"b/2022/bad.png": "is empty"}


@pytest.mark.parametrize(("folders", "tested"), [("train val", 4), ("Train Valid Test", 4), ("training testing", 4)])
def test_folders_to_train_and_to_test_on_are_used_as_such(settle: Settle, folders: str, tested: int) -> None:
    config = settle({})
    shutil.rmtree(config.data_path)
    for number, folder in enumerate(folders.split()):
        for label in "ab":
            for image in range(2 if number else 6):
                shade = np.full((16, 16), 10 * image + 120 * (label == "b") + 3 * number, dtype=np.uint8)
                write(config.data_path / folder / label / f"{image}.png", cv2.imencode(".png", shade)[1].tobytes())
    write(
        config.data_path / folders.split()[-1] / "a" / "again.png",
        (config.data_path / folders.split()[0] / "a/0.png").read_bytes(),
    )
    dataset = load(config)
    assert dataset.schema.target.categories == ("a", "b")
    assert len(dataset.test.target) == tested
    assert {Path(path).parent.parent.name for path in dataset.test.features} == {folders.split()[-1]}
    assert {Path(path).parent.parent.name for path in dataset.train.features} == set(folders.split()[:-1])


def test_labels_may_be_called_as_parts_are(settle: Settle) -> None:
    config = settle({})
    (config.data_path / "a").rename(config.data_path / "train")
    (config.data_path / "b").rename(config.data_path / "test")
    assert load(config).schema.target.categories == ("test", "train")


def test_a_label_without_an_image_to_test_on_is_named(settle: Settle) -> None:
    config = settle({})
    (config.data_path / "train").mkdir()
    for label in "ab":
        (config.data_path / label).rename(config.data_path / "train" / label)
    write(config.data_path / "test" / "a" / "1.png", cv2.imencode(".png", np.zeros((9, 9), np.uint8))[1].tobytes())
    with pytest.raises(DataError, match="no image of b to test on"):
        load(config)


def test_a_photo_whose_middle_is_missing_is_named(settle: Settle, caplog: pytest.LogCaptureFixture) -> None:
    rows, columns = np.mgrid[0:160, 0:200]
    photo = cv2.imencode(".jpg", ((rows * columns) % 256).astype(np.uint8))[1].tobytes()
    found, _ = read_data(
        settle({"a/cut.jpg": photo[: len(photo) // 2] + photo[-len(photo) // 4 :], "a/whole.jpg": photo})
    )
    assert found.images["cut"].sum() == 1
    assert "1 JPEG images end in even grey" in caplog.text
    assert "cut.jpg" in caplog.text


def test_twelve_of_sixteen_bits_are_read_as_such(settle: Settle) -> None:
    config = settle({})
    for path in config.data_path.rglob("*.png"):
        deep = np.arange(256, dtype=np.uint16).reshape(16, 16) * 16 + 15
        path.write_bytes(cv2.imencode(".png", deep)[1].tobytes())
    _, schema = read_data(config)
    assert schema.bits == 12
    assert load(config).schema.bits == 12
    asked = config.model_copy(update={"data": config.data.model_copy(update={"bits": 16})})
    assert read_data(asked)[1].bits == 16


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
