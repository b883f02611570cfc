"""The networks that params.yaml can name: an encoder that has learned before, or a small one that has not."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.pipeline import Pipeline
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, BertConfig, PretrainedConfig

from ..config import Config
from ..schema import Schema
from .estimators import make_estimator, set_step_params
from .features import SPECIAL, UNKNOWN, PieceIds
from .objective import NetworkClassifier


@dataclass(kw_only=True, eq=False, repr=False)
class EncoderNetwork(NetworkClassifier):
    """A linear layer on an encoder, both of which learn: a folder as transformers saves it, or a name on the hub.

    Without one, a small BERT is made of `layers`, `width` and `heads`, which count for nothing else.
    Devlin et al., BERT: Pre-training of Deep Bidirectional Transformers, NAACL 2019.
    """

    encoder: str | None = None
    layers: int = 2
    width: int = 64
    heads: int = 2
    dropout: float = 0.1

    input_type: ClassVar[type[np.generic]] = np.int64

    @property
    def threads(self) -> int | None:  # type: ignore[override]
        """How many threads it learns with: a small encoder loses more than it gains by sharing its work."""
        return 1 if self.encoder is None else None

    def fit(self, X: Any, y: Any) -> Self:
        """Train on the numbers of pieces, shape (texts, pieces)."""
        self.pieces_ = int(X.max()) + 1
        return super().fit(X, y)

    def build(self, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        """Return the module with the encoder's own weights. Raises ValueError when they do not load or fit."""
        encoder = self._make(*inputs) if self.encoder is None else load_weights(self.encoder)
        if inputs[0] > encoder.config.max_position_embeddings:
            raise ValueError(f"max_length: the encoder takes at most {encoder.config.max_position_embeddings} pieces")
        self.encoder_ = json.loads(encoder.config.to_json_string())
        return EncoderModule(encoder, self.dropout, outputs)

    def rebuild(self, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        """Return the module without the encoder's own weights; neither its folder nor the hub is needed."""
        return EncoderModule(make_encoder(AutoConfig.for_model(**self.encoder_)), self.dropout, outputs)

    def _make(self, length: int) -> Any:
        """Return a small encoder for texts of this length. Raises ValueError when the heads cannot share the width."""
        if self.width % self.heads:
            raise ValueError(f"heads: {self.heads} cannot share a width of {self.width}")
        config = BertConfig(
            vocab_size=self.pieces_,
            hidden_size=self.width,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            intermediate_size=2 * self.width,
            max_position_embeddings=length,
            type_vocab_size=1,
            hidden_dropout_prob=self.dropout,
            attention_probs_dropout_prob=self.dropout,
        )
        return make_encoder(config)


NETWORKS = {"encoder": EncoderNetwork}


def build_model(config: Config, schema: Schema) -> Pipeline:
    """Return the unfitted pipeline from texts to class probabilities. Raises ConfigError."""
    network = make_estimator(NETWORKS, config).set_params(checkpoints=str(config.models_dir / ".checkpoints"))
    return set_step_params(Pipeline([("text", PieceIds(encoder=network.encoder)), ("model", network)]), config)


def make_encoder(config: PretrainedConfig) -> Any:
    """Return an encoder with random weights."""
    make: Any = AutoModel.from_config
    return make(config, dtype=torch.float32, trust_remote_code=False)


def load_weights(name: str) -> Any:
    """Return an encoder that has learned before. Raises ValueError when it cannot be loaded.

    Only safetensors are read, and no code that comes with them is run.
    """
    try:
        return AutoModel.from_pretrained(
            name,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=torch.float32,
            local_files_only=Path(name).is_dir(),
        )
    except (OSError, ValueError) as error:
        raise ValueError(f"encoder: {name!r} cannot be loaded: {error}") from error


class EncoderModule(nn.Module):
    """Decides by the mean of what the encoder makes of a text's pieces."""

    def __init__(self, encoder: Any, dropout: float, outputs: int) -> None:
        """Put the parts together."""
        super().__init__()
        self.encoder = encoder
        self.pieces = encoder.config.vocab_size
        self.padding = encoder.config.pad_token_id or 0
        self.dropout = nn.Dropout(dropout)
        self.decide = nn.Linear(encoder.config.hidden_size, outputs)

    def forward(self, ids: Tensor) -> Tensor:
        """Return one value for each class."""
        mask = ids != self.padding
        # A piece that no text held when the encoder was made counts as unknown.
        known = torch.where(ids < self.pieces, ids, SPECIAL.index(UNKNOWN))
        read = self.encoder(input_ids=known, attention_mask=mask.long()).last_hidden_state
        count = mask.sum(dim=1, keepdim=True).clamp(min=1)
        mean = (read * mask.unsqueeze(2)).sum(dim=1) / count
        decided: Tensor = self.decide(self.dropout(mean))
        return decided
