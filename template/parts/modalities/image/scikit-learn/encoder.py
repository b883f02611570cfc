"""Turn images into the numbers that a model takes, without the training libraries."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..data.images import Pixels
from ..errors import BundleError
from ..schema import Inputs, Schema

FEATURES_FILE = "features.json"

# How many steps of the pipeline the encoder does itself: reading images and describing them have no ONNX form.
STEPS = 2

Kind = Literal["hog", "pixels"]
Features = NDArray[np.float32]


class Encoder:
    """Gives the description of images to a model: `features`, shape (images, numbers of each)."""

    def __init__(self, schema: Schema, settings: dict[str, Any]) -> None:
        """Keep the form that the model takes images in, and how they are described."""
        self._schema = schema
        self._settings = settings

    def encode(self, rows: Sequence[Pixels]) -> Inputs:
        """Return decoded images as a model's inputs."""
        return {"features": describe_images(np.stack(rows), **self._settings)}

    def encode_features(self, features: Any) -> Inputs:
        """Return images, or the paths to read them from, as a model's inputs."""
        return {"features": describe_images(read_pixels(features, self._schema), **self._settings)}

    def decode(self, inputs: Inputs) -> Any:
        """Return a model's inputs as the numbers that the estimator was fitted on."""
        return inputs["features"]


def read_pixels(features: Any, schema: Schema) -> Pixels:
    """Return images as they are, and read those that are given as paths."""
    if np.asarray(features).dtype == np.uint8:
        return np.asarray(features)
    # Imported where it is used: who sends pixels needs no training library.
    from ..data.pixels import ReadImages

    return ReadImages(schema.size, schema.colour, schema.on_bad_file, schema.bits).transform(features)[:]


def describe_images(pixels: Pixels, kind: Kind, cell: int, bins: int) -> Features:
    """Return the numbers that describe each image: its pixels between 0 and 1, or the directions of its edges."""
    if kind == "pixels":
        return (pixels.reshape(len(pixels), -1) / np.float32(255)).astype(np.float32)
    return orient(pixels, cell, bins)


def orient(pixels: Pixels, cell: int, bins: int) -> Features:
    """Return histograms of oriented gradients: for each cell the strength of its edges in each of some directions.

    Cells are squares of `cell` pixels; each block of 2 x 2 cells has a length of 1. Raises ValueError when there is no
    block. Dalal and Triggs, Histograms of Oriented Gradients for Human Detection, CVPR 2005.
    """
    grey = pixels.mean(axis=3, dtype=np.float32) / 255
    down, across = (np.gradient(grey, axis=axis) for axis in (1, 2))
    # Opposite directions are one: an edge from dark to bright is like one from bright to dark.
    place = np.arctan2(down, across) % np.pi * (bins / np.pi)
    strength = np.hypot(down, across)
    lower = np.floor(place)
    share = place - lower
    numbers = np.arange(bins)
    # Each pixel votes for the two directions next to its own.
    votes = (lower[..., None] % bins == numbers) * (strength * (1 - share))[..., None]
    votes += ((lower[..., None] + 1) % bins == numbers) * (strength * share)[..., None]
    return join_blocks(sum_cells(votes, cell))


def sum_cells(votes: NDArray[Any], cell: int) -> NDArray[Any]:
    """Add up the votes of each cell: (images, rows of cells, columns of cells, directions). Raises ValueError."""
    count, height, width, bins = votes.shape
    rows, columns = height // cell, width // cell
    if rows < 2 or columns < 2:
        raise ValueError(f"features__cell: {cell} leaves less than 2 x 2 cells of an image's {width} x {height} pixels")
    kept = votes[:, : rows * cell, : columns * cell]
    summed: NDArray[Any] = kept.reshape(count, rows, cell, columns, cell, bins).sum(axis=(2, 4))
    return summed


def join_blocks(cells: NDArray[Any]) -> Features:
    """Return the 2 x 2 cells of every block side by side, scaled to a length of 1."""
    corners = (cells[:, :-1, :-1], cells[:, :-1, 1:], cells[:, 1:, :-1], cells[:, 1:, 1:])
    blocks = np.concatenate(corners, axis=3)
    length = np.sqrt((blocks**2).sum(axis=3, keepdims=True) + 1e-6)
    return (blocks / length).reshape(len(cells), -1).astype(np.float32)


def load_encoder(folder: Path, schema: Schema) -> Encoder:
    """Return the encoder of a saved model. Raises BundleError when the file that says how is missing or damaged."""
    path = folder / FEATURES_FILE
    try:
        return Encoder(schema, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} is not readable: {error}") from None
