"""Export the trained pipeline as one ONNX graph, from the numbers of words to scores."""

from pathlib import Path

from sklearn.pipeline import Pipeline

from ..inference.predictor import ONNX_FILE
from ..schema import Schema
from .network import network_graph


def export(model: Pipeline, schema: Schema, folder: Path) -> None:
    """Write the graph: input `ids`, output `scores`; and what the encoder reads."""
    model[0].reader().save(folder)
    (folder / ONNX_FILE).write_bytes(network_graph(model[-1], "ids").SerializeToString())
