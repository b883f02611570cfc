"""The numbers that describe an image say what they should, and are the same alone and among others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acme_ml.config import Config
from acme_ml.data.load import load
from acme_ml.errors import ConfigError
from acme_ml.evaluation.metrics import scorer
from acme_ml.inference.encoder import describe_images, orient
from acme_ml.training.export import export
from acme_ml.training.model import DescribeImages, build_model
from acme_ml.training.saving import compare
from acme_ml.training.train import fit

Edit = Callable[[dict[str, Any]], Config]


def stripes(angle: float) -> Any:
    """Return an image of dark and bright stripes; the angle is that of the way across them."""
    down, across = np.mgrid[:16, :16]
    wave = np.sin((across * np.cos(angle) + down * np.sin(angle)) * 0.8)
    return np.round(127 + 120 * wave).astype(np.uint8)[None, :, :, None]


@pytest.mark.parametrize("place", range(4))
def test_stripes_vote_for_their_own_direction(place: int) -> None:
    votes = orient(stripes(place * np.pi / 4), cell=4, bins=4).reshape(-1, 4)
    assert (votes.mean(axis=0).argmax()) == place


def test_a_brighter_image_has_the_same_edges() -> None:
    image = stripes(1.0) // 2
    assert np.allclose(orient(image, 4, 9), orient(image + 60, 4, 9), atol=1e-5)


@pytest.mark.parametrize("kind", ["hog", "pixels"])
def test_images_are_described_one_by_one(kind: Any) -> None:
    images = np.random.default_rng(0).integers(0, 255, (300, 16, 20, 3), dtype=np.uint8)
    together = DescribeImages(kind).fit_transform(images)
    alone = np.concatenate([describe_images(image[None], kind, 4, 9) for image in images[:5]])
    assert together.dtype == np.float32
    assert np.allclose(together[:5], alone, atol=1e-6)
    assert np.isfinite(together).all()


def test_every_model_learns_and_its_graph_agrees(trained: tuple[Config, Any], tmp_path: Path) -> None:
    config, _ = trained
    dataset = load(config)
    for name in config.models:
        model = build_model(config.model_copy(update={"model": name}), dataset.schema).fit(*dataset.train)
        assert scorer(dataset.schema)(model, *dataset.test)["f1_macro"] > 0.9, name
        export(model, dataset.schema, tmp_path)
        assert compare(model, dataset, tmp_path)[0]["served"], name


def test_cells_that_are_too_large_are_refused(edit_params: Edit, trained: tuple[Config, Any]) -> None:
    config, _ = trained
    settings = {config.model: {"params": {"features__kind": "hog", "features__cell": 12}}}
    changed = edit_params({"models": settings})
    dataset = load(changed)
    with pytest.raises(ConfigError, match="features__cell: 12 leaves less than 2 x 2 cells"):
        fit(build_model(changed, dataset.schema), dataset.train)
