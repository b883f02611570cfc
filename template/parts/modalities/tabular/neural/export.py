"""Export the trained pipeline as one ONNX graph, from the table's columns to scores."""

from pathlib import Path

import onnx
from onnx.compose import merge_models
from sklearn.pipeline import Pipeline

from ..inference.predictor import ONNX_FILE
from ..schema import Schema
from .graph import graph_inputs, to_graph
from .network import network_graph


def export(model: Pipeline, schema: Schema, folder: Path) -> None:
    """Write the graph: the table's columns as inputs, output `scores`."""
    network = network_graph(model[-1], "features")
    steps = steps_graph(model[:-1], schema, network)
    graph = merge_models(steps, network, [(steps.graph.output[0].name, "features")])
    (folder / ONNX_FILE).write_bytes(graph.SerializeToString())


def steps_graph(steps: Pipeline, schema: Schema, network: onnx.ModelProto) -> onnx.ModelProto:
    """Return the preprocessing as a graph of the same versions as the network's."""
    opset = {entry.domain: entry.version for entry in network.opset_import} | {"ai.onnx.ml": 3}
    graph = to_graph(steps, graph_inputs(schema), target_opset=opset)
    graph.ir_version = network.ir_version
    return graph
