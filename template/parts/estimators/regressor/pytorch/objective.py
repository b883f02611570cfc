"""What a network learns, and how its values become predictions."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from torch import nn

from .network import Network

# One example in as many is held out to stop in time.
HELD_OUT = 10


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkRegressor(RegressorMixin, Network):
    """A network that gives one number or several; it learns them in units of their standard deviation."""

    # Of examples in the order of time, the last tenth is held out instead of a random one.
    shuffle_validation: ClassVar[bool] = True

    def loss(self) -> nn.Module:
        """Return the mean squared error."""
        return nn.MSELoss()

    def encode(self, y: NDArray[Any]) -> NDArray[np.float32]:
        """Return the standardised targets, shape (examples, outputs)."""
        targets = y.astype(np.float64).reshape(len(y), -1)
        self.target_mean_, spread = targets.mean(axis=0), targets.std(axis=0)
        self.target_scale_ = np.where(spread > 0, spread, 1.0)
        self.outputs_ = targets.shape[1]
        return ((targets - self.target_mean_) / self.target_scale_).astype(np.float32)

    def head(self) -> nn.Module:
        """Return what gives the numbers their unit back."""
        return Rescale(self.target_mean_, self.target_scale_)

    def held_out(self, targets: NDArray[Any]) -> NDArray[np.intp]:
        """Return a random tenth of the rows, or the last."""
        count = math.ceil(len(targets) / HELD_OUT)
        if not self.shuffle_validation:
            return np.arange(len(targets))[-count:]
        return np.random.default_rng(self.random_state).permutation(len(targets))[:count]

    def predict(self, X: Any) -> NDArray[np.float32]:
        """Return the numbers, shape (examples,), or (examples, outputs) if there are several for each."""
        values = self._outputs(X)
        return values.ravel() if self.outputs_ == 1 else values


class Rescale(nn.Module):
    """Turns standard deviations from the mean into the unit of the targets."""

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, mean: NDArray[np.float64], scale: NDArray[np.float64]) -> None:
        """Keep the mean and the standard deviation of each target."""
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float32))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return the values, shape (examples, outputs)."""
        return values * self.scale + self.mean
