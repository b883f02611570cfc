"""Turn texts into what a model takes, without the training libraries.

Cutting a text into words has no ONNX form that agrees beyond plain English, so it is done here; and so is looking up
the vectors of words, as unknown ones are put together from their spelling. All that follows is in the exported graph.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import BundleError
from ..schema import Inputs, Schema
from .words import WordOptions, Words

# How many steps of the pipeline the encoder does itself.
STEPS = 1
TEXT_FILE = "text.json"
VECTORS_FILE = "vectors.npy"


class Reader(Protocol):
    """Turns texts into numbers, and names the result."""

    @property
    def name(self) -> str:
        """The name of the result."""

    def read(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row for each text."""

    def save(self, folder: Path) -> None:
        """Write what `load_reader` reads."""


@dataclass(frozen=True)
class CountReader:
    """Counts the known terms of texts: words, and runs of up to `ngrams` words."""

    options: WordOptions
    terms: Sequence[str]
    ngrams: int
    name: str = field(default="counts", init=False)

    @cached_property
    def _words(self) -> Words:
        return Words(self.options)

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {term: column for column, term in enumerate(self.terms)}

    def read(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the counts, shape (texts, terms)."""
        counts = np.zeros((len(texts), len(self.terms)), dtype=np.float32)
        for row, text in zip(counts, texts, strict=True):
            found = self.count(text)
            row[list(found)] = list(found.values())
        return counts

    def count(self, text: str) -> Counter[int]:
        """Return how often each known term is in the text, by its column."""
        columns = self._columns
        return Counter(columns[term] for term in runs(self._words(text), self.ngrams) if term in columns)

    def save(self, folder: Path) -> None:
        """Write options and terms."""
        write_json(folder, {"options": self.options.settings(), "terms": list(self.terms), "ngrams": self.ngrams})


@dataclass(frozen=True)
class VectorReader:
    """Gives the mean of the vectors of a text's words, shape (size,); the vectors have shape (words + subwords, size).

    `subwords` is None, or the least and the greatest length of the pieces that an unknown word is put together from.
    They share the vectors after those of the words.
    """

    options: WordOptions
    words: Sequence[str]
    vectors: NDArray[np.float32]
    subwords: tuple[int, int] | None = None
    name: str = field(default="vectors", init=False)

    @cached_property
    def _words(self) -> Words:
        return Words(self.options)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {word: row for row, word in enumerate(self.words)}

    def read(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the mean vector of each text, shape (texts, size); zeros where no word is known."""
        return np.stack([self.mean(text) for text in texts])

    def mean(self, text: str) -> NDArray[np.float32]:
        """Return the mean of the vectors of a text's words, shape (size,)."""
        known = [vector for word in self._words(text) if (vector := self.vector(word)) is not None]
        return np.mean(known, axis=0) if known else np.zeros_like(self.vectors[0])

    def vector(self, word: str) -> NDArray[np.float32] | None:
        """Return the vector of a word, or None if nothing is known of it."""
        if word in self._rows:
            return self.vectors[self._rows[word]]
        if self.subwords is None:
            return None
        pieces = cut_subwords(word, *self.subwords)
        first = len(self.words)
        rows = [first + hash_subword(piece) % (len(self.vectors) - first) for piece in pieces]
        return self.vectors[rows].mean(axis=0) if rows else None

    def save(self, folder: Path) -> None:
        """Write options, words and vectors."""
        np.save(folder / VECTORS_FILE, self.vectors)
        words = {"words": list(self.words), "subwords": self.subwords}
        write_json(folder, {"options": self.options.settings(), **words})


class Encoder:
    """Gives `counts` of terms, or `vectors` of texts, to a model."""

    def __init__(self, reader: Reader, column: str) -> None:
        """Keep what reads a text, and the name of the column that holds it."""
        self._reader = reader
        self._column = column

    def encode(self, rows: Sequence[Mapping[str, str]]) -> Inputs:
        """Return the rows of a request as a model's inputs."""
        return self.encode_features([row[self._column] for row in rows])

    def encode_features(self, features: Any) -> Inputs:
        """Return texts as a model's inputs."""
        return {self._reader.name: self._reader.read(features)}

    def decode(self, inputs: Inputs) -> Any:
        """Return a model's inputs as what follows the first step of the pipeline was fitted on."""
        return inputs[self._reader.name]


def load_encoder(folder: Path, schema: Schema) -> Encoder:
    """Return the encoder of a saved model. Raises BundleError when its files are missing or damaged."""
    try:
        return Encoder(load_reader(folder), schema.text)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BundleError(f"{folder / TEXT_FILE} cannot be loaded: {error}") from None


def load_reader(folder: Path) -> Reader:
    """Return the reader that was saved."""
    content = json.loads((folder / TEXT_FILE).read_text(encoding="utf-8"))
    options = WordOptions(**content["options"])
    if "terms" in content:
        return CountReader(options, content["terms"], content["ngrams"])
    return VectorReader(options, content["words"], np.load(folder / VECTORS_FILE), content["subwords"])


def write_json(folder: Path, content: dict[str, Any]) -> None:
    """Write the file that says how texts are read."""
    (folder / TEXT_FILE).write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")


def runs(words: Sequence[str], longest: int) -> list[str]:
    """Return the words, and all runs of up to `longest` words, joined by a space."""
    lengths = range(1, longest + 1)
    return [" ".join(words[start : start + size]) for size in lengths for start in range(len(words) - size + 1)]


def cut_subwords(word: str, least: int, most: int) -> list[bytes]:
    """Return all pieces of a word of these lengths, in characters; < and > stand for its beginning and end."""
    whole = f"<{word}>"
    places = [(start, start + size) for start in range(len(whole)) for size in range(least, most + 1)]
    pieces = [whole[start:end] for start, end in places if end <= len(whole)]
    return [piece.encode() for piece in pieces if piece not in "<>"]


def hash_subword(piece: bytes) -> int:
    """Return the hash of a piece, FNV-1a with bytes as signed numbers, as fastText has it.

    Bojanowski et al., Enriching Word Vectors with Subword Information, TACL 2017.
    """
    found = 2166136261
    for byte in piece:
        signed = byte if byte < 128 else byte | 0xFFFFFF00
        found = (found ^ signed) * 16777619 & 0xFFFFFFFF
    return found
