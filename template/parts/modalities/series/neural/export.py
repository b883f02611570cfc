"""Export the trained pipeline as one ONNX graph, from recent values to forecasts with intervals."""

from pathlib import Path

from sklearn.pipeline import Pipeline

from ..inference.predictor import ONNX_FILE
from ..schema import Schema
from .graph import forecast_graph
from .network import network_graph


def export(model: Pipeline, schema: Schema, folder: Path) -> None:
    """Write the graph: inputs `history` and, where columns are known in advance, `known`; output `scores`."""
    forecaster = model[-1]
    graph = forecast_graph(network_graph(forecaster, "windows"), forecaster)
    (folder / ONNX_FILE).write_bytes(graph.SerializeToString())
