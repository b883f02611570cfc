"""Write and read the trained pipeline, in formats that cannot run code when they are loaded."""

from pathlib import Path
from typing import Any

import safetensors.torch
from sklearn.pipeline import Pipeline
from skops.io import dump, get_untrusted_types, load
from torch import nn

from ..errors import BundleError

MODEL_FILE = "model.skops"
NETWORK_FILE = "network.safetensors"

# A saved model is read with the versions that wrote it; lineage.json keeps them.
LIBRARIES = ("scikit-learn", "skorch", "torch")

# What skops does not trust by itself, and the models of this project need.
TRUSTED = ("numpy.dtype", "sklearn.", f"{__name__.partition('.')[0]}.")


def save_model(model: Pipeline, folder: Path) -> None:
    """Write the fitted pipeline, and its network's layers beside it; drop what their training left to resume from."""
    *steps, (name, network) = model.steps
    dump(Pipeline([*steps, (name, network.untrained())]), folder / MODEL_FILE)
    save_network(network, folder / NETWORK_FILE)
    network.discard_checkpoint()


def load_model(folder: Path) -> Pipeline:
    """Read the fitted pipeline. Raises BundleError when a file holds a type that no model here needs."""
    path = folder / MODEL_FILE
    try:
        found = get_untrusted_types(file=path)
        if refused := [name for name in found if not name.startswith(TRUSTED)]:
            raise BundleError(
                f"{path} holds {', '.join(refused)}, which no model of this project needs; do not load it"
            )
        model = load(path, trusted=found)
    except (FileNotFoundError, ImportError, AttributeError) as error:
        raise BundleError(f"{path} does not suit the code of this project, train again: {error}") from error
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
