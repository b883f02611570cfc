"""Export the trained pipeline as one ONNX graph, from recent values to forecasts with intervals."""

from pathlib import Path

from sklearn.pipeline import Pipeline

from ..inference.encoder import Margins
from ..inference.predictor import ONNX_FILE
from ..schema import Schema
from .graph import forecast_graph
from .network import network_graph


def export(model: Pipeline, schema: Schema, folder: Path) -> None:
    """Write the graph from what the encoder makes of windows to `scores`, and the margins that it reads."""
    forecaster = model[-1]
    graph = forecast_graph(network_graph(forecaster, "windows"), forecaster)
    (folder / ONNX_FILE).write_bytes(graph.SerializeToString())
    Margins(forecaster.margins_, forecaster.series_margins_).save(folder)
