"""Export the estimator as an ONNX graph, from the numbers that describe an image to scores."""

import json
from pathlib import Path

import onnx
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs
from sklearn.pipeline import Pipeline

from ..inference.encoder import FEATURES_FILE, STEPS
from ..inference.predictor import ONNX_FILE
from ..schema import Schema


def export(model: Pipeline, schema: Schema, folder: Path) -> None:
    """Write the graph, input `features` and output `scores`, and how images are described."""
    rest = model[STEPS:]
    width = rest[0].n_features_in_
    graph = to_onnx(
        rest, initial_types=[("features", FloatTensorType([None, width]))], options={id(rest[-1]): {"zipmap": False}}
    )
    # The first output is the labels, the second their probabilities.
    graph = name_output(graph, graph.graph.output[1].name)
    (folder / ONNX_FILE).write_bytes(graph.SerializeToString())
    (folder / FEATURES_FILE).write_text(json.dumps(model["features"].get_params()), encoding="utf-8")


def name_output(graph: onnx.ModelProto, output: str) -> onnx.ModelProto:
    """Return the graph with this output alone, under the name `scores`."""
    kept = select_model_inputs_outputs(graph, outputs=[output])
    for node in kept.graph.node:
        node.output[:] = ["scores" if name == output else name for name in node.output]
    kept.graph.output[0].name = "scores"
    return kept
