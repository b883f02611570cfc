"""The networks that params.yaml can name."""

from dataclasses import dataclass

import keras
from sklearn.pipeline import Pipeline

from ..config import Config
from ..schema import Schema
from .estimators import make_estimator
from .features import build_pipeline
from .objective import NetworkClassifier


@dataclass(kw_only=True, eq=False, repr=False)
class FeedForward(NetworkClassifier):
    """Dense layers of the same width, one after the other."""

    layers: int = 2
    width: int = 64
    dropout: float = 0.1

    def build(self, inputs: tuple[int, ...], outputs: int) -> keras.Model:
        """Return the untrained model for examples of this shape, which gives so many values for each."""
        model = keras.Sequential([keras.Input(inputs)])
        for _ in range(self.layers):
            model.add(keras.layers.Dense(self.width, activation="relu"))
            model.add(keras.layers.Dropout(self.dropout))
        model.add(keras.layers.Dense(outputs))
        return model


NETWORKS = {"feed_forward": FeedForward}


def build_model(config: Config, schema: Schema) -> Pipeline:
    """Return the unfitted pipeline from the table's columns to class probabilities. Raises ConfigError."""
    network = make_estimator(NETWORKS, config).set_params(checkpoints=str(config.models_dir / ".checkpoints"))
    return build_pipeline(schema, config, network, scale=True)
