"""Export the trained pipeline as one ONNX graph, from the numbers of pieces of words to scores."""

from pathlib import Path

from sklearn.pipeline import Pipeline

from ..inference.encoder import TOKENIZER_FILE
from ..inference.predictor import ONNX_FILE
from ..schema import Schema
from .network import network_graph


def export(model: Pipeline, schema: Schema, folder: Path) -> None:
    """Write the graph: input `ids`, output `scores`; and the tokenizer that the encoder reads."""
    (folder / TOKENIZER_FILE).write_text(model[0].tokenizer_, encoding="utf-8")
    (folder / ONNX_FILE).write_bytes(network_graph(model[-1], "ids").SerializeToString())
