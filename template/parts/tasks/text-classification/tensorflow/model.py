"""The networks that params.yaml can name: one reads a text word by word, the other looks at all words at once."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import keras
import numpy as np
from keras import layers, ops
from sklearn.pipeline import Pipeline

from ..config import Config
from ..inference.encoder import PADDING, UNKNOWN
from ..schema import Schema
from .estimators import make_estimator, set_step_params
from .features import WordIds
from .objective import NetworkClassifier


@dataclass(kw_only=True, eq=False, repr=False)
class TextNetwork(NetworkClassifier):
    """What both networks share: each word has a vector of `width` numbers, which is learned too."""

    layers: int = 1
    width: int = 32
    dropout: float = 0.3

    input_type: ClassVar[type[np.generic]] = np.int64

    def fit(self, X: Any, y: Any) -> Self:
        """Train on the numbers of words, shape (texts, words)."""
        self.words_ = int(X.max()) + 1
        return super().fit(X, y)

    def build(self, inputs: tuple[int, ...], outputs: int) -> keras.Model:
        """Return the untrained model for texts of this length."""
        ids = keras.Input(inputs, dtype="int64")
        # A word never seen counts as unknown.
        known = ops.where(ids < self.words_, ids, UNKNOWN)
        words = layers.Embedding(self.words_, self.width)(known)
        mask = ops.expand_dims(ids != PADDING, axis=2)
        read = self.read(layers.Dropout(self.dropout)(words), mask)
        summary = layers.Dropout(self.dropout)(summarize(read, mask))
        return keras.Model(ids, layers.Dense(outputs, dtype="float32")(summary))

    def read(self, words: Any, mask: Any) -> Any:
        """Return the vectors of words (texts, length, width) changed by what surrounds them."""
        raise NotImplementedError


@dataclass(kw_only=True, eq=False, repr=False)
class RecurrentNetwork(TextNetwork):
    """Gated recurrent units that read the words from both ends. Cho et al., EMNLP 2014."""

    def read(self, words: Any, mask: Any) -> Any:
        """Return what both directions have read. Raises ValueError when they cannot share the width."""
        if self.width % 2:
            raise ValueError(f"width: {self.width} is odd; each direction has half of it")
        for _ in range(self.layers):
            words = layers.Bidirectional(layers.GRU(self.width // 2, return_sequences=True))(words)
        return words


@dataclass(kw_only=True, eq=False, repr=False)
class AttentionNetwork(TextNetwork):
    """Layers in which each word attends to all words. Vaswani et al., Attention Is All You Need, NIPS 2017."""

    heads: int = 4

    def read(self, words: Any, mask: Any) -> Any:
        """Return what the words attend to. Raises ValueError when the heads cannot share the width."""
        if self.width % self.heads:
            raise ValueError(f"heads: {self.heads} cannot share a width of {self.width}")
        # NumPy's arrays become constants of the exported graph; Keras' own would become inputs of it.
        places = np.arange(words.shape[1], dtype=np.int32)
        words = words + layers.Embedding(len(places), self.width)(ops.cast(mask[:, :, 0], "int32") * 0 + places)
        # The first place is always shown: attention to nothing is not a number.
        shown = ops.logical_or(ops.transpose(mask, (0, 2, 1)), places == 0)
        for _ in range(self.layers):
            attention = layers.MultiHeadAttention(self.heads, self.width // self.heads)
            words = layers.LayerNormalization()(words + attention(words, words, attention_mask=shown))
        return words


NETWORKS = {"recurrent": RecurrentNetwork, "attention": AttentionNetwork}


def build_model(config: Config, schema: Schema) -> Pipeline:
    """Return the unfitted pipeline from texts to class probabilities. Raises ConfigError."""
    network = make_estimator(NETWORKS, config).set_params(checkpoints=str(config.models_dir / ".checkpoints"))
    return set_step_params(Pipeline([("text", WordIds()), ("model", network)]), config)


def summarize(read: Any, mask: Any) -> Any:
    """Return the mean and the largest of the vectors that are no padding, (texts, twice the width)."""
    count = ops.maximum(ops.sum(ops.cast(mask, read.dtype), axis=1), 1)
    mean = ops.sum(ops.where(mask, read, 0), axis=1) / count
    # A text without a single word has no largest value either.
    largest = ops.max(ops.where(mask, read, -1e4), axis=1)
    return ops.concatenate([mean, ops.where(ops.any(mask, axis=1), largest, 0)], axis=1)
