"""Export the trained pipeline as one ONNX graph, from the table's columns to scores."""

from pathlib import Path

import onnx
from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

from ..inference.predictor import ONNX_FILE
from ..schema import Schema
from .graph import graph_inputs, to_graph


def export(model: Pipeline, schema: Schema, folder: Path) -> None:
    """Write the graph: the table's columns as inputs, output `scores`."""
    # Where there are labels and probabilities, the labels come first.
    output = 1 if is_classifier(model) else 0
    options = {id(model[-1]): {"zipmap": False}} if is_classifier(model) else None
    graph = to_graph(model, graph_inputs(schema), options=options)
    (folder / ONNX_FILE).write_bytes(name_output(graph, graph.graph.output[output].name).SerializeToString())


def name_output(graph: onnx.ModelProto, output: str) -> onnx.ModelProto:
    """Return the graph with this output alone, under the name `scores`."""
    kept = select_model_inputs_outputs(graph, outputs=[output])
    for node in kept.graph.node:
        node.output[:] = ["scores" if name == output else name for name in node.output]
    kept.graph.output[0].name = "scores"
    return kept
