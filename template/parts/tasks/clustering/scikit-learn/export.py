"""Export the trained pipeline as one ONNX graph, from the table's columns to a cluster's number."""

from pathlib import Path

import onnx
from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs
from sklearn.pipeline import Pipeline

from ..inference.predictor import ONNX_FILE
from ..schema import Schema
from .graph import graph_inputs, to_graph


def export(model: Pipeline, schema: Schema, folder: Path) -> None:
    """Write the graph: the table's columns as inputs, output `scores`."""
    # What only labels the rows it was fitted on carries the estimator that labels new ones.
    final = getattr(model[-1], "predictor_", model[-1])
    pipeline = Pipeline([*model.steps[:-1], ("model", final)])
    graph = to_graph(pipeline, graph_inputs(schema))
    # The labels come first, then distances or probabilities.
    (folder / ONNX_FILE).write_bytes(name_output(graph, graph.graph.output[0].name).SerializeToString())


def name_output(graph: onnx.ModelProto, output: str) -> onnx.ModelProto:
    """Return the graph with this output alone, under the name `scores`."""
    kept = select_model_inputs_outputs(graph, outputs=[output])
    for node in kept.graph.node:
        node.output[:] = ["scores" if name == output else name for name in node.output]
    kept.graph.output[0].name = "scores"
    return kept
