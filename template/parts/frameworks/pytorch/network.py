"""Neural networks as scikit-learn estimators: PyTorch modules that skorch trains."""

import copy
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Self

import joblib
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from skorch.callbacks import EarlyStopping
from skorch.helper import predefined_split
from skorch.utils import noop
from torch import nn

from .trainer import Batches, Checkpoint, Examples, Told, Trainer, limited_threads

# A prediction keeps no gradients, so that more examples fit into memory at once than in training.
PREDICTED_BATCHES = 4


@dataclass(kw_only=True, eq=False, repr=False)
class Network(BaseEstimator):
    """What all networks share: how they are trained. A subclass adds what shapes its layers, and `build`.

    Where `checkpoints` names a folder, a fit that was killed continues there when it is called again with the same
    hyper-parameters and data, and ends with the weights of an unbroken one.
    """

    learning_rate: float = 1e-3
    batch_size: int = 32
    epochs: int = 100
    patience: int = 10
    random_state: int = 0
    checkpoints: str | None = None

    # Told of each epoch and its loss on the held-out rows; what it raises ends the fit.
    on_epoch: Callable[[int, float], None] | None = field(init=False, default=None)

    # What the module takes: float32, or integers for what it looks up itself.
    input_type: ClassVar[type[np.generic]] = np.float32

    # Of the processor; None takes all. One is quickest for small layers, and rounds the same on every machine.
    threads: ClassVar[int | None] = None

    def build(self, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        """Return the untrained module for examples of this shape, which gives so many values for each."""
        raise NotImplementedError

    def rebuild(self, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        """Return the module for weights that are loaded next; for a `build` that reads weights of its own."""
        return self.build(inputs, outputs)

    def loss(self) -> nn.Module:
        """Return the loss of the module's values on the encoded targets."""
        raise NotImplementedError

    def encode(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return the targets as the loss takes them; set `outputs_` and what predictions need."""
        raise NotImplementedError

    def head(self) -> nn.Module:
        """Return what turns the trained module's values into predictions."""
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
        torch.manual_seed(self.random_state)
        with limited_threads(self.threads):
            trainer = self._train(X, targets, self.build(self.inputs_, self.outputs_))
        self.history_ = {name: trainer.history[:, name] for name in ("train_loss", "valid_loss")}
        self.network_ = nn.Sequential(trainer.module_, self.head().to(trainer.device)).eval()
        return self

    def _train(self, X: Any, targets: NDArray[Any], module: nn.Module) -> Trainer:
        """Return the trainer of the module after its last epoch, with the best weights restored."""
        valid = self.held_out(targets)
        train = np.setdiff1d(np.arange(len(X)), valid)
        read = partial(self._read, X)
        self._checkpoint = self._checkpoint_path(X, targets, module)
        trainer = Trainer(
            module,
            self.loss(),
            optimizer=torch.optim.Adam,
            optimizer__fused=True,
            lr=float(self.learning_rate),
            max_epochs=self.epochs,
            batch_size=self.batch_size,
            iterator_train=Batches,
            iterator_train__shuffle=True,
            iterator_valid=Batches,
            train_split=predefined_split(Examples(read, targets, valid)),
            callbacks=[
                ("stopping", EarlyStopping(patience=self.patience, threshold=0, load_best=True, sink=noop)),
                ("checkpoint", Checkpoint(self._checkpoint)),
                ("told", Told(self.on_epoch)),
            ],
            device="cuda" if torch.cuda.is_available() else "cpu",
            verbose=0,
        )
        return trainer.fit(Examples(read, targets, train))

    def _read(self, X: Any, rows: NDArray[np.intp]) -> torch.Tensor:
        """Return these examples."""
        return torch.from_numpy(np.asarray(X[rows], dtype=self.input_type))

    def _checkpoint_path(self, X: Any, targets: NDArray[Any], module: nn.Module) -> Path | None:
        """Return the file of the state in training: one for each combination of hyper-parameters, layers and data."""
        if self.checkpoints is None:
            return None
        params = {name: value for name, value in self.get_params().items() if name != "checkpoints"}
        identity = joblib.hash((type(self).__name__, params, str(module), torch.__version__, X, targets))
        return Path(self.checkpoints) / f"{identity}.pt"

    def _outputs(self, X: Any) -> NDArray[np.float32]:
        """Return the network's predictions, computed in batches."""
        X = X.astype(self.input_type, copy=False) if isinstance(X, np.ndarray) else X
        device = next(self.network_.parameters()).device
        batches = math.ceil(len(X) / (PREDICTED_BATCHES * self.batch_size)) or 1
        with torch.inference_mode(), limited_threads(self.threads):
            parts = [
                self.network_(self._read(X, rows).to(device)).cpu().numpy()
                for rows in np.array_split(np.arange(len(X)), batches)
            ]
        return np.concatenate(parts)

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
    network = copy.deepcopy(estimator.network_).cpu()
    example = torch.from_numpy(np.zeros((2, *estimator.inputs_), dtype=estimator.input_type))
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        # The exporter that is to replace this one takes seconds for what this one does in a tenth of a second.
        warnings.simplefilter("ignore")
        file = Path(folder) / "network.onnx"
        torch.onnx.export(
            network,
            (example,),
            file,
            input_names=[name],
            output_names=["scores"],
            dynamic_axes={name: {0: "examples"}, "scores": {0: "examples"}},
            dynamo=False,
        )
        return onnx.load(file)
