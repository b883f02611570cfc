"""Neural networks as scikit-learn estimators: Keras models on TensorFlow."""

import copy
import math
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Self

import joblib
import keras
import numpy as np
import onnx
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from .trainer import BATCHES_AT_ONCE, Batches, Trainer, mixed_precision

# A prediction keeps no gradients, so that more examples fit into memory at once than in training.
PREDICTED_BATCHES = 4


@dataclass(kw_only=True, eq=False, repr=False)
class Network(BaseEstimator):
    """What all networks share: how they are trained. A subclass adds what shapes its layers, and `build`.

    Where `checkpoints` names a folder, a fit that was killed continues there when it is called again with the same
    hyper-parameters and data, and ends with the weights of an unbroken one. Keras' own wrappers for scikit-learn are no
    base for it: they take two-dimensional arrays in memory only, and give no probabilities.
    """

    learning_rate: float = 1e-3
    batch_size: int = 32
    epochs: int = 100
    patience: int = 10
    random_state: int = 0
    checkpoints: str | None = None

    # Told of each epoch and its loss on the held-out rows; what it raises ends the fit.
    on_epoch: Callable[[int, float], None] | None = field(init=False, default=None)

    # What the model takes: float32, or integers for what it looks up itself.
    input_type: ClassVar[type[np.generic]] = np.float32

    def build(self, inputs: tuple[int, ...], outputs: int) -> keras.Model:
        """Return the untrained model for examples of this shape, which gives so many values for each.

        Layers of Keras alone: those of other packages are refused when a saved model is loaded.
        """
        raise NotImplementedError

    def rebuild(self, inputs: tuple[int, ...], outputs: int) -> keras.Model:
        """Return the model for weights that are set next; for a `build` that reads weights of its own."""
        return self.build(inputs, outputs)

    def loss(self) -> keras.losses.Loss:
        """Return the loss of the model's values on the encoded targets."""
        raise NotImplementedError

    def encode(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return the targets as the loss takes them; set `outputs_` and what predictions need."""
        raise NotImplementedError

    def head(self) -> keras.Layer:
        """Return what turns the trained model's values into predictions."""
        raise NotImplementedError

    def held_out(self, targets: NDArray[Any]) -> NDArray[np.intp]:
        """Return the rows on which training does not learn but stops."""
        raise NotImplementedError

    def fit(self, X: Any, y: Any) -> Self:
        """Train until the loss on the held-out rows stops falling; keep the weights with which it was least.

        X is an array, or anything that has a length and gives the examples at an array of places, read on demand.
        Raises ValueError when a hyper-parameter does not suit.
        """
        if min(self.epochs, self.batch_size, self.patience) < 1:
            raise ValueError("epochs, batch_size and patience are whole numbers above 0")
        if len(X) < 2:
            raise ValueError("a network needs at least two examples")
        X = X.astype(self.input_type, copy=False) if isinstance(X, np.ndarray) else X
        targets = self.encode(np.asarray(y))
        if hasattr(self, "_checkpoint"):
            # A finished fit on other data has left it.
            self.discard_checkpoint()
        self.inputs_ = tuple(X[np.arange(1)].shape[1:])
        keras.utils.set_random_seed(self.random_state)
        with mixed_precision():
            model = self.build(self.inputs_, self.outputs_)
        self.history_ = self._train(X, targets, model)
        self.network_ = self._finish(model)
        return self

    def _train(self, X: Any, targets: NDArray[Any], model: keras.Model) -> dict[str, list[float]]:
        """Leave the model with its best weights, and return the losses of each epoch."""
        model.compile(keras.optimizers.Adam(float(self.learning_rate)), self.loss(), jit_compile=False)
        self._checkpoint = self._checkpoint_path(X, targets, model)
        valid = self.held_out(targets)
        train = np.setdiff1d(np.arange(len(X)), valid)
        at_once = BATCHES_AT_ONCE if isinstance(X, np.ndarray) else 1
        batches = partial(Batches, partial(self._read, X), targets, batch_size=self.batch_size, at_once=at_once)
        signature = (
            tf.TensorSpec([None, *self.inputs_], self.input_type),
            tf.TensorSpec([None, *targets.shape[1:]], targets.dtype),
        )
        return Trainer(model, signature, self.random_state).train(
            batches(train),
            batches(valid),
            epochs=self.epochs,
            patience=self.patience,
            checkpoint=self._checkpoint,
            on_epoch=self.on_epoch,
        )

    def _finish(self, model: keras.Model) -> keras.Model:
        """Return the trained model with its head, in full precision."""
        if model.dtype_policy.name != "float32":
            weights = model.get_weights()
            model = self.rebuild(self.inputs_, self.outputs_)
            model.set_weights(weights)
        return self.prepare(keras.Model(model.inputs, self.head()(model.outputs[0])))

    @staticmethod
    def prepare(network: keras.Model) -> keras.Model:
        """Return the network, ready to predict without compiling anew for each size of a batch."""
        network.jit_compile = False
        return network

    def _read(self, X: Any, rows: NDArray[np.intp]) -> NDArray[Any]:
        """Return these examples."""
        return np.asarray(X[rows], dtype=self.input_type)

    def _checkpoint_path(self, X: Any, targets: NDArray[Any], model: keras.Model) -> Path | None:
        """Return the file of the state in training: one for each combination of hyper-parameters, layers and data."""
        if self.checkpoints is None:
            return None
        params = {name: value for name, value in self.get_params().items() if name != "checkpoints"}
        # Keras numbers the layers of all models of a process.
        layers = re.sub(r"_\d+\b", "", model.to_json())
        identity = joblib.hash((type(self).__name__, params, layers, tf.__version__, keras.__version__, X, targets))
        return Path(self.checkpoints) / f"{identity}.npz"

    def _outputs(self, X: Any) -> NDArray[np.float32]:
        """Return the network's predictions, computed in batches."""
        batches = math.ceil(len(X) / (PREDICTED_BATCHES * self.batch_size)) or 1
        parts = np.array_split(np.arange(len(X)), batches)
        return np.concatenate([self.network_.predict_on_batch(self._read(X, rows)) for rows in parts])

    def untrained(self) -> Self:
        """Return a copy without the trained layers, and without what training keeps to resume from."""
        bare = copy.copy(self)
        del bare.network_, bare._checkpoint
        bare.checkpoints = None
        return bare

    def discard_checkpoint(self) -> None:
        """Remove the state that a finished fit has left."""
        if self._checkpoint is not None:
            self._checkpoint.unlink(missing_ok=True)

    def __sklearn_clone__(self) -> Self:
        """Return an unfitted copy that keeps no checkpoints: folds and candidates may not share any."""
        return type(self)(**{**self.get_params(), "checkpoints": None})


def network_graph(estimator: Network, name: str) -> onnx.ModelProto:
    """Return the fitted network as a graph from the input `name` to the output `scores`, for any number of examples."""
    inputs = keras.Input(estimator.inputs_, dtype=np.dtype(estimator.input_type).name, name=name)
    # Layers that change examples at random in training would otherwise do so in the graph too.
    network = keras.Model(inputs, estimator.network_(inputs, training=False))
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        # The exporter looks for names that numpy is about to use otherwise.
        warnings.simplefilter("ignore")
        file = Path(folder) / "network.onnx"
        network.export(file, format="onnx", verbose=False, input_signature=network.inputs)
        return tidy(onnx.load(file))


def tidy(graph: onnx.ModelProto) -> onnx.ModelProto:
    """Call the only output `scores`, and drop the operator sets that no node uses."""
    (output,) = graph.graph.output
    for node in graph.graph.node:
        for names in (node.input, node.output):
            names[:] = ["scores" if name == output.name else name for name in names]
    output.name = "scores"
    used = {node.domain for node in graph.graph.node}
    kept = [entry for entry in graph.opset_import if entry.domain in used]
    del graph.opset_import[:]
    graph.opset_import.extend(kept)
    return graph
