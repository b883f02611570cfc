"""Export the trained pipeline as one ONNX graph, from the table's columns to scores."""

from pathlib import Path

import onnx
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

from ..inference.predictor import ONNX_FILE
from ..schema import Schema


def export(model: Pipeline, schema: Schema, folder: Path) -> None:
    """Write the graph: inputs `numbers` and `categories`, output `scores`."""
    inputs = [
        ("numbers", FloatTensorType([None, len(schema.numbers)])),
        ("categories", StringTensorType([None, len(schema.categories)])),
    ]
    # Where there are labels and probabilities, the labels come first.
    output = 1 if is_classifier(model) else 0
    options = {id(model[-1]): {"zipmap": False}} if is_classifier(model) else None
    graph = to_onnx(model, initial_types=[each for each in inputs if each[1].shape[1]], options=options)
    (folder / ONNX_FILE).write_bytes(name_output(graph, graph.graph.output[output].name).SerializeToString())


def name_output(graph: onnx.ModelProto, output: str) -> onnx.ModelProto:
    """Return the graph with this output alone, under the name `scores`."""
    kept = select_model_inputs_outputs(graph, outputs=[output])
    for node in kept.graph.node:
        node.output[:] = ["scores" if name == output else name for name in node.output]
    kept.graph.output[0].name = "scores"
    return kept
