"""Export the trained pipeline as one ONNX graph, from what the encoder makes of texts to scores."""

from pathlib import Path

import onnx
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs
from sklearn.pipeline import Pipeline

from ..inference.encoder import STEPS
from ..inference.predictor import ONNX_FILE
from ..schema import Schema


def export(model: Pipeline, schema: Schema, folder: Path) -> None:
    """Write the graph: input `counts` or `vectors`, output `scores`; and what the encoder reads."""
    reader = model[0].reader()
    reader.save(folder)
    rest = model[STEPS:]
    width = reader.read(["a text of any kind"]).shape[1]
    inputs = [(reader.name, FloatTensorType([None, width]))]
    graph = to_onnx(rest, initial_types=inputs, options={id(rest[-1]): {"zipmap": False}})
    # The labels come first, then the probabilities.
    (folder / ONNX_FILE).write_bytes(name_output(graph, graph.graph.output[1].name).SerializeToString())


def name_output(graph: onnx.ModelProto, output: str) -> onnx.ModelProto:
    """Return the graph with this output alone, under the name `scores`, and without what only others needed."""
    kept = select_model_inputs_outputs(graph, outputs=[output])
    for node in kept.graph.node:
        node.output[:] = ["scores" if name == output else name for name in node.output]
    kept.graph.output[0].name = "scores"
    used = {name for node in kept.graph.node for name in node.input}
    for constant in [each for each in kept.graph.initializer if each.name not in used]:
        kept.graph.initializer.remove(constant)
    return kept
