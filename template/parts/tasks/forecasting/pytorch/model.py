"""The networks on recent values that params.yaml can name."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from sklearn.pipeline import Pipeline
from torch import nn

from ..config import Config
from ..schema import Schema
from .estimators import make_estimator, set_step_params
from .forecaster import Forecasts, Values, Windows
from .objective import NetworkRegressor


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkForecaster(Forecasts, NetworkRegressor):
    """A network that forecasts; what it takes and gives comes from the schema."""

    layers: int = 1
    width: int = 16
    dropout: float = 0.0

    lags: int = 1
    horizon: int = 1
    season: int = 1
    level: float = 0.9

    shuffle_validation: ClassVar[bool] = False
    threads: ClassVar[int | None] = 1

    def learn(self, windows: Windows, target: Values) -> Any:
        """Train the network."""
        return NetworkRegressor.fit(self, windows, target)

    def recall(self, windows: Windows) -> Any:
        """Return the network's values."""
        return NetworkRegressor.predict(self, windows)


class RecurrentNetwork(NetworkForecaster):
    """Gated recurrent units that read the values one after the other (Cho et al., EMNLP 2014)."""

    def build(self, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        """Return the module for windows of `lags` values and what is known of the horizon."""
        return Forecast(Recurrent(self.layers, self.width, self.dropout), self.lags, self.width, inputs[0], outputs)


@dataclass(kw_only=True, eq=False, repr=False)
class ConvolutionalNetwork(NetworkForecaster):
    """Causal convolutions, each twice as far apart as the one before (Bai, Kolter and Koltun, arXiv 2018)."""

    layers: int = 2

    def build(self, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        """Return the module for windows of `lags` values and what is known of the horizon."""
        return Forecast(Convolutional(self.layers, self.width, self.dropout), self.lags, self.width, inputs[0], outputs)


class Forecast(nn.Module):
    """Adds what a reader makes of the values to a linear forecast from values and known columns.

    The linear shortcut is that of Lai et al., SIGIR 2018.
    """

    def __init__(self, reader: nn.Module, lags: int, width: int, inputs: int, outputs: int) -> None:
        """Put the layers together."""
        super().__init__()
        self.lags = lags
        self.reader = reader
        self.linear = nn.Linear(inputs, outputs)
        self.head = nn.Linear(width + inputs - lags, outputs)
        # Starting from nothing, early stopping keeps the weights of values that are much alike small.
        for part in (self.linear, self.head):
            nn.init.zeros_(part.weight)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Return the values of the horizon, shape (examples, outputs)."""
        read = self.reader(windows[:, : self.lags, None])
        return self.linear(windows) + self.head(torch.cat([read, windows[:, self.lags :]], dim=1))


class Recurrent(nn.Module):
    """Reads values (examples, lags, 1) into what is left at the end (examples, width)."""

    def __init__(self, layers: int, width: int, dropout: float) -> None:
        """Make the layers."""
        super().__init__()
        self.units = nn.GRU(1, width, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return the last state."""
        return self.dropout(self.units(values)[0][:, -1])


class Convolutional(nn.Module):
    """Reads values (examples, lags, 1) into what is seen at the end (examples, width)."""

    def __init__(self, layers: int, width: int, dropout: float) -> None:
        """Make the layers."""
        super().__init__()
        steps = []
        for layer in range(layers):
            apart = 2**layer
            steps += [
                nn.ConstantPad1d((2 * apart, 0), 0.0),
                nn.Conv1d(width if layer else 1, width, 3, dilation=apart),
                nn.ReLU(),
                nn.Dropout(dropout),
            ]
        self.steps = nn.Sequential(*steps)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return what is seen at the last value."""
        return self.steps(values.transpose(1, 2))[:, :, -1]


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
