"""Images are read when they are asked for, and memory is bounded."""

import copy
import pickle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from acme_ml.data import images as images_module
from acme_ml.data import pixels as pixels_module
from acme_ml.data.pixels import BLANK, LazyImages, ReadImages
from acme_ml.errors import DataError

COUNT = 12


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Images of one shade each; the shade is twice the number."""
    for number in range(COUNT):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((8, 8), 2 * number, np.uint8))
    return [str(tmp_path / f"{number}.png") for number in range(COUNT)]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that are read, as they are read."""
    seen: list[str] = []
    real = images_module.read_image

    def spy(path: str, *rest: object) -> object:
        seen.append(path)
        return real(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(pixels_module, "read_image", spy)
    return seen


def lazy(paths: list[str], on_bad_file: str = "refuse") -> LazyImages:
    return ReadImages((4, 6), "grey", on_bad_file).fit(paths).transform(paths)  # type: ignore[arg-type]


def test_nothing_is_read_before_it_is_asked_for(paths: list[str], reads: list[str]) -> None:
    images = lazy(paths)
    assert (len(images), images.shape) == (COUNT, (COUNT, 6, 4, 1))
    assert images.dtype == np.uint8
    assert reads == []
    images[np.array([3, 1])]
    assert sorted(reads) == [paths[1], paths[3]]


@pytest.mark.parametrize(
    "places", [np.array([5, 0, 5]), slice(2, 9, 3), np.arange(COUNT) % 2 == 0, [1, -1], np.array([], int), 7, -1]
)
def test_it_is_indexed_like_an_array(paths: list[str], places: Any) -> None:
    whole = np.broadcast_to(2 * np.arange(COUNT)[:, None, None, None], (COUNT, 6, 4, 1))
    images = lazy(paths)
    for _ in range(2):
        assert (images[places] == whole[places]).all()
        assert images[places].shape == whole[places].shape


def test_a_place_beyond_the_end_is_an_error(paths: list[str]) -> None:
    with pytest.raises(IndexError):
        lazy(paths)[COUNT]


def test_what_was_read_is_kept_as_far_as_there_is_room(
    paths: list[str], reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixels_module, "KEPT_BYTES", 5 * 24)
    images = lazy(paths)
    first = images[:]
    assert (images[:] == first).all()
    assert len(reads) == COUNT + COUNT - 5


def test_a_copy_takes_the_paths_alone(paths: list[str]) -> None:
    images = lazy(paths)
    images[:]
    copied = pickle.dumps(images)
    assert len(copied) < 10_000
    assert (copy.copy(images)[:] == images[:]).all()


def test_a_bad_file_is_refused_by_name(paths: list[str]) -> None:
    Path(paths[2]).write_bytes(b"")
    with pytest.raises(DataError, match=r"2\.png is empty"):
        lazy(paths)[:]


def test_a_blank_takes_the_place_of_a_skipped_file(paths: list[str], caplog: pytest.LogCaptureFixture) -> None:
    Path(paths[2]).unlink()
    images = lazy(paths, on_bad_file="skip")[:]
    assert (images[2] == BLANK).all()
    assert (images[3] == 6).all()
    assert "2.png cannot be read" in caplog.text
