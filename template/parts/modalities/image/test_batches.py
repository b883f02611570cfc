"""Predicting a folder gives a line for each image; a bad one is skipped or refused by name."""

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from acme_ml.config import Config
from acme_ml.errors import DataError
from acme_ml.inference import batches
from acme_ml.inference.bundle import Bundle, load_bundle
from acme_ml.inference.predict import predict
from acme_ml.training.train import Run


@pytest.fixture(scope="session")
def bundle(trained: tuple[Config, Run]) -> Bundle:
    """The trained model."""
    return load_bundle(trained[1].bundle)


@pytest.fixture
def pictures(trained: tuple[Config, Run], tmp_path: Path) -> Path:
    """Twenty of the images, some in a folder inside the folder."""
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    for number, path in enumerate(sorted(trained[0].data_path.rglob("*.png"))[:20]):
        shutil.copy(path, folder / ("more" if number % 3 else "") / f"{number}.png")
    return folder


def test_chunks_do_not_change_predictions(
    bundle: Bundle, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert predict(bundle, pictures, tmp_path / "whole.csv") == 20
    monkeypatch.setattr(batches, "AT_ONCE", 3)
    assert predict(bundle, pictures, tmp_path / "chunks.csv") == 20
    whole, chunks = pd.read_csv(tmp_path / "whole.csv"), pd.read_csv(tmp_path / "chunks.csv")
    pd.testing.assert_frame_equal(whole, chunks, rtol=0, atol=2e-5)
    assert sorted(whole["path"])[:2] == ["0.png", "12.png"]
    assert set(whole["prediction"].astype(str)) <= set(bundle.schema.target.categories)


def test_a_single_image_is_one_line(bundle: Bundle, pictures: Path, tmp_path: Path) -> None:
    assert predict(bundle, pictures / "0.png", tmp_path / "one.csv") == 1
    assert pd.read_csv(tmp_path / "one.csv")["path"].tolist() == ["0.png"]


def test_a_bad_file_is_skipped_by_name(
    bundle: Bundle, pictures: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (pictures / "0.png").write_bytes(b"no image")
    skips = bundle.schema.model_copy(update={"on_bad_file": "skip"})
    rows = [name for batch in batches.read_batches(pictures, skips) for name in batch.rows["path"]]
    assert len(rows) == 19
    assert "0.png is no PNG" in caplog.text


def test_a_bad_file_is_refused_by_name(bundle: Bundle, pictures: Path) -> None:
    (pictures / "0.png").write_bytes(b"no image")
    refuses = bundle.schema.model_copy(update={"on_bad_file": "refuse"})
    with pytest.raises(DataError, match=r"0\.png is no PNG"):
        list(batches.read_batches(pictures, refuses))


def test_bad_files_are_left_out_and_listed(
    bundle: Bundle, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuses = replace(bundle, schema=bundle.schema.model_copy(update={"on_bad_file": "refuse"}))
    (pictures / "0.png").write_bytes(b"no image")
    for at_once in (1, 256):
        monkeypatch.setattr(batches, "AT_ONCE", at_once)
        assert predict(refuses, pictures, tmp_path / "out.csv", skip_bad=True) == 19
        refused = pd.read_csv(tmp_path / "out.refused.csv")
        assert refused.to_dict("records") == [{"path": "0.png", "refused": "is no PNG, JPEG or WebP image"}]


def test_a_folder_without_images_is_named(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no file that ends in"):
        predict(bundle, tmp_path, tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []
