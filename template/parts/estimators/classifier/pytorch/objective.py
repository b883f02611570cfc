"""What a network learns, and how its values become predictions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from .network import Network

# One example in as many is held out to stop in time.
HELD_OUT = 10


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkClassifier(ClassifierMixin, Network):
    """A network that gives the probability of each class.

    `class_weight` is as scikit-learn has it: none, `balanced`, or a number for each class.
    """

    class_weight: str | dict[str, float] | None = None

    def loss(self) -> nn.Module:
        """Return the cross-entropy, with the weights of the classes."""
        return nn.CrossEntropyLoss(torch.from_numpy(self.weights_.astype(np.float32)))

    def encode(self, y: NDArray[Any]) -> NDArray[np.int64]:
        """Return the place of each label among the classes, shape (examples,).

        Raises ValueError when there is one class, or the weights are not those of the classes.
        """
        self.classes_, places = np.unique(y, return_inverse=True)
        self.outputs_ = len(self.classes_)
        if self.outputs_ < 2:
            raise ValueError("a classifier needs examples of at least two classes")
        self.weights_ = compute_class_weight(self.class_weight, classes=self.classes_, y=y)
        return places.astype(np.int64)

    def head(self) -> nn.Module:
        """Return the softmax."""
        return nn.Softmax(dim=1)

    def held_out(self, targets: NDArray[Any]) -> NDArray[np.intp]:
        """Return a random tenth of each class."""
        order = np.random.default_rng(self.random_state).permutation(len(targets))
        by_class = order[np.argsort(targets[order], kind="stable")]
        return by_class[min(HELD_OUT, len(by_class)) - 1 :: HELD_OUT]

    def predict_proba(self, X: Any) -> NDArray[np.float32]:
        """Return the probability of each class, shape (examples, classes)."""
        return self._outputs(X)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each example."""
        return self.classes_[self._outputs(X).argmax(axis=1)]
