"""Write and read the trained pipeline, in formats that cannot run code when they are loaded."""

import warnings
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import keras
from sklearn.pipeline import Pipeline

from ..errors import BundleError
from .trusted import dump_trusted, load_trusted

MODEL_FILE = "model.skops"
NETWORK_FILE = "network.keras"

# A saved model is read with the versions that wrote it; lineage.json keeps them.
# TensorFlow's name depends on the build.
BUILDS = ("tensorflow", "tensorflow_cpu")
LIBRARIES = ("scikit-learn", "keras", *(build for build in BUILDS if any(distributions(name=build))))


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
    """Write layers and weights of the fitted network."""
    with warnings.catch_warnings():
        # Keras asks for arrays in a way that numpy is about to give up.
        warnings.simplefilter("ignore", DeprecationWarning)
        network.network_.save(file)


def load_network(network: Any, file: Path) -> None:
    """Give the network its layers back. Raises BundleError when they need code to be loaded."""
    try:
        layers = keras.saving.load_model(file, compile=False, safe_mode=True)
    except (TypeError, ValueError) as error:
        raise BundleError(f"{file} cannot be loaded: {error}") from error
    network.network_ = network.prepare(layers)
