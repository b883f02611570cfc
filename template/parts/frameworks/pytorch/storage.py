"""Write and read the trained pipeline, in formats that cannot run code when they are loaded."""

from pathlib import Path
from typing import Any

import safetensors.torch
from sklearn.pipeline import Pipeline
from torch import nn

from .trusted import dump_trusted, load_trusted

MODEL_FILE = "model.skops"
NETWORK_FILE = "network.safetensors"

# A saved model is read with the versions that wrote it; lineage.json keeps them.
LIBRARIES = ("scikit-learn", "skorch", "torch")


def save_model(model: Pipeline, folder: Path) -> None:
    """Write the fitted pipeline, and its network's layers beside it; drop what their training left to resume from."""
    *steps, (name, network) = model.steps
    dump_trusted(Pipeline([*steps, (name, network.untrained())]), folder / MODEL_FILE)
    save_network(network, folder / NETWORK_FILE)
    network.discard_checkpoint()


def load_model(folder: Path) -> Pipeline:
    """Read the fitted pipeline. Raises BundleError when a file holds a type that no model here needs."""
    model: Pipeline = load_trusted(folder / MODEL_FILE)
    load_network(model[-1], folder / NETWORK_FILE)
    return model


def save_network(network: Any, file: Path) -> None:
    """Write the weights of the fitted network."""
    safetensors.torch.save_model(network.network_, str(file))
    # The library lets nobody else read it, unlike the files beside it.
    file.chmod(0o644)


def load_network(network: Any, file: Path) -> None:
    """Give the network its layers back, with the weights in the file, on the processor."""
    layers = network.rebuild(network.inputs_, network.outputs_)
    network.network_ = nn.Sequential(layers, network.head()).eval()
    safetensors.torch.load_model(network.network_, str(file))
