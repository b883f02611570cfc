"""The page about the images shows them, and says which deserve a look."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from acme_ml.config import Config
from acme_ml.data.load import read_data
from acme_ml.evaluation.explore import find_all, write_exploration


def table(**changes: Any) -> pd.DataFrame:
    """Return what is known of twenty images of two labels, with changes to columns."""
    rows = {
        "path": [f"{label}/{number}.png" for label in "ab" for number in range(10)],
        "label": [*"a" * 10, *"b" * 10],
    }
    known = pd.DataFrame(rows).assign(width=40, height=30, cut=False, digest=[*map(str, range(20))])
    return known.assign(**changes)


def told(images: pd.DataFrame) -> str:
    """Return all findings as one text."""
    return "\n".join(f"{what}: {todo}" for what, todo in find_all(images))


def test_images_that_are_alike_are_told() -> None:
    assert told(table()) == ""
    assert "1 files repeat another" in told(table(digest=["0", *map(str, range(19))]))
    both = told(table(digest=[*map(str, range(19)), "0"]))
    assert "1 images lie in the folders of several labels, such as 0.png: which label is true?" in both


def test_labels_and_forms_that_are_rare_are_told() -> None:
    assert "'b' has 5.0% of the images: training.class_weight" in told(table(label=[*"a" * 19, "b"]))
    assert "1 images have a side of fewer than 16 pixels" in told(table(width=[8, *[40] * 19], height=[6, *[30] * 19]))
    assert "1 images are far wider or higher than most" in told(table(width=[400, *[40] * 19]))
    assert "0.png ends in even grey" in told(table(cut=[True, *[False] * 19]))


def test_the_page_shows_images_means_and_colours(edit_params: Callable[..., Config], tmp_path: Path) -> None:
    for label, shade in (("dark", 40), ("light", 200)):
        (tmp_path / "own" / label).mkdir(parents=True)
        for number in range(4):
            picture = np.full((20, 20, 3), (shade + number, shade, shade // 2), np.uint8)
            cv2.imwrite(str(tmp_path / "own" / label / f"{number}.png"), picture)
    config = edit_params({})
    source = config.data.model_copy(update={"path": str(tmp_path / "own")})
    found, schema = read_data(config.model_copy(update={"data": source}), refresh=True)
    page = write_exploration(found, schema, tmp_path / "page").read_text(encoding="utf-8")
    assert "dark" in page
    assert {path.stem for path in (tmp_path / "page").glob("*.png")} == {"examples", "distributions", "colours"}
