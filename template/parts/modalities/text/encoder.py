"""Turn texts into what a model takes, without the training libraries.

Cutting a text into words has no ONNX form that agrees beyond plain English, so it is done here; all that follows is in
the exported graph.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BundleError
from ..schema import Inputs, Schema
from .words import WordOptions, Words

# How many steps of the pipeline the encoder does itself.
STEPS = 1
TEXT_FILE = "text.json"

PADDING, UNKNOWN, FIRST_WORD = 0, 1, 2


@dataclass(frozen=True)
class IdReader:
    """Numbers the first `max_length` words of texts: 0 fills a shorter one up, 1 stands for an unknown word."""

    options: WordOptions
    words: Sequence[str]
    max_length: int

    @cached_property
    def _words(self) -> Words:
        return Words(self.options)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words, start=FIRST_WORD)}

    def read(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return the numbers, shape (texts, max_length)."""
        ids = np.full((len(texts), self.max_length), PADDING, dtype=np.int64)
        for row, text in zip(ids, texts, strict=True):
            found = [self._ids.get(word, UNKNOWN) for word in self._words(text)[: self.max_length]]
            row[: len(found)] = found
        return ids

    def save(self, folder: Path) -> None:
        """Write options and words."""
        content = {"options": self.options.settings(), "words": list(self.words), "max_length": self.max_length}
        (folder / TEXT_FILE).write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")


class Encoder:
    """Gives the numbers of words, `ids`, to a model."""

    def __init__(self, reader: IdReader, column: str) -> None:
        """Keep what reads a text, and the name of the column that holds it."""
        self._reader = reader
        self._column = column

    def encode(self, rows: Sequence[Mapping[str, str]]) -> Inputs:
        """Return the rows of a request as a model's inputs."""
        return self.encode_features([row[self._column] for row in rows])

    def encode_features(self, features: Any) -> Inputs:
        """Return texts as a model's inputs."""
        return {"ids": self._reader.read(features)}

    def decode(self, inputs: Inputs) -> Any:
        """Return a model's inputs as the network was fitted on them."""
        return inputs["ids"]


def load_encoder(folder: Path, schema: Schema) -> Encoder:
    """Return the encoder of a saved model. Raises BundleError when its file is missing or damaged."""
    try:
        content = json.loads((folder / TEXT_FILE).read_text(encoding="utf-8"))
        reader = IdReader(WordOptions(**content["options"]), content["words"], content["max_length"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BundleError(f"{folder / TEXT_FILE} cannot be loaded: {error}") from None
    return Encoder(reader, schema.text)
