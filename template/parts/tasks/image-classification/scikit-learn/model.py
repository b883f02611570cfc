"""The classifiers that params.yaml can name, and the numbers that describe an image to them."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from ..config import Config
from ..data.pixels import ReadImages
from ..inference.encoder import Features, Kind, describe_images
from ..schema import Schema
from .estimators import make_estimator, set_step_params

CLASSIFIERS = {
    "logistic_regression": LogisticRegression,
    "random_forest": RandomForestClassifier,
}

AT_ONCE = 256


class DescribeImages(TransformerMixin, BaseEstimator):
    """Turns images into numbers, some images at a time: `hog` for the directions of edges, or `pixels` as they are."""

    def __init__(self, kind: Kind = "hog", cell: int = 4, bins: int = 9) -> None:
        """Keep the kind; for `hog` also the side of a cell in pixels, and the number of directions."""
        self.kind = kind
        self.cell = cell
        self.bins = bins

    def __sklearn_is_fitted__(self) -> bool:
        """Say that there is nothing to learn from the images."""
        return True

    def fit(self, images: Any, target: Any = None) -> Self:
        """Return the step itself."""
        return self

    def transform(self, images: Any) -> Features:
        """Return the numbers of each image, shape (images, numbers). Raises ValueError when `cell` is too large."""
        starts = range(0, len(images), AT_ONCE)
        parts = [describe_images(images[start : start + AT_ONCE], **self.get_params()) for start in starts]
        return np.concatenate(parts)


def build_model(config: Config, schema: Schema) -> Pipeline:
    """Return the unfitted pipeline from paths to class probabilities. Raises ConfigError."""
    steps = [
        ("images", ReadImages(schema.size, schema.colour, schema.on_bad_file, schema.bits)),
        ("features", DescribeImages()),
        ("model", make_estimator(CLASSIFIERS, config)),
    ]
    return set_step_params(Pipeline(steps), config)
