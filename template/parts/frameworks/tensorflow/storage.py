"""Write and read the trained pipeline, in formats that cannot run code when they are loaded."""

from importlib.metadata import distributions
from pathlib import Path

from sklearn.pipeline import Pipeline
from skops.io import dump, get_untrusted_types, load

from .errors import BundleError
from .network import discard_checkpoint, load_network, save_network

STEPS_FILE = "steps.skops"

# A saved model is read with the versions that wrote it; lineage.json keeps them.
# TensorFlow's name depends on the build.
BUILDS = ("tensorflow", "tensorflow_cpu")
LIBRARIES = ("scikit-learn", "keras", *(build for build in BUILDS if any(distributions(name=build))))

# What skops does not trust by itself, and the steps before the network need.
TRUSTED = ("numpy.dtype", "sklearn.", f"{__package__}.")


def save_model(model: Pipeline, folder: Path) -> None:
    """Write the fitted pipeline, the network beside the steps before it; drop what its training left to resume from."""
    dump(model.steps[:-1], folder / STEPS_FILE)
    save_network(model[-1], folder)
    discard_checkpoint(model[-1])


def load_model(folder: Path) -> Pipeline:
    """Read the fitted pipeline. Raises BundleError when a file holds a type that no model here needs."""
    path = folder / STEPS_FILE
    found = get_untrusted_types(file=path)
    if refused := [name for name in found if not name.startswith(TRUSTED)]:
        raise BundleError(f"{path} holds {', '.join(refused)}, which no model of this project needs; do not load it")
    return Pipeline([*load(path, trusted=found), ("model", load_network(folder))])
