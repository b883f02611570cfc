"""The networks on recent values that params.yaml can name."""

from dataclasses import dataclass
from typing import Any, ClassVar

import keras
from sklearn.pipeline import Pipeline

from ..config import Config
from ..schema import Schema
from .estimators import make_estimator, set_step_params
from .forecaster import Forecasts, Values, Windows
from .objective import NetworkRegressor


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkForecaster(Forecasts, NetworkRegressor):
    """Adds what a reader makes of the values to a linear forecast from values and columns known in advance.

    What it takes and gives comes from the schema. The linear shortcut is that of Lai et al., SIGIR 2018.
    """

    layers: int = 1
    width: int = 16
    dropout: float = 0.0

    lags: int = 1
    horizon: int = 1
    season: int = 1
    level: float = 0.9

    shuffle_validation: ClassVar[bool] = False

    def learn(self, windows: Windows, target: Values) -> Any:
        """Train the network."""
        return NetworkRegressor.fit(self, windows, target)

    def recall(self, windows: Windows) -> Any:
        """Return the network's values."""
        return NetworkRegressor.predict(self, windows)

    def build(self, inputs: tuple[int, ...], outputs: int) -> keras.Model:
        """Return the model for windows of `lags` values and what is known of the horizon."""
        windows = keras.Input(inputs)
        steps = keras.layers.Reshape((*inputs, 1))(windows)
        known = inputs[0] - self.lags
        read = self.read(keras.layers.Cropping1D((0, known))(steps) if known else steps)
        if known:
            ahead = keras.layers.Flatten()(keras.layers.Cropping1D((self.lags, 0))(steps))
            read = keras.layers.Concatenate()([read, ahead])
        # Starting from nothing, early stopping keeps the weights of values that are much alike small.
        parts = [keras.layers.Dense(outputs, kernel_initializer="zeros")(part) for part in (windows, read)]
        return keras.Model(windows, keras.layers.Add()(parts))

    def read(self, values: keras.KerasTensor) -> keras.KerasTensor:
        """Return what the layers make of the values (examples, lags, 1), shape (examples, width)."""
        raise NotImplementedError


class RecurrentNetwork(NetworkForecaster):
    """Gated recurrent units that read the values one after the other (Cho et al., EMNLP 2014)."""

    def read(self, values: keras.KerasTensor) -> keras.KerasTensor:
        """Return the last state."""
        for layer in range(self.layers):
            values = keras.layers.GRU(self.width, return_sequences=layer + 1 < self.layers)(values)
            values = keras.layers.Dropout(self.dropout)(values) if self.dropout else values
        return values


@dataclass(kw_only=True, eq=False, repr=False)
class ConvolutionalNetwork(NetworkForecaster):
    """Causal convolutions, each twice as far apart as the one before (Bai, Kolter and Koltun, arXiv 2018)."""

    layers: int = 2

    def read(self, values: keras.KerasTensor) -> keras.KerasTensor:
        """Return what is seen at the last value."""
        for layer in range(self.layers):
            values = keras.layers.Conv1D(self.width, 3, padding="causal", dilation_rate=2**layer, activation="relu")(
                values
            )
            values = keras.layers.Dropout(self.dropout)(values) if self.dropout else values
        return keras.layers.Flatten()(keras.layers.Cropping1D((self.lags - 1, 0))(values))


NETWORKS = {"recurrent": RecurrentNetwork, "convolutional": ConvolutionalNetwork}


def build_model(config: Config, schema: Schema) -> Pipeline:
    """Return the unfitted pipeline from windows to forecasts with intervals. Raises ConfigError."""
    network = make_estimator(NETWORKS, config).set_params(
        lags=schema.lags,
        horizon=schema.horizon,
        season=schema.season,
        level=schema.level,
        checkpoints=str(config.models_dir / ".checkpoints"),
    )
    return set_step_params(Pipeline([("model", network)]), config)
