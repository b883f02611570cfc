"""The networks that params.yaml can name: one reads a text word by word, the other looks at all words at once."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.pipeline import Pipeline
from torch import Tensor, nn

from ..config import Config
from ..inference.encoder import PADDING, UNKNOWN
from ..schema import Schema
from .estimators import make_estimator, set_step_params
from .features import WordIds
from .objective import NetworkClassifier

# The standard deviation of a word's vector before anything is learned.
SPREAD = 0.05


@dataclass(kw_only=True, eq=False, repr=False)
class TextNetwork(NetworkClassifier):
    """What both networks share: each word has a vector of `width` numbers, which is learned too."""

    layers: int = 1
    width: int = 32
    dropout: float = 0.3

    input_type: ClassVar[type[np.generic]] = np.int64
    # Layers as small as these lose more than they gain by sharing their work.
    threads: ClassVar[int | None] = 1

    def fit(self, X: Any, y: Any) -> Self:
        """Train on the numbers of words, shape (texts, words)."""
        self.words_ = int(X.max()) + 1
        return super().fit(X, y)

    def build(self, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        """Return the untrained module for texts of this length."""
        return TextModule(Embedding(self.words_, self.width), self.reader(*inputs), self.width, self.dropout, outputs)

    def reader(self, length: int) -> nn.Module:
        """Return what reads the vectors of words and their mask, and gives vectors of the same shape."""
        raise NotImplementedError


@dataclass(kw_only=True, eq=False, repr=False)
class RecurrentNetwork(TextNetwork):
    """Gated recurrent units that read the words from both ends. Cho et al., EMNLP 2014."""

    def reader(self, length: int) -> nn.Module:
        """Return the recurrent layers. Raises ValueError when the width cannot be shared by both directions."""
        if self.width % 2:
            raise ValueError(f"width: {self.width} is odd; each direction has half of it")
        return Recurrent(self.width, self.layers, self.dropout)


@dataclass(kw_only=True, eq=False, repr=False)
class AttentionNetwork(TextNetwork):
    """Layers in which each word attends to all words. Vaswani et al., Attention Is All You Need, NIPS 2017."""

    heads: int = 4

    def reader(self, length: int) -> nn.Module:
        """Return the attention layers. Raises ValueError when the heads cannot share the width."""
        if self.width % self.heads:
            raise ValueError(f"heads: {self.heads} cannot share a width of {self.width}")
        return Attention(length, self.width, self.heads, self.layers)


NETWORKS = {"recurrent": RecurrentNetwork, "attention": AttentionNetwork}


def build_model(config: Config, schema: Schema) -> Pipeline:
    """Return the unfitted pipeline from texts to class probabilities. Raises ConfigError."""
    network = make_estimator(NETWORKS, config).set_params(checkpoints=str(config.models_dir / ".checkpoints"))
    return set_step_params(Pipeline([("text", WordIds()), ("model", network)]), config)


class Embedding(nn.Module):
    """Looks up the vectors of words."""

    def __init__(self, words: int, width: int) -> None:
        """Make a table of small vectors, so that a rare word says little; that of the padding stays zero."""
        super().__init__()
        self.words = words
        self.table = nn.Embedding(words, width, padding_idx=PADDING)
        with torch.no_grad():
            self.table.weight *= SPREAD

    def forward(self, ids: Tensor) -> Tensor:
        """Return the vectors (texts, length, width) of words (texts, length); one never seen counts as unknown."""
        found: Tensor = self.table(torch.where(ids < self.words, ids, UNKNOWN))
        return found


class TextModule(nn.Module):
    """Reads the vectors of a text's words, and decides by what is largest and by what is usual among them."""

    def __init__(self, embedding: nn.Module, reader: nn.Module, width: int, dropout: float, outputs: int) -> None:
        """Put the parts together."""
        super().__init__()
        self.embedding = embedding
        self.reader = reader
        self.dropout = nn.Dropout(dropout)
        self.decide = nn.Linear(2 * width, outputs)

    def forward(self, ids: Tensor) -> Tensor:
        """Return one value for each class."""
        mask = (ids != PADDING).unsqueeze(2)
        read = self.reader(self.dropout(self.embedding(ids)), mask)
        count = mask.sum(dim=1).clamp(min=1)
        mean = (read * mask).sum(dim=1) / count
        # A text without a single word has no largest value either.
        largest = torch.where(mask, read, -1e4).amax(dim=1) * mask.any(dim=1)
        decided: Tensor = self.decide(self.dropout(torch.cat([mean, largest], dim=1)))
        return decided


class Recurrent(nn.Module):
    """Reads words one after the other, from both ends."""

    def __init__(self, width: int, layers: int, dropout: float) -> None:
        """Make the layers; each direction gives half of the width."""
        super().__init__()
        between = dropout if layers > 1 else 0.0
        self.units = nn.GRU(width, width // 2, layers, batch_first=True, bidirectional=True, dropout=between)

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        """Return the vectors of words (texts, length, width) changed by what surrounds them."""
        found: Tensor = self.units(words)[0]
        return found


class Attention(nn.Module):
    """Looks at all words of a text at once; their places are learned."""

    def __init__(self, length: int, width: int, heads: int, layers: int) -> None:
        """Make the layers."""
        super().__init__()
        self.places = nn.Parameter(0.02 * torch.randn(length, width))
        self.layers = nn.ModuleList(nn.MultiheadAttention(width, heads, batch_first=True) for _ in range(layers))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(layers))

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        """Return the vectors of words (texts, length, width) changed by what surrounds them."""
        hidden = ~mask.squeeze(2)
        # The first place is always shown: attention to nothing is not a number.
        hidden = torch.cat([torch.zeros_like(hidden[:, :1]), hidden[:, 1:]], dim=1)
        words = words + self.places
        for attention, norm in zip(self.layers, self.norms, strict=True):
            found, _ = attention(words, words, words, key_padding_mask=hidden, need_weights=False)
            words = norm(words + found)
        return words
