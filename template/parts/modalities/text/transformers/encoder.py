"""Turn texts into what a model takes, without the training libraries.

Cutting a text into pieces of words has no ONNX form, so it is done here; all that follows is in the exported graph.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import BundleError
from ..schema import Inputs, Schema
from .words import Pieces

# How many steps of the pipeline the encoder does itself.
STEPS = 1
TOKENIZER_FILE = "tokenizer.json"


class Encoder:
    """Gives the numbers of pieces of words, `ids`, to a model."""

    def __init__(self, pieces: Pieces, column: str) -> None:
        """Keep what reads a text, and the name of the column that holds it."""
        self._pieces = pieces
        self._column = column

    def encode(self, rows: Sequence[Mapping[str, str]]) -> Inputs:
        """Return the rows of a request as a model's inputs."""
        return self.encode_features([row[self._column] for row in rows])

    def encode_features(self, features: Any) -> Inputs:
        """Return texts as a model's inputs."""
        return {"ids": self._pieces.read(features)}

    def decode(self, inputs: Inputs) -> Any:
        """Return a model's inputs as the network was fitted on them."""
        return inputs["ids"]


def load_encoder(folder: Path, schema: Schema) -> Encoder:
    """Return the encoder of a saved model. Raises BundleError when its file is missing or damaged."""
    path = folder / TOKENIZER_FILE
    try:
        return Encoder(Pieces(path.read_text(encoding="utf-8")), schema.text)
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} cannot be loaded: {error}") from None
