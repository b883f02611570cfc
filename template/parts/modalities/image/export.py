"""Export the network as an ONNX graph, from pixels to scores."""

from pathlib import Path

from sklearn.pipeline import Pipeline

from ..inference.predictor import ONNX_FILE
from ..schema import Schema
from .network import network_graph


def export(model: Pipeline, schema: Schema, folder: Path) -> None:
    """Write the graph, input `pixels` and output `scores`."""
    (folder / ONNX_FILE).write_bytes(network_graph(model[-1], "pixels").SerializeToString())
