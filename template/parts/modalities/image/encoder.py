"""Turn images into what a model takes, without the training libraries."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..data.images import Pixels
from ..schema import Inputs, Schema

# How many steps of the pipeline the encoder does itself: reading images has no ONNX form.
STEPS = 1


class Encoder:
    """Gives the pixels of images to a model: `pixels`, shape (images, height, width, channels)."""

    def __init__(self, schema: Schema) -> None:
        """Keep the form that the model takes images in."""
        self._schema = schema

    def encode(self, rows: Sequence[Pixels]) -> Inputs:
        """Return decoded images as a model's inputs."""
        return {"pixels": np.stack(rows)}

    def encode_features(self, features: Any) -> Inputs:
        """Return images, or the paths to read them from, as a model's inputs."""
        return {"pixels": read_pixels(features, self._schema)}

    def decode(self, inputs: Inputs) -> Any:
        """Return a model's inputs as the pixels that the network was fitted on."""
        return inputs["pixels"]


def read_pixels(features: Any, schema: Schema) -> Pixels:
    """Return images as they are, and read those that are given as paths."""
    if np.asarray(features).dtype == np.uint8:
        return np.asarray(features)
    # Imported where it is used: who sends pixels needs no training library.
    from ..data.pixels import ReadImages

    return ReadImages(schema.size, schema.colour, schema.on_bad_file, schema.bits).transform(features)[:]


def load_encoder(folder: Path, schema: Schema) -> Encoder:
    """Return the encoder of a saved model; the schema is all it needs."""
    return Encoder(schema)
