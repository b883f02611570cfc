"""Write and read the trained pipeline, in formats that cannot run code when they are loaded."""

from pathlib import Path

import onnx
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from skops.io import dump, get_untrusted_types, load

from .errors import BundleError
from .prediction import ONNX_OUTPUT
from .schema import Schema

MODEL_FILE = "model.skops"

# What skops does not trust by itself, and scikit-learn's own models need.
TRUSTED = ("numpy.dtype", "sklearn.", f"{__package__}.")


def save_model(model: Pipeline, folder: Path) -> None:
    """Write the fitted pipeline."""
    dump(model, folder / MODEL_FILE)


def load_model(folder: Path) -> Pipeline:
    """Read the fitted pipeline. Raises BundleError when the file holds a type that no model here needs."""
    path = folder / MODEL_FILE
    found = get_untrusted_types(file=path)
    if refused := [name for name in found if not name.startswith(TRUSTED)]:
        raise BundleError(f"{path} holds {', '.join(refused)}, which no model of this project needs; do not load it")
    return load(path, trusted=found)


def export_onnx(model: Pipeline, schema: Schema) -> bytes:
    """Return the pipeline as one ONNX graph: inputs `numbers` and `categories`, output `scores`."""
    # A model that only labels the rows it was fitted on carries the estimator that labels new ones.
    final = getattr(model[-1], "predictor_", model[-1])
    pipeline = Pipeline([*model.steps[:-1], ("model", final)])
    inputs = [
        ("numbers", FloatTensorType([None, len(schema.numbers)])),
        ("categories", StringTensorType([None, len(schema.categories)])),
    ]
    options = {id(final): {"zipmap": False}} if is_classifier(final) else None
    graph = to_onnx(pipeline, initial_types=[each for each in inputs if each[1].shape[1]], options=options)
    return name_output(graph, graph.graph.output[ONNX_OUTPUT].name).SerializeToString()


def name_output(graph: onnx.ModelProto, output: str) -> onnx.ModelProto:
    """Return the graph with this output alone, under the name `scores`."""
    kept = select_model_inputs_outputs(graph, outputs=[output])
    for node in kept.graph.node:
        node.output[:] = ["scores" if name == output else name for name in node.output]
    kept.graph.output[0].name = "scores"
    return kept
