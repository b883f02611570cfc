"""Write and read the trained pipeline, in a format that cannot run code when it is loaded."""

from pathlib import Path

from sklearn.pipeline import Pipeline
from skops.io import dump, get_untrusted_types, load

from ..errors import BundleError

MODEL_FILE = "model.skops"

# A saved model is read with the versions that wrote it; lineage.json keeps them.
LIBRARIES = ("scikit-learn",)

# What skops does not trust by itself, and the models of this project need.
TRUSTED = ("numpy.dtype", "sklearn.", f"{__name__.partition('.')[0]}.")


def save_model(model: Pipeline, folder: Path) -> None:
    """Write the fitted pipeline."""
    dump(model, folder / MODEL_FILE)


def load_model(folder: Path) -> Pipeline:
    """Read the fitted pipeline. Raises BundleError when the file holds a type that no model here needs."""
    path = folder / MODEL_FILE
    try:
        found = get_untrusted_types(file=path)
        if refused := [name for name in found if not name.startswith(TRUSTED)]:
            raise BundleError(
                f"{path} holds {', '.join(refused)}, which no model of this project needs; do not load it"
            )
        return load(path, trusted=found)
    except (FileNotFoundError, ImportError, AttributeError) as error:
        raise BundleError(f"{path} does not suit the code of this project, train again: {error}") from error
