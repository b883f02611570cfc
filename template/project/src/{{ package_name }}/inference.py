"""Compute scores with a saved model: the ONNX graph where there is one, else the framework that trained it."""

from pathlib import Path
from typing import Any, Protocol

import onnxruntime
from numpy.typing import NDArray

from .schema import Inputs, Schema

ONNX_FILE = "model.onnx"


class Predictor(Protocol):
    """Anything that turns encoded rows into scores, shape (rows, scores of a row)."""

    engine: str

    def scores(self, inputs: Inputs) -> NDArray[Any]:
        """Return the scores of each row."""


class OnnxPredictor:
    """Runs the exported graph; needs neither the training framework nor pandas."""

    engine = "onnxruntime"

    def __init__(self, graph: bytes | Path) -> None:
        """Load the graph, from memory or from a file."""
        options = onnxruntime.SessionOptions()
        # One row is too little work to share among threads, and a batch is cut into chunks anyway.
        options.intra_op_num_threads = 1
        source = graph if isinstance(graph, bytes) else str(graph)
        self._run = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"]).run

    def scores(self, inputs: Inputs) -> NDArray[Any]:
        """Return the scores of each row."""
        found: NDArray[Any] = self._run(["scores"], inputs)[0]
        return found.reshape(len(found), -1)


class NativePredictor:
    """Runs the model in the framework that trained it."""

    engine = "native"

    def __init__(self, model: Any, schema: Schema) -> None:
        """Keep the fitted model, and the names of the columns that it was fitted on."""
        self._model = model
        self._names = {"numbers": schema.numbers, "categories": schema.categories}

    def scores(self, inputs: Inputs) -> NDArray[Any]:
        """Return the scores of each row."""
        # Imported where it is used: a model with an ONNX graph runs without pandas.
        import pandas as pd

        from .prediction import score

        parts = [pd.DataFrame(values, columns=self._names[kind]) for kind, values in inputs.items()]
        return score(self._model, pd.concat(parts, axis="columns"))


def load_predictor(folder: Path, schema: Schema) -> Predictor:
    """Return the fastest predictor that the saved model has."""
    if (folder / ONNX_FILE).exists():
        return OnnxPredictor(folder / ONNX_FILE)
    # Imported where it is used: a model with an ONNX graph runs without the training framework.
    from .export import load_model

    return NativePredictor(load_model(folder), schema)
