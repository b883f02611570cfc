"""Compute scores with a saved model: the ONNX graph where there is one, else the framework that trained it."""

from math import prod
from pathlib import Path
from typing import Any, Protocol

import onnxruntime
from numpy.typing import NDArray

from ..schema import Inputs
from .encoder import STEPS, Encoder
from .prediction import score

ONNX_FILE = "model.onnx"


class Predictor(Protocol):
    """Anything that turns encoded examples into scores, shape (examples, scores of one)."""

    engine: str

    def scores(self, inputs: Inputs) -> NDArray[Any]:
        """Return the scores of each example."""


class OnnxPredictor:
    """Runs the exported graph; needs neither the training framework nor pandas."""

    engine = "onnxruntime"

    def __init__(self, graph: Path) -> None:
        """Load the graph."""
        options = onnxruntime.SessionOptions()
        # One example is too little work to share among threads, and a batch is cut into chunks anyway.
        options.intra_op_num_threads = 1
        self._run = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"]).run

    def scores(self, inputs: Inputs) -> NDArray[Any]:
        """Return the scores of each example."""
        found: NDArray[Any] = self._run(["scores"], inputs)[0]
        return found.reshape(len(found), prod(found.shape[1:]))


class NativePredictor:
    """Runs the model in the framework that trained it."""

    engine = "native"

    def __init__(self, model: Any, encoder: Encoder) -> None:
        """Keep the steps of the fitted pipeline that come after the encoder's."""
        self._model = model[STEPS:]
        self._decode = encoder.decode

    def scores(self, inputs: Inputs) -> NDArray[Any]:
        """Return the scores of each example."""
        return score(self._model, self._decode(inputs))


def load_predictor(folder: Path, encoder: Encoder) -> Predictor:
    """Return the fastest predictor that the saved model has."""
    if (folder / ONNX_FILE).exists():
        return OnnxPredictor(folder / ONNX_FILE)
    return NativePredictor(load_native(folder), encoder)


def load_native(folder: Path) -> Any:
    """Return the fitted pipeline of a saved model. Raises BundleError."""
    # Imported where it is used: a model with an ONNX graph runs without the training framework.
    from .storage import load_model

    return load_model(folder)
