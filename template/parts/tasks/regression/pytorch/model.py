"""The networks that params.yaml can name."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from sklearn.pipeline import Pipeline
from torch import nn

from ..config import Config
from ..schema import Schema
from .estimators import make_estimator
from .features import build_pipeline
from .objective import NetworkRegressor


@dataclass(kw_only=True, eq=False, repr=False)
class FeedForward(NetworkRegressor):
    """Dense layers of the same width, one after the other."""

    layers: int = 2
    width: int = 64
    dropout: float = 0.1

    threads: ClassVar[int | None] = 1

    def build(self, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        """Return the untrained module for examples of this shape, which gives so many values for each."""
        sizes = [*inputs, *[self.width] * self.layers]
        hidden = [part for size in pairwise(sizes) for part in (nn.Linear(*size), nn.ReLU(), nn.Dropout(self.dropout))]
        return nn.Sequential(*hidden, nn.Linear(sizes[-1], outputs))


NETWORKS = {"feed_forward": FeedForward}


def build_model(config: Config, schema: Schema) -> Pipeline:
    """Return the unfitted pipeline from the table's columns to a number. Raises ConfigError."""
    network = make_estimator(NETWORKS, config).set_params(checkpoints=str(config.models_dir / ".checkpoints"))
    return build_pipeline(schema, config, network, scale=True)
